"""Judge the health of each feed: whether its runs come, are complete, and end, compared with its own past."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from analyzer.analysis.rhythm import Rhythm, usual_duration, usual_size
from analyzer.model.job import Outcome
from analyzer.model.text import SHORT_ID, count, duration, moment, size

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from analyzer.analysis.rhythm import Due
    from analyzer.history.feed_status import FeedStatus
    from analyzer.history.load import Tables

_BEFORE_THE_PULL = timedelta(hours=2, minutes=10)
"""A run that only a pull saw ended may have ended at any time since the pull before. It is taken to have ended so long
before the pull that a daily run which doesn't come is late at the time of that pull."""
_AHEAD = timedelta(days=1)
"""A run that came later than this from now on was seen by a clock that was ahead."""
_MEASURES = ("whole", "property_values", "source_bytes")


class Health(StrEnum):
    """The health of a feed in one word, the worst first."""

    missing = "missing"
    stuck = "stuck"
    small = "small"
    late = "late"
    failing = "failing"
    slow = "slow"
    unknown = "unknown"
    well = "well"
    ceased = "ceased"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a feed.

    Attributes:
        health: the kind.
        reason: a clause.
        times: when runs were expected that are late or missing, or when the last one of a ceased feed ran, UTC.
    """

    health: Health
    reason: str
    times: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """The health of a feed.

    Attributes:
        status: its runs and open users.
        findings: the worst first; never empty.
        rhythm: in words, such as ``daily``.
        next_expected: when the next run is expected, UTC; None if unknown.
        usual_users: how many users its file usually has; None if unknown.
    """

    status: FeedStatus
    findings: tuple[Finding, ...]
    rhythm: str
    next_expected: datetime | None
    usual_users: int | None

    @property
    def health(self) -> Health:
        """The health in one word."""
        return self.findings[0].health

    @property
    def reason(self) -> str:
        """All findings as clauses; empty if there is nothing to say."""
        return "; ".join(finding.reason for finding in self.findings if finding.reason)


@dataclass(frozen=True, slots=True)
class AsOf:
    """When health is judged.

    Attributes:
        now: UTC.
        known_until: until when all jobs are known, UTC; None if that is unknown, so that no run can be missing.
        pulls: when pulls were made, as far as a job shows it, UTC.
        zone: of the feeds' schedules, and of times shown; None for UTC.
    """

    now: datetime
    known_until: datetime | None
    pulls: Collection[datetime] = ()
    zone: ZoneInfo | None = None

    @staticmethod
    def of(tables: Tables, now: datetime, zone: ZoneInfo | None, *, is_listed: bool = True) -> AsOf:
        """Return the moment of a library.

        Args:
            tables: the tables of the library.
            now: UTC.
            zone: the tenant's; None for UTC.
            is_listed: whether the last pull received the whole job list.
        """
        # The job list was current at least when its newest run came.
        known = (tables.as_of if is_listed else None) or tables.jobs["ran"].max()
        pulls = frozenset(tables.observations["previous_pull_at"].drop_nulls())
        return AsOf(now, min(now, known) if isinstance(known, datetime) else None, pulls, zone)


def feed_healths(statuses: Sequence[FeedStatus], as_of: AsOf, silent: Collection[str] = ()) -> list[FeedHealth]:
    """Return the health of each feed, the worst first.

    Args:
        statuses: from ``feed_status.feed_statuses``.
        as_of: when to judge.
        silent: IDs of acknowledged jobs.
    """
    healths = [feed_health(status, as_of, silent) for status in statuses]
    return sorted(healths, key=lambda one: _severity(one.findings[0], one.status))  # in the order of the statuses


def feed_health(status: FeedStatus, as_of: AsOf, silent: Collection[str] = ()) -> FeedHealth:
    """Return the health of one feed; the arguments are those of ``feed_healths``."""
    rhythm = Rhythm.of(filter(None, (run_time(run, as_of) for run in status.runs)), as_of.zone)
    due = rhythm.due(as_of.known_until or as_of.now)
    runs = [run for run in status.runs if run["job_id"] not in silent]
    findings = [
        *_absence(due, status, as_of),
        *_failures(status),
        *(_too_small(runs) if runs and runs[-1] is status.runs[-1] else ()),
        *_too_slow(runs, as_of),
    ]
    if status.run is None and not findings:
        findings.append(Finding(Health.unknown, "no run has ended"))
    findings.sort(key=lambda finding: _severity(finding, status))
    users = usual_size([run["whole"] for run in status.runs if run["whole"] is not None])
    return FeedHealth(
        status,
        tuple(findings) or (Finding(Health.well, ""),),
        rhythm.words,
        due.next,
        round(users.median) if users else None,
    )


def run_time(run: Mapping[str, Any], as_of: AsOf) -> datetime | None:
    """Return when a run came, as far as its feed's rhythm is concerned, UTC; None if unknown.

    The time of its source file if that is the best evidence: it is as regular as the run.
    """
    earliest, latest = run["earliest"], run["latest"]
    time: datetime | None = earliest
    if earliest is not None and latest is not None and earliest in as_of.pulls:
        time = max(earliest, latest - _BEFORE_THE_PULL)
    if time is not None and run["first_seen"] is not None:
        time = min(time, run["first_seen"])  # it came before a pull saw it, even if it ended later
    return None if time is None or time > as_of.now + _AHEAD else time


def running_times(runs: Iterable[Mapping[str, Any]]) -> list[float]:
    """Return the seconds that runs took since a pull first saw them running; those that are unknown are left out.

    Args:
        runs: rows of the table ``jobs``, the oldest first.
    """
    took = [(run["finished"] - run["started"]).total_seconds() for run in runs if run["finished"] and run["started"]]
    return [one for one in took if one > 0]


def _absence(due: Due, status: FeedStatus, as_of: AsOf) -> Iterator[Finding]:
    """Yield whether runs are missing or late, or come no more."""
    if as_of.known_until is None or not status.runs:
        return
    last = status.runs[-1]
    times = [_shown(time, as_of) for time in due.missed]
    if due.has_ceased and Outcome(last["outcome"]).ended:
        yield Finding(Health.ceased, f"no run since {_shown(last['ran'], as_of)}", (last["ran"],))
    elif due.is_silent:
        silence = (as_of.known_until - (run_time(last, as_of) or as_of.known_until)).total_seconds()
        yield Finding(Health.missing, f"no run for {duration(silence)}, longer than ever before")
    elif len(times) == 1:
        yield Finding(Health.late, f"expected {times[0]}", due.missed)
    elif times:
        yield Finding(Health.missing, f"{len(times)} runs missing since {times[0]}", due.missed)


def _failures(status: FeedStatus) -> Iterator[Finding]:
    """Yield which users are open, and which jobs are stuck."""
    for job in status.stuck:
        yield Finding(Health.stuck, f"{job['job_id'][:SHORT_ID]} is stuck in {job['state']}")
    if status.run is not None and status.has_open_users:
        number = status.run["open"]
        users = "open users unknown" if number is None else count(number, "open user")
        aborted = "aborted, " if status.run["outcome"] == Outcome.aborted else ""
        yield Finding(Health.failing, aborted + users)
    if status.earlier:
        yield Finding(Health.failing, status.earlier_clause)


def _too_small(runs: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """Yield that the newest run's file is unusually small; runs that abort don't differ in that."""
    for measure in _MEASURES:
        # What was sent of a file is no measure of it.
        alike = runs if measure == "whole" else [run for run in runs if not run["changes_only"]]
        known = [run[measure] for run in alike if run[measure] is not None]
        if (
            alike[-1:] != runs[-1:]
            or runs[-1][measure] is None
            or (usual := usual_size(known[:-1])) is None
            or known[-1] >= usual.limit
        ):
            continue
        of = size if measure == "source_bytes" else lambda number: f"{number:,}"
        what = {"whole": " users", "property_values": " values"}.get(measure, "")
        yield Finding(Health.small, f"{of(known[-1])}{what}, usually {of(round(usual.median))}")
        return


def _too_slow(runs: Sequence[Mapping[str, Any]], as_of: AsOf) -> Iterator[Finding]:
    """Yield that a job is running for longer than the feed's runs usually take."""
    for run in runs:
        begun = run["started"] or run["first_seen"]
        if run["outcome"] != Outcome.running or run["gone"] or begun is None or as_of.known_until is None:
            continue
        usual = usual_duration(running_times([one for one in runs if one["changes_only"] == run["changes_only"]]))
        if usual is None:
            continue
        takes = (as_of.known_until - begun).total_seconds()
        if takes > usual.limit:
            usually = duration(usual.median)
            yield Finding(Health.slow, f"running for {duration(takes)}, usually {usually}")


def _shown(time: datetime | None, as_of: AsOf) -> str:
    """Return a time in the tenant's zone, as in lists of jobs."""
    return moment(time, as_of.zone, as_of.now)


def _severity(finding: Finding, status: FeedStatus) -> int:
    """Return the place among findings, from 0 for the worst: an aborted import is worse than a missing one."""
    is_aborted = (
        finding.health is Health.failing and status.run is not None and status.run["outcome"] != Outcome.partial
    )
    return -1 if is_aborted else list(Health).index(finding.health)
