"""How often one request is sent: what passes is tried again, what stays is not."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from analyzer.tenant.http.answer import ASK_AGAIN, SUCCESS, is_permanent
from analyzer.tenant.http.header_values import told_wait
from analyzer.tenant.http.unreachable import may_pass

if TYPE_CHECKING:
    from analyzer.tenant.http.answer import Answer
    from analyzer.tenant.http.throttle import Throttle

_REPETITIONS = 4
_LONGEST = 60.0
PASSING = frozenset({408, 500, 502, 504})
"""The statuses of faults of the service, or of what is in front of it, that are mostly gone the next time."""


class Tries:
    """The tries of one request.

    A tenant that asks to wait is asked again until the patience ends; another fault of the line or of the service is
    given ``_REPETITIONS`` more chances, each after twice the time of the one before.
    """

    def __init__(self, throttle: Throttle, host: str) -> None:
        self._throttle, self._host = throttle, host
        self._clock = throttle.policy.clock
        self._throttled = self._failed = 0

    def forget(self) -> None:
        """Forgets the faults so far, as there was progress since."""
        self._failed = 0

    def after(self, answer: Answer, *, is_complete: bool = True) -> bool:
        """Whether to send the request again, once the tenant allows it.

        Args:
            answer: what came.
            is_complete: whether it is what was asked for, as far as can be told.

        Raises:
            UnreachableError: the patience ends.
        """
        self._throttle.heed(self._host, answer.headers)
        if answer.status in ASK_AGAIN:
            self.hold(answer)
            return True
        if answer.status in PASSING:
            return not is_permanent(answer) and self.once_more()
        return answer.status in SUCCESS and not is_complete and self.once_more()

    def hold(self, answer: Answer) -> None:
        """Has everybody wait as the tenant asks.

        Raises:
            UnreachableError: the patience ends.
        """
        told = told_wait(answer.headers, self._clock.now())
        # A tenant that says "at once" again and again has to be asked less often all the same.
        own = _backoff(self._throttled - 1) if self._throttled or told is None else 0.0
        self._throttle.hold(self._host, max(told or 0.0, own))
        self._throttled += 1

    def after_error(self, error: BaseException) -> bool:
        """Whether to send a request again that got no answer, once some time has passed.

        Raises:
            UnreachableError: the work was stopped meanwhile.
        """
        return may_pass(error) and self.once_more()

    def once_more(self) -> bool:
        """Waits and says True, as long as there are chances left.

        Raises:
            UnreachableError: the work was stopped meanwhile.
        """
        if self._failed >= _REPETITIONS:
            return False
        seconds = _backoff(self._failed)
        self._failed += 1
        if self._failed > 1:
            chances = f"try {self._failed + 1} of {_REPETITIONS + 1} in {seconds:.0f} s"
            self._throttle.tell_once(self._host, f"{self._host} fails at the moment: {chances}", seconds)
        self._clock.wait(seconds, self._throttle.stopped)
        return True


def _backoff(before: int) -> float:
    """Seconds to wait after so many waits before, never the same for two clients."""
    return min(_LONGEST, 2.0 ** max(before, 0)) * random.uniform(0.5, 1.0)  # noqa: S311 - spreads clients, no secret
