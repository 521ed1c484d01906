"""The throttle of ``SP.UserProfiles.PeopleManager``: so many calls in five minutes, for the whole tenant.

The limits were seen in the vendor's documentation: 3,000 for a tenant of up to 1,000 licenses, up to 15,000 for large
ones. That a window begins every five minutes, and isn't a sliding one, is inferred, as is the body of a refusal.
https://learn.microsoft.com/sharepoint/dev/general-development/how-to-avoid-getting-throttled-or-blocked-in-sharepoint-online
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final

from analyzer.emulator.model import ServiceError

if TYPE_CHECKING:
    from analyzer.emulator.clock import ServiceClock

PEOPLE_LIMIT: Final = 3000
WINDOW: Final = 300.0
"""Service seconds."""


@dataclass(slots=True)
class PeopleWindow:
    """The calls of one window.

    Attributes:
        begin: service seconds since the start.
        answered: calls within the limit.
        refused: calls beyond it.
    """

    begin: float
    answered: int = 0
    refused: int = 0


class PeopleThrottle:
    """Counts the calls of all callers."""

    def __init__(self, clock: ServiceClock, limit: int = PEOPLE_LIMIT) -> None:
        """Allow ``limit`` calls in a window of the service's clock."""
        self._clock = clock
        self._limit = limit
        self._windows: list[PeopleWindow] = []
        self._lock = Lock()

    def windows(self) -> list[PeopleWindow]:
        """Return the windows in which calls came, the first one first."""
        with self._lock:
            return list(self._windows)

    def count(self) -> None:
        """Count a call.

        Raises:
            ServiceError: 429, the limit of this window has been reached.
        """
        seconds = self._clock.seconds()
        begin = seconds - seconds % WINDOW
        with self._lock:
            if not self._windows or self._windows[-1].begin < begin:
                self._windows.append(PeopleWindow(begin))
            window = self._windows[-1]
            if window.answered < self._limit:
                window.answered += 1
                return
            window.refused += 1
        wait = math.ceil(self._clock.real(begin + WINDOW - seconds))
        text = "The request has been throttled. Retry after the number of seconds in the header Retry-After."
        code = "-1, Microsoft.SharePoint.Client.ClientServiceException"
        raise ServiceError(429, code, text, {"Retry-After": str(max(wait, 1))})
