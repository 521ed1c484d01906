"""Time as a session needs it, in one place, so that a test can have its own."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading


class Clock:
    """The system's clocks."""

    def now(self) -> datetime:
        """The time of day, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some moment; never set back."""
        return time.monotonic()

    def wait(self, seconds: float, stopped: threading.Event) -> None:
        """Waits, at most until ``stopped`` is set."""
        stopped.wait(seconds)
