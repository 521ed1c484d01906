"""When the tenant may be asked: one budget for all connections, as it throttles the application and not one of them.

What the headers mean:
https://learn.microsoft.com/sharepoint/dev/general-development/how-to-avoid-getting-throttled-or-blocked-in-sharepoint-online
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from analyzer.errors import UnreachableError
from analyzer.model.text import duration
from analyzer.tenant.http.rate_limit import RateLimit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.tenant.model import ClientPolicy

_WORTH_TELLING = 3.0


class Throttle:
    """Holds requests back while the tenant asks to wait. Used by several threads at once.

    Attributes:
        policy: how the session behaves.
        stopped: set when nobody is to wait any more.
    """

    def __init__(self, policy: ClientPolicy) -> None:
        self.stopped = threading.Event()
        self.policy = policy
        self._lock = threading.Lock()
        self._patience = policy.patience
        self._ended: UnreachableError | None = None
        self._until = 0.0
        self._told_until: dict[str, float] = {}
        self._pace, self._pace_until, self._slot = 0.0, 0.0, 0.0

    def pass_through(self) -> None:
        """Returns when a request may be sent.

        Raises:
            UnreachableError: the patience ended, or the work was stopped.
        """
        clock = self.policy.clock
        while self._ended is None and (left := self._left(clock.monotonic())) > 0:
            clock.wait(left, self.stopped)
            if self.stopped.is_set():
                break
        if self._ended is not None:
            raise self._ended
        if self.stopped.is_set():
            raise UnreachableError("the work was stopped")

    def hold(self, host: str, seconds: float) -> None:
        """Nobody sends anything for so long.

        Raises:
            UnreachableError: it is more than what is left of the patience.
        """
        with self._lock:
            now = self.policy.clock.monotonic()
            further = now + seconds - max(now, self._until)
            if further > self._patience:
                self._ended = self._ended or self._impatient(host, seconds)
                raise self._ended
            if further > 0:
                self._patience -= further
                self._until = now + seconds
        if further >= _WORTH_TELLING:
            self.policy.tell(f"{host} asks to wait: it goes on in {duration(seconds)}")

    def tell_once(self, host: str, sentence: str, seconds: float) -> None:
        """Tells of a host's fault, unless another connection did so and that wait is not over yet.

        Args:
            host: which fails.
            sentence: what is told.
            seconds: the wait that it announces.
        """
        with self._lock:
            now = self.policy.clock.monotonic()
            if now < self._told_until.get(host, now):
                return
            # A little less, so that whoever told it is not too early with its next one.
            self._told_until[host] = now + seconds * 0.9
        self.policy.tell(sentence)

    def heed(self, host: str, headers: Mapping[str, str]) -> None:
        """Slows down before the limit that an answer tells of, and stops at it.

        Where that is more than what is left of the patience, ``pass_through`` says so: the answer itself has come.
        """
        limit = RateLimit.of(headers)
        if limit is None:
            return
        if limit.is_used_up or limit.pace > self._patience:
            with suppress(UnreachableError):
                self.hold(host, limit.reset if limit.is_used_up else limit.pace)
        with self._lock:
            was_slow = self._pace >= _WORTH_TELLING
            self._pace = limit.pace
            self._pace_until = self.policy.clock.monotonic() + limit.reset
        if limit.pace >= _WORTH_TELLING and not was_slow and self._ended is None:
            sentence = f"{host} is close to its limit: until it is there anew, one request each {duration(limit.pace)}"
            self.policy.tell(sentence)

    def _left(self, now: float) -> float:
        """Seconds until whoever asks may send; if it is none, its slot is taken."""
        with self._lock:
            if now < self._until:
                return self._until - now
            if now >= self._pace_until:
                return 0.0
            if now < self._slot:
                return self._slot - now
            self._slot = now + self._pace
            return 0.0

    def _impatient(self, host: str, seconds: float) -> UnreachableError:
        waited = self.policy.patience - self._patience
        before = f", after {duration(waited)} of waiting" if waited >= 1 else ""
        return UnreachableError(
            f"{host} kept asking to wait: the next {duration(seconds)} are beyond the patience of "
            f"{duration(self.policy.patience)}{before}",
            "What was pulled stays. Run the same command again later, or give it more time: --patience 1h.",
        )
