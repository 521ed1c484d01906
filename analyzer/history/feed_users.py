"""Keep the open users and superseded jobs of one feed up to date, at a cost that does not grow with its history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from analyzer.analysis.open_incrementally import IncrementalFeed
from analyzer.history.source_files import SourceFiles
from analyzer.source.model import mark_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from analyzer.analysis.open_and_superseded import Checkpoints, FeedJob, JobState, OpenUsers


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

        def named(job_id: str) -> dict[int, str]:
            return {mark_of(key): key for key in keys_of(job_id)}

        self._source = SourceFiles(jobs, keys_of, files)
        self._feed = IncrementalFeed(jobs, named, mark_of, self._source, checkpoints)

    def update(self) -> dict[str, JobState]:
        """Compute the state of each job by ID, and save the checkpoints."""
        states = self._feed.update()
        return {job_id: msgspec.structs.replace(one, facts=self._source.kept(job_id)) for job_id, one in states.items()}

    def of_job(self, job_id: str) -> OpenUsers:
        """Return the users of one job, with ``newer`` and ``updated_since``."""
        return self._feed.of_job(job_id)

    def open_flags(self, job_id: str, keys: Iterable[str]) -> list[bool | None]:
        """Return whether users in a job's log are open by their keys; None if unknown."""
        users = self.of_job(job_id)
        return [users.is_open(mark_of(key)) for key in keys]
