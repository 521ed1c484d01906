"""Find the users of a job that no later import has updated, and the jobs that a later run has superseded.

A user is *open* in a job that did not update them, until a later run of the feed or a retry does. A retry has the
values of the run that it repairs: imported after a later run, it closes nothing there. A run is *superseded* when a
later full run of its feed has ended, because its records have older values. A later file with other users, such as a
file of changes or of one region, supersedes nothing, but the older records of its users must not be imported anymore.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from analyzer.model.job import FAILED, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

MAY_UPDATE = frozenset({Outcome.succeeded, Outcome.partial, Outcome.unknown})
"""The outcomes of jobs that may have updated users."""

_FULL = 0.5
"""The share of an earlier file's users that a later file has to contain to be a full file."""


@dataclass(frozen=True, slots=True)
class Import:
    """The facts of one job that decide which users are open. A user is a number, equal for equal ``identity_key``.

    Attributes:
        job_id: the job's ID.
        feed: its feed, or that of the run that it repairs.
        retry_of: the run that it repairs, at the end of a chain of retries; None for a run of the feed.
        outcome: its outcome.
        failed: the users in its log.
        names_all: whether the log has every user who failed; for a partial import only.
        not_updated: the number of users not updated; None if unknown.
        carried: whether the service read the file; a job whose source file did not exist superseded nothing.
        earliest, latest: the times between which the job ended (UTC); None if unknown, which is any time.
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
        """Return whether this job, which is sorted before the other one, may have ended after it."""
        return self.latest is not None and other.earliest is not None and self.latest > other.earliest


@dataclass(slots=True)
class OpenUsers:
    """The state of a job's users after later jobs.

    Attributes:
        open: number of users that neither this job nor a later one updated; None if unknown.
        due: number of open users who failed in no later job, so that this job's retry file is to be imported; None if
            unknown.
        superseded_by: the later run that superseded the job; None if there is none.
        newer: users with newer records in later files of the feed: the job's retry file must not contain them.
        updated_since: users that a later job certainly updated.
    """

    open: int | None
    due: int | None
    superseded_by: str | None = None
    newer: frozenset[int] = field(default=frozenset(), compare=False)
    updated_since: frozenset[int] = field(default=frozenset(), compare=False)

    def is_open(self, user: int) -> bool | None:
        """Return whether a user in the job's log is open; None if unknown."""
        if user in self.updated_since:
            return False
        return None if self.open is None else True

    @property
    def needs_retry(self) -> bool:
        """Whether the job's own retry file is to be imported now."""
        return self.superseded_by is None and self.due != 0


class SourceUsers(Protocol):
    """The users of jobs' source files."""

    def all_of(self, job_id: str) -> AbstractSet[int] | None:
        """Return the users of a job's source file; None if unknown."""

    def first_of(self, job_id: str) -> AbstractSet[int] | None:
        """Return the first few users of a job's source file; None if unknown."""

    def ids_differ(self, job_id: str, other_id: str) -> bool:
        """Return whether two files are known to have different kinds of IDs or different ID properties."""

    def properties_of(self, job_id: str) -> AbstractSet[str] | None:
        """Return the properties in a job's source file; None if unknown."""


@dataclass(slots=True)
class _LaterJobs:
    """The users that the later jobs of a feed updated, perhaps updated, or did not, and those with newer records."""

    updated: set[int] = field(default_factory=set)
    perhaps: set[int] = field(default_factory=set)
    failed: set[int] = field(default_factory=set)
    newer: set[int] = field(default_factory=set)


def open_users(imports: Sequence[Import], source: SourceUsers) -> dict[str, OpenUsers]:
    """Find the open users of each job, and the jobs that are superseded.

    Args:
        imports: all jobs, the oldest first.
        source: asked for as few source files as possible; for a healthy feed none is read.

    Returns:
        By job ID. The numbers of a job that has not ended, or whose users are unknown, are None.
    """
    feeds: dict[str, list[Import]] = {}
    for job in imports:
        feeds.setdefault(job.feed, []).append(job)
    result: dict[str, OpenUsers] = {}
    for feed in feeds.values():
        for jobs, members in streams_of(feed, source):
            by_id = _of_feed(jobs, source)
            ended = [job for job in jobs if job.outcome.ended or job.outcome is Outcome.stuck]
            for job_id, run_id in _superseded(ended, source).items():
                by_id[job_id].superseded_by = run_id
                # If IDs cannot be compared, it is unknown who was updated.
                if by_id[job_id].open and source.ids_differ(job_id, run_id):
                    by_id[job_id] = OpenUsers(None, None, run_id)
            result |= {job_id: by_id[job_id] for job_id in members}
    return result


def streams_of(jobs: Sequence[Import], source: SourceUsers) -> Iterator[tuple[Sequence[Import], AbstractSet[str]]]:
    """Split a feed's jobs if their files have no property in common: such files share a name by chance.

    Yields:
        Jobs, and the IDs of those whose result counts. A job with unknown properties may belong to any stream, and is
        among the jobs of each.
    """
    all_ids = {job.job_id for job in jobs}
    first_failed = next((index for index, job in enumerate(jobs) if job.outcome in FAILED), len(jobs))
    if first_failed >= len(jobs) - 1:
        yield jobs, all_ids
        return
    streams: list[tuple[set[str], set[str]]] = []  # properties, and IDs of jobs
    for job in jobs:
        run_id = job.retry_of if job.retry_of in all_ids else job.job_id
        if not (properties := source.properties_of(run_id)):
            continue
        same = [stream for stream in streams if not stream[0].isdisjoint(properties)]
        if not same:
            streams.append((set(properties), {job.job_id}))
            continue
        (names, ids), *others = same
        names.update(properties, *(theirs for theirs, _ in others))
        ids.update({job.job_id}, *(theirs for _, theirs in others))
        streams = [stream for stream in streams if not any(stream is other for other in others)]
    known = set().union(*(ids for _, ids in streams))
    if len(streams) <= 1:
        yield jobs, all_ids
        return
    yield jobs, all_ids - known
    for _, ids in streams:
        yield [job for job in jobs if job.job_id in ids or job.job_id not in known], ids


def by_values(jobs: Sequence[Import]) -> tuple[Sequence[Import], dict[str, Import]]:
    """Sort jobs by the age of their values: a retry has those of its run, whenever it was imported.

    Returns:
        The jobs, and by job ID the run that has the same values, which is the job itself if it is no retry.
    """
    order = {job.job_id: place for place, job in enumerate(jobs)}
    by_id = {job.job_id: job for job in jobs}
    runs = {job.job_id: by_id.get(job.retry_of or "", job) for job in jobs}
    return sorted(jobs, key=lambda job: order[runs[job.job_id].job_id]), runs


def _of_feed(jobs: Sequence[Import], source: SourceUsers) -> dict[str, OpenUsers]:
    jobs, runs = by_values(jobs)
    # Without other failed jobs, the users of an aborted job need not be read.
    is_alone = is_last_alone(jobs)
    not_updated = [not_updated_by(job, source, is_alone=is_alone) for job in jobs]
    earlier: list[set[int]] = [set()]
    for job, users in zip(jobs, not_updated, strict=True):
        left = job.failed if users is None else users
        earlier.append(earlier[-1] | left if left else earlier[-1])
    found: dict[str, OpenUsers] = {}
    later = _LaterJobs()
    for place, job in reversed(list(enumerate(jobs))):
        users, before = not_updated[place], earlier[place]
        following = [other for other in jobs[:place] if may_be_newer(other, job, runs)]
        if is_alone and job.outcome is Outcome.aborted and not following:
            found[job.job_id] = OpenUsers(job.not_updated, job.not_updated)
        else:
            found[job.job_id] = _of_job(job, users, later)
        left = job.failed if users is None else users
        held = [held_by(other, left, source) for other in following]
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
            _add_updates(job, before, later, source)
            later.failed |= users or job.failed
    return found


def is_last_alone(jobs: Sequence[Import]) -> bool:
    """Return whether only the last one of sorted jobs failed."""
    return sum(job.outcome in FAILED for job in jobs) == 1 and jobs[-1].outcome in FAILED


def may_be_newer(other: Import, job: Import, runs: Mapping[str, Import]) -> bool:
    """Return whether a job that is sorted before another one may have values that are as new or newer."""
    run, other_run = runs[job.job_id], runs[other.job_id]
    return other.may_follow(job) if run is other_run else other_run.may_follow(run)


def not_updated_by(job: Import, source: SourceUsers, *, is_alone: bool) -> AbstractSet[int] | None:
    """Return all users that a job may not have updated; None if unknown."""
    if job.outcome is Outcome.succeeded:
        return frozenset()
    if job.outcome not in FAILED:
        return None
    if job.outcome is Outcome.partial and job.names_all:
        return job.failed
    return None if is_alone else source.all_of(job.job_id)


def _of_job(job: Import, users: AbstractSet[int] | None, later: _LaterJobs) -> OpenUsers:
    if users is None:
        return OpenUsers(None, None)
    left = users - later.updated
    if not left:
        return OpenUsers(0, 0)
    # Otherwise it is unknown whether the job itself or a later one updated them.
    is_certain = job.outcome is Outcome.aborted or (job.outcome is Outcome.partial and job.names_all)
    if not is_certain or not left.isdisjoint(later.perhaps):
        due = 0 if left <= later.failed else None
        return OpenUsers(None, due)
    return OpenUsers(len(left), len(left - later.failed))


def _add_updates(job: Import, before: AbstractSet[int], later: _LaterJobs, source: SourceUsers) -> None:
    """Add the users of earlier jobs (``before``) that a job updated."""
    users = before - later.updated - job.failed
    if not users or job.outcome not in MAY_UPDATE:
        return
    held = source.all_of(job.job_id)
    is_certain = held is not None and job.outcome is not Outcome.unknown and job.names_all
    updated = users if held is None else users & held
    if is_certain:
        later.updated |= updated
        later.perhaps -= updated
    else:
        later.perhaps |= updated
        if job.retry_of is None:
            later.newer |= updated


def held_by(job: Import, users: AbstractSet[int], source: SourceUsers) -> AbstractSet[int]:
    """Return the users that a job may have updated, if it ran later."""
    if job.outcome not in MAY_UPDATE:
        return frozenset()
    held = source.all_of(job.job_id)
    users = users - job.failed
    return users if held is None else users & held


def _superseded(ended: Sequence[Import], source: SourceUsers) -> dict[str, str]:
    """Return by ID of each superseded job the later full run of the feed that superseded it.

    A stuck job can be superseded, because its file may be queued again, but it supersedes none.
    """
    place = {job.job_id: place for place, job in enumerate(ended)}
    found: dict[str, str] = {}
    # A retry has the values of the run that it repairs.
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
            if supersedes(run.job_id, held, runs[job_id], samples[runs[job_id]], source):
                found[job_id] = run.job_id
                del left[job_id]
    return found


def supersedes(
    later_id: str, held: AbstractSet[int] | None, job_id: str, sample: AbstractSet[int] | None, source: SourceUsers
) -> bool:
    """Return whether a later file is a full file with the users of an earlier one.

    Args:
        later_id: the later file's job.
        held: its users; None if unknown.
        job_id: the earlier file's job.
        sample: some of its users; None if unknown.
        source: asked for the IDs of files that have no user in common.
    """
    if held is None or not sample:
        return True
    common = len(sample & held)
    # If not even the IDs can be compared, the older values are the ones that do harm.
    return common >= _FULL * len(sample) or (not common and source.ids_differ(later_id, job_id))
