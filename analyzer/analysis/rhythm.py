"""Learn from a feed's past runs when the next one is due, and whether the newest is unusually small or long.

What comes after a run is learned from earlier runs at the same time of the week: after a Friday's run, a feed of the
weekdays comes on Monday. So no schedule has to be guessed: daily, weekday, hourly, weekly, and monthly feeds, and those
with several runs a day, are the same to this module. Times are compared by the clock of the tenant's zone, so that a
schedule stays the same when daylight saving begins; a schedule in UTC moves by an hour, which is within the tolerance.

Both tolerances are the second-largest of the feed's own past, so that one incident teaches nothing: how late its runs
come, and how many in a row it skips, such as a feed that queues no job if nothing has changed. A feed that pauses on
weekends may also pause on a holiday: one day without a run is no finding. Sizes
and durations are judged by medians and ranks of the feed's own past, so that neither a few outliers nor a steady growth
matters. ``benchmarks/README.md`` has the rate of false alarms.
"""

from __future__ import annotations

import bisect
import itertools
import math
import statistics
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from zoneinfo import ZoneInfo

_DAY, _WEEK = 24.0, 168.0
"""Hours, as all numbers of a rhythm unless they say otherwise."""
_MONDAY = datetime(1970, 1, 5)  # noqa: DTZ001 - by the clock of any zone

_LEAST_RUNS, _LEAST_DAYS = 5, 14
"""Before two weekends have passed, a feed of the weekdays looks like a daily one."""
_KEPT, _KEPT_WEEKS, _RECENT = 2000, 30, 200
"""Newest runs from which the rhythm is learned, the weeks from which those of a frequent feed are, and the newest runs
from which its tolerances are."""
_COMPARED = 8
"""Newest runs at the same time of the week that are compared."""
_SEVERAL_A_DAY, _LONG = 20.0, 240.0
"""Intervals below which a feed has several runs a day, and above which the day of the week doesn't matter."""
_WIDENED = 1.5
_REGULAR = 0.85
"""Share of runs that come near the time at which they were expected."""
_NEAR, _NEARER, _BY_HAND = 4, 8, (36.0, 480.0)
"""Near is within a quarter of the interval, or an eighth where some runs by hand have similar intervals by chance."""
_TOO_SILENT, _LEAST_IRREGULAR = 2, 10
"""How many times the longest pause of an irregular feed is too long, if so many runs are known."""
_CEASED, _CEASED_INTERVALS = 30 * _DAY, 4
_WITHOUT_HOLIDAYS = 130
"""Days with runs after which a feed without a pause knows no holidays: half a year of weekdays."""
_HOLIDAYS = 2
"""Days of a pause that are a holiday, for a feed that has paused before: Good Friday and Easter Monday."""
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAYS_OF_WEEK = 7

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
class Due:
    """What is due after the last run. Times are UTC.

    Attributes:
        missed: when runs were expected that didn't come, the oldest first, without those that the feed may skip.
        next: when the next run is expected; None if the feed has no rhythm.
        is_silent: whether an irregular feed has paused for longer than ever.
        has_ceased: whether the feed seems to have ended.
    """

    missed: tuple[datetime, ...] = ()
    next: datetime | None = None
    is_silent: bool = False
    has_ceased: bool = False


class _Step(NamedTuple):
    """From one run to the next: how late it came, after which interval, and how many expected runs it skipped."""

    late: float
    interval: float
    skipped: int
    paused: int  # those of ``skipped`` on its first day, if that day had no run


@dataclass(slots=True)
class Rhythm:
    """The rhythm of a feed.

    Attributes:
        zone: of its clock; None for UTC.
        runs: when its runs came, in hours by that clock.
        is_known: whether there are enough runs to tell.
        is_regular: whether the next run can be expected.
        interval: usual hours between runs.
        holidays: days in a row without a run that are no finding.
    """

    zone: ZoneInfo | None
    runs: list[float]
    is_known: bool = False
    is_regular: bool = False
    interval: float = 0.0
    holidays: int = 0
    _gaps: list[float] = field(default_factory=list)
    _phases: list[tuple[float, int]] = field(default_factory=list)  # time of the week, index; three weeks of them
    _late: float = 0.0
    _skips: int = 0

    @staticmethod
    def of(times: Iterable[datetime], zone: ZoneInfo | None) -> Rhythm:
        """Learn the rhythm of a feed.

        Args:
            times: when its runs came, UTC, in any order.
            zone: its schedule follows the clock of this zone; None for UTC.
        """
        runs = sorted(_by_clock(time, zone) for time in sorted(times)[-_KEPT:])
        recent = bisect.bisect(runs, runs[-1] - _KEPT_WEEKS * _WEEK) if runs else 0
        rhythm = _learned(runs[min(recent, max(0, len(runs) - _KEPT_WEEKS)) :], zone)
        firsts = [next(day) for _, day in itertools.groupby(rhythm.runs, lambda run: run // _DAY)]
        if len(firsts) == len(rhythm.runs):
            return rhythm
        by_day = _learned(firsts, zone)
        if by_day.is_regular and not rhythm.is_regular:
            return by_day  # its hours are irregular, such as if its file is imported in parts, but not its days
        rhythm.holidays = by_day.holidays
        return rhythm

    @property
    def words(self) -> str:
        """Return ``daily``, ``weekdays``, ``weekly (Sun)``, ``every 2 hours``…; ``irregular``; ``unknown``."""
        if not self.is_regular:
            return "irregular" if self.is_known else "unknown"
        return _words(self.interval, _weekdays_of(self.runs))

    def due(self, at: datetime) -> Due:
        """Return what is due at ``at`` (UTC), if all runs until then are known."""
        if not self.runs:
            return Due()
        now, last = _by_clock(at, self.zone), self.runs[-1]
        longest = max(self._gaps, default=0.0)
        usual = self.interval if self.is_regular else longest
        if now - last > max(_CEASED, _CEASED_INTERVALS * usual):
            return Due(has_ceased=True)
        if not self.is_regular:
            can_tell = self.is_known and len(self.runs) >= _LEAST_IRREGULAR
            return Due(is_silent=can_tell and now - last > _TOO_SILENT * longest)
        missed: list[float] = []
        for expected, late in self._expected(last):
            if late > now:
                may_skip = max(self._skips, _on_first_days(last, missed, self.holidays))
                times = tuple(map(self._time, missed))
                return Due(times if len(missed) > may_skip else (), self._time(expected))
            missed.append(expected)
        raise AssertionError  # the expected runs have no end

    def learn(self) -> None:
        """Learn from the runs."""
        runs, self._gaps = self.runs, [after - before for before, after in itertools.pairwise(self.runs)]
        self.is_known = len(runs) >= _LEAST_RUNS and runs[-1] - runs[0] >= _LEAST_DAYS * _DAY
        if not self.is_known:
            return
        self.interval = statistics.median(self._gaps)
        weeks = (-_WEEK, 0, _WEEK)
        self._phases = sorted((run % _WEEK + week, index) for index, run in enumerate(runs[:-1]) for week in weeks)
        steps = list(self._steps())
        nearness = _NEARER if _BY_HAND[0] <= self.interval < _BY_HAND[1] else _NEAR
        near = sum(abs(step.late) <= max(step.interval, 1) / nearness for step in steps)
        self.is_regular = near >= _REGULAR * len(steps)
        self._late = _second([step.late for step in steps])
        if self.interval < 1.25 * _DAY and len(_weekdays_of(runs)) < _DAYS_OF_WEEK:
            has_paused = any(step.paused for step in steps)
            is_proven = len({run // _DAY for run in runs[-_RECENT:]}) >= _WITHOUT_HOLIDAYS
            self.holidays = _HOLIDAYS if has_paused else 0 if is_proven else 1
        self._skips = int(_second([step.skipped - step.paused * bool(self.holidays) for step in steps]))

    def _steps(self) -> Iterator[_Step]:
        for before, after in itertools.pairwise(self.runs[-_RECENT:]):
            if after - before > max(_CEASED, _CEASED_INTERVALS * self.interval):
                continue  # it had ceased, and came back
            expected = [before]
            for one, _ in self._expected(before):
                if len(expected) > 1 and after <= (expected[-1] + one) / 2:
                    break
                expected.append(one)
                if after <= one:
                    break
            skipped = expected[1:-1]
            paused = _on_first_days(before, skipped, 1) if skipped and after // _DAY > skipped[0] // _DAY else 0
            yield _Step(after - expected[-1], expected[-1] - expected[-2], len(skipped), paused)

    def _expected(self, run: float) -> Iterator[tuple[float, float]]:
        """Yield when the runs after one are expected, without end, and from when on each is late."""
        while True:
            before, run = run, self._next(run)
            interval = min(run - before, max(_DAY, self.interval))  # a weekend makes no run later
            yield run, run + max(_least_tolerance(interval), _WIDENED * self._late)

    def _next(self, run: float) -> float:
        """Return when a run is expected after one that came at ``run``."""
        if self.interval > _LONG:
            longest = sorted(self._gaps[-_COMPARED:])
            return run + longest[-1 if len(longest) < _COMPARED else -2]
        phase = run % _WEEK
        at = bisect.bisect(self._phases, (phase, 0))
        nearest = min(abs(found - phase) for found, _ in self._phases[at - 1 : at + 1])
        reach = max(nearest, 0.49 * min(_DAY, self.interval))
        first = bisect.bisect(self._phases, (phase - reach, -1))
        near = self._phases[first : bisect.bisect(self._phases, (phase + reach, _KEPT))]
        newest = sorted((index, found) for found, index in near)[-_COMPARED:]
        # From this run's time of the week, not from the others': if it came late, the next doesn't.
        gaps = [self._gaps[index] + found - phase for index, found in newest]
        return run + max(statistics.median_high(gaps), 0.1)

    def _time(self, run: float) -> datetime:
        return (_MONDAY + timedelta(hours=run)).replace(tzinfo=self.zone or UTC).astimezone(UTC)


def _learned(runs: list[float], zone: ZoneInfo | None) -> Rhythm:
    rhythm = Rhythm(zone, runs)
    rhythm.learn()
    return rhythm


def _by_clock(time: datetime, zone: ZoneInfo | None) -> float:
    """Return the hours since a Monday, by the clock of a zone."""
    return (time.astimezone(zone or UTC).replace(tzinfo=None) - _MONDAY).total_seconds() / 3600


def _least_tolerance(interval: float) -> float:
    """Return how late a run may be in any case: an hour or two for the service, and for a schedule in UTC."""
    return max(2.0, interval / 12) if interval >= _DAY else min(max(interval / 2, 1 / 3), 2.0)


def _on_first_days(last: float, missed: Sequence[float], number: int) -> int:
    """Return how many of the missed runs were expected on the first days without a run."""
    days = [one // _DAY for one in missed]
    first = sorted({*days})[:number]
    return 0 if last // _DAY in first else sum(day in first for day in days)


def _second(values: Iterable[float]) -> float:
    """Return the second-largest number; at least 0."""
    return max(0.0, *sorted([0.0, 0.0, *values])[-2:-1])


def _weekdays_of(runs: Sequence[float]) -> list[int]:
    """Return the days of the week on which a feed has runs, from 0 for Monday, without rare ones."""
    days = Counter(int(day) % _DAYS_OF_WEEK for day in {run // _DAY for run in runs if run > runs[-1] - 8 * _WEEK})
    return sorted(day for day, number in days.items() if number >= 0.3 * max(days.values()))


def _words(interval: float, weekdays: Sequence[int]) -> str:
    names = ", ".join(_WEEKDAYS[day] for day in weekdays)
    on_days = (
        "" if len(weekdays) == _DAYS_OF_WEEK else " on weekdays" if weekdays == [0, 1, 2, 3, 4] else f" on {names}"
    )
    if interval < _SEVERAL_A_DAY:
        hours = round(interval)
        every = "hourly" if hours == 1 else f"every {hours} hours" if hours else f"every {round(interval * 60)} minutes"
        return every + on_days
    if interval < 0.8 * _WEEK and len(weekdays) < _DAYS_OF_WEEK:
        return "weekdays" if weekdays == [0, 1, 2, 3, 4] else names
    days = round(interval / _DAY)
    if days == _DAYS_OF_WEEK:
        return f"weekly ({names})"
    names_of_days = {1: "daily", 14: "every 2 weeks", 28: "every 4 weeks", **dict.fromkeys(range(29, 33), "monthly")}
    return names_of_days.get(days, f"every {days} days")


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
