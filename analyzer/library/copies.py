"""Check whether our copies are what a job read and wrote: versions of source files, times, and damaged logs."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from analyzer.errors import InputError
from analyzer.library.paths import OWN_FOLDER, key_of
from analyzer.model.service import ENDED, LOG_FILE_NAME, JobError
from analyzer.storage.files import cannot_write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from analyzer.library.mirror import Library, WritableLibrary
    from analyzer.library.model import FileSeen, Observation
    from analyzer.model.job import Job

_PLAUSIBLE = range(2000, 2100)
"""Years. A forged name must not contain a time that cannot be converted to another time zone."""

_ADVICE = "Users may be missing. upa-analyzer pull --all downloads it again, if the tenant still has it."


def keep_earlier(library: WritableLibrary, key: str, jobs: Sequence[Job], readers: Iterable[Job]) -> None:
    """Keep our copy of a source file for the jobs that read it, before the next version replaces it.

    A feed may use the same file name for every run.

    Args:
        library: the library with the copy.
        key: the file's key (``paths``).
        jobs: the jobs that read the next version.
        readers: the jobs that may have read this version.

    Raises:
        OutputError: the copy cannot be kept.
    """
    new_ids = {job.job_id for job in jobs}
    replaced: dict[Path, list[str]] = {}
    for job in readers:
        source = library.source_file(job) if job.job_id not in new_ids else None
        if source is not None and library.would_replace(job, source, key):
            replaced.setdefault(source, []).append(job.job_id)
    for source, job_ids in replaced.items():
        seen = library.seen(source)
        # Named after the tenant's version, because the time when we wrote our copy differs each time.
        remote = (seen.etag, seen.length) if seen else None
        version = hashlib.sha256(f"{key_of(library.name_of(source))}\n{remote}".encode()).hexdigest()[:12]
        kept = library.root / OWN_FOLDER / "earlier" / version / source.name
        _link_or_move(source, kept)
        for job_id in job_ids:
            library.state.note(
                job_id,
                source=library.name_of(kept),
                source_modified=(seen.modified if seen else "") or None,
                source_sha256=(seen.sha256 if seen else "") or None,
            )


def _link_or_move(path: Path, kept: Path) -> None:
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.unlink(missing_ok=True)
        kept.hardlink_to(path)
    except OSError:
        try:
            path.replace(kept)
        except OSError as error:
            raise cannot_write(kept, error) from error


def first_seen_ended(library: Library) -> dict[str, Observation]:
    """Return by job ID the first observation in which the job had ended."""
    ended = (seen for seen in library.state.observations if seen.state in ENDED)
    return {seen.job_id: seen for seen in sorted(ended, key=lambda seen: seen.observed_at, reverse=True)}


def changed_later(job: Job, written: datetime | None, ended: datetime | None) -> str:
    """Return the evidence that our copy of a job's source file was written after the job had read it.

    Args:
        job: the job.
        written: when our version was written (``written_at``).
        ended: when the job had ended (``ended_at``).

    Returns:
        A clause without its subject; empty if there is no evidence.
    """
    if written is not None and job.error == JobError.DataFileNotExist:
        return "was not there when the job looked for it"
    if written is None or ended is None or written <= ended:
        return ""
    return f"was changed after the job had read it, on {written:%Y-%m-%d at %H:%M:%S} UTC"


def written_at(library: Library, job: Job) -> datetime | None:
    """Return when our version of a job's source file was written, by the tenant's clock; None if unknown."""
    source = library.source_file(job)
    notes = library.state.notes.get(job.job_id)
    if notes and notes.source:
        return parse_time(notes.source_modified or "") if source else None
    seen = library.seen(source) if source else None
    return parse_time(seen.modified) if seen else None


def ended_at(library: Library, logs: Iterable[Path], seen: Observation | None) -> datetime | None:
    """Return a time by which a job had ended: the tenant's time of its last log, else that of the pull that saw it.

    The time in a log's name isn't used, because its time zone is only inferred.

    Args:
        library: the library with the logs.
        logs: the job's logs.
        seen: the first observation of the job's end.
    """
    times = [parse_time(log.modified) for log in map(library.seen, logs) if log]
    return max(filter(None, times), default=None) or (seen.observed_at if seen else None)


def time_in_log_name(name: str) -> datetime | None:
    """Return the time in a log file's name, when it was begun (UTC, inferred); None if the name has no time.

    >>> time_in_log_name("ImportProfileProperties-5f05e38c-bd0e-49ec-8c9c-c4cfe370248c-20151130-174205-993.log")
    datetime.datetime(2015, 11, 30, 17, 42, 5, 993000, tzinfo=datetime.timezone.utc)
    """
    match = LOG_FILE_NAME.match(name)
    if match is None or match["date"] is None:
        return None
    digits = f"{match['date']}{match['time']}{match['milliseconds']}000"
    try:
        time = datetime.strptime(digits, "%Y%m%d%H%M%S%f").replace(tzinfo=UTC)
    except ValueError:
        return None
    return time if time.year in _PLAUSIBLE else None


def parse_time(text: str) -> datetime | None:
    """Parse an ISO 8601 time from the tenant; return None if it is invalid or has no time zone."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else None


class PulledLogs:
    """The log files that were pulled, for comparison with our copies."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._folders: dict[str, dict[str, FileSeen]] = {}
        for key, seen in library.state.files.items():
            folder, _, name = key.rpartition("/")
            self._folders.setdefault(folder, {})[name] = seen

    def damaged(self, logs: Sequence[Path]) -> Iterator[tuple[Path, InputError]]:
        """Yield the logs of one job that are shorter than when they were pulled, or missing while others exist.

        A longer log lacks no user. A job without any log is reported elsewhere.
        """
        names = {log.name for log in logs}
        for folder in dict.fromkeys(log.parent for log in logs):
            for name, seen in self._folders.get(key_of(self._library.name_of(folder)), {}).items():
                log = folder / name
                shown = self._library.name_of(log)
                if log in logs:
                    length = log.stat().st_size
                    if length < seen.length:
                        what = f"{shown} has {length:,} bytes, and had {seen.length:,} when it was pulled"
                        yield log, InputError(what, _ADVICE)
                elif not name.startswith(".") and name not in names:
                    yield log, InputError(f"{shown} was pulled and no longer exists", _ADVICE)
