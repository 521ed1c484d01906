"""Brings what is new in a tenant into its library.

Everything is written beside its place and renamed, the job list after the files and the time of the pull last, so that
a pull that dies at any point is repaired by the next one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from analyzer.errors import InputError, RefusedError
from analyzer.library.fetch import Fetcher
from analyzer.library.mirror import log_folders
from analyzer.library.own import Observation, PullTime
from analyzer.library.results import Choice, Pulled
from analyzer.library.times import time_in_log_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from analyzer.job import Job
    from analyzer.library.fetch import Source
    from analyzer.library.mirror import Library
    from analyzer.library.results import Progress

SETTLED_AFTER = timedelta(hours=24)
"""How long after its end a job's log folder is still looked at: logs are written about when the state changes."""


def pull(
    tenant: Source, library: Library, *, now: datetime, choice: Choice | None = None, progress: Progress | None = None
) -> Pulled:
    """Mirrors the tenant's job list, log folders and source files.

    Args:
        tenant: where from.
        library: where to; of an empty folder it becomes one.
        now: the time of the pull, UTC.
        choice: what to pull; None for whatever is new or may have changed.
        progress: told before each job.

    Raises:
        RefusedError, UnreachableError: of the job list or a log folder; what is there already stays.
        InputError: the library is another tenant's.
        OutputError: the library cannot be written.
    """
    return _Pull(tenant, library, now, choice or Choice()).run(progress or (lambda _done, _total, _doing: None))


class _Pull:
    def __init__(self, tenant: Source, library: Library, now: datetime, choice: Choice) -> None:
        self._tenant, self._library, self._now, self._choice = tenant, library, now, choice
        if library.jobs() and library.tenant not in (None, tenant.name):
            raise InputError(
                f"{library.root} is the library of {library.tenant}, not of {tenant.name}",
                "Give each tenant a name of its own in the configuration.",
            )
        self._result = Pulled(tenant.name)
        self._fetch = Fetcher(tenant, library, self._result, choice)
        self._known = {job.job_id: job for job in library.jobs()}
        self._previous = library.own.last_pull.pulled_at if library.own.last_pull else None

    def run(self, progress: Progress) -> Pulled:
        listed = self._tenant.jobs()
        merged = list(self._merged(listed))
        wanted = [job for job in listed if not self._choice.job_ids or job.job_id in self._choice.job_ids]
        self._observe(merged)
        try:
            for done, job in enumerate(wanted):
                progress(done, len(wanted), job.source_name or job.job_id)
                self._files_of(job)
            progress(len(wanted), len(wanted), "")
            self._library.save_jobs(merged)
        finally:
            # Also when the pull breaks off: what was fetched need not be fetched again.
            self._library.own.save()
        self._library.own.save_pull(PullTime(self._now, self._tenant.name))
        return self._result

    def _merged(self, listed: list[Job]) -> Iterator[Job]:
        """The tenant's list, and behind it what only we still know."""
        yield from listed
        current = {job.job_id for job in listed}
        for job in self._known.values():
            if job.job_id not in current:
                yield job if job.gone else job.marked_gone()

    def _observe(self, merged: list[Job]) -> None:
        for job in merged:
            before = self._known.get(job.job_id)
            if before is None:
                self._result.new.append(job.job_id)
            elif (before.state, before.error, before.gone) != (job.state, job.error, job.gone):
                self._result.changed.append(job.job_id)
            else:
                continue
            self._library.own.observations.append(
                Observation(job.job_id, self._now, self._previous, job.state, job.error)
            )

    def _files_of(self, job: Job) -> None:
        fresh = job.job_id in self._result.new or job.job_id in self._result.changed
        if fresh or self._choice.everything or self._may_change(job):
            self._log_of(job)
        if fresh or self._choice.everything:
            self._fetch.source(job)

    def _may_change(self, job: Job) -> bool:
        if not job.ended:
            return bool(job.log_folder_uri)
        if job.succeeded and not job.log_folder_uri:
            return False
        seen = [o.observed_at for o in self._library.own.observations if o.job_id == job.job_id]
        written = [time_in_log_name(path.name) for path in self._library.log_files(job)]
        ended = min([*(time for time in written if time), *seen[-1:]], default=self._now)
        return self._now - ended < SETTLED_AFTER

    def _log_of(self, job: Job) -> None:
        if not job.ended and not job.log_folder_uri:
            return
        if job.succeeded and not job.log_folder_uri:
            return
        for folder in log_folders(job):
            try:
                if self._fetch.log_folder(job, folder):
                    return
            except RefusedError as error:
                self._fetch.without_log(job, error.what)
                return
        if job.ended and not job.succeeded:
            self._fetch.without_log(job, "the tenant has no log folder for it")
