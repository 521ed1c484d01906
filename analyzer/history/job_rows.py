"""Make the rows from which the table ``jobs`` is derived: what is known of each job, its feed, and what it repairs."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from analyzer.analysis.feed_runs import whole_files
from analyzer.analysis.feeds import UNKNOWN_FEED, feeds_of, source_name
from analyzer.analysis.open_and_superseded import FeedJob, Import
from analyzer.model.job import Job, Outcome
from analyzer.model.service import JobError, error_name, state_name
from analyzer.model.tables import OBSERVATIONS, table
from analyzer.storage.manifest_file import manifests_in

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import polars as pl

    from analyzer.analysis.feeds import FeedRule, SourceName
    from analyzer.history.record import JobRecord
    from analyzer.library.mirror import Library
    from analyzer.model.queued_job import QueuedJob

_NO_FILE = (JobError.DataFileNotExist.name, JobError.DataFileNotInTenant.name)
"""Errors of jobs whose source file the service did not find."""


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


def feed_jobs(
    jobs: pl.DataFrame, records: Mapping[str, JobRecord], queued: Mapping[str, QueuedJob]
) -> dict[str, list[FeedJob]]:
    """Return the jobs of each feed for ``FeedUsers``, in the order of the table.

    Args:
        jobs: from ``timeline``.
        records: by job ID.
        queued: what is known of jobs that this program queued.
    """
    whole = whole_files(dict(jobs.select("job_id", "users").iter_rows()), queued)
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
            carried=error not in _NO_FILE,
            earliest=earliest,
            latest=latest,
            import_id=queued[job_id].import_id if job_id in queued else "",
            parts=queued[job_id].parts if job_id in queued else 1,
            whole=whole.get(job_id),
            changes_only=job_id in queued and queued[job_id].unchanged is not None,
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


def repaired_by(
    jobs: Sequence[Job],
    hashes: Mapping[str, str],
    folder: Path | None,
    written: Mapping[str, datetime],
    logged: Mapping[str, datetime],
) -> dict[str, str]:
    """Return the retries among jobs that no record of an import explains, and the job whose retry file each imported.

    A retry is recognized by the job ID in its file's name or, if the file was renamed, by its hash in a manifest.

    Args:
        jobs: the jobs of a library.
        hashes: known SHA-256 of source files by job ID.
        folder: the folder with retry files and their manifests; None if there is none.
        written: known times (UTC) at which source files were written, by job ID.
        logged: times of logs (UTC) by job ID.

    Returns:
        By the retry's job ID, the ID of that job, which may be missing in the library.
    """
    by_hash: dict[str, list[str]] = {}
    for _, manifest in manifests_in(folder) if folder and hashes else ():
        for digest in manifest.hashes:
            if manifest.job_id:
                by_hash.setdefault(digest, []).append(manifest.job_id)
    direct: dict[str, str] = {}
    for job in jobs:
        repaired = source_name(job.source_uri).retry_of
        if not repaired:
            # Users who fail each night with the same records have the same retry file each night.
            candidates = by_hash.get(hashes.get(job.job_id, ""), [])
            repaired = _newest_before(written.get(job.job_id), candidates, logged)
        if repaired and repaired != job.job_id:
            direct[job.job_id] = repaired
    return direct


def end_of_chains(direct: Mapping[str, str]) -> dict[str, str]:
    """Return by the ID of each retry that of the run at the end of its chain.

    Args:
        direct: from ``repaired_by``.
    """
    return {job_id: _end_of_chain(job_id, direct) for job_id in direct}


def feeds_of_jobs(
    names: Mapping[str, tuple[str, SourceName]],
    retries: Mapping[str, str],
    rules: Sequence[FeedRule] = (),
    recorded: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the feed of each job by job ID; a retry has the feed of the run that it repairs, if that is known.

    A job that this program queued has the feed that it was queued for, wherever its other files are. If that isn't in
    the configuration, a rule that takes the file says otherwise.

    Args:
        names: by job ID, the address of its source file without secrets, as a feed's name may contain its host; and the
            parts of that address.
        retries: from ``end_of_chains``.
        rules: the feeds of the configuration.
        recorded: the feeds of the jobs that this program queued, by job ID.
    """
    runs = {job_id: retries[job_id] if retries.get(job_id) in names else job_id for job_id in names}
    configured = {rule.name for rule in rules}
    by_record = {
        job_id: feed
        for job_id, run_id in runs.items()
        if (feed := (recorded or {}).get(run_id))
        and (feed in configured or not any(rule.takes(names[run_id][0]) for rule in rules))
    }
    inferred = {job_id: names[run_id] for job_id, run_id in runs.items() if job_id not in by_record}
    feeds = feeds_of((uri for uri, _ in inferred.values()), rules, dict(inferred.values()).__getitem__)
    return {job_id: by_record.get(job_id) or feeds.get(inferred[job_id][0], UNKNOWN_FEED) for job_id in names}


def _newest_before(written: datetime | None, candidates: Sequence[str], logged: Mapping[str, datetime]) -> str | None:
    """Return the newest of the jobs that had ended when a file was written; None if it can't be determined."""
    if written is None:
        return candidates[0] if len(set(candidates)) == 1 else None
    before = [job_id for job_id in candidates if job_id not in logged or logged[job_id] <= written]
    if len(before) > 1:
        before = [job_id for job_id in before if job_id in logged]
    return max(before, key=lambda job_id: logged.get(job_id, written), default=None)


def _end_of_chain(job_id: str, direct: Mapping[str, str]) -> str:
    visited = {job_id}
    run_id = direct[job_id]
    while run_id in direct and run_id not in visited:
        visited.add(run_id)
        run_id = direct[run_id]
    return run_id
