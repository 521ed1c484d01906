"""Time as a session needs it, in one place, so that a test can have its own."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading


_STEP = 0.5


class Clock:
    """The system's clocks."""

    def now(self) -> datetime:
        """The time of day, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some moment; never set back."""
        return time.monotonic()

    def wait(self, seconds: float, stopped: threading.Event) -> None:
        """Waits, at most until ``stopped`` is set; in steps, as Windows lets Ctrl-C interrupt no wait."""
        until = self.monotonic() + seconds
        while (left := until - self.monotonic()) > 0 and not stopped.wait(min(left, _STEP)):
            pass
