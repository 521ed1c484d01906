"""What carries requests, of the tenant's session and of msal's sign-in: whom it trusts, and what its faults mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests

from analyzer.errors import UnreachableError

if TYPE_CHECKING:
    from pathlib import Path

_TIMEOUTS = (20.0, 120.0)
"""Seconds to wait for a connection, and for the next bytes."""


class Transport(requests.Session):
    """A session of requests that trusts one certificate authority, or the platform's.

    The authority is given with each request: a session's own setting gives way to ``REQUESTS_CA_BUNDLE``.
    """

    def __init__(self, ca_file: Path | None) -> None:
        super().__init__()
        self._trusted: str | bool = str(ca_file) if ca_file else True

    def request(self, *arguments: Any, **options: Any) -> requests.Response:  # noqa: ANN401 - requests' own
        """As ``requests.Session.request``."""
        return super().request(*arguments, **{"timeout": _TIMEOUTS, "verify": self._trusted, **options})


def unreachable(error: requests.RequestException, origin: str) -> UnreachableError:
    """The error that a request which got no answer is."""
    if isinstance(error, requests.exceptions.SSLError):
        advice = 'If the authority is your own, name its certificate as "ca_file" in the configuration.'
        return UnreachableError(f"the certificate of {origin} is signed by no known authority", advice)
    return UnreachableError(f"{origin} cannot be reached", "Check the name of the tenant, the network and the proxy.")
