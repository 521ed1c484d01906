"""Find the jobs that a later run has superseded, by comparing only what is new or changed since the last time."""

from __future__ import annotations

import hashlib
import itertools
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from analyzer.analysis.open_and_superseded import Import, held_by_all, stands_for, supersedes
from analyzer.model.job import FAILED, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analyzer.analysis.open_and_superseded import FeedJob, FeedSource


class Compared(NamedTuple):
    """A job's comparison with later runs.

    Attributes:
        superseded_by: ID of the newest later full run; None if there is none.
        signature: digest of what the comparison depends on.
    """

    superseded_by: str | None
    signature: str


def superseded_now(jobs: Sequence[FeedJob], streams: Mapping[str, str], source: FeedSource) -> dict[str, Compared]:
    """Compare the jobs of one stream of files.

    Args:
        jobs: in the order of time, the oldest first.
        streams: the stream of each job, as in ``JobState``.
        source: asked for the users of a file only if that run or an earlier job is new or changed.
    """
    ended = [one for one in jobs if one.job.outcome.ended or one.job.outcome is Outcome.stuck]
    return _Comparison(ended, streams, source).result()


class _Comparison:
    def __init__(self, ended: Sequence[FeedJob], streams: Mapping[str, str], source: FeedSource) -> None:
        self._jobs, self._streams, self._source = ended, streams, source
        self._place = {one.job.job_id: place for place, one in enumerate(ended)}
        # A retry has the values of the run that it repairs.
        self._runs = {
            one.job.job_id: one.job.retry_of if one.job.retry_of in self._place else one.job.job_id for one in ended
        }
        self._parts: dict[str, list[Import]] = {}  # those that can supersede, by import
        for job in map(_job, ended):
            if job.import_id and _can_supersede(job):
                self._parts.setdefault(job.import_id, []).append(job)
        self._signatures = self._signed()
        self._changed = self._find_changed()

    def result(self) -> dict[str, Compared]:
        """Compare the jobs; read as few files as possible."""
        stored = {job_id: self._stored(job_id) for job_id in self._place if self._can_be_superseded(job_id)}
        left = {job_id: -1 if run_id is None else self._place.get(run_id, -1) for job_id, run_id in stored.items()}
        anew = {job_id: -1 for job_id, run_id in stored.items() if run_id is None}
        found = {job_id: run_id for job_id, run_id in stored.items() if run_id}
        for run in map(_job, reversed(self._jobs)):
            among = left if run.job_id in self._changed else anew
            if not among or not _can_supersede(run):
                continue
            place = self._place[run.job_id]
            older = [job_id for job_id, since in among.items() if place > since and self._is_older(job_id, run)]
            for job_id in self._superseded_by(run, older):
                found[job_id] = run.job_id
                del left[job_id]
                anew.pop(job_id, None)
        return {job_id: Compared(found.get(job_id), self._signatures[job_id]) for job_id in self._place}

    def _stored(self, job_id: str) -> str | None:
        """Return the run that superseded a job, if that is still true; empty if there is none.

        Returns:
            None if the job must be compared with all runs, else it is only compared with later runs that have changed.
        """
        state = self._jobs[self._place[job_id]].stored
        if state is None or job_id in self._changed or self._runs[job_id] in self._changed:
            return None
        run_id = state.superseded_by or ""
        return None if run_id and (run_id not in self._place or run_id in self._changed) else run_id

    def _can_be_superseded(self, job_id: str) -> bool:
        return self._jobs[self._place[job_id]].job.outcome in {*FAILED, Outcome.stuck}

    def _is_older(self, job_id: str, run: Import) -> bool:
        since = self._place[self._runs[job_id]]
        return (
            self._runs[job_id] != run.job_id
            and not run.is_part_of(self._jobs[since].job)
            and (since < self._place[run.job_id] or run.may_follow(self._jobs[since].job))
        )

    def _superseded_by(self, run: Import, older: Sequence[str]) -> list[str]:
        if not older:
            return []
        parts = self._parts.get(run.import_id) or [run]
        others = dict.fromkeys(self._runs[job_id] for job_id in older)
        if run.changes_only:
            answers = {other: stands_for(run, parts, self._jobs[self._place[other]].job) for other in others}
        else:
            held = held_by_all(parts, self._source)
            answers = {
                other: supersedes(run.job_id, held, other, self._source.first_of(other), self._source)
                for other in others
            }
        return [job_id for job_id in older if answers[self._runs[job_id]]]

    def _signed(self) -> dict[str, str]:
        """Return the signatures of the jobs; the files of runs before the first failed job do not matter."""
        places = [self._place[self._runs[job_id]] for job_id in self._place if self._can_be_superseded(job_id)]
        first = min(places, default=len(self._jobs))
        earliest = min(filter(None, (self._jobs[place].job.earliest for place in places)), default=None)
        matter = {
            job.job_id
            for place, job in enumerate(map(_job, self._jobs))
            if place >= first or (earliest is not None and job.latest is not None and job.latest > earliest)
        }
        compared = any(_can_supersede(one.job) for one in self._jobs[:first] if one.job.job_id in matter)
        compared = compared or any(_can_supersede(one.job) for one in self._jobs[first + 1 :])
        return {
            one.job.job_id: self._signature(one, with_file=compared and one.job.job_id in matter) for one in self._jobs
        }

    def _signature(self, one: FeedJob, *, with_file: bool) -> str:
        job = one.job
        facts = (
            *(self._runs[job.job_id], job.retry_of, job.outcome, job.carried, job.earliest, job.latest),
            *(one.log, self._source.version_of(job.job_id) if with_file else None),
            *((job.import_id, job.parts, job.whole, job.changes_only) if job.import_id else ()),
            *(part.job_id for part in self._parts.get(job.import_id, ())),
        )
        return hashlib.blake2b(msgspec.json.encode(facts), digest_size=8).hexdigest()

    def _find_changed(self) -> set[str]:
        changed = {
            one.job.job_id
            for one in self._jobs
            if one.stored is None
            or one.stored.signature != self._signatures[one.job.job_id]
            or one.stored.stream != self._streams[one.job.job_id]
        }
        # A part supersedes with the users of all parts.
        imports = {one.job.import_id for one in self._jobs if one.job.job_id in changed and one.job.import_id}
        changed |= {one.job.job_id for one in self._jobs if one.job.import_id in imports}
        places = [one.stored.place for one in self._jobs if one.stored is not None]
        in_order = all(before < after for before, after in itertools.pairwise(places))
        return changed if in_order else set(self._place)


def _job(one: FeedJob) -> Import:
    return one.job


def _can_supersede(job: Import) -> bool:
    return job.retry_of is None and job.carried and job.outcome is not Outcome.stuck
