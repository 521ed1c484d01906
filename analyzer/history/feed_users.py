"""Keep the open users and superseded jobs of one feed up to date, at a cost that does not grow with its history."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

from analyzer.analysis.feed_state import JobState
from analyzer.analysis.open_and_superseded import OpenUsers, open_users
from analyzer.history.repairs import SourceFiles
from analyzer.source.model import mark_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from analyzer.analysis.feed_state import Checkpoints, FeedJob


class FeedUsers:
    """The users of one feed's jobs.

    To ingest: ``states = FeedUsers(...).update()``, then save the states; ``open``, ``due`` and ``superseded_by`` of
    *earlier* jobs change, too. To read: ``FeedUsers(...).of_job(job_id)``, which writes nothing.
    """

    def __init__(
        self,
        jobs: Sequence[FeedJob],
        keys_of: Callable[[str], Collection[str]],
        files: Mapping[str, Path],
        checkpoints: Checkpoints,
    ) -> None:
        """Prepare; nothing is read yet.

        Args:
            jobs: all jobs of the feed in the order of the table ``jobs``, the oldest first.
            keys_of: returns the distinct keys of the users in a job's log by job ID.
            files: our copies of source files by job ID, of the jobs that certainly read them.
            checkpoints: of this feed.
        """
        self._jobs, self._keys_of, self._files, self._checkpoints = jobs, keys_of, files, checkpoints

    def update(self) -> dict[str, JobState]:
        """Compute the state of each job by ID, and save the checkpoints."""
        return {
            job_id: JobState(one.open, one.due, one.superseded_by, place=place)
            for place, (job_id, one) in enumerate(self._all.items())
        }

    def of_job(self, job_id: str) -> OpenUsers:
        """Return the users of one job, with ``newer`` and ``updated_since``."""
        return self._all[job_id]

    def open_flags(self, job_id: str, keys: Iterable[str]) -> list[bool | None]:
        """Return whether users in a job's log are open by their keys; None if unknown."""
        users = self.of_job(job_id)
        return [users.is_open(mark_of(key)) for key in keys]

    @functools.cached_property
    def _all(self) -> dict[str, OpenUsers]:
        keys = {one.job.job_id: frozenset(self._keys_of(one.job.job_id)) for one in self._jobs}
        imports = [
            dataclasses.replace(one.job, failed=frozenset(map(mark_of, keys[one.job.job_id]))) for one in self._jobs
        ]
        return open_users(imports, SourceFiles(imports, keys, self._files))
