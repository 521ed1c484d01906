"""Whether the source file was changed between a job's end and our pull: then our copy need not be what the job read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.facts import ENDED, JobError
from analyzer.library.times import time_told
from analyzer.uri import server_paths

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from analyzer.job import Job
    from analyzer.library.mirror import Library
    from analyzer.library.states import Observation


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
    paths = [path for path in server_paths(job.source_uri) if path in library.own.files]
    source = library.source_file(job) if paths else None
    seen = [library.own.files[path] for path in paths if source and library.name_of(source) == path[1:]]
    return time_told(seen[0].modified) if seen else None


def ended_at(library: Library, logs: Iterable[Path], seen: Observation | None) -> datetime | None:
    """A time at which a job had ended: of its last log by the tenant's clock, else of the pull that saw it ended.

    The time in a log's name does not count: that it is UTC is inferred.

    Args:
        library: that holds the logs.
        logs: the job's.
        seen: the first observation of its end.
    """
    names = [f"/{library.name_of(log)}" for log in logs]
    times = [time_told(library.own.files[name].modified) for name in names if name in library.own.files]
    written = max(filter(None, times), default=None)
    return written or (seen.observed_at if seen else None)
