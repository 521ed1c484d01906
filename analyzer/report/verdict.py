"""Whether it is getting better: a feed's later runs against its earlier ones, in words that claim no more."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean
from typing import TYPE_CHECKING

from analyzer.model.outcome import Outcome
from analyzer.report.times import since_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from analyzer.report.view import Run

_FEWEST_RUNS = 4
_CLEAR = 1.25
"""Means that differ by less than a quarter are no trend."""


@dataclass(frozen=True, slots=True)
class Change:
    """Users not updated a run, on average, in the earlier half of a feed's runs and in the later, since ``since``."""

    feed: str
    before: float
    after: float
    since: str

    @property
    def clear(self) -> bool:
        """Whether the halves differ enough to be called a trend."""
        low, high = sorted((self.before, self.after))
        return high >= 1 and high > low * _CLEAR


def change_of(feed: str, runs: Sequence[Run], zone: ZoneInfo | None) -> Change | None:
    """Compares a feed's runs, the oldest first; None where too few of them tell.

    Only runs that ended with a verdict on each user tell: an aborted run hits everybody for one cause, and would drown
    what the feed's failures do.
    """
    told = [run for run in runs if run.outcome in {Outcome.succeeded, Outcome.partial} and run.not_updated is not None]
    if len(told) < _FEWEST_RUNS:
        return None
    half = len(told) // 2
    before = mean(run.not_updated or 0 for run in told[:half])
    after = mean(run.not_updated or 0 for run in told[half:])
    return Change(feed, before, after, since_text(told[half], zone))


def verdict(of_feed: Mapping[str, Sequence[Run]], zone: ZoneInfo | None) -> str:
    """The title of the chart of runs: the clearest change of a feed, or that there is none."""
    changes = [change for feed, runs in of_feed.items() if (change := change_of(feed, runs, zone))]
    clear = sorted(
        (change for change in changes if change.clear), key=lambda one: (-abs(one.after - one.before), one.feed)
    )
    if clear:
        return words(clear[0])
    if changes:
        return "Users not updated per run: no clear trend"
    return "Users not updated per run: too few runs for a trend"


def words(change: Change) -> str:
    """``hr-feed's failures halved: 21 users a run since 2 Nov 2026, 42 before``."""
    numbers = f"{_number(change.after)} users a run since {change.since}, {_number(change.before)} before"
    return f"{change.feed}'s failures {_verb(change)}: {numbers}"


def _verb(change: Change) -> str:
    if not change.after:
        return "ended"
    if not change.before:
        return "began"
    ratio = change.after / change.before
    steps = ((0.4, "fell by more than half"), (0.6, "halved"), (1, "fell"), (1.7, "rose"), (2.5, "doubled"))
    return next((verb for most, verb in steps if ratio <= most), "more than doubled")


def _number(mean_users: float) -> str:
    return f"{mean_users:,.0f}" if mean_users >= 10 or mean_users == int(mean_users) else f"{mean_users:.1f}"  # noqa: PLR2004 - small means need a decimal
