"""Which users of a job no later import has updated, and which jobs a later run has superseded.

A user is *open* in a job that did not update him, until a later run of the feed or a retry did. A run is *superseded*
when a later full run of its feed has ended: its records hold older values. A later file that holds other users, as a
feed writes that sends only what changed, or one file for each region, supersedes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from analyzer.analysis.outcome import FAILED, STILL_OPEN, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

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
        carried: whether the service had the file at all: a job whose source file did not exist superseded nothing.
    """

    job_id: str
    feed: str
    retry_of: str | None
    outcome: Outcome
    failed: frozenset[int] = frozenset()
    names_all: bool = True
    carried: bool = True


@dataclass(slots=True)
class OpenUsers:
    """What became of a job's users since.

    Attributes:
        open: users whom neither this job nor a later one updated; None where that is unknown.
        due: those of them who failed in no later job, so that this job's retry file is the one to import; None where
            that is unknown.
        superseded_by: the later run that superseded the job; None where none did.
    """

    open: int | None
    due: int | None
    superseded_by: str | None = None

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


@dataclass(slots=True)
class _Later:
    """What the later jobs of a feed did, going back in time."""

    updated: set[int] = field(default_factory=set)
    perhaps: set[int] = field(default_factory=set)
    failed: set[int] = field(default_factory=set)


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
        found |= _of_feed(jobs, source)
        for job_id, run_id in _superseded([job for job in jobs if job.outcome not in STILL_OPEN], source).items():
            found[job_id].superseded_by = run_id
    return found


def _of_feed(jobs: Sequence[Import], source: SourceUsers) -> dict[str, OpenUsers]:
    not_updated = [_not_updated(job, source, is_last=place == len(jobs) - 1) for place, job in enumerate(jobs)]
    earlier: list[set[int]] = [set()]
    for users in not_updated:
        earlier.append(earlier[-1] | users if users else earlier[-1])
    found: dict[str, OpenUsers] = {}
    later = _Later()
    for job, users, before in reversed(list(zip(jobs, not_updated, earlier, strict=False))):
        found[job.job_id] = _of_job(job, users, later)
        if job.outcome not in STILL_OPEN:
            _go_back(job, before, later, source)
            later.failed |= users or job.failed
    return found


def _not_updated(job: Import, source: SourceUsers, *, is_last: bool) -> AbstractSet[int] | None:
    """Return everybody whom a job may have left out; None where that is unknown."""
    if job.outcome is Outcome.succeeded:
        return frozenset()
    if job.outcome not in FAILED:
        return None
    if job.outcome is Outcome.partial and job.names_all:
        return job.failed
    # Only later jobs make it worth reading who that is.
    return None if is_last else source.all_of(job.job_id)


def _of_job(job: Import, users: AbstractSet[int] | None, later: _Later) -> OpenUsers:
    if users is None:
        return OpenUsers(None, None)
    left = users - later.updated
    if not left:
        return OpenUsers(0, 0)
    # Of these, nobody knows whether the job itself updated them, or a later one.
    is_certain = job.outcome is Outcome.aborted or (job.outcome is Outcome.partial and job.names_all)
    if not is_certain or not left.isdisjoint(later.perhaps):
        due = 0 if left <= later.failed else None
        return OpenUsers(None, due)
    return OpenUsers(len(left), len(left - later.failed))


def _go_back(job: Import, before: AbstractSet[int], later: _Later, source: SourceUsers) -> None:
    """Add what a job did for the users whom earlier jobs left out."""
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


def _superseded(ended: Sequence[Import], source: SourceUsers) -> dict[str, str]:
    """Return the jobs that a later full run of the feed has superseded, by ID, and that run."""
    place = {job.job_id: place for place, job in enumerate(ended)}
    found: dict[str, str] = {}
    # A retry holds values as old as those of the run that it repairs.
    left = {job.job_id: place.get(job.retry_of or "", place[job.job_id]) for job in ended if job.outcome in FAILED}
    samples: dict[str, AbstractSet[int] | None] = {}
    for run in reversed([job for job in ended if job.retry_of is None and job.carried]):
        older = [job_id for job_id, since in left.items() if since < place[run.job_id] and job_id != run.job_id]
        if not older:
            continue
        held = source.all_of(run.job_id)
        for job_id in older:
            if job_id not in samples:
                samples[job_id] = source.first_of(job_id)
            sample = samples[job_id]
            if held is None or not sample or len(sample & held) >= _FULL * len(sample):
                found[job_id] = run.job_id
                del left[job_id]
    return found
