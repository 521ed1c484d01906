"""Read the source files of jobs for the pages that show what is in them, when such a page is written."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

import polars as pl

from analyzer.history.job_facts import SourceFindings, examine_job_source
from analyzer.history.job_log import JobLog
from analyzer.history.locations import Whereabouts, whereabouts
from analyzer.model.service import LogCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from analyzer.history.load import Tables
    from analyzer.library.mirror import Library
    from analyzer.model.job import Job

_Found = TypeVar("_Found")


class PerJob(Mapping[str, _Found | None]):
    """Findings by job ID, each made when it is first asked for."""

    def __init__(self, job_ids: Iterable[str], find: Callable[[str], _Found | None]) -> None:
        """Begin without findings.

        Args:
            job_ids: the jobs that may have any.
            find: returns the findings of a job.
        """
        self._job_ids = dict.fromkeys(job_ids)
        self._find = functools.cache(find)

    def __getitem__(self, job_id: str) -> _Found | None:
        """Return the findings of a job; None if it has none."""
        if job_id not in self._job_ids:
            raise KeyError(job_id)
        return self._find(job_id)

    def __contains__(self, job_id: object) -> bool:
        return job_id in self._job_ids

    def __iter__(self) -> Iterator[str]:
        return iter(self._job_ids)

    def __len__(self) -> int:
        return len(self._job_ids)


class JobSources:
    """Our copies of the source files of a library's jobs."""

    def __init__(self, library: Library, tables: Tables) -> None:
        """Open a library; ``tables`` are its jobs."""
        self._library, self._tables = library, tables

    @functools.cached_property
    def _jobs(self) -> Mapping[str, Job]:
        return {job.job_id: job for job in self._library.jobs()}

    def file(self, job_id: str) -> Path | None:
        """Return our copy of a job's source file; None if there is none."""
        job = self._jobs.get(job_id)
        return self._library.source_file(job) if job else None

    def findings(self, job_id: str) -> SourceFindings | None:
        """Return the findings in a failed job's source file; None if there are none."""
        return examine_job_source(self._tables.job(job_id), self._tables, self.file(job_id))

    def whereabouts(self, job_id: str) -> Whereabouts | None:
        """Return the locations of a job's entries without a user; None if it has none.

        In a large log, only faults that the messages locate in the source file are looked for.
        """
        log = JobLog(self._tables, job_id)
        if not log.nameless_codes:
            return None
        if log.is_large:
            unread = (pl.col("code") == LogCode.DataFileNotJson) & ~pl.col("names")
            return whereabouts(self._tables.scan_entries_of(job_id).filter(unread).collect(), self.file(job_id))
        return whereabouts(self._tables.entries_of(job_id), self.file(job_id))
