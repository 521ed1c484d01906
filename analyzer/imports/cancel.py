"""Cancel a job that hasn't been imported, and note it in our record of the import.

The service deletes only jobs that are "queued but not imported" (PnPjs' documentation of the call). Which states these
are isn't documented, nor what the list shows afterwards. Any job that hasn't ended is tried; the list is read again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.errors import AnalyzerError, ThresholdError, UnreachableError
from analyzer.model.job import find_job
from analyzer.model.service import GUID
from analyzer.model.uri import named_places
from analyzer.storage.import_record import all_imports, read_import, write_import
from analyzer.storage.lock import data_lock
from analyzer.tenant.sharepoint.jobs import delete_job, get_job, list_jobs

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from analyzer.model.job import Job
    from analyzer.storage.import_record import ImportPart, ImportRecord
    from analyzer.tenant.http.session import Session


@dataclass(frozen=True, slots=True)
class Cancellation:
    """What the service answered, and what it lists afterwards.

    Attributes:
        accepted: the service's answer; None if there was none, or it was an error.
        after: the job as the tenant lists it afterwards; None if it doesn't.
        fault: why there was no answer.
    """

    accepted: bool | None
    after: Job | None
    fault: UnreachableError | None = None


def listed_job(session: Session, wanted: str) -> Job | None:
    """Return the tenant's job with this ID, or with a unique prefix of it; None if there is none.

    Args:
        session: of the tenant.
        wanted: the user's spelling.

    Raises:
        InputError: several jobs have this prefix.
        ThresholdError: SharePoint refuses the job list, and the ID isn't whole.
        AnalyzerError: as ``list_jobs``.
    """
    key = wanted.strip("{} ").lower()
    try:
        jobs = list_jobs(session)
    except ThresholdError as error:
        if not GUID.fullmatch(key):
            raise ThresholdError(error.what, "Specify the whole ID of the job.", error.support) from error
        return get_job(session, key)
    return find_job(jobs, key, holder="the tenant") if key and any(one.job_id.startswith(key) for one in jobs) else None


def cancel(session: Session, job: Job) -> Cancellation:
    """Ask the service to delete a job, and read the list again.

    Args:
        session: of the tenant.
        job: as the tenant lists it.

    Raises:
        AnalyzerError: it has ended; nothing was sent.
        RefusedError: sign-in or permission.
        UnreachableError: the list can't be read afterwards, so it is unknown whether the job is still there.
    """
    if job.ended:
        raise AnalyzerError(
            f"job {job.job_id} has ended ({job.state_name}), so there is nothing to cancel",
            f"After a pull, `upa-analyzer show {job.job_id[:8]}` shows its result.",
        )
    accepted, fault = None, None
    try:
        accepted = delete_job(session, job.job_id)
    except UnreachableError as error:
        fault = error
    try:
        return Cancellation(accepted, listed_job(session, job.job_id), fault)
    except UnreachableError as error:
        raise UnreachableError(
            f"it is unknown whether job {job.job_id} was cancelled: {(fault or error).what}",
            "Run the same command again: it shows whether the tenant still lists the job.",
        ) from error


def import_of(imports: Path, job_id: str, source_uri: str, main_host: str) -> tuple[Path, ImportPart] | None:
    """Find our record of the unfinished import that queued a job.

    Args:
        imports: the tenant's folder of imports.
        job_id: whole, or a prefix.
        source_uri: of the job; empty if unknown. It finds a part that was being queued, whose job ID isn't known yet.
        main_host: of the tenant's sites.

    Returns:
        The path of the record, and the part; None if it isn't ours.
    """
    places = named_places(source_uri, main_host)
    for path, record in all_imports(imports):
        for part in (one for one in record.parts if one.ended_at is None and record.is_unfinished):
            is_same_file = bool(places & named_places(record.source_uri(part), main_host))
            may_be = not part.job_id and part.queueing_at is not None and is_same_file
            if may_be or (part.job_id and part.job_id.startswith(job_id)):
                return path, part
    return None


def mark_cancelled(
    found: tuple[Path, ImportPart], job_id: str, now: datetime, say: Callable[[str], None]
) -> ImportRecord:
    """Note that an import doesn't continue because its job was cancelled, so that ``queue`` doesn't wait for it.

    Args:
        found: from ``import_of``.
        job_id: the job, whole.
        now: UTC.
        say: shows a warning if the file system has no locks.

    Returns:
        The record as it is now, unchanged if the part ended meanwhile.

    Raises:
        LockedError: a command of this feed is running.
        InputError, OutputError: the record can't be read or written.
    """
    path, cancelled = found
    folder = path.parent.parent
    with data_lock(folder, "cancel", say):
        record = read_import(path)
        part = next(one for one in record.parts if one.name == cancelled.name)
        if part.ended_at is None and not record.abandoned:
            part.job_id, part.ended_at = job_id, now
            record.abandoned = f"its job {job_id} was cancelled"
            write_import(folder, record)
        return record
