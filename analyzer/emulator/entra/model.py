"""What passes between the authority's parts: a request, its reply, and an error in Entra's shape.

https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from analyzer.model.service import GUID

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class AuthorityCall:
    """A request to the authority.

    Attributes:
        verb: HTTP method.
        path: decoded.
        query: options, decoded.
        form: the body's fields, decoded; empty where it has none.
        headers: names in lower case.
        origin: ``https://HOST[:PORT]`` as it was asked; the endpoints are named under it.
        now: seconds since 1970.
    """

    verb: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]
    origin: str
    now: float


@dataclass(frozen=True, slots=True)
class AuthorityReply:
    """JSON, or a page for a browser where ``content`` is text, with its HTTP status."""

    content: Mapping[str, object] | str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class AuthorityError(Exception):
    """An answer that is an error.

    Attributes:
        error: OAuth's, as ``invalid_client``.
        number: Entra's, as 700027; None where the documentation knows none.
        text: what follows the number.
        status: HTTP status.
    """

    def __init__(self, error: str, number: int | None, text: str, status: int = 400) -> None:
        super().__init__(error, number, text)
        self.error = error
        self.number = number
        self.text = text
        self.status = status

    def reply(self, call: AuthorityCall) -> AuthorityReply:
        """The answer; ``client-request-id`` of the request is its correlation id, where that is a Guid (seen)."""
        trace, asked = str(uuid.uuid4()), call.headers.get("client-request-id", "")
        correlation = asked if GUID.fullmatch(asked) else str(uuid.uuid4())
        timestamp = f"{datetime.fromtimestamp(call.now, UTC):%Y-%m-%d %H:%M:%SZ}"
        text = self.text if self.number is None else f"AADSTS{self.number}: {self.text}"
        content: dict[str, object] = {
            "error": self.error,
            # On one line since 2022 or so (seen); before that each on a line of its own.
            "error_description": f"{text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}",
            "error_codes": [] if self.number is None else [self.number],
            "timestamp": timestamp,
            "trace_id": trace,
            "correlation_id": correlation,
        }
        if self.number is not None:
            content["error_uri"] = f"{call.origin}/error?code={self.number}"
        return AuthorityReply(content, self.status)


def missing(name: str) -> AuthorityError:
    """What a form that lacks a field is answered with."""
    return AuthorityError(
        "invalid_request", 900144, f"The request body must contain the following parameter: '{name}'."
    )


def required(form: Mapping[str, str], name: str) -> str:
    """A field of the form.

    Raises:
        AuthorityError: it is missing, or empty.
    """
    value = form.get(name, "")
    if not value:
        raise missing(name)
    return value
