"""Which users of a job no later import has updated, and which jobs a later run has superseded.

A user is *open* in a job that did not update them, until a later run of the feed or a retry did. A retry brings the
values of the run that it repairs: imported after a later run, it closes nothing there. A run is *superseded* when a
later full run of its feed has ended: its records hold older values. A later file that holds other users, as a feed
writes that sends only what changed, or one file for each region, supersedes nothing; but of the users that it holds,
the older records must not be imported any more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from analyzer.model.job import FAILED, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

_FULL = 0.5
"""The share of an earlier file's users that a later one has to hold to be a full file, too."""


@dataclass(frozen=True, slots=True)
class Import:
    """One job, as far as it decides who is open. A user is a number, equal for equal IDs (``identity_key``).

    Attributes:
        job_id: of the job.
        feed: its feed, or that of the run which it repairs.
        retry_of: the run that it repairs, at the end of a chain of retries; None for a run of the feed.
        outcome: how it ended.
        failed: the users that its log names.
        names_all: whether the log names every user who failed; of a partial import only.
        not_updated: how many users it left out; None where that is unknown.
        carried: whether the service had the file at all: a job whose source file did not exist superseded nothing.
        earliest, latest: between which times the job ended (UTC); None where that is unknown, which is any time.
    """

    job_id: str
    feed: str
    retry_of: str | None
    outcome: Outcome
    failed: frozenset[int] = frozenset()
    names_all: bool = True
    not_updated: int | None = None
    carried: bool = True
    earliest: datetime | None = None
    latest: datetime | None = None

    def may_follow(self, other: Import) -> bool:
        """Return whether this job, which is before the other one in the order, can have ended after it."""
        return self.latest is not None and other.earliest is not None and self.latest > other.earliest


@dataclass(slots=True)
class OpenUsers:
    """What became of a job's users since.

    Attributes:
        open: users that neither this job nor a later one updated; None where that is unknown.
        due: those of them who failed in no later job, so that this job's retry file is the one to import; None where
            that is unknown.
        superseded_by: the later run that superseded the job; None where none did.
        newer: those of the job's users whose records in later files of the feed are the ones to import, or were: its
            own retry file must not hold them.
        updated_since: those of the job's users that a later job certainly updated.
    """

    open: int | None
    due: int | None
    superseded_by: str | None = None
    newer: frozenset[int] = field(default=frozenset(), compare=False)
    updated_since: frozenset[int] = field(default=frozenset(), compare=False)

    def is_open(self, user: int) -> bool | None:
        """Return whether a user in the job's log is open; None where that is unknown."""
        if user in self.updated_since:
            return False
        return None if self.open is None else True

    @property
    def needs_retry(self) -> bool:
        """Return whether the job's own retry file is the thing to import now."""
        return self.superseded_by is None and self.due != 0


class SourceUsers(Protocol):
    """The users of jobs' source files."""

    def all_of(self, job_id: str) -> AbstractSet[int] | None:
        """Return the users of a job's source file; None where they are unknown."""

    def first_of(self, job_id: str) -> AbstractSet[int] | None:
        """Return the first few users of a job's source file; None where they are unknown."""

    def ids_differ(self, job_id: str, other_id: str) -> bool:
        """Return whether two files name users by IDs of another kind, or in another property, as far as is known."""

    def properties_of(self, job_id: str) -> AbstractSet[str] | None:
        """Return the properties that a job's source file sets; None where they are unknown."""


@dataclass(slots=True)
class _Later:
    """What the later jobs of a feed did, going back in time."""

    updated: set[int] = field(default_factory=set)
    perhaps: set[int] = field(default_factory=set)
    failed: set[int] = field(default_factory=set)
    newer: set[int] = field(default_factory=set)


def open_users(imports: Sequence[Import], source: SourceUsers) -> dict[str, OpenUsers]:
    """Tell who is open in each job, and which jobs are superseded.

    Args:
        imports: all jobs, the oldest first.
        source: asked for as few source files as possible: of a healthy feed none is read.

    Returns:
        By job ID. A job that has not ended has no number, and neither has one whose users are unknown.
    """
    of_feed: dict[str, list[Import]] = {}
    for job in imports:
        of_feed.setdefault(job.feed, []).append(job)
    found: dict[str, OpenUsers] = {}
    for jobs in of_feed.values():
        for these, members in _streams(jobs, source):
            of_these = _of_feed(these, source)
            for job_id, run_id in _superseded(_ended_or_stuck(these), source).items():
                of_these[job_id].superseded_by = run_id
                # Where IDs cannot be compared, it is unknown who was updated.
                if of_these[job_id].open and source.ids_differ(job_id, run_id):
                    of_these[job_id] = OpenUsers(None, None, run_id)
            found |= {job_id: of_these[job_id] for job_id in members}
    return found


def _streams(jobs: Sequence[Import], source: SourceUsers) -> Iterator[tuple[Sequence[Import], AbstractSet[str]]]:
    """Part a feed's jobs where their files set no property in common: such files share a name by chance.

    Yields:
        Jobs, and the IDs of those whose answer counts. A job whose properties are unknown can be of
        any part, and is among the jobs of each.
    """
    everybody = {job.job_id for job in jobs}
    first_failed = next((place for place, job in enumerate(jobs) if job.outcome in FAILED), len(jobs))
    if first_failed >= len(jobs) - 1:
        yield jobs, everybody
        return
    parts: list[tuple[set[str], set[str]]] = []  # properties, and the jobs
    for job in jobs:
        run_id = job.retry_of if job.retry_of in everybody else job.job_id
        properties = source.properties_of(run_id)
        if not properties:
            continue
        same = [part for part in parts if not part[0].isdisjoint(properties)]
        parts = [part for part in parts if part not in same]
        parts.append(
            (set(properties).union(*(part[0] for part in same)), {job.job_id}.union(*(part[1] for part in same)))
        )
    known = set().union(*(members for _, members in parts))
    if len(parts) <= 1:
        yield jobs, everybody
        return
    yield jobs, everybody - known
    for _, members in parts:
        yield [job for job in jobs if job.job_id in members or job.job_id not in known], members


def _of_feed(jobs: Sequence[Import], source: SourceUsers) -> dict[str, OpenUsers]:
    order = {job.job_id: place for place, job in enumerate(jobs)}
    by_id = {job.job_id: job for job in jobs}
    runs = {job.job_id: by_id.get(job.retry_of or "", job) for job in jobs}
    # A retry has the values of its run, whenever it was imported.
    jobs = sorted(jobs, key=lambda job: order[runs[job.job_id].job_id])
    # Only other jobs make it worth reading which users an aborted one left out.
    is_alone = sum(job.outcome in FAILED for job in jobs) == 1 and jobs[-1].outcome in FAILED
    not_updated = [_not_updated(job, source, is_alone=is_alone) for job in jobs]
    earlier: list[set[int]] = [set()]
    for users in not_updated:
        earlier.append(earlier[-1] | users if users else earlier[-1])
    found: dict[str, OpenUsers] = {}
    later = _Later()
    for place, job in reversed(list(enumerate(jobs))):
        users, before = not_updated[place], earlier[place]
        following = [other for other in jobs[:place] if _may_follow(other, job, runs)]
        if is_alone and job.outcome is Outcome.aborted and not following:
            found[job.job_id] = OpenUsers(job.not_updated, job.not_updated)
        else:
            found[job.job_id] = _of_job(job, users, later)
        left = job.failed if users is None else users
        held = [_held(other, left, source) for other in following]
        if found[job.job_id].open and any(held):
            found[job.job_id] = OpenUsers(None, None)
        by_runs = [
            theirs
            for other, theirs in zip(following, held, strict=True)
            if runs[other.job_id] is not runs[job.job_id]  # else its values are the same
        ]
        found[job.job_id].updated_since = frozenset(left & later.updated)
        found[job.job_id].newer = frozenset(left & (later.updated | later.failed | later.newer)).union(*by_runs)
        if users and users <= found[job.job_id].newer:
            found[job.job_id].due = 0
        if job.outcome.ended:
            _go_back(job, before, later, source)
            later.failed |= users or job.failed
    return found


def _may_follow(other: Import, job: Import, runs: Mapping[str, Import]) -> bool:
    """Return whether a job, which is before another one in the order, can bring values that are as new or newer."""
    run, other_run = runs[job.job_id], runs[other.job_id]
    return other.may_follow(job) if run is other_run else other_run.may_follow(run)


def _not_updated(job: Import, source: SourceUsers, *, is_alone: bool) -> AbstractSet[int] | None:
    """Return all users that a job may have left out; None where that is unknown."""
    if job.outcome is Outcome.succeeded:
        return frozenset()
    if job.outcome not in FAILED:
        return None
    if job.outcome is Outcome.partial and job.names_all:
        return job.failed
    return None if is_alone else source.all_of(job.job_id)


def _of_job(job: Import, users: AbstractSet[int] | None, later: _Later) -> OpenUsers:
    if users is None:
        return OpenUsers(None, None)
    left = users - later.updated
    if not left:
        return OpenUsers(0, 0)
    # Of these, it is unknown whether the job itself updated them, or a later one.
    is_certain = job.outcome is Outcome.aborted or (job.outcome is Outcome.partial and job.names_all)
    if not is_certain or not left.isdisjoint(later.perhaps):
        due = 0 if left <= later.failed else None
        return OpenUsers(None, due)
    return OpenUsers(len(left), len(left - later.failed))


def _go_back(job: Import, before: AbstractSet[int], later: _Later, source: SourceUsers) -> None:
    """Add what a job did for the users that earlier jobs left out."""
    asked = before - later.updated
    if job.outcome in {Outcome.succeeded, Outcome.partial, Outcome.unknown}:
        asked -= job.failed
        if not asked:
            return
        held = source.all_of(job.job_id)
        is_certain = held is not None and job.outcome is not Outcome.unknown and job.names_all
        updated = asked if held is None else asked & held
        if is_certain:
            later.updated |= updated
            later.perhaps -= updated
        else:
            later.perhaps |= updated
            if job.retry_of is None:
                later.newer |= updated


def _held(job: Import, users: AbstractSet[int], source: SourceUsers) -> AbstractSet[int]:
    """Return which of these users a job, if it came later, may have updated."""
    if job.outcome not in {Outcome.succeeded, Outcome.partial, Outcome.unknown}:
        return frozenset()
    held = source.all_of(job.job_id)
    users = users - job.failed
    return users if held is None else users & held


def _ended_or_stuck(jobs: Sequence[Import]) -> list[Import]:
    return [job for job in jobs if job.outcome.ended or job.outcome is Outcome.stuck]


def _superseded(ended: Sequence[Import], source: SourceUsers) -> dict[str, str]:
    """Return the jobs that a later full run of the feed has superseded, by ID, and that run.

    A stuck job is among them, as its file may be queued again; it supersedes none.
    """
    place = {job.job_id: place for place, job in enumerate(ended)}
    found: dict[str, str] = {}
    # A retry holds values as old as those of the run that it repairs, of some of its users.
    runs = {job.job_id: job.retry_of if job.retry_of in place else job.job_id for job in ended}
    left = {job.job_id: place[runs[job.job_id]] for job in ended if job.outcome in {*FAILED, Outcome.stuck}}
    samples: dict[str, AbstractSet[int] | None] = {}
    for run in reversed(
        [job for job in ended if job.retry_of is None and job.carried and job.outcome is not Outcome.stuck]
    ):
        older = [
            job_id
            for job_id, since in left.items()
            if runs[job_id] != run.job_id and (since < place[run.job_id] or run.may_follow(ended[since]))
        ]
        if not older:
            continue
        held = source.all_of(run.job_id)
        for job_id in older:
            if runs[job_id] not in samples:
                samples[runs[job_id]] = source.first_of(runs[job_id])
            sample = samples[runs[job_id]]
            common = len(sample & held) if sample and held else 0
            is_full = held is None or not sample or common >= _FULL * len(sample)
            # Where not even the IDs can be compared, the older values are the ones that do harm.
            if is_full or (not common and source.ids_differ(run.job_id, runs[job_id] or job_id)):
                found[job_id] = run.job_id
                del left[job_id]
    return found
