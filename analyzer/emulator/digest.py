"""Form digests: what SharePoint gives to prove that a change was meant.

A bearer token makes them needless; one that is sent anyway must be valid: clients rely on the error for an
invalid one (its code and text are seen).
https://learn.microsoft.com/sharepoint/dev/sp-add-ins/complete-basic-operations-using-sharepoint-rest-endpoints
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING

from analyzer.emulator.model import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

LIFETIME = 1800
"""Seconds that a digest is good for."""

_INVALID = (
    "The security validation for this page is invalid and might be corrupted. Please use your web browser's Back button"
    " to try your operation again."
)


class Digests:
    """Gives digests out and knows them again."""

    def __init__(self, key: bytes, now: Callable[[], float]) -> None:
        """Takes 32 random bytes or more, and seconds since 1970."""
        self._key = key
        self._now = now

    def issue(self) -> str:
        """A digest as SharePoint writes it: ``0x…,02 Nov 2026 02:14:05 -0000``."""
        when = format_datetime(datetime.fromtimestamp(self._now(), UTC).replace(tzinfo=None)).partition(", ")[2]
        return f"{self._mark(when)},{when}"

    def check(self, digest: str) -> None:
        """Passes a digest of ours that is not out of date.

        Raises:
            ServiceError: 403, it is something else: get a new one.
        """
        mark, _, when = digest.partition(",")
        if hmac.compare_digest(mark.encode(), self._mark(when).encode()):
            issued = parsedate_to_datetime(when).replace(tzinfo=UTC).timestamp()
            if self._now() < issued + LIFETIME:
                return
        raise ServiceError(403, "-2130575251, Microsoft.SharePoint.SPException", _INVALID)

    def _mark(self, when: str) -> str:
        return f"0x{hmac.digest(self._key, when.encode(), 'sha512').hex().upper()}"
