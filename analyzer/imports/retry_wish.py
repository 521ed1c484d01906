"""Turn the retry file of a job into what is to be queued, or refuse it with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.analysis.feeds import source_name
from analyzer.errors import UsageError
from analyzer.imports.plan import PlanOptions
from analyzer.model.job import FAILED, Outcome, find_job
from analyzer.model.service import IdType
from analyzer.model.text import SHORT_ID
from analyzer.retry.library_jobs import retry_of_job

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from analyzer.history.load import Tables
    from analyzer.library.mirror import Library
    from analyzer.storage.manifest_file import Manifest


@dataclass(frozen=True, slots=True)
class RetryWish:
    """A job's retry file.

    Attributes:
        job_id: the job that it repairs.
        feed: the job's feed.
        source_uri: address of the job's source file.
        files: the file, or its parts in their order.
        manifest: what is known of it.
    """

    job_id: str
    feed: str
    source_uri: str
    files: Sequence[Path]
    manifest: Manifest


def retry_wish(library: Library, tables: Tables, wanted: str, folder: Path, *, force: bool) -> RetryWish:
    """Make the retry file of a job, if a retry can be queued.

    Args:
        library: the tenant's library.
        tables: its history, up to date.
        wanted: ID of the job, or how it begins.
        folder: of the retry files.
        force: whether a condition of the file is fulfilled.

    Raises:
        InputError: the library has no such job.
        UsageError: the job needs no retry, is superseded, or its file can't be made or has a condition.
        OutputError: the file can't be written.
    """
    job = find_job(library.jobs(), wanted)
    row = tables.job(job.job_id)
    short = job.job_id[:SHORT_ID]
    if Outcome(row["outcome"]) not in FAILED:
        raise UsageError(f"job {short} can't be retried: it is {row['outcome']}", f"See `upa-analyzer show {short}`.")
    retry = retry_of_job(library, tables, job, folder)
    if retry.path is None or retry.manifest is None:
        reason = retry.sentence.rstrip(".")
        later = tables.superseded_by(job.job_id)
        advice = f"Retry that run instead: `upa-analyzer queue {later[:SHORT_ID]} --retry`." if later else retry.advice
        raise UsageError(f"job {short} can't be retried: {reason[:1].lower()}{reason[1:]}", advice)
    if retry.manifest.first and not force:
        raise UsageError(
            f"the retry file of {short} has a condition: {retry.manifest.first}",
            "Do that first, then add --force.",
        )
    files = [retry.path.with_name(file.name) for file in retry.manifest.files]
    return RetryWish(job.job_id, row["feed"] or "", job.source_uri, files, retry.manifest)


def retried_by_file(file: Path, tables: Tables | None, *, force: bool) -> str:
    """Return the ID of the job whose retry file a file is, as its name says, maybe corrected by hand; else empty.

    Raises:
        UsageError: the job is superseded.
    """
    job_id = source_name(file.name).retry_of or ""
    if not job_id or tables is None or tables.jobs.filter(job_id=job_id).is_empty():
        return job_id
    later = tables.superseded_by(job_id)
    if later and not force:
        raise UsageError(
            f"{file} is the retry file of job {job_id[:SHORT_ID]}, and a later run of the feed has ended",
            f"Retry that run: `upa-analyzer queue {later[:SHORT_ID]} --retry`. To import the file anyway, add --force.",
        )
    return job_id


def retry_options(options: PlanOptions, manifest: Manifest) -> PlanOptions:
    """Complete what the user specified by what the retry file says for certain: its ID property."""
    return PlanOptions(
        options.feed,
        options.id_type or (IdType.CloudId.name if manifest.id_type == IdType.CloudId.name else ""),
        options.id_property or manifest.id_property,
        options.properties,
    )
