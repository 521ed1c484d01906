"""The open users and superseded jobs of feeds from all jobs at once: a slow reference."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.analysis.open_and_superseded import (
    MAY_UPDATE,
    OpenUsers,
    by_values,
    held_by,
    held_by_all,
    is_last_alone,
    may_be_newer,
    not_updated_by,
    stands_for,
    streams_of,
    supersedes,
)
from analyzer.model.job import FAILED, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from analyzer.analysis.open_and_superseded import FeedSource, Import


@dataclass(slots=True)
class _LaterJobs:
    """The users that the later jobs of a feed updated, perhaps updated, or did not, and those with newer records."""

    updated: set[int] = field(default_factory=set)
    perhaps: set[int] = field(default_factory=set)
    failed: set[int] = field(default_factory=set)
    newer: set[int] = field(default_factory=set)


def open_users(imports: Sequence[Import], source: FeedSource) -> dict[str, OpenUsers]:
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


def _of_feed(jobs: Sequence[Import], source: FeedSource) -> dict[str, OpenUsers]:
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
            _add_updates(job, before, later, source, _left_by_siblings(jobs[:place], not_updated, job, source))
            later.failed |= users or job.failed
    return found


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


def _left_by_siblings(
    before: Sequence[Import], not_updated: Sequence[AbstractSet[int] | None], job: Import, source: FeedSource
) -> AbstractSet[int]:
    """Return the users that earlier parts of a job's import left out, and that no other job updated since."""
    left: set[int] = set()
    for other, users in zip(before, not_updated, strict=False):
        held = source.all_of(other.job_id)
        can_tell = other.outcome in {Outcome.succeeded, Outcome.partial} and other.names_all
        if left and held is not None and can_tell:
            left -= held - other.failed
        if other.is_part_of(job):
            left |= other.failed if users is None else users
    return left


def _add_updates(
    job: Import, before: AbstractSet[int], later: _LaterJobs, source: FeedSource, left_by_siblings: AbstractSet[int]
) -> None:
    """Add the users of earlier jobs (``before``) that a job updated."""
    users = before - later.updated - job.failed
    if not users or job.outcome not in MAY_UPDATE:
        return
    held = source.all_of(job.job_id)
    is_certain = held is not None and job.outcome is not Outcome.unknown and job.names_all
    updated = users - left_by_siblings if held is None else users & held
    if is_certain:
        later.updated |= updated
        later.perhaps -= updated
    else:
        later.perhaps |= updated
        if job.retry_of is None:
            later.newer |= updated


def _superseded(ended: Sequence[Import], source: FeedSource) -> dict[str, str]:
    """Return by ID of each superseded job the later full run of the feed that superseded it.

    A stuck job can be superseded, because its file may be queued again, but it supersedes none.
    """
    place = {job.job_id: place for place, job in enumerate(ended)}
    found: dict[str, str] = {}
    # A retry has the values of the run that it repairs.
    runs = {job.job_id: job.retry_of if job.retry_of in place else job.job_id for job in ended}
    left = {job.job_id: place[runs[job.job_id]] for job in ended if job.outcome in {*FAILED, Outcome.stuck}}
    samples: dict[str, AbstractSet[int] | None] = {}
    can = [job for job in ended if job.retry_of is None and job.carried and job.outcome is not Outcome.stuck]
    for run in reversed(can):
        parts = [job for job in can if job.is_part_of(run)] or [run]
        older = [
            job_id
            for job_id, since in left.items()
            if runs[job_id] != run.job_id
            and not run.is_part_of(ended[since])
            and (since < place[run.job_id] or run.may_follow(ended[since]))
        ]
        if not older:
            continue
        held = held_by_all(parts, source)
        for job_id in older:
            if runs[job_id] not in samples:
                samples[runs[job_id]] = source.first_of(runs[job_id])
            if (
                stands_for(run, parts, ended[place[runs[job_id]]])
                if run.changes_only
                else supersedes(run.job_id, held, runs[job_id], samples[runs[job_id]], source)
            ):
                found[job_id] = run.job_id
                del left[job_id]
    return found
