"""Make the rows from which the table ``jobs`` and its feeds are derived, and the table ``observations``."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from analyzer.analysis.open_and_superseded import FeedJob, Import
from analyzer.history.repairs import NO_FILE
from analyzer.model.job import Job, Outcome
from analyzer.model.service import error_name, state_name
from analyzer.model.tables import OBSERVATIONS, table

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    import polars as pl

    from analyzer.history.record import JobRecord
    from analyzer.library.mirror import Library


def job_row(record: JobRecord, owned: Collection[str], *, gone: bool) -> dict[str, object]:
    """Return what is known of a job without other jobs, for ``job_table``.

    Args:
        record: what the history keeps of the job.
        owned: the copies of source files that a job certainly read.
        gone: whether the tenant no longer lists it.
    """
    job = Job.from_answer(record.answer)
    count = None if record.later else record.count
    # If another job read our version, this one had read another version before.
    is_replaced = not record.is_certain and record.source in owned
    return {
        "job_id": job.job_id,
        "state": job.state_name,
        "error": job.error_name,
        "error_message": job.error_message or None,
        "source_uri": job.source_uri or None,
        "log_folder_uri": job.log_folder_uri or None,
        "gone": gone,
        "source_bytes": count.size if count else None,
        "users": count.users if count else None,
        "property_values": count.property_values if count else None,
        "without_id": count.without_id if count else None,
        "log_found": record.logged,
        "log_whole": not any(log.unfinished for log in record.logs),
        "log_time": record.log_time,
        "source_time": record.written if record.is_certain else None,
        "not_after": record.written if is_replaced else None,
    }


def certain_sources(records: Mapping[str, JobRecord], root: Path) -> dict[str, Path]:
    """Return our copies of source files in a library by the ID of the jobs that certainly read them.

    A file can have had several versions between two pulls. Of the jobs that may have read our version, those with a log
    did, because our version was written before the log; without logs, only a single job did.
    """
    readers: dict[str, list[str]] = {}
    for job_id, record in records.items():
        if record.source and not record.later:
            readers.setdefault(record.source, []).append(job_id)
    return {
        job_id: root / source
        for source, job_ids in readers.items()
        for job_id in job_ids
        if len(job_ids) == 1 or records[job_id].logged
    }


def feed_jobs(jobs: pl.DataFrame, records: Mapping[str, JobRecord]) -> dict[str, list[FeedJob]]:
    """Return the jobs of each feed for ``FeedUsers``, in the order of the table.

    Args:
        jobs: from ``timeline``.
        records: by job ID.
    """
    columns = ("job_id", "feed", "retry_of", "outcome", "error", "not_updated", "earliest", "latest")
    feeds: defaultdict[str, list[FeedJob]] = defaultdict(list)
    for job_id, feed, retry_of, outcome, error, not_updated, earliest, latest in jobs.select(columns).iter_rows():
        if feed is None:
            continue
        one = Import(
            job_id=job_id,
            feed=feed,
            retry_of=retry_of,
            outcome=Outcome(outcome),
            names_all=outcome != Outcome.partial or not_updated is not None,
            not_updated=not_updated,
            carried=error not in NO_FILE,
            earliest=earliest,
            latest=latest,
        )
        record = records[job_id]
        source = record.source_version if record.is_certain else ""  # also of a copy that was removed
        feeds[feed].append(FeedJob(one, record.version if record.counts.named_users else "", source, record.state))
    return feeds


def observation_table(library: Library) -> pl.DataFrame:
    """Return the table ``observations`` of a library."""
    return table(
        (
            {
                "tenant": library.tenant,
                "job_id": seen.job_id,
                "observed_at": seen.observed_at,
                "previous_pull_at": seen.previous_pull_at,
                "state": state_name(seen.state),
                "error": error_name(seen.error),
            }
            for seen in library.state.observations
        ),
        OBSERVATIONS,
    )
