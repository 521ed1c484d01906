"""Which faults there are, and which request gets one: a seeded plan, the same whatever the order of requests."""

from __future__ import annotations

from collections import Counter
from enum import Enum
from itertools import cycle
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Fault(Enum):
    """What may happen to an answer on its way."""

    THROTTLED_SECONDS = "429, Retry-After in seconds"
    THROTTLED_DATE = "429, Retry-After as a date"
    THROTTLED_BARE = "429 without Retry-After"
    BUSY_SECONDS = "503, Retry-After in seconds"
    BUSY_DATE = "503, Retry-After as a date"
    BUSY_BARE = "503 without Retry-After"
    TOKEN_ENDED = "401, the token has ended"
    RESET_BEFORE = "reset before the answer"
    RESET_WITHIN = "reset within the answer"
    CUT_OFF = "body cut off"
    TOO_LONG = "Content-Length above the truth"
    TOO_SHORT = "Content-Length below the truth"
    TRUNCATED = "body and Content-Length truncated"
    SLOW = "slow body"
    HTML = "HTML with status 200"
    FAILED = "500"
    BAD_GATEWAY = "502"
    TIMED_OUT = "504"


ASKS_TO_WAIT = frozenset(
    {
        Fault.THROTTLED_SECONDS,
        Fault.THROTTLED_DATE,
        Fault.THROTTLED_BARE,
        Fault.BUSY_SECONDS,
        Fault.BUSY_DATE,
        Fault.BUSY_BARE,
    }
)
OFTEN = (*Fault, *(fault for fault in Fault if fault not in ASKS_TO_WAIT))
"""Each kind, those that cost no wait twice."""


class Plan:
    """Gives a share of the requests a fault, the kinds dealt like cards from a shuffled deck."""

    def __init__(self, seed: int, share: float, kinds: Sequence[Fault] = OFTEN, *, most: int = 2) -> None:
        """Takes what it goes by.

        Args:
            seed: the same seed spoils the same requests.
            share: of the requests, between 0 and 1.
            kinds: the deck.
            most: how often the same request may be spoilt, so that a client of some patience comes through.
        """
        self._seed, self._share, self._most = seed, share, most
        deck = list(kinds)
        Random(seed).shuffle(deck)
        self._deck = cycle(deck) if deck else None
        self._asked: Counter[str] = Counter()
        self._spoilt: Counter[str] = Counter()

    def fault(self, request: str) -> Fault | None:
        """What happens to a request, which is told by its method and address; None for nothing."""
        self._asked[request] += 1
        drawn = Random(f"{self._seed} {self._asked[request]} {request}").random()
        if self._deck is None or drawn >= self._share or self._spoilt[request] >= self._most:
            return None
        self._spoilt[request] += 1
        return next(self._deck)


NO_FAULTS = Plan(0, 0.0, ())
