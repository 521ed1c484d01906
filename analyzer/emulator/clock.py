"""The service's clock, which may run faster than ours."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class ServiceClock:
    """Service seconds since the start: real seconds times ``speed``."""

    def __init__(self, speed: float, monotonic: Callable[[], float], started: datetime) -> None:
        """A clock at zero.

        Args:
            speed: service seconds in a real second, above zero.
            monotonic: real seconds from any beginning, as ``time.monotonic``.
            started: what a wall clock shows at this moment, UTC.
        """
        self._speed = speed
        self._monotonic = monotonic
        self._zero = monotonic()
        self._started = started

    def seconds(self) -> float:
        """Service seconds that have passed."""
        return (self._monotonic() - self._zero) * self._speed

    def real(self, seconds: float) -> float:
        """Real seconds in which so many service seconds pass."""
        return seconds / self._speed

    def now(self) -> datetime:
        """What a wall clock shows now, UTC."""
        return self.utc(self.seconds())

    def utc(self, seconds: float) -> datetime:
        """What a wall clock shows, UTC, when that many service seconds have passed: real time, not the service's."""
        return self._started + timedelta(seconds=self.real(seconds))
