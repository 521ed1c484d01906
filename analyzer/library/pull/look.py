"""What the tenant has for a job: the files of its log folder, its source file. Asks, and writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from analyzer.errors import FaultError, InputError, RefusedError, SignInError, ThresholdError
from analyzer.library.mirror import log_folders
from analyzer.library.pull.several import Faults, in_parallel
from analyzer.model.job import find_job
from analyzer.model.service import GUID
from analyzer.model.uri import server_paths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.library.pull.results import Choice
    from analyzer.model.job import Job
    from analyzer.tenant.model import RemoteFile, Sink


class Source(Protocol):
    """The tenant as a pull needs it; ``tenant.site.Tenant`` is one. Its methods are called in several threads.

    Attributes:
        name: the tenant's, as it stands in tables.
        host: the main host, with its port where it has one: what a server-relative address means.
        connections: how many requests may be under way at once.
    """

    name: str
    host: str
    connections: int

    def jobs(self) -> list[Job]:
        """The job list."""
        ...

    def job(self, job_id: str) -> Job | None:
        """One job; None where there is none with this ID."""
        ...

    def folder(self, uri: str, path: str) -> list[RemoteFile] | None:
        """The files of a folder; None where there is no such folder."""
        ...

    def file(self, uri: str, path: str) -> RemoteFile | None:
        """What is to be said of a file; None where there is no such file."""
        ...

    def content(self, file: RemoteFile, into: Sink) -> RemoteFile | None:
        """Receives a file whole; what is to be said of what came, None where there is no such file."""
        ...

    def stop(self) -> None:
        """Ends what waits or receives in other threads."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """What the tenant has.

    Attributes:
        files: a log folder's files, or the source file; None where there is no such folder or file.
        refused: why it could not be looked at; empty where it could.
        fault: whether that passes, so that the next pull is to look again.
    """

    files: list[RemoteFile] | None = None
    refused: str = ""
    fault: FaultError | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The tenant's jobs.

    Attributes:
        jobs: in the service's order; where the list is refused, those that the library has and those asked for.
        refused: why they are not all; None where they are.
        fault: why a job is as the library had it, and not as the tenant has it now; None where none is.
    """

    jobs: list[Job]
    refused: ThresholdError | None = None
    fault: FaultError | None = None


def look_for_jobs(tenant: Source, known: Sequence[Job], choice: Choice) -> Listing:
    """The job list; where SharePoint refuses it for good, job by job what can still be had.

    A job that has ended does not change, and is asked for only where ``choice`` names it or wants everything.

    Args:
        tenant: where from.
        known: the jobs of the library.
        choice: what to pull.

    Raises:
        InputError: there is no job that the choice names, or it names one by a part of its ID alone.
        ThresholdError: the list is refused, and there is no job to ask for.
        SignInError, UnreachableError: see ``pull``.
    """
    try:
        return Listing(tenant.jobs())
    except ThresholdError as error:
        named = {_whole_id(known, wanted) for wanted in choice.job_ids}
        if not known and not named:
            raise ThresholdError(
                error.what,
                f"{error.advice} Until then, name each job with its whole ID: upa-analyzer pull --job ID.",
                error.support,
            ) from error
        return _one_by_one(tenant, known, named, error, everything=choice.everything)


def _one_by_one(
    tenant: Source, known: Sequence[Job], named: set[str], refused: ThresholdError, *, everything: bool
) -> Listing:
    of_library = {job.job_id: job for job in known if not job.gone}
    open_ids = [job_id for job_id, job in of_library.items() if everything or not job.ended or job_id in named]
    ids = [*open_ids, *sorted(named - of_library.keys())]
    useless: list[ThresholdError] = []

    def ask(job_id: str) -> Job | FaultError | None:
        try:
            return useless[0] if useless else tenant.job(job_id)
        except ThresholdError as error:
            useless.append(error)  # single jobs are refused, too
            return error
        except FaultError as error:
            return error

    faults, fault = Faults(), None
    now: dict[str, Job | None] = {**of_library}
    for index, answer in in_parallel(ask, ids, threads=tenant.connections, stop=tenant.stop):
        job_id = ids[index]
        if isinstance(answer, FaultError):
            fault = answer
            if not isinstance(answer, ThresholdError):
                faults.count(answer)
            if job_id not in of_library:
                raise answer
            continue
        faults.count(None)
        if answer is None and job_id not in of_library:
            raise InputError(f"the tenant has no job {job_id!r}", "Check the ID: it is the one that queueing returned.")
        now[job_id] = answer
    return Listing([job for job in now.values() if job is not None], refused, fault)


def _whole_id(known: Sequence[Job], wanted: str) -> str:
    if GUID.fullmatch(wanted):
        return wanted
    try:
        return find_job(known, wanted).job_id
    except InputError as error:
        raise InputError(error.what, "SharePoint refuses the job list: give the whole ID of the job.") from error


def look_for_log(tenant: Source, job: Job) -> Found:
    """The files of a job's log folder, wherever it lies of the places that it can lie in.

    Raises:
        SignInError, UnreachableError: see ``pull``.
    """
    refused, fault = "", None
    for uri, folder in log_folders(job):
        try:
            files = tenant.folder(uri, folder)
        except SignInError:
            raise
        except RefusedError as error:
            refused = refused or error.what
        except FaultError as error:
            refused, fault = refused or error.what, fault or error
        else:
            if files is not None:
                return Found(files)
    return Found(None, refused, fault)


def look_for_source(tenant: Source, uri: str) -> Found:
    """The source file of a job, by the address that it was queued with.

    Raises:
        SignInError, UnreachableError: see ``pull``.
    """
    try:
        for path in server_paths(uri):
            file = tenant.file(uri, path)
            if file is not None:
                return Found([file])
    except SignInError:
        raise
    except RefusedError as error:
        return Found(None, error.what)
    except FaultError as error:
        return Found(None, error.what, error)
    return Found(None, "the tenant has no such file any more" if uri else "the job names no source file")
