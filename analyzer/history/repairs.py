"""Find the retries, open users, and superseded jobs of a library."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from analyzer.analysis.feed_state import FeedJob
from analyzer.analysis.feeds import UNKNOWN_FEED, feeds_of, source_name
from analyzer.analysis.open_and_superseded import Import, OpenUsers, open_users
from analyzer.history.source_files import SourceFiles
from analyzer.model.job import Outcome
from analyzer.model.redaction import shown_uri
from analyzer.model.service import JobError
from analyzer.source.model import mark_of
from analyzer.storage.manifest_file import manifests_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from analyzer.analysis.feeds import FeedRule
    from analyzer.model.job import Job

_NO_FILE = (JobError.DataFileNotExist.name, JobError.DataFileNotInTenant.name)


def retries_of(
    jobs: Sequence[Job],
    hashes: Mapping[str, str],
    folder: Path | None,
    written: Mapping[str, datetime],
    logged: Mapping[str, datetime],
) -> dict[str, str]:
    """Return the retries among jobs, and the run that each repairs.

    A retry is recognized by the job ID in its file's name or, if the file was renamed, by its hash in a manifest.

    Args:
        jobs: the jobs of a library.
        hashes: known SHA-256 of source files by job ID.
        folder: the folder with retry files and their manifests; None if there is none.
        written: known times (UTC) at which source files were written, by job ID.
        logged: times of logs (UTC) by job ID.

    Returns:
        By the retry's job ID, the ID of the run at the end of the chain, which may be missing in the library.
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
    return {job_id: _end_of_chain(job_id, direct) for job_id in direct}


def feeds_of_jobs(jobs: Sequence[Job], retries: Mapping[str, str], rules: Sequence[FeedRule] = ()) -> dict[str, str]:
    """Return the feed of each job by job ID; a retry has the feed of the run that it repairs, if that is known."""
    by_id = {job.job_id: job for job in jobs}
    runs = {job.job_id: by_id.get(retries.get(job.job_id, job.job_id), job) for job in jobs}
    # A feed's name may contain its host, which must not show a login.
    uris = {job_id: shown_uri(job.source_uri) for job_id, job in runs.items()}
    feeds = feeds_of(uris.values(), rules)
    return {job_id: feeds.get(uri, UNKNOWN_FEED) for job_id, uri in uris.items()}


def with_open_users(
    jobs: pl.DataFrame, entries: pl.DataFrame, source_files: Mapping[str, Path]
) -> tuple[pl.DataFrame, dict[str, OpenUsers]]:
    """Add the columns ``superseded`` and ``open`` to the table ``jobs``.

    Args:
        jobs: from ``timeline``.
        entries: the entries with their users (``analysis.named_users``).
        source_files: our copies of source files by job ID.

    Returns:
        The table, and the open users of each job by ID.
    """
    keys = {
        str(job_id): frozenset(users)
        for job_id, users in entries.filter("names").group_by("job_id").agg(pl.col("key").unique()).iter_rows()
    }
    columns = ("job_id", "feed", "retry_of", "outcome", "error", "not_updated", "earliest", "latest")
    rows = jobs.select(columns).rows(named=True)
    imports = [
        Import(
            job_id=row["job_id"],
            feed=row["feed"] or UNKNOWN_FEED,
            retry_of=row["retry_of"],
            outcome=Outcome(row["outcome"]),
            failed=frozenset(map(mark_of, keys.get(row["job_id"], ()))),
            names_all=row["outcome"] != Outcome.partial or row["not_updated"] is not None,
            not_updated=row["not_updated"],
            carried=row["error"] not in _NO_FILE,
            earliest=row["earliest"],
            latest=row["latest"],
        )
        for row in rows
        if row["feed"]
    ]
    feeds: dict[str, list[FeedJob]] = {}
    for job in imports:
        feeds.setdefault(job.feed, []).append(FeedJob(job, log=""))
    by_id: dict[str, OpenUsers] = {}
    for jobs_of_feed in feeds.values():
        source = SourceFiles(jobs_of_feed, lambda job_id: keys.get(job_id, ()), source_files)
        by_id |= open_users([one.job for one in jobs_of_feed], source)
    users = [by_id.setdefault(job_id, OpenUsers(None, None)) for job_id in jobs["job_id"]]
    return jobs.with_columns(
        superseded=pl.Series([one.superseded_by is not None for one in users], dtype=pl.Boolean),
        open=pl.Series([one.open for one in users], dtype=pl.UInt32),
    ), by_id


def with_open_flags(users: pl.DataFrame, open_users: Mapping[str, OpenUsers]) -> pl.DataFrame:
    """Add the column ``open`` Boolean to the users in logs; null if unknown."""
    flags = [open_users[job_id].is_open(mark_of(key)) for job_id, key in users.select("job_id", "key").iter_rows()]
    return users.with_columns(open=pl.Series(flags, dtype=pl.Boolean))


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
