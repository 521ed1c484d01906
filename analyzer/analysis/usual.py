"""Compare a feed's newest run with the usual: is its file unusually small, or does it take unusually long?

Both rules use medians and ranks of the feed's own past, so that neither a few outliers nor a steady growth matters.
``benchmarks/README.md`` has the rate of false alarms.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_LEAST = 6
"""Earlier runs that it takes to know what is usual."""
_SIZES, _DURATIONS = 30, 30
"""Newest runs that are compared."""
_SMALL_EACH = 8
"""Each so many runs, one may have been as small: weekly exceptions, and a loss that has become the new usual."""
_DROP = 0.8
_SPREADS = 4
_WIDEST = 0.35
"""Spread of the logarithms of the sizes from which a feed has no usual size, as one that sends only changes."""
_LEAST_DROP = 5
"""A loss of fewer users, values, or bytes is nothing unusual in a very small feed."""
_TIMES, _SLACK = 2.0, 1800.0
"""How many times the longest duration but one is too long, and at least so many seconds longer."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual for a feed.

    Attributes:
        median: of its newest runs.
        limit: a size below it is unusually small; a duration above it is unusually long.
    """

    median: float
    limit: float


def usual_size(earlier: Sequence[int]) -> Usual | None:
    """Return the usual size of a feed's runs; None if there are too few, or if they vary too much.

    Args:
        earlier: sizes of the runs before, in any unit, the oldest first.
    """
    sizes = sorted(earlier[-_SIZES:])
    if len(sizes) < _LEAST or not sizes[len(sizes) // 2]:
        return None
    logarithms = [math.log(max(size, 0.5)) for size in sizes]
    middle = statistics.median(logarithms)
    spread = 1.4826 * statistics.median(abs(one - middle) for one in logarithms)
    if spread > _WIDEST:
        return None
    smallest = sizes[len(sizes) // _SMALL_EACH]
    median = statistics.median(sizes)
    limit = min(_DROP * smallest, math.exp(middle - _SPREADS * spread), median - _LEAST_DROP)
    return Usual(median, max(0.0, limit))


def usual_duration(earlier: Sequence[float]) -> Usual | None:
    """Return the usual duration of a feed's runs; None if too few are known.

    Args:
        earlier: durations of the runs before in seconds, the oldest first.
    """
    durations = sorted(earlier[-_DURATIONS:])
    if len(durations) < _LEAST:
        return None
    return Usual(statistics.median(durations), max(_TIMES * durations[-2], durations[-2] + _SLACK))
