"""Tell a jump of a feed's failures from noise.

Only users who fail and didn't fail in the feed's previous run are judged. Users who fail keep failing, so the number of
all failures of a night resembles that of the night before, which control charts for independent numbers don't expect;
the new ones don't have that memory. No jump is missed: a run can't have more failures than the previous run without
new ones. So the band of a run is the number of those who fail again, plus the usual number of new failures. It reaches
at least to the level of the last runs, because a return to it after an unusually good run isn't a jump.

The usual number of new failures is predicted from the feed's own earlier runs, as in the detection of outbreaks
(Farrington et al. 1996, A statistical algorithm for the early detection of outbreaks of infectious disease, J. R.
Statist. Soc. A 159, 547-563; Noufaily et al. 2013, Statistics in Medicine 32, 1206-1222):

- The expected number is an exponentially weighted mean of the earlier rates, times the number of users, times a factor
  for the day of the week, which begins at 1 and is learned slowly.
- Deviations are measured with the square roots of Freeman and Tukey (1950, Annals of Mathematical Statistics 21,
  607-611), in which a Poisson number of any size has nearly the variance 1. Nights differ by more than that. As in
  Laney's p'-chart (2002, Quality Engineering 14, 531-537), the additional variance is estimated from the feed's own
  deviations; the rate of a feed without a past is assumed to vary by 70 %.
- Earlier numbers beyond their limit count only as much as the limit, so that a jump doesn't hide the next one.

``benchmarks/trend_alarms.py`` simulates healthy feeds of many shapes: in none of them is more than one run in a hundred
called a jump.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from analyzer.model.job import Outcome
from analyzer.model.tables import UTC

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FEWEST_RUNS = 4
"""The number of earlier runs with new failures known from which a run is judged."""

FEWEST_USERS = 3
"""A jump has at least so many new failures."""

_LEVEL_RUNS = 10
"""Runs that show whether a feed only returns to its level after an unusually good run."""

_MEMORY = 29 / 30
"""The weight of a run in relation to the next one: the last 30 runs or so count."""

_WEEKDAY_MEMORY = 11 / 12
_WEEKDAY_PRIOR = 3.0
"""The number of runs with the factor 1 that a day of the week begins with."""

_LIMIT = 2.5
"""Standard deviations. That leaves out 1 in 160 numbers on each side; the rest of the 1 in 100 is for estimates."""

_VARIANCE, _VARIANCE_RUNS = 0.5, 3.0
"""The squared relative deviation of a feed's rate from night to night before it is known, and the number of runs with
it that the estimate begins with."""

RATES: dict[str, Any] = {
    "job_id": pl.String,
    "feed": pl.String,
    "ran": UTC,
    "outcome": pl.String,
    "users": pl.UInt32,
    "failed": pl.UInt32,
    "rate": pl.Float64,
    "new": pl.UInt32,
    "least": pl.UInt32,
    "most": pl.UInt32,
    "jump": pl.Boolean,
}
"""Columns of ``failure_rates``."""


class Night(NamedTuple):
    """A run to be judged.

    Attributes:
        failed: number of users who failed; None if unknown.
        new: how many of them didn't fail in the feed's previous run; None if unknown.
        users: any number in proportion to the users.
        weekday: 0 to 6.
    """

    failed: int | None
    new: int | None
    users: float
    weekday: int


class Band(NamedTuple):
    """The usual number of failures of a run, from ``least`` to ``most``, and whether it has jumped above that."""

    least: int
    most: int
    jump: bool


def bands(nights: Iterable[Night]) -> Iterator[Band | None]:
    """Yield for each run of a feed, the oldest first, the usual number of failures according to the earlier runs.

    It is None for a run whose numbers are unknown, and until ``FEWEST_RUNS`` earlier runs are known. Each run costs the
    same.
    """
    past = _Past()
    levels: deque[int] = deque(maxlen=_LEVEL_RUNS)
    for night in nights:
        band = None
        if night.failed is not None and night.new is not None:
            expected = past.expected(night)
            low, high = past.limits(expected)
            if past.runs >= FEWEST_RUNS:
                again = night.failed - night.new
                most = max(again + math.floor(high), _level(levels))
                jump = night.failed > most and night.new >= FEWEST_USERS
                band = Band(again + max(0, math.ceil(low)), most, jump)
            past.add(night, min(night.new, max(high, FEWEST_USERS)), expected)
        if night.failed is not None:
            levels.append(night.failed)
        yield band


def _level(levels: deque[int]) -> int:
    """Return a number of failures that three of four recent runs don't exceed."""
    return sorted(levels)[math.ceil(0.75 * (len(levels) - 1))] if levels else 0


class _Past:
    """What the earlier runs of a feed say about the next one."""

    def __init__(self) -> None:
        self.runs = 0
        self._new = self._users = 0.0  # weighted sums
        self._weight = self._squared_weight = 0.0
        self._excess, self._information = _VARIANCE * _VARIANCE_RUNS, _VARIANCE_RUNS
        self._on_day, self._expected_on_day = [0.0] * 7, [0.0] * 7

    def expected(self, night: Night) -> float:
        return self._level(night) * self._factor(night)

    def limits(self, expected: float) -> tuple[float, float]:
        """Return the limits between which a number is usual; the upper one can be infinite."""
        if not self._weight:
            return 0.0, math.inf
        uncertain = 1 + 2 * self._squared_weight / self._weight**2
        variance = (1 + max(0.0, self._excess / self._information) * expected) * uncertain
        center, width = _expected_root(expected), _LIMIT * math.sqrt(variance)
        return _number_of(center - width), _number_of(center + width)

    def add(self, night: Night, new: float, expected: float) -> None:
        """Add a run, whose number of new failures is limited."""
        factor, level = self._factor(night), self._level(night)
        if self.runs:
            deviation = math.sqrt(new) + math.sqrt(new + 1) - _expected_root(expected)
            # A few failures say little about how the rate varies.
            self._excess = _discounted(self._excess, _VARIANCE) + (deviation**2 - 1) / (1 + expected)
            self._information = _discounted(self._information, 1) + expected / (1 + expected)
            day = night.weekday
            self._on_day[day] = _WEEKDAY_MEMORY * self._on_day[day] + new
            self._expected_on_day[day] = _WEEKDAY_MEMORY * self._expected_on_day[day] + level
        self._new = _MEMORY * self._new + new / factor
        self._users = _MEMORY * self._users + night.users
        self._weight = _MEMORY * self._weight + 1
        self._squared_weight = _MEMORY**2 * self._squared_weight + 1
        self.runs += 1

    def _level(self, night: Night) -> float:
        return self._new / self._users * night.users if self._users else 0.0

    def _factor(self, night: Night) -> float:
        prior = _WEEKDAY_PRIOR * max(self._level(night), 0.5)
        return (self._on_day[night.weekday] + prior) / (self._expected_on_day[night.weekday] + prior)


def _discounted(total: float, prior: float) -> float:
    """Return a sum in which earlier runs count less, but the prior doesn't."""
    return _MEMORY * (total - prior * _VARIANCE_RUNS) + prior * _VARIANCE_RUNS


def _expected_root(expected: float) -> float:
    return math.sqrt(4 * expected + 1)


def _number_of(root: float) -> float:
    """Return the number whose square root and that of the next number have this sum."""
    return ((root * root - 1) / (2 * root)) ** 2 if root > 1 else 0.0


def failure_rates(jobs: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """Return the runs of feeds with their failures, and whether these jumped.

    Args:
        jobs: the table ``jobs`` with ``earliest``, the oldest first.
        new: columns ``job_id`` String, ``named`` UInt32, ``new`` UInt32: the users in each job's log, and how many of
            them are new (null if unknown); jobs without users may be missing.

    Returns:
        Columns ``RATES``, one row for each run of a feed that has ended, in the order of ``jobs``. ``failed`` is the
        number of users not updated, ``rate`` its share of ``users`` (null if these are fewer). ``new`` is the number of
        failures that the feed's previous run doesn't have. ``least`` and ``most`` are the band of ``failed``. Without
        retries, and runs that have not ended or have an unknown outcome. An aborted run has neither a rate nor a band.
    """
    ended = [Outcome.succeeded.value, Outcome.partial.value, Outcome.aborted.value]
    is_run = pl.col("retry_of").is_null() & pl.col("feed").is_not_null() & pl.col("earliest").is_not_null()
    runs = jobs.filter(is_run, pl.col("outcome").is_in(ended)).join(new, on="job_id", how="left", maintain_order="left")
    counted = pl.col("not_updated").is_not_null() & (pl.col("outcome") != Outcome.aborted.value)
    runs = runs.with_columns(
        failed=pl.when(counted).then("not_updated"), named=pl.col("named").fill_null(0)
    ).with_columns(new=_new_failures())
    by_feed = runs.partition_by("feed", maintain_order=True)
    judged = pl.concat([_judged(feed) for feed in by_feed]) if by_feed else _judged(runs)
    return runs.select("job_id").join(judged, on="job_id", how="left", maintain_order="left").select(*RATES)


def _new_failures() -> pl.Expr:
    """Return the number of failures that a feed's previous run doesn't have; null for the first run of a feed."""
    without_id = (pl.col("failed") - pl.col("named")).clip(0)
    counted = pl.col("failed").is_not_null()
    before = pl.when(counted).then(without_id).forward_fill().shift().over("feed")
    more_without_id = pl.max_horizontal(without_id.cast(pl.Int64) - before.cast(pl.Int64), pl.lit(0))
    # No user in the log means no new one, but only a run with users says that there is a run to compare with.
    named = pl.when(pl.col("named") == 0).then(pl.lit(0, pl.UInt32)).otherwise("new")
    return pl.when(counted & before.is_not_null()).then((named + more_without_id).cast(pl.UInt32))


def _judged(runs: pl.DataFrame) -> pl.DataFrame:
    """Add the rate, the band, and the mark to the runs of one feed."""
    # A feed without source files has no rate, but its numbers can be compared.
    users = runs["users"].forward_fill().backward_fill().fill_null(1).to_list()
    days = runs["ran"].dt.weekday().fill_null(1).to_list()
    news = runs["new"].to_list()
    columns = (runs["failed"].to_list(), news, users, days)
    nights = [Night(failed, new, size or 1, day - 1) for failed, new, size, day in zip(*columns, strict=True)]
    found = pl.DataFrame(
        [band or (None, None, None) for band in bands(nights)],
        {"least": pl.UInt32, "most": pl.Int64, "jump": pl.Boolean},
        orient="row",
    )
    # A log that names more users than the file has is of another file, or the file was replaced.
    users_of_run = pl.when((pl.col("users") > 0) & (pl.col("users") >= pl.col("failed"))).then("users")
    return runs.with_columns(
        *found.select("least", "jump"),
        rate=pl.col("failed") / users_of_run,
        most=pl.when(found["most"].is_not_null()).then(pl.min_horizontal(found["most"], users_of_run)),
    ).select(pl.col(name).cast(kind) for name, kind in RATES.items())
