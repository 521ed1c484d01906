"""Brings what is new in a tenant into its library.

Everything is written beside its place and renamed, the job list after the files and the time of the pull last, so that
a pull that dies at any point is repaired by the next one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from analyzer.errors import InputError
from analyzer.library.mirror import WritableLibrary
from analyzer.library.pull.look import look_for_jobs
from analyzer.library.pull.results import Choice, Pulled
from analyzer.library.pull.stages import BEFORE_CHOICE, NO_FOLDER, Stages, expects_log
from analyzer.library.state.model import Observation, PullTime
from analyzer.library.times import time_in_log_name
from analyzer.model.job import find_job

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from analyzer.library.mirror import Library
    from analyzer.library.pull.look import Source
    from analyzer.model.job import Job
    from analyzer.model.progress import Progress

SETTLED_AFTER = timedelta(hours=24)
"""How long after its end a job's log folder is still looked at: logs are written about when the state changes."""


def pull(
    tenant: Source, library: Library, *, now: datetime, choice: Choice | None = None, progress: Progress | None = None
) -> Pulled:
    """Mirrors the tenant's job list, log folders and source files.

    Args:
        tenant: where from.
        library: where to; of an empty folder it becomes one. What was read of it before is out of date afterwards.
        now: the time of the pull, UTC.
        choice: what to pull; None for whatever is new or may have changed.
        progress: told before each job.

    Raises:
        RefusedError: the job list is refused, or the sign-in anywhere; what is there already stays.
        UnreachableError: the tenant can't be reached, or a transfer broke off; what is there already stays.
        InputError: our own files in the library are damaged, the library is another tenant's, or the tenant has no
            job that the choice names.
        OutputError: the library cannot be written.
    """
    return _Pull(tenant, WritableLibrary(library.root), now, choice or Choice()).run(
        progress or (lambda _done, _total, _doing: None)
    )


class _Pull:
    def __init__(self, tenant: Source, library: WritableLibrary, now: datetime, choice: Choice) -> None:
        self._tenant, self._library, self._now, self._choice = tenant, library, now, choice
        library.own.begin_pull()
        self._known = {job.job_id: job for job in library.jobs()}
        if self._known and library.tenant not in (None, tenant.name):
            raise InputError(
                f"{library.root} is the library of {library.tenant}, not of {tenant.name}",
                "Give each tenant a name of its own in the configuration.",
            )
        self._result = Pulled(tenant.name)
        self._previous = library.own.last_pull.pulled_at if library.own.last_pull else None

    def run(self, progress: Progress) -> Pulled:
        listing = look_for_jobs(self._tenant, list(self._known.values()), self._choice)
        self._result.unlisted, self._result.fault = listing.refused, listing.fault
        listed = listing.jobs
        merged = list(self._merged(listed))
        wanted = self._chosen(listed)
        self._observe(merged)
        self._set_aside(listed, wanted)
        try:
            faulty = self._bring(wanted, listed, progress)
            for job in wanted:
                self._library.own.note(job.job_id, pending=job.job_id in faulty)
            for job_id in self._library.own.notes.keys() - faulty:
                self._library.own.note(job_id, fetched=False)
        finally:
            # Also when the pull breaks off: what was fetched need not be fetched again.
            self._library.own.save()
        self._library.save_jobs(merged)
        self._library.own.save_pull(PullTime(self._now, self._tenant.name))
        return self._result

    def _bring(self, wanted: list[Job], listed: list[Job], progress: Progress) -> set[str]:
        """Fetches the files of jobs; the ids of those of which something is to be asked for again."""
        seen = {seen.job_id: seen.observed_at for seen in self._library.own.observations}
        fresh = [job for job in wanted if self._is_fresh(job) or self._choice.everything]
        ids = {job.job_id for job in fresh}
        logs = [job for job in wanted if job.job_id in ids or self._may_change(job, seen.get(job.job_id))]
        known = {job.job_id for job in fresh if job.job_id in self._known and not self._is_pending(job)}
        stages = Stages(self._tenant, self._library, self._result, self._choice, progress)
        stages.look_for_logs([job for job in logs if job.log_folder_uri or expects_log(job)])
        stages.look_for_sources(fresh, known)
        stages.bring([*self._known.values(), *self._fetched_before(listed)])
        return stages.faulty

    def _fetched_before(self, listed: list[Job]) -> Iterator[Job]:
        """The jobs whose source file a pull that broke off has fetched."""
        for job in listed:
            noted = self._library.own.notes.get(job.job_id)
            if noted is not None and noted.fetched and job.job_id not in self._known:
                yield job

    def _merged(self, listed: list[Job]) -> Iterator[Job]:
        """The tenant's list, and behind it what only we still know."""
        yield from listed
        current = {job.job_id for job in listed}
        for job in self._known.values():
            if job.job_id not in current:
                yield job if job.gone else job.marked_gone()

    def _chosen(self, listed: list[Job]) -> list[Job]:
        if not self._choice.job_ids:
            return listed
        return [find_job(listed, job_id, holder="the tenant") for job_id in sorted(self._choice.job_ids)]

    def _observe(self, merged: list[Job]) -> None:
        for job in merged:
            if job.job_id not in self._known:
                self._result.new.append(job.job_id)
            elif not self._has_changed(job):
                continue
            elif job.gone:
                self._result.gone.append(job.job_id)
            else:
                self._result.changed.append(job.job_id)
            self._library.own.observe(Observation(job.job_id, self._now, self._previous, job.state, job.error))

    def _set_aside(self, listed: list[Job], wanted: list[Job]) -> None:
        """Notes which jobs this pull passes over though they are new, so that the next one does not."""
        chosen = {job.job_id for job in wanted}
        for job in listed:
            if job.job_id not in chosen and self._is_fresh(job):
                self._library.own.note(job.job_id, pending=True)

    def _is_fresh(self, job: Job) -> bool:
        return self._has_changed(job) or self._is_pending(job)

    def _has_changed(self, job: Job) -> bool:
        before = self._known.get(job.job_id)
        return before is None or (before.state, before.error, before.gone) != (job.state, job.error, job.gone)

    def _is_pending(self, job: Job) -> bool:
        noted = self._library.own.notes.get(job.job_id)
        return noted is not None and noted.pending

    def _may_change(self, job: Job, seen: datetime | None) -> bool:
        if not job.ended:
            return bool(job.log_folder_uri)
        if not job.log_folder_uri and not expects_log(job):
            return False
        noted = self._library.own.notes.get(job.job_id)
        missing = noted.log_missing if noted else None
        if missing == BEFORE_CHOICE:
            return False
        if missing not in (None, NO_FOLDER):
            return True  # it was refused: perhaps somebody has given the permission since
        written = [time_in_log_name(path.name) for path in self._library.log_files(job)]
        ended = min([*(time for time in written if time), *([seen] if seen else [])], default=self._now)
        return self._now - ended < SETTLED_AFTER
