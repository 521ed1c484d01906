"""Compute the open users and superseded jobs of one feed from what was kept of its earlier jobs.

What was known of a source file counts, although the file was removed since. Apart from that, the results equal those
from all jobs at once: tests compare them with a slow reference.

After each job, a checkpoint can be saved: the users that no later job updated (``open_fold``). Its name is a digest of
all jobs up to it, so that a late or changed job makes later checkpoints useless, and an earlier one is continued.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from typing import TYPE_CHECKING

import msgspec

from analyzer.analysis.open_and_superseded import (
    MAY_UPDATE,
    JobState,
    OpenUsers,
    by_values,
    held_by,
    is_last_alone,
    may_be_newer,
    not_updated_by,
    streams_of,
)
from analyzer.analysis.open_fold import OpenFold
from analyzer.analysis.superseded import superseded_now
from analyzer.model.job import FAILED, NOT_ENDED, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from analyzer.analysis.open_and_superseded import Checkpoints, FeedJob, FeedSource, Import

_VERSION = 1
"""Of checkpoints."""
_NEWEST = 3
"""Number of newest checkpoints that are kept, besides a few older ones."""
_MAX_UNNAMED = 200_000
"""Users of source files whose keys are read again for a checkpoint."""


class IncrementalFeed:
    """The open users and superseded jobs of one feed."""

    def __init__(
        self,
        jobs: Sequence[FeedJob],
        named: Callable[[str], Mapping[int, str]],
        mark_of: Callable[[str], int],
        source: FeedSource,
        checkpoints: Checkpoints,
    ) -> None:
        """Prepare; nothing is read yet.

        Args:
            jobs: of the feed, the oldest first.
            named: returns the users in a job's log: keys by mark.
            mark_of: returns a user's mark by key.
            source: of the feed's source files, with the same marks.
            checkpoints: of the feed.
        """
        self._jobs, self._source, self._checkpoints = jobs, source, checkpoints
        self._named, self._mark_of = named, mark_of

    def update(self) -> dict[str, JobState]:
        """Return the new state of each job by ID, without ``facts``; save and remove checkpoints."""
        kept: set[str] = set()
        for stream, _ in self._streams:
            kept |= stream.save()
        for name in set(self._checkpoints.names()) - kept:
            self._checkpoints.remove(name)
        states = {}
        for place, one in enumerate(self._jobs):
            job_id = one.job.job_id
            users, (_, signature) = self._without_sets[job_id], self._compared[job_id]
            states[job_id] = JobState(
                *(users.open, users.due, users.superseded_by),
                place=place,
                signature=signature,
                stream=self._labels[job_id],
            )
        return states

    def of_job(self, job_id: str) -> OpenUsers:
        """Return the users of one job, with ``newer`` and ``updated_since``."""
        users = self._without_sets[job_id]
        if users.open is None and users.superseded_by and self._numbers[job_id].open:
            return users  # its IDs cannot be compared
        stream = next(stream for stream, members in self._streams if job_id in members)
        updated_since, newer = stream.users_of(job_id)
        return dataclasses.replace(users, updated_since=updated_since, newer=newer)

    @functools.cached_property
    def _streams(self) -> list[tuple[_Stream, AbstractSet[str]]]:
        by_id = {one.job.job_id: one for one in self._jobs}
        streams = streams_of([one.job for one in self._jobs], self._source)
        return [
            (
                _Stream(
                    [by_id[job.job_id] for job in jobs], self._named, self._mark_of, self._source, self._checkpoints
                ),
                members,
            )
            for jobs, members in streams
            if members
        ]

    @functools.cached_property
    def _labels(self) -> dict[str, str]:
        labels = dict.fromkeys((one.job.job_id for one in self._jobs), "")
        for stream, members in self._streams:
            if len(stream.jobs) < len(self._jobs):
                first = next(one.job.job_id for one in self._jobs if one.job.job_id in members)
                labels |= dict.fromkeys(members, first)
        return labels

    @functools.cached_property
    def _numbers(self) -> dict[str, OpenUsers]:
        """By job ID, without what supersedes it."""
        return {
            job_id: users
            for stream, members in self._streams
            for job_id, users in stream.numbers()
            if job_id in members
        }

    @functools.cached_property
    def _compared(self) -> dict[str, tuple[str | None, str]]:
        compared: dict[str, tuple[str | None, str]] = {one.job.job_id: (None, "") for one in self._jobs}
        for stream, members in self._streams:
            found = superseded_now(stream.jobs, self._labels, self._source)
            compared |= {job_id: one for job_id, one in found.items() if job_id in members}
        return compared

    @functools.cached_property
    def _without_sets(self) -> dict[str, OpenUsers]:
        found = {}
        for job_id, users in self._numbers.items():
            run_id, _ = self._compared[job_id]
            found[job_id] = OpenUsers(users.open, users.due, run_id)
            # If IDs cannot be compared, it is unknown who was updated.
            if users.open and run_id and self._source.ids_differ(job_id, run_id):
                found[job_id] = OpenUsers(None, None, run_id)
        return found


class _Stream:
    """Jobs of a feed whose files have properties in common."""

    def __init__(
        self,
        jobs: Sequence[FeedJob],
        named: Callable[[str], Mapping[int, str]],
        mark_of: Callable[[str], int],
        source: FeedSource,
        checkpoints: Checkpoints,
    ) -> None:
        self.jobs = jobs
        self._source, self._checkpoints, self._mark_of = source, checkpoints, mark_of
        self._named = functools.lru_cache(maxsize=2)(named)
        by_id = {one.job.job_id: one for one in jobs}
        imports, self._runs = by_values([one.job for one in jobs])
        self._sorted = [by_id[job.job_id] for job in imports]
        self._place = {job.job_id: place for place, job in enumerate(imports)}
        self._parts: dict[str, list[int]] = {}  # places of the jobs of each import
        for place, job in enumerate(imports):
            if job.import_id:
                self._parts.setdefault(job.import_id, []).append(place)
        self._following = self._all_following()
        self._is_alone = is_last_alone(imports)

    def save(self) -> set[str]:
        """Continue to the end, and save the checkpoints that are to be kept; return the names of all of these."""
        kept = {name for place, name in enumerate(self._names) if self._is_kept(place)}
        fold = self._resumed()
        while len(fold.places) < len(self._sorted):
            self._add_next(fold)
            place = len(fold.places) - 1
            if place < len(self._names) and self._is_kept(place) and self._is_named(fold):
                self._checkpoints.save(self._names[place], *fold.saved())
        self.__dict__["_end"] = fold
        return kept

    def numbers(self) -> list[tuple[str, OpenUsers]]:
        """Return the numbers of each job, by ID."""
        results = self._end.results()
        last = self._sorted[-1].job
        if self._is_alone and last.outcome is Outcome.aborted and not self._following.get(last.job_id):
            results[-1] = OpenUsers(last.not_updated, last.not_updated)
        return [(one.job.job_id, users) for one, users in zip(self._sorted, results, strict=True)]

    def users_of(self, job_id: str) -> tuple[frozenset[int], frozenset[int]]:
        """Return ``updated_since`` and ``newer`` of a job."""
        job = self._with_failed(self._place[job_id])
        users = self._not_updated(job)
        return self._end.users_of(self._place[job_id], job.failed if users is None else users)

    @functools.cached_property
    def _end(self) -> OpenFold:
        fold = self._resumed()
        while len(fold.places) < len(self._sorted):
            self._add_next(fold)
        return fold

    def _resumed(self) -> OpenFold:
        """Return the newest checkpoint that still fits."""
        existing = set(self._checkpoints.names())
        for place, name in reversed(list(enumerate(self._names))):
            if name in existing and (saved := self._checkpoints.load(name)):
                try:
                    fold = OpenFold.restored(*saved, self._mark_of)
                except msgspec.MsgspecError:
                    continue
                if len(fold.places) == place + 1:
                    return fold
        return OpenFold()

    def _add_next(self, fold: OpenFold) -> None:
        place = len(fold.places)
        job = self._with_failed(place)
        users = self._not_updated(job)
        left = job.failed if users is None else users
        newer: set[int] = set()
        disputed = False
        for other_id in self._following.get(job.job_id, ()) if left else ():
            held = held_by(self._with_failed(self._place[other_id]), left, self._source)
            disputed = disputed or bool(held)
            if self._runs[other_id] is not self._runs[job.job_id]:  # else its values are the same
                newer |= held
        siblings = [at for at in self._parts.get(job.import_id, ()) if at < place]
        fold.add(job, users, self._source.all_of, newer=newer, disputed=disputed, siblings=siblings)
        fold.name(self._named(job.job_id))

    def _with_failed(self, place: int) -> Import:
        job = self._sorted[place].job
        return dataclasses.replace(job, failed=frozenset(self._named(job.job_id)))

    def _not_updated(self, job: Import) -> AbstractSet[int] | None:
        is_alone = self._is_alone and job.job_id == self._sorted[-1].job.job_id
        return not_updated_by(job, self._source, is_alone=is_alone)

    def _is_named(self, fold: OpenFold) -> bool:
        """Return whether all users of a fold have keys; those from source files are read again if they are few."""
        for place in range(len(fold.places)):
            if fold.is_named or len(unnamed := fold.unnamed) > _MAX_UNNAMED:
                break
            if _needs_its_file(self._sorted[place].job):
                fold.name(self._source.keys_of(self._sorted[place].job.job_id, unnamed))
        return fold.is_named

    def _is_kept(self, place: int) -> bool:
        """Return whether a checkpoint is kept: the older they are, the fewer."""
        age, number = len(self._names) - 1 - place, place + 1
        return age < _NEWEST or age <= 2 * (number & -number)

    @functools.cached_property
    def _names(self) -> list[str]:
        """The names of the checkpoints after each job; without the last job's if its users are not read yet."""
        digest, names = hashlib.blake2b(str(_VERSION).encode(), digest_size=16), []
        is_followed = False  # whether users of earlier jobs may be left
        for one in self._sorted[:-1] if self._is_alone and _needs_its_file(self._sorted[-1].job) else self._sorted:
            job = one.job
            reads_file = _needs_its_file(job) or (is_followed and job.outcome in MAY_UPDATE)
            others = [
                (other_id, self._source.version_of(other_id) if self._outcome(other_id) in MAY_UPDATE else None)
                for other_id in self._following.get(job.job_id, ())
                if job.outcome is not Outcome.succeeded
            ]
            facts = (
                *(job.job_id, self._runs[job.job_id].job_id, job.retry_of, job.outcome, job.names_all, one.log),
                *(self._source.version_of(job.job_id) if reads_file else None, others),
                *([job.import_id] if job.import_id else ()),
            )
            digest.update(msgspec.json.encode(facts))
            names.append(digest.hexdigest())
            is_followed = is_followed or job.outcome in FAILED or (job.outcome in NOT_ENDED and bool(one.log))
        return names

    def _outcome(self, job_id: str) -> Outcome:
        return self._sorted[self._place[job_id]].job.outcome

    def _all_following(self) -> dict[str, list[str]]:
        """Return for each job those that are sorted before it, but may have ended later."""
        following: dict[str, list[str]] = {}
        latest: datetime | None = None  # of all jobs before
        for place, one in enumerate(self._sorted):
            job, run = one.job, self._runs[one.job.job_id]
            earliest = min(filter(None, (job.earliest, run.earliest)), default=None)
            if latest is not None and earliest is not None and latest > earliest:
                before = (other.job for other in self._sorted[:place])
                found = [other.job_id for other in before if may_be_newer(other, job, self._runs)]
                if found:
                    following[job.job_id] = found
            latest = max(filter(None, (latest, job.latest, run.latest)), default=None)
        return following


def _needs_its_file(job: Import) -> bool:
    """Return whether the users that a job did not update are known from its source file only."""
    return job.outcome in FAILED and not (job.outcome is Outcome.partial and job.names_all)
