"""Ask the tenant for jobs, the files of their log folders, and their source files; write nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.errors import FaultError, InputError, RefusedError, SignInError, ThresholdError
from analyzer.library.mirror import log_folders
from analyzer.library.pull.parallel import FaultCounter, in_parallel
from analyzer.model.job import find_job
from analyzer.model.service import GUID
from analyzer.model.uri import server_paths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.library.model import Choice, RemoteTenant
    from analyzer.model.job import Job
    from analyzer.tenant.model import RemoteFile

GONE = "the tenant no longer has the file"


@dataclass(frozen=True, slots=True)
class RemoteListing:
    """The files that the tenant has for a job.

    Attributes:
        files: those of a log folder, or the source file; None if there is no such folder or file.
        refused: why they could not be listed; empty if they could.
        fault: set if the reason may be temporary, so that the next pull has to ask again.
    """

    files: list[RemoteFile] | None = None
    refused: str = ""
    fault: FaultError | None = None


@dataclass(frozen=True, slots=True)
class JobListing:
    """The tenant's jobs.

    Attributes:
        jobs: in the service's order; if the list is refused, those of the library and those asked for.
        refused: why the list is incomplete; None if it is complete.
        fault: why a job is the library's version instead of the tenant's; None if none is.
    """

    jobs: list[Job]
    refused: ThresholdError | None = None
    fault: FaultError | None = None


def look_for_jobs(tenant: RemoteTenant, known: Sequence[Job], choice: Choice) -> JobListing:
    """Return the job list; if SharePoint refuses it because of its length, ask for single jobs.

    A job that has ended does not change; it is asked for only if ``choice`` names it or includes everything.

    Args:
        tenant: the tenant to ask.
        known: the jobs of the library.
        choice: what to pull.

    Raises:
        InputError: the tenant lacks a chosen job, or a chosen ID is incomplete.
        ThresholdError: the list is refused, and there is no job to ask for.
        SignInError, UnreachableError: see ``pull``.
    """
    try:
        return JobListing(tenant.jobs())
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
    tenant: RemoteTenant, known: Sequence[Job], named: set[str], refused: ThresholdError, *, everything: bool
) -> JobListing:
    of_library = {job.job_id: job for job in known if not job.gone}
    open_ids = [job_id for job_id, job in of_library.items() if everything or not job.ended or job_id in named]
    ids = [*open_ids, *sorted(named - of_library.keys())]
    refusals: list[ThresholdError] = []

    def ask(job_id: str) -> Job | FaultError | None:
        try:
            return refusals[0] if refusals else tenant.job(job_id)
        except ThresholdError as error:
            refusals.append(error)  # other single jobs will be refused, too
            return error
        except FaultError as error:
            return error

    faults, fault = FaultCounter(), None
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
    return JobListing([job for job in now.values() if job is not None], refused, fault)


def _whole_id(known: Sequence[Job], wanted: str) -> str:
    if GUID.fullmatch(wanted):
        return wanted
    try:
        return find_job(known, wanted).job_id
    except InputError as error:
        raise InputError(error.what, "SharePoint refuses the job list: specify the whole ID of the job.") from error


def look_for_log(tenant: RemoteTenant, job: Job) -> RemoteListing:
    """List the files of a job's log folder, in its first possible place that exists.

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
                return RemoteListing(files)
    return RemoteListing(None, refused, fault)


def look_for_source(tenant: RemoteTenant, uri: str) -> RemoteListing:
    """Find the source file with this address.

    Raises:
        SignInError, UnreachableError: see ``pull``.
    """
    try:
        for path in server_paths(uri):
            file = tenant.file(uri, path)
            if file is not None:
                return RemoteListing([file])
    except SignInError:
        raise
    except RefusedError as error:
        return RemoteListing(None, error.what)
    except FaultError as error:
        return RemoteListing(None, error.what, error)
    return RemoteListing(None, GONE if uri else "the job has no source file")
