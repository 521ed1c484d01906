"""Time as a session needs it, in one place, so that a test can have its own."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading

_LOOK_UP = 0.5
"""Seconds after which Ctrl-C is looked for, as Windows does not interrupt a wait."""


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
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not stopped.wait(min(left, _LOOK_UP)):
            pass
