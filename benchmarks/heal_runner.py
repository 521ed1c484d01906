"""``upa-analyzer`` on a fast clock and with small limits: ``python heal_runner.py VALUES SETTLING queue FILE …``.

A day passes in two seconds, so that a retry of a new account can be waited for. The clock is that of the tenant in
``heal_killed.py``: seconds since 1970, many times as fast.
"""

from __future__ import annotations

import functools
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import analyzer.imports.prepare
import analyzer.imports.queue
import analyzer.tenant.model
from analyzer.cli.main import main
from analyzer.imports.record_file import Limits

if TYPE_CHECKING:
    import threading

FACTOR = 43_200.0
_ZERO = datetime(2026, 11, 1, tzinfo=UTC)
_SILENCE = 30.0
"""Real seconds in which a connection may be slow."""
_SHORTEST = 0.01
"""Seconds of a wait: the tenant isn't asked more often."""


class FastClock(analyzer.tenant.model.Clock):
    """A clock that is the same in all processes.

    Args:
        zero: when it shows ``_ZERO``, seconds since 1970.
    """

    def __init__(self, zero: float) -> None:
        self._zero = zero

    def now(self) -> datetime:
        """Return the fast time of day, UTC."""
        return _ZERO + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Return fast seconds."""
        return (time.time() - self._zero) * FACTOR

    def wait(self, seconds: float, stopped: threading.Event) -> None:
        """Wait fast seconds."""
        stopped.wait(max(seconds / FACTOR, _SHORTEST))


def run(zero: float, values: int, settling: float, arguments: list[str]) -> None:
    """Run a command; ``settling`` is in real seconds."""
    clock = FastClock(zero)
    analyzer.tenant.model.Clock = lambda: clock  # type: ignore[assignment,misc]
    limits = analyzer.tenant.model.Limits(silence=_SILENCE * FACTOR)
    analyzer.tenant.model.Limits = lambda: limits  # type: ignore[assignment,misc]
    sender, wish = analyzer.imports.queue.Sender, analyzer.imports.prepare.Wish
    analyzer.imports.queue.Sender = functools.partial(sender, settling=settling * FACTOR)  # type: ignore[assignment,misc]
    analyzer.imports.prepare.Wish = functools.partial(wish, limits=Limits(values=values))  # type: ignore[assignment,misc]
    main(arguments)


if __name__ == "__main__":
    run(float(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:])
