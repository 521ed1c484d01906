"""Define which users of a job no later import has updated, and which jobs a later run has superseded.

A user is *open* in a job that did not update them, until a later run of the feed or a retry does. A retry has the
values of the run that it repairs: imported after a later run, it closes nothing there. A run is *superseded* when a
later full run of its feed has ended, because its records have older values. A later file with other users, such as a
file of changes or of one region, supersedes nothing, but the older records of its users must not be imported anymore.
The parts of one import are one run: none of them is later than another, and together they have the users of the file.

Here are the rules for two jobs, and the types; ``open_incrementally`` applies the rules to the jobs of a feed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import msgspec

from analyzer.model.identity import IdKind  # noqa: TC001 - msgspec reads the annotations
from analyzer.model.job import FAILED, Outcome

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    import polars as pl

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
        import_id: the import that this program queued, whose parts are one run; empty if it isn't known.
        parts: number of its parts.
        whole: number of users in the file of the run, without leaving out unchanged ones; None if unknown.
        changes_only: whether the job has only the users whose records have changed, and all who failed before.
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
    import_id: str = ""
    parts: int = 1
    whole: int | None = None
    changes_only: bool = False

    def is_part_of(self, other: Import) -> bool:
        """Return whether both jobs are of one import, so that neither is later than the other."""
        return bool(self.import_id) and self.import_id == other.import_id

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


class FeedSource(Protocol):
    """The users of a feed's source files."""

    def all_of(self, job_id: str) -> AbstractSet[int] | None:
        """Return the users of a job's source file; None if unknown."""

    def first_of(self, job_id: str) -> AbstractSet[int] | None:
        """Return the first few users of a job's source file; None if unknown."""

    def ids_differ(self, job_id: str, other_id: str) -> bool:
        """Return whether two files are known to have different kinds of IDs or different ID properties."""

    def properties_of(self, job_id: str) -> AbstractSet[str] | None:
        """Return the properties in a job's source file; None if unknown."""

    def version_of(self, job_id: str) -> str:
        """Return a text that changes when the other answers about a file do, except because it was removed."""

    def keys_of(self, job_id: str, users: AbstractSet[int]) -> Mapping[int, str]:
        """Return the keys of some users, if they are in a job's source file."""


class SourceFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of a job's source file without reading all of it.

    Attributes:
        source: the caller's fingerprint of the file; empty if there was none.
        log: the caller's fingerprint of the users in the job's log.
        usual: the ID property of the feed's other files with which these facts were gathered; may be empty.
        proven: the ID property that the job's own log proves; empty if none, None if that was not needed.
        id_property: the file's ID property; empty if unknown.
        kind: the kind of its IDs; None if unknown or mixed.
        sample: keys of the first users, a line each; empty if unknown. As one text, it is read and compared faster.
        properties: the properties in the file except the ID property, in lower case; None if unknown.
    """

    source: str = ""
    log: str = ""
    usual: str = ""
    proven: str | None = None
    id_property: str = ""
    kind: IdKind | None = None
    sample: str = ""
    properties: tuple[str, ...] | None = None


class JobState(msgspec.Struct, frozen=True, omit_defaults=True):
    """The result of one job, which the caller keeps as JSON and passes again the next time.

    Attributes:
        open: number of users that neither this job nor a later one updated; None if unknown.
        due: number of open users who failed in no later job; None if unknown.
        superseded_by: the later run that superseded the job; None if there is none.
        facts: of its source file; None if none were needed so far.
        place: the job's place in its feed when this was computed, from 0.
        signature: digest of what ``superseded_by`` depends on.
        stream: the first job of the stream of files that the job belongs to; empty if its feed is one stream.
    """

    open: int | None = None
    due: int | None = None
    superseded_by: str | None = None
    facts: SourceFacts | None = None
    place: int = 0
    signature: str = ""
    stream: str = ""


@dataclass(frozen=True, slots=True)
class FeedJob:
    """One job of a feed.

    Attributes:
        job: its facts, with an empty ``failed``: the users in its log are loaded only when they are needed.
        log: a fingerprint that changes when the users in its log do.
        source: a fingerprint that changes when its source file does; empty if there is no copy that it certainly read.
        stored: the state after the last computation; None for a new job.
    """

    job: Import
    log: str
    source: str = ""
    stored: JobState | None = None


class Checkpoints(Protocol):
    """One feed's checkpoints, which the caller keeps. A missing one only costs time."""

    def names(self) -> Collection[str]:
        """Return the names of all checkpoints: hexadecimal digests."""

    def load(self, name: str) -> tuple[bytes, pl.DataFrame] | None:
        """Return a checkpoint as it was saved; None if it can't be read."""

    def save(self, name: str, header: bytes, users: pl.DataFrame) -> None:
        """Save a checkpoint: JSON, and a table with the columns ``key`` String and ``class`` UInt32."""

    def remove(self, name: str) -> None:
        """Remove a checkpoint."""


def streams_of(jobs: Sequence[Import], source: FeedSource) -> Iterator[tuple[Sequence[Import], AbstractSet[str]]]:
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


def is_last_alone(jobs: Sequence[Import]) -> bool:
    """Return whether only the last one of sorted jobs failed."""
    return sum(job.outcome in FAILED for job in jobs) == 1 and jobs[-1].outcome in FAILED


def may_be_newer(other: Import, job: Import, runs: Mapping[str, Import]) -> bool:
    """Return whether a job that is sorted before another one may have values that are as new or newer."""
    run, other_run = runs[job.job_id], runs[other.job_id]
    return other.may_follow(job) if run is other_run else other_run.may_follow(run)


def not_updated_by(job: Import, source: FeedSource, *, is_alone: bool) -> AbstractSet[int] | None:
    """Return all users that a job may not have updated; None if unknown."""
    if job.outcome is Outcome.succeeded:
        return frozenset()
    if job.outcome not in FAILED:
        return None
    if job.outcome is Outcome.partial and job.names_all:
        return job.failed
    return None if is_alone else source.all_of(job.job_id)


def held_by(job: Import, users: AbstractSet[int], source: FeedSource) -> AbstractSet[int]:
    """Return the users that a job may have updated, if it ran later."""
    if job.outcome not in MAY_UPDATE:
        return frozenset()
    held = source.all_of(job.job_id)
    users = users - job.failed
    return users if held is None else users & held


def supersedes(
    later_id: str, held: AbstractSet[int] | None, job_id: str, sample: AbstractSet[int] | None, source: FeedSource
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


def held_by_all(parts: Sequence[Import], source: FeedSource) -> AbstractSet[int] | None:
    """Return the users in the files of an import's parts; None if some are unknown."""
    files = [source.all_of(part.job_id) for part in parts]
    known = [file for file in files if file is not None]
    if len(known) < len(files):
        return None
    return known[0] if len(known) == 1 else frozenset().union(*known)


def stands_for(later: Import, parts: Sequence[Import], earlier: Import) -> bool:
    """Return whether a later import of changes only has all users of an earlier run who were not updated.

    It has if the earlier run had users of the same file: as many, or at least half of them. Those who failed then, and
    aren't in it, aren't in the feed's file any more.

    Args:
        later: a part of the import.
        parts: its parts that have ended.
        earlier: the earlier run, or a part of it.
    """
    is_whole = len(parts) == later.parts
    return is_whole and (None in (later.whole, earlier.whole) or (later.whole or 0) >= _FULL * (earlier.whole or 0))
