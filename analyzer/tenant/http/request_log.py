"""One record for each request, through the standard ``logging``: what support asks for, and nothing that is secret."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from analyzer.model.redaction import redacted, shown_url

if TYPE_CHECKING:
    from collections.abc import Mapping

LOGGER = logging.getLogger("analyzer.tenant.requests")
"""Its records are of level DEBUG and have the attribute ``request``, a dict of what is logged."""

_CORRELATION = ("sprequestguid", "request-id", "x-ms-request-id", "client-request-id")
"""Response headers with the id by which Microsoft's support finds a request: SharePoint's own first, then Entra's."""


def sent(  # noqa: PLR0913 - what there is to say of a request
    method: str,
    url: str,
    *,
    status: int | None,
    seconds: float,
    headers: Mapping[str, str],
    received: int | None = None,
) -> None:
    """Logs a request that was sent.

    Args:
        method: HTTP's.
        url: absolute; secrets in it are masked.
        status: of the answer; None where none came.
        seconds: from the first byte out to the answer's headers, or to its end where it was read at once.
        headers: of the answer.
        received: bytes of the answer's body, where known.
    """
    if not LOGGER.isEnabledFor(logging.DEBUG):
        return
    told: dict[str, str | int | None] = {
        "method": method,
        "url": shown_url(url),
        "status": status,
        "milliseconds": round(seconds * 1000),
        "received_bytes": received,
        "correlation_id": correlation_id(headers),
    }
    words = [method, told["url"], "no answer" if status is None else status, f"{told['milliseconds']} ms"]
    words += [f"{received} bytes"] if received is not None else []
    words += [f"id {told['correlation_id']}"] if told["correlation_id"] else []
    LOGGER.debug("%s", " ".join(map(str, words)), extra={"request": told})


def correlation_id(headers: Mapping[str, str]) -> str | None:
    """What Microsoft's support finds a request by; None where the answer has no such header."""
    found = next((headers[name] for name in _CORRELATION if headers.get(name)), None)
    return redacted(found) if found else None
