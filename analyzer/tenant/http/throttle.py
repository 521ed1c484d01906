"""Decide when to send a request, and whether to send it again.

All connections share one budget, as the tenant throttles the application and not a connection. The headers:
https://learn.microsoft.com/sharepoint/dev/general-development/how-to-avoid-getting-throttled-or-blocked-in-sharepoint-online
"""

from __future__ import annotations

import random
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from analyzer.errors import UnreachableError
from analyzer.model.text import duration
from analyzer.tenant.http.answer import ASK_AGAIN, SUCCESS, is_permanent, number_in, retry_after, seconds_in
from analyzer.tenant.http.unreachable import may_pass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.tenant.http.answer import Answer
    from analyzer.tenant.model import ClientPolicy

TEMPORARY = frozenset({408, 500, 502, 504})
"""Statuses of faults of the service or of a proxy that are usually temporary."""
_ATTEMPTS = 5
_LONGEST_BACKOFF = 60.0
_NOTICEABLE = 3.0
"""Seconds; shorter waits aren't shown."""
_COST = 2
"""Resource units of a request: SharePoint charges 1 for a file, 2 for a listing."""
_SHARE = 0.2
"""SharePoint sends the headers from four fifths of the limit on; with more remaining, no pace is needed."""


class Throttle:
    """Holds requests back while the tenant asks to wait. Used by several threads at once.

    Attributes:
        policy: how the session behaves.
        stopped: set to end all waits.
    """

    def __init__(self, policy: ClientPolicy) -> None:
        self.stopped = threading.Event()
        self.policy = policy
        self._lock = threading.Lock()
        self._patience = policy.patience
        self._ended: UnreachableError | None = None
        self._until = 0.0
        self._shown_until: dict[str, float] = {}
        self._pace, self._pace_until, self._slot = 0.0, 0.0, 0.0

    def pass_through(self) -> None:
        """Return when a request may be sent.

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
        self.check_stopped()

    def check_stopped(self) -> None:
        """Raise if the work was stopped.

        Raises:
            UnreachableError: it was.
        """
        if self.stopped.is_set():
            raise UnreachableError("the work was stopped")

    def hold(self, host: str, seconds: float) -> None:
        """Let no connection send anything for some seconds.

        Raises:
            UnreachableError: that exceeds the patience that is left.
        """
        with self._lock:
            now = self.policy.clock.monotonic()
            further = now + seconds - max(now, self._until)
            if further > self._patience:
                self._until = max(self._until, now + seconds)
                self._ended = self._ended or self._impatient(host, seconds)
                raise self._ended
            if further > 0:
                self._patience -= further
                self._until = now + seconds
        if further >= _NOTICEABLE:
            self.policy.notify(f"{host} asks to wait. Continuing in {duration(seconds)}")

    def renew(self) -> None:
        """Give the next requests the whole patience again, for a command that goes on after its end.

        Raises:
            UnreachableError: the patience has ended, and the time for which the host asked hasn't.
        """
        with self._lock:
            if self._ended is not None and self.policy.clock.monotonic() < self._until:
                raise self._ended
            self._ended, self._patience = None, self.policy.patience

    def show_once(self, host: str, sentence: str, seconds: float) -> None:
        """Show a host's fault, unless another connection did so and its wait isn't over yet.

        Args:
            host: the failing host.
            sentence: the text to show.
            seconds: the announced wait.
        """
        with self._lock:
            now = self.policy.clock.monotonic()
            if now < self._shown_until.get(host, now):
                return
            # A little less, so that the next fault of the same connection is shown.
            self._shown_until[host] = now + seconds * 0.9
        self.policy.notify(sentence)

    def heed(self, host: str, headers: Mapping[str, str]) -> None:
        """Slow down before the limit that an answer announces, and stop at it.

        If that exceeds the patience that is left, ``pass_through`` raises later: this answer is complete.
        """
        limit = RateLimit.of(headers)
        if limit is None:
            return
        if limit.is_used_up or limit.pace > self._patience:
            with suppress(UnreachableError):
                self.hold(host, limit.reset if limit.is_used_up else limit.pace)
        with self._lock:
            was_slow = self._pace >= _NOTICEABLE
            self._pace = limit.pace
            self._pace_until = self.policy.clock.monotonic() + limit.reset
        if limit.pace >= _NOTICEABLE and not was_slow and self._ended is None:
            pace = duration(limit.pace)
            self.policy.notify(f"{host} is close to its limit: one request every {pace} until the limit is reset")

    def _left(self, now: float) -> float:
        """Return the seconds until the caller may send; if 0, reserve its slot."""
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
            "What was transferred stays. Run the same command again later, or give it more time: --patience 1h.",
        )


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The ``RateLimit-*`` headers: how much the tenant accepts before it throttles.

    Attributes:
        limit: resource units in all; 0 if unknown.
        remaining: resource units left.
        reset: seconds until all are available again.
    """

    limit: float
    remaining: float
    reset: float

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Self | None:
        """Return the limit in the headers; None if it is missing or invalid."""
        remaining = number_in(headers.get("RateLimit-Remaining", ""))
        reset = seconds_in(headers.get("RateLimit-Reset", ""))
        if remaining is None or reset is None:
            return None
        return cls(number_in(headers.get("RateLimit-Limit", "")) or 0.0, remaining, reset)

    @property
    def is_used_up(self) -> bool:
        """Whether one more request would be throttled."""
        return self.remaining < _COST

    @property
    def pace(self) -> float:
        """Seconds between requests so that the remaining units last until the reset."""
        if self.is_used_up or self.remaining > self.limit * _SHARE > 0:
            return 0.0
        return self.reset * _COST / self.remaining


class Attempts:
    """The attempts at one request.

    A throttled request is repeated until the patience ends. After other temporary faults there are ``_ATTEMPTS`` in
    all, each after twice the previous wait.
    """

    def __init__(self, throttle: Throttle, host: str) -> None:
        self._throttle, self._host = throttle, host
        self._clock = throttle.policy.clock
        self._throttled = self._failed = 0

    def forget(self) -> None:
        """Forget the faults so far after progress."""
        self._failed = 0

    def after(self, answer: Answer, *, is_complete: bool = True) -> bool:
        """Return whether to send the request again, once the tenant allows it.

        Args:
            answer: to the request.
            is_complete: False if it lacks the requested content.

        Raises:
            UnreachableError: the patience ends.
        """
        self._throttle.heed(self._host, answer.headers)
        if answer.status in ASK_AGAIN:
            self.hold(answer)
            return True
        if answer.status in TEMPORARY:
            return not is_permanent(answer) and self.once_more()
        return answer.status in SUCCESS and not is_complete and self.once_more()

    def hold(self, answer: Answer) -> None:
        """Have all connections wait as the tenant asks.

        Raises:
            UnreachableError: the patience ends.
        """
        asked = retry_after(answer.headers, self._clock.now())
        # A tenant that answers "retry at once" repeatedly is asked less often, too.
        own = _backoff(self._throttled - 1) if self._throttled or asked is None else 0.0
        self._throttle.hold(self._host, max(asked or 0.0, own))
        self._throttled += 1

    def after_error(self, error: BaseException) -> bool:
        """Return whether to send a request again that got no answer, once some time has passed."""
        return may_pass(error) and self.once_more()

    def once_more(self) -> bool:
        """Wait and return True as long as there are attempts left."""
        if self._failed >= _ATTEMPTS - 1:
            return False
        seconds = _backoff(self._failed)
        self._failed += 1
        if self._failed > 1:
            attempt = f"Retrying in {seconds:.0f} s (attempt {self._failed + 1} of {_ATTEMPTS})"
            self._throttle.show_once(self._host, f"Temporary failure of {self._host}. {attempt}", seconds)
        self._clock.wait(seconds, self._throttle.stopped)
        return True


def _backoff(before: int) -> float:
    """Return the seconds to wait after a number of previous waits, randomized to spread clients."""
    return min(_LONGEST_BACKOFF, 2.0 ** max(before, 0)) * random.uniform(0.5, 1.0)  # noqa: S311 - spreads clients, no secret
