"""Whether the source file was changed between a job's end and our pull: then our copy need not be what the job read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.library.times import time_told
from analyzer.model.service import ENDED, JobError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from analyzer.library.mirror import Library
    from analyzer.library.state.model import Observation
    from analyzer.model.job import Job


def first_seen_ended(library: Library) -> dict[str, Observation]:
    """By job id, the first observation of a pull that saw it ended."""
    ended = (seen for seen in library.own.observations if seen.state in ENDED)
    return {seen.job_id: seen for seen in sorted(ended, key=lambda seen: seen.observed_at, reverse=True)}


def changed_later(job: Job, written: datetime | None, ended: datetime | None) -> str:
    """What tells that our copy of a job's source file was written after the job had read it; empty where nothing does.

    Args:
        job: which.
        written: when that was; see ``written_at``.
        ended: see ``ended_at``.

    Returns:
        A clause without its subject.
    """
    if written is not None and job.error == JobError.DataFileNotExist:
        return "was not there when the job looked for it"
    if written is None or ended is None or written <= ended:
        return ""
    return f"was changed after the job had read it, on {written:%Y-%m-%d at %H:%M:%S} UTC"


def written_at(library: Library, job: Job) -> datetime | None:
    """When the version of a job's source file that we hold was written, by the tenant's clock; None: not told."""
    noted = library.own.notes.get(job.job_id)
    if noted and noted.source:
        return time_told(noted.source_modified or "") if library.source_file(job) else None
    source = library.source_file(job)
    seen = library.seen(source) if source else None
    return time_told(seen.modified) if seen else None


def ended_at(library: Library, logs: Iterable[Path], seen: Observation | None) -> datetime | None:
    """A time at which a job had ended: of its last log by the tenant's clock, else of the pull that saw it ended.

    The time in a log's name does not count: that it is UTC is inferred.

    Args:
        library: that holds the logs.
        logs: the job's.
        seen: the first observation of its end.
    """
    seen_logs = map(library.seen, logs)
    times = [time_told(log.modified) for log in seen_logs if log]
    written = max(filter(None, times), default=None)
    return written or (seen.observed_at if seen else None)
