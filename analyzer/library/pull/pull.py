"""Download new and changed files of a tenant into its library.

Each file is written under a temporary name and renamed, the job list after the files, and the time of the pull last, so
that the next pull repairs a killed one.
"""

from __future__ import annotations

import functools
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from analyzer.errors import InputError
from analyzer.library.copies import parse_time, time_in_log_name
from analyzer.library.forgotten import Forgotten
from analyzer.library.mirror import WritableLibrary
from analyzer.library.model import Choice, JobNotes, Observation, PullResult, PullTime
from analyzer.library.paths import clashing
from analyzer.library.pull.download import DownloadTask, Fetcher
from analyzer.library.pull.list_remote import GONE, RemoteListing, look_for_jobs, look_for_log, look_for_source
from analyzer.library.pull.parallel import in_parallel
from analyzer.model.job import find_job
from analyzer.model.service import JobError
from analyzer.model.uri import file_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from analyzer.errors import FaultError
    from analyzer.library.mirror import Library
    from analyzer.library.model import RemoteTenant
    from analyzer.model.job import Job
    from analyzer.model.text import Progress
    from analyzer.tenant.model import RemoteFile

_T = TypeVar("_T")
SETTLED_AFTER = timedelta(hours=24)
"""How long after its end a job's log folder is still checked: logs are written about when the state changes."""
BEFORE_CHOICE = "it ran before the day of --since; pull --all downloads it"
NO_FOLDER = "the tenant has no log folder for it"
CLEANED = "upa-analyzer removed it from the tenant (clean)"
_WITHOUT_LOG = frozenset({JobError.DataFileNotExist, JobError.DataFileNotInTenant, JobError.DataFileTooBig})


def pull(
    tenant: RemoteTenant,
    library: Library,
    *,
    now: datetime,
    choice: Choice | None = None,
    progress: Progress | None = None,
) -> PullResult:
    """Mirror the tenant's job list, log folders and source files.

    Args:
        tenant: the tenant to pull from.
        library: the library to write; an empty folder becomes one. The object itself is outdated afterwards.
        now: the time of the pull, UTC.
        choice: what to pull; None for everything that is new or may have changed.
        progress: called before each job.

    Raises:
        RefusedError: the job list or the sign-in is refused; downloaded files are kept.
        UnreachableError: the tenant can't be reached, or a transfer failed; downloaded files are kept.
        InputError: our own files in the library are damaged, the library is another tenant's, or the tenant has no
            job that the choice names.
        OutputError: the library cannot be written.
    """
    return _Pull(tenant, WritableLibrary(library.root), now, choice or Choice()).run(
        progress or (lambda _done, _total, _doing: None)
    )


class _Pull:
    """One pull: finds new and changed jobs, and notes their state."""

    def __init__(self, tenant: RemoteTenant, library: WritableLibrary, now: datetime, choice: Choice) -> None:
        self._tenant, self._library, self._now, self._choice = tenant, library, now, choice
        library.state.begin_pull()
        self._known = {job.job_id: job for job in library.jobs()}
        if self._known and library.tenant not in (None, tenant.name):
            raise InputError(
                f"{library.root} is the library of {library.tenant}, not of {tenant.name}",
                "Use a different name for each tenant in the configuration.",
            )
        self._result = PullResult(tenant.name)
        self._previous = library.state.last_pull.pulled_at if library.state.last_pull else None

    def run(self, progress: Progress) -> PullResult:
        listing = look_for_jobs(self._tenant, list(self._known.values()), self._choice)
        self._result.unlisted, self._result.fault = listing.refused, listing.fault
        forgotten = Forgotten(self._library.root).jobs
        listed = [job for job in listing.jobs if job.job_id not in forgotten]
        merged = list(self._merged(listed))
        wanted = self._chosen(listed)
        self._observe(merged)
        self._set_aside(listed, wanted)
        try:
            faulty = self._bring(wanted, listed, progress)
            for job in wanted:
                self._library.state.note(job.job_id, pending=job.job_id in faulty)
            for job_id in self._library.state.notes.keys() - faulty:
                self._library.state.note(job_id, fetched=False)
        finally:
            # Also if the pull fails, so that nothing is downloaded twice.
            self._library.state.save()
        self._library.save_jobs(merged)
        is_refused = self._result.unlisted is not None
        self._library.state.save_pull(PullTime(self._now, self._tenant.name, list_refused=is_refused))
        return self._result

    def _bring(self, wanted: list[Job], listed: list[Job], progress: Progress) -> set[str]:
        """Download the files of jobs; return the IDs of those that the next pull has to ask for again."""
        seen = {seen.job_id: seen.observed_at for seen in self._library.state.observations}
        fresh = [job for job in wanted if self._is_fresh(job) or self._choice.everything]
        ids = {job.job_id for job in fresh}
        logs = [job for job in wanted if job.job_id in ids or self._may_change(job, seen.get(job.job_id))]
        known = {job.job_id for job in fresh if job.job_id in self._known and not self._is_pending(job)}
        stages = _Stages(self._tenant, self._library, self._result, self._choice, progress)
        stages.look_for_logs([job for job in logs if job.log_folder_uri or expects_log(job)])
        stages.look_for_sources(fresh, known)
        stages.download([*self._known.values(), *self._fetched_before(listed)])
        return stages.faulty

    def _fetched_before(self, listed: list[Job]) -> Iterator[Job]:
        """Yield the jobs whose source file was downloaded by a pull that failed."""
        for job in listed:
            noted = self._library.state.notes.get(job.job_id)
            if noted is not None and noted.fetched and job.job_id not in self._known:
                yield job

    def _merged(self, listed: list[Job]) -> Iterator[Job]:
        """Yield the tenant's jobs, then those that are only in the library."""
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
            self._library.state.observe(Observation(job.job_id, self._now, self._previous, job.state, job.error))

    def _set_aside(self, listed: list[Job], wanted: list[Job]) -> None:
        """Note the new jobs that this pull leaves out, for the next one."""
        chosen = {job.job_id for job in wanted}
        for job in listed:
            if job.job_id not in chosen and self._is_fresh(job):
                self._library.state.note(job.job_id, pending=True)

    def _is_fresh(self, job: Job) -> bool:
        return self._has_changed(job) or self._is_pending(job)

    def _has_changed(self, job: Job) -> bool:
        before = self._known.get(job.job_id)
        return before is None or (before.state, before.error, before.gone) != (job.state, job.error, job.gone)

    def _is_pending(self, job: Job) -> bool:
        noted = self._library.state.notes.get(job.job_id)
        return noted is not None and noted.pending

    def _may_change(self, job: Job, seen: datetime | None) -> bool:
        if not job.ended:
            return bool(job.log_folder_uri)
        if not job.log_folder_uri and not expects_log(job):
            return False
        noted = self._library.state.notes.get(job.job_id)
        missing = noted.log_missing if noted else None
        if missing == BEFORE_CHOICE:
            return False
        if missing not in (None, NO_FOLDER):
            return True  # it was refused; the permission may have been granted since
        written = [time_in_log_name(path.name) for path in self._library.log_files(job)]
        ended = min([*(time for time in written if time), *([seen] if seen else [])], default=self._now)
        return self._now - ended < SETTLED_AFTER


class _Stages:
    """The stages of one pull, in the order of the methods; their findings go to the library and the result."""

    def __init__(
        self, tenant: RemoteTenant, library: WritableLibrary, result: PullResult, choice: Choice, progress: Progress
    ) -> None:
        self._tenant, self._library, self._choice, self._progress = tenant, library, choice, progress
        self._fetch = Fetcher(tenant, library, result)
        self._tasks: list[DownloadTask] = []
        self._done = self._total = 0

    @property
    def faulty(self) -> set[str]:
        """IDs of jobs that lack a file because a request failed."""
        return self._fetch.faulty

    def look_for_logs(self, jobs: Sequence[Job]) -> None:
        """Find the new and changed log files.

        Raises:
            SignInError, UnreachableError: see ``pull``.
        """
        found = self._ask(look_for_log, jobs, [job.source_name or job.job_id for job in jobs])
        for job, log in zip(jobs, found, strict=True):
            if log.files is not None:
                self._take_log(job, log.files)
            elif log.refused == "" and self._notes(job).log_cleaned:
                continue  # we removed it
            elif expects_log(job) or log.fault is not None:
                self._without_log(job, log.refused or NO_FOLDER, log.fault)

    def look_for_sources(self, jobs: Sequence[Job], known: set[str]) -> None:
        """Find the new and changed source files.

        Args:
            jobs: the jobs with the source files.
            known: IDs of jobs that the library had before. Our copy of their source file is kept, because the tenant
                may have another job's file under that name now.

        Raises:
            SignInError, UnreachableError: see ``pull``.
        """
        wanted = [job for job in jobs if self._wants_source(job, is_known=job.job_id in known)]
        uris = list(dict.fromkeys(job.source_uri for job in wanted))
        found = self._ask(look_for_source, uris, [file_name(uri) for uri in uris])
        of_uri = dict(zip(uris, found, strict=True))
        files: dict[str, tuple[RemoteFile, list[Job]]] = {}
        for job in wanted:
            source = of_uri[job.source_uri]
            if source.files is None:
                self._without_source(job, source)
            for remote in source.files or ():
                files.setdefault(remote.uri, (remote, []))[1].append(job)  # two addresses may lead to one file
        for remote, readers in files.values():
            self._add(DownloadTask(remote, tuple(readers), "source file", is_source=True))

    def download(self, readers: Sequence[Job]) -> None:
        """Download the files that the earlier stages found.

        Args:
            readers: the jobs whose source files may be in the library.

        Raises:
            SignInError, UnreachableError, OutputError: see ``pull``.
        """
        self._total += len(self._tasks)
        for task in self._fetch.download(self._tasks, readers):
            self._step(task.remote.name)
        self._progress(self._total, self._total, "")

    def _ask(
        self, look: Callable[[RemoteTenant, _T], RemoteListing], items: Sequence[_T], names: Sequence[str]
    ) -> list[RemoteListing]:
        """Return the listing of each item, in the order of the items."""
        self._total += len(items)
        found = [RemoteListing()] * len(items)
        threads, stop = self._tenant.connections, self._tenant.stop
        for index, result in in_parallel(functools.partial(look, self._tenant), items, threads=threads, stop=stop):
            found[index] = result
            self._fetch.faults.count(result.fault)
            self._step(names[index])
        return found

    def _step(self, doing: str) -> None:
        self._progress(self._done, self._total, doing)
        self._done += 1

    def _take_log(self, job: Job, files: Sequence[RemoteFile]) -> None:
        wanted = [remote for remote in files if not self._before_choice(remote)]
        if files and not wanted:
            self._without_log(job, BEFORE_CHOICE)
            return
        self._library.state.note(job.job_id, log_missing=None)
        taken = clashing(remote.name for remote in wanted)
        for remote in wanted:
            if remote.name in taken:
                because = f"Windows and macOS can't distinguish its name from {taken[remote.name]}"
                self._fetch.skip(job.job_id, f"log file {remote.name}", because)
            else:
                self._add(DownloadTask(remote, (job,), f"log file {remote.name}"))

    def _without_source(self, job: Job, found: RemoteListing) -> None:
        if found.refused == GONE and self._notes(job).source_cleaned:
            self._fetch.note_source(job, CLEANED)
            return
        self._fetch.note_source(job, found.refused)
        self._fetch.skip(job.job_id, "source file", found.refused, found.fault)

    def _add(self, task: DownloadTask) -> None:
        """Add a file to the downloads, unless it is unchanged or cannot be mirrored."""
        try:
            is_unchanged = self._fetch.is_unchanged(task.remote)
        except InputError as error:
            self._fetch.settle(task, error.what)
            return
        if is_unchanged:
            self._fetch.settle(task)
        else:
            self._tasks.append(task)

    def _notes(self, job: Job) -> JobNotes:
        return self._library.state.notes.get(job.job_id, JobNotes())

    def _wants_source(self, job: Job, *, is_known: bool) -> bool:
        noted = self._library.state.notes.get(job.job_id)
        if noted is not None and noted.source_removed:
            return False
        if self._choice.since is not None and noted is not None and noted.log_missing == BEFORE_CHOICE:
            return False
        return not (is_known or (noted and noted.fetched)) or self._library.source_file(job) is None

    def _without_log(self, job: Job, because: str, fault: FaultError | None = None) -> None:
        """Note that an expected log is missing."""
        self._library.state.note(job.job_id, log_missing=because)
        self._fetch.skip(job.job_id, "log", because, fault)

    def _before_choice(self, remote: RemoteFile) -> bool:
        if self._choice.since is None:
            return False
        written = time_in_log_name(remote.name) or parse_time(remote.modified)
        return written is not None and written < self._choice.since


def expects_log(job: Job) -> bool:
    """Return whether the service writes a log for a job; the errors without one are documented."""
    return job.ended and not job.succeeded and job.error not in _WITHOUT_LOG
