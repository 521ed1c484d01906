"""Healthy feeds of many shapes, and what the pulls of a library see of them.

The shapes are those of public threads and manuals: the triggers of Task Scheduler and cron (local time), of Azure
Functions (UTC), of Azure Automation and Power Automate (each hour, day, week, or month, and every other week); files in
parts of 500,000 values, one job after the other; full files, and files with only the changes, as HR systems send them
each hour or day. The service begins a job within about an hour.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from analyzer.history.feed_status import FeedStatus
from analyzer.history.feeds import AsOf, FeedHealth, feed_health

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ZONE = ZoneInfo("Europe/Berlin")
FIRST = date(2025, 1, 1)
SUNDAY = 6
HOLIDAYS = {
    *(date(2025, month, day) for month, day in ((1, 1), (4, 18), (4, 21), (5, 1), (5, 29), (6, 9), (10, 3))),
    *(date(2025, 12, day) for day in (25, 26)),
    date(2026, 1, 1),
}
"""Two pairs of working days among them: Good Friday and Easter Monday, and Christmas."""

Times = list[datetime]


@dataclass
class Run:
    """A run of a simulated feed; times are UTC."""

    queued: datetime
    ended: datetime
    users: int
    has_log: bool


def local(day: date, hour: float) -> datetime:
    """An hour of a day by the clock of the tenant, as UTC."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZONE)
    return (midnight + timedelta(hours=hour)).astimezone(UTC)


def utc(day: date, hour: float) -> datetime:
    """An hour of a day in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour)


def steady(_day: date, chance: random.Random) -> int:
    """The users of a company."""
    return round(3000 * chance.gauss(1, 0.01))


def growing(day: date, chance: random.Random) -> int:
    """The users of a company that grows by a third a year, and has more staff in summer."""
    days = (day - FIRST).days
    return round(2000 * (1 + days / 1200) * (1.1 if 150 < days < 240 else 1) * chance.gauss(1, 0.01))


def changes(_day: date, chance: random.Random) -> int:
    """The users of a file with changes."""
    return max(1, round(chance.lognormvariate(4, 1)))


def changes_and_all_on_sundays(day: date, chance: random.Random) -> int:
    """All users once a week, otherwise changes."""
    return 3000 if day.weekday() == SUNDAY else changes(day, chance)


def half_on_sundays(day: date, chance: random.Random) -> int:
    """Half of the users once a week, as one of two systems rests."""
    return round((1500 if day.weekday() == SUNDAY else 3000) * chance.gauss(1, 0.01))


def soon(chance: random.Random) -> float:
    """The hours from queueing to the end: the service begins within an hour, and takes some minutes."""
    return 0.1 + chance.random() + chance.lognormvariate(-2, 0.8)


def in_hours(chance: random.Random) -> float:
    """The same, of a service that takes all night now and then."""
    return 0.2 + chance.lognormvariate(0, 0.8)


@dataclass(frozen=True)
class Shape:
    """A shape of feed.

    Attributes:
        name: for the table.
        on: returns when a day's runs are queued.
        users: of a run of a day.
        hours: from queueing to the end.
        logs: the share of runs with a log, from which the time of the run is known.
        is_dated: whether the other runs have a source file with a time.
        pulls: hours between pulls.
    """

    name: str
    on: Callable[[date, random.Random], Times]
    users: Callable[[date, random.Random], int] = steady
    hours: Callable[[random.Random], float] = soon
    logs: float = 0.5
    is_dated: bool = True
    pulls: int = 24


def _is_weekday(day: date) -> bool:
    return day.weekday() < SUNDAY - 1


def _is_working_day(day: date) -> bool:
    return _is_weekday(day) and day not in HOLIDAYS


def _at(hour: float, on: Callable[[date], bool] = lambda _day: True) -> Callable[[date, random.Random], Times]:
    return lambda day, _: [local(day, hour)] if on(day) else []


def _perhaps(hour: float, share: Callable[[date], float]) -> Callable[[date, random.Random], Times]:
    return lambda day, chance: [local(day, hour)] if chance.random() < share(day) else []


def _as_they_come(day: date, chance: random.Random) -> Times:
    """Changes at random, few on weekends."""
    times, hour = [], 0.0
    while (hour := hour + chance.expovariate(0.25 if _is_weekday(day) else 0.02)) < 24:
        times.append(local(day, hour))
    return times


def _hourly(hours: Sequence[int], on: Callable[[date], bool] = lambda _day: True) -> Callable[..., Times]:
    return lambda day, _: [local(day, hour) for hour in hours] if on(day) else []


def _in_parts(day: date, chance: random.Random) -> Times:
    return [local(day, 2 + part * 0.4 + chance.random() / 5) for part in range(3)]


def _is_first_monday(day: date) -> bool:
    return day.weekday() == 0 and day.day <= 7


def _quick(chance: random.Random) -> float:
    return 0.05 + chance.random() / 3


SHAPES = (
    Shape("every night, local time", _at(2)),
    Shape("every night, UTC", lambda day, _: [utc(day, 1)]),
    Shape("every night, time known from pulls alone", _at(2), logs=0, is_dated=False),
    Shape("every night, pulled each hour", _at(2), logs=0, is_dated=False, pulls=1),
    Shape("every night, the service takes hours", _at(0.5), hours=in_hours),
    Shape("every night about midnight", lambda day, chance: [local(day, 23.2 + chance.random() / 2)], logs=1),
    Shape("every night, in three parts", _in_parts),
    Shape("every night, growing", _at(2), growing),
    Shape("every night, half on Sundays", _at(2), half_on_sundays),
    Shape("every night, changes, all on Sundays", _at(2), changes_and_all_on_sundays),
    Shape("every night, unless there are no changes", _perhaps(2, lambda d: 0.95 if _is_weekday(d) else 0.4), changes),
    Shape("every night, 1 in 50 left out", _perhaps(2, lambda _: 0.98)),
    Shape("every evening by hand", lambda day, chance: [local(day, chance.uniform(17, 22))]),
    Shape("weekdays", _at(2, _is_weekday)),
    Shape("weekdays, time known from pulls alone", _at(2, _is_weekday), logs=0, is_dated=False),
    Shape("weekdays without holidays", _at(2, _is_working_day)),
    Shape("Monday, Wednesday, Friday", _at(5, lambda day: day.weekday() in {0, 2, 4})),
    Shape("twice a day", _hourly((6, 18))),
    Shape("every 4 hours", _hourly(range(0, 24, 4))),
    Shape("hourly", _hourly(range(24)), changes, _quick, pulls=1),
    Shape("hourly in working hours", _hourly(range(7, 20), _is_working_day), changes, _quick, pulls=1),
    Shape("changes as they come", _as_they_come, changes),
    Shape("weekly", _at(3, lambda day: day.weekday() == SUNDAY)),
    Shape("every two weeks", _at(3, lambda day: day.toordinal() % 14 == 0)),
    Shape("monthly, on the first", _at(3, lambda day: day.day == 1)),
    Shape("monthly, on the last day", _at(3, lambda day: (day + timedelta(1)).day == 1)),
    Shape("monthly, on the first Monday", _at(3, _is_first_monday)),
    Shape("by hand, a few times a month", lambda day, c: [local(day, c.uniform(9, 17))] if c.random() < 0.12 else []),
)


def runs_of(shape: Shape, seed: int, days: int) -> list[Run]:
    """The runs of a feed, the oldest first."""
    chance = random.Random(f"{shape.name} {seed}")
    runs = []
    for day in (FIRST + timedelta(number) for number in range(days)):
        for at in shape.on(day, chance):
            ended = at + timedelta(hours=shape.hours(chance))
            runs.append(Run(at, ended, shape.users(day, chance), chance.random() < shape.logs))
    return sorted(runs, key=lambda run: run.queued)


@dataclass
class Library:
    """What the pulls of a library have seen of one feed.

    Attributes:
        rows: of the table ``jobs``.
    """

    shape: Shape
    rows: list[dict[str, Any]] = field(default_factory=list)
    _pulls: set[datetime] = field(default_factory=set)
    _last_pull: datetime | None = None
    _running: list[tuple[Run, dict[str, Any]]] = field(default_factory=list)

    def pull(self, runs: Iterator[Run], at: datetime) -> None:
        """See new and ended runs."""
        for run in runs:
            self._running.append((run, self._row(run, at)))
            self.rows.append(self._running[-1][1])
        for run, row in [*self._running]:
            if run.ended <= at:
                self._running.remove((run, row))
                self._end(run, row, at)
            elif self._last_pull is not None:
                row["started"] = row["started"] or at
        if self._last_pull:
            self._pulls.add(self._last_pull)
        self._last_pull = at

    def _row(self, run: Run, at: datetime) -> dict[str, Any]:
        earliest = run.queued if self.shape.is_dated else at
        sizes = {
            "users": run.users,
            "whole": run.users,
            "changes_only": False,
            "property_values": run.users * 6,
            "source_bytes": run.users * 220,
        }
        times = {"first_seen": at, "started": None, "finished": None, "ran": at, "earliest": earliest, "latest": None}
        return {"job_id": f"{len(self.rows):08}", "outcome": "running", "gone": False, "open": 0, **sizes, **times}

    def _end(self, run: Run, row: dict[str, Any], at: datetime) -> None:
        evidence = [run.queued] if self.shape.is_dated else []
        earliest = max([*([self._last_pull] if self._last_pull else []), *evidence], default=None)
        row["finished"] = row["ran"] = row["latest"] = run.ended if run.has_log else at
        row["earliest"] = run.ended if run.has_log else earliest
        row["outcome"] = "partial" if run.has_log else "succeeded"

    def health(self, at: datetime) -> FeedHealth:
        """The health of the feed at a pull."""
        ended = [row for row in self.rows if row["outcome"] != "running"]
        status = FeedStatus("feed", ended[-1] if ended else None, [*self.rows])
        return feed_health(status, AsOf(at, at, self._pulls, ZONE))


def judged(
    shape: Shape, runs: Sequence[Run], days: int, begin: int = 0, every: int = 1
) -> Iterator[tuple[datetime, FeedHealth]]:
    """Yield the health of a feed at the pull of each morning.

    Args:
        shape: of the feed.
        runs: of the feed, the oldest first.
        days: how many days are simulated.
        begin: the first day that is judged.
        every: judge only every so many days.
    """
    library, waiting = Library(shape), [*runs]
    for day in (FIRST + timedelta(number) for number in range(days)):
        for hour in range(0, 24, shape.pulls) if shape.pulls < 24 else (6,):
            at = local(day, hour) + timedelta(seconds=random.Random(f"{day}{hour}").randrange(60))
            number = next((index for index, run in enumerate(waiting) if run.queued > at), len(waiting))
            library.pull(iter(waiting[:number]), at)
            del waiting[:number]
            if hour == 6 and (passed := (day - FIRST).days) >= begin and not (passed - begin) % every:
                yield at, library.health(at)
