"""Find the retries, open users, and superseded jobs of a library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.analysis.feeds import UNKNOWN_FEED, feeds_of, source_name
from analyzer.model.service import JobError
from analyzer.storage.manifest_file import manifests_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from analyzer.analysis.feeds import FeedRule, SourceName
    from analyzer.model.job import Job

_SAMPLE = 50
"""Users of a source file that are compared with those of a later file."""

_FEW = 5
"""Records of a source file from which its properties are read: all records have the same."""

NO_FILE = (JobError.DataFileNotExist.name, JobError.DataFileNotInTenant.name)


def repaired_by(
    jobs: Sequence[Job],
    hashes: Mapping[str, str],
    folder: Path | None,
    written: Mapping[str, datetime],
    logged: Mapping[str, datetime],
) -> dict[str, str]:
    """Return the retries among jobs, and the job whose retry file each imported.

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
    names: Mapping[str, tuple[str, SourceName]], retries: Mapping[str, str], rules: Sequence[FeedRule] = ()
) -> dict[str, str]:
    """Return the feed of each job by job ID; a retry has the feed of the run that it repairs, if that is known.

    Args:
        names: by job ID, the address of its source file without secrets, as a feed's name may contain its host; and the
            parts of that address.
        retries: from ``end_of_chains``.
        rules: the feeds of the configuration.
    """
    runs = {job_id: names.get(retries.get(job_id, job_id), name) for job_id, name in names.items()}
    feeds = feeds_of((uri for uri, _ in runs.values()), rules, dict(runs.values()).__getitem__)
    return {job_id: feeds.get(uri, UNKNOWN_FEED) for job_id, (uri, _) in runs.items()}


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
