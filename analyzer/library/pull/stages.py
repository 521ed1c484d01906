"""A pull's three stages: where the logs are, where the source files are, and all of them into the library."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, TypeVar

from analyzer.errors import InputError
from analyzer.library.paths import clashing
from analyzer.library.pull.fetch import Errand, Fetcher
from analyzer.library.pull.look import Found, look_for_log, look_for_source
from analyzer.library.pull.several import in_parallel
from analyzer.library.times import time_in_log_name, time_told
from analyzer.model.service import JobError
from analyzer.model.uri import file_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from analyzer.errors import FaultError
    from analyzer.library.mirror import WritableLibrary
    from analyzer.library.pull.look import Source
    from analyzer.library.pull.results import Choice, Pulled
    from analyzer.model.job import Job
    from analyzer.model.progress import Progress
    from analyzer.tenant.model import RemoteFile

_T = TypeVar("_T")
BEFORE_CHOICE = "it ran before the day of --since; pull --all brings it"
NO_FOLDER = "the tenant has no log folder for it"
_WITHOUT_LOG = frozenset({JobError.DataFileNotExist, JobError.DataFileNotInTenant, JobError.DataFileTooBig})


def expects_log(job: Job) -> bool:
    """Whether the service leaves a log for such a job: those errors that come without one are documented."""
    return job.ended and not job.succeeded and job.error not in _WITHOUT_LOG


class Stages:
    """The stages of one pull, in the order of its methods. What they find is noted in the library and in ``result``."""

    def __init__(
        self, tenant: Source, library: WritableLibrary, result: Pulled, choice: Choice, progress: Progress
    ) -> None:
        self._tenant, self._library, self._choice, self._progress = tenant, library, choice, progress
        self._fetch = Fetcher(tenant, library, result)
        self._errands: list[Errand] = []
        self._done = self._total = 0

    @property
    def faulty(self) -> set[str]:
        """Ids of jobs of which something did not come because the tenant failed at it."""
        return self._fetch.faulty

    def look_for_logs(self, jobs: Sequence[Job]) -> None:
        """Finds out which log files are new or changed.

        Raises:
            SignInError, UnreachableError: see ``pull``.
        """
        found = self._ask(look_for_log, jobs, [job.source_name or job.job_id for job in jobs])
        for job, log in zip(jobs, found, strict=True):
            if log.files is not None:
                self._take_log(job, log.files)
            elif expects_log(job) or log.fault is not None:
                self._without_log(job, log.refused or NO_FOLDER, log.fault)

    def look_for_sources(self, jobs: Sequence[Job], known: set[str]) -> None:
        """Finds out which source files are new or changed.

        Args:
            jobs: whose.
            known: ids of those that the library had before. A copy that it has of their source file stays: what the
                tenant has under that name by now may be what another job reads.

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
                files.setdefault(remote.uri, (remote, []))[1].append(job)  # addresses may be spelled in two ways
        for remote, readers in files.values():
            self._add(Errand(remote, tuple(readers), "source file", is_source=True))

    def bring(self, readers: Sequence[Job]) -> None:
        """Fetches what the stages before found.

        Args:
            readers: the jobs whose source files the library may hold.

        Raises:
            SignInError, UnreachableError, OutputError: see ``pull``.
        """
        self._total += len(self._errands)
        for errand in self._fetch.bring(self._errands, readers):
            self._step(errand.remote.name)
        self._progress(self._total, self._total, "")

    def _ask(self, look: Callable[[Source, _T], Found], items: Sequence[_T], names: Sequence[str]) -> list[Found]:
        """What is found for each item, in their order."""
        self._total += len(items)
        found = [Found()] * len(items)
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
        self._library.own.note(job.job_id, log_missing=None)
        taken = clashing(remote.name for remote in wanted)
        for remote in wanted:
            if remote.name in taken:
                because = f"Windows and macOS take its name for that of {taken[remote.name]}, which comes before it"
                self._fetch.leave_out(job.job_id, f"log file {remote.name}", because)
            else:
                self._add(Errand(remote, (job,), f"log file {remote.name}"))

    def _without_source(self, job: Job, found: Found) -> None:
        self._fetch.note_source(job, found.refused)
        self._fetch.leave_out(job.job_id, "source file", found.refused, found.fault)

    def _add(self, errand: Errand) -> None:
        """Has a file fetched, unless we have it or it can be mirrored nowhere."""
        try:
            is_unchanged = self._fetch.is_unchanged(errand.remote)
        except InputError as error:
            self._fetch.settle(errand, error.what)
            return
        if is_unchanged:
            self._fetch.settle(errand)
        else:
            self._errands.append(errand)

    def _wants_source(self, job: Job, *, is_known: bool) -> bool:
        noted = self._library.own.notes.get(job.job_id)
        if self._choice.since is not None and noted is not None and noted.log_missing == BEFORE_CHOICE:
            return False
        return not (is_known or (noted and noted.fetched)) or self._library.source_file(job) is None

    def _without_log(self, job: Job, because: str, fault: FaultError | None = None) -> None:
        """Notes that there is no log where one is to be expected."""
        self._library.own.note(job.job_id, log_missing=because)
        self._fetch.leave_out(job.job_id, "log", because, fault)

    def _before_choice(self, remote: RemoteFile) -> bool:
        if self._choice.since is None:
            return False
        written = time_in_log_name(remote.name) or time_told(remote.modified)
        return written is not None and written < self._choice.since
