"""Whether our copies are what a job read and wrote: versions of source files, their times, and logs that lost data."""

from __future__ import annotations

import contextlib
import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from analyzer.errors import InputError
from analyzer.library.paths import OWN_FOLDER, key_of, place_of
from analyzer.model.service import ENDED, LOG_FILE_NAME, JobError
from analyzer.storage.files import cannot_write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from analyzer.library.mirror import Library, WritableLibrary
    from analyzer.library.model import FileSeen, Observation
    from analyzer.model.job import Job

_PLAUSIBLE = range(2000, 2100)
"""Years; a time in a forged name must not be one that no time zone can show."""

_ADVICE = "Users may be missing. upa-analyzer pull --all brings it again, as long as the tenant has it."


def keep_earlier(library: WritableLibrary, key: str, jobs: Sequence[Job], readers: Iterable[Job]) -> None:
    """Keep our copy of a source file for the jobs that read it, before the next version replaces it.

    Feeds may use one file name again and again.

    Args:
        library: that holds the copy.
        key: of the file (``paths``).
        jobs: those that read the next version.
        readers: those that may have read this one.

    Raises:
        OutputError: it cannot be kept.
    """
    new = {job.job_id for job in jobs}
    replaced: dict[Path, list[str]] = {}
    for job in readers:
        source = library.source_file(job) if job.job_id not in new else None
        if source is not None and library.would_replace(job, source, key):
            replaced.setdefault(source, []).append(job.job_id)
    for source, job_ids in replaced.items():
        seen = library.seen(source)
        # By the tenant's version: the time when we wrote our copy differs each time.
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
        job: whose source file it is.
        written: when our version was written; see ``written_at``.
        ended: see ``ended_at``.

    Returns:
        A clause without its subject; empty where there is no evidence.
    """
    if written is not None and job.error == JobError.DataFileNotExist:
        return "was not there when the job looked for it"
    if written is None or ended is None or written <= ended:
        return ""
    return f"was changed after the job had read it, on {written:%Y-%m-%d at %H:%M:%S} UTC"


def written_at(library: Library, job: Job) -> datetime | None:
    """Return when our version of a job's source file was written, by the tenant's clock; None where unknown."""
    noted = library.state.notes.get(job.job_id)
    if noted and noted.source:
        return parse_time(noted.source_modified or "") if library.source_file(job) else None
    source = library.source_file(job)
    seen = library.seen(source) if source else None
    return parse_time(seen.modified) if seen else None


def ended_at(library: Library, logs: Iterable[Path], seen: Observation | None) -> datetime | None:
    """Return a time at which a job had ended: of its last log by the tenant's clock, else of the pull that saw it.

    The time in a log's name does not count: that it is UTC is inferred.

    Args:
        library: that holds the logs.
        logs: the job's.
        seen: the first observation of its end.
    """
    times = [parse_time(log.modified) for log in map(library.seen, logs) if log]
    written = max(filter(None, times), default=None)
    return written or (seen.observed_at if seen else None)


def time_in_log_name(name: str) -> datetime | None:
    """Return when a log file was begun, by its name (UTC, inferred); None where the name has no time.

    >>> time_in_log_name("ImportProfileProperties-5f05e38c-bd0e-49ec-8c9c-c4cfe370248c-20151130-174205-993.log")
    datetime.datetime(2015, 11, 30, 17, 42, 5, 993000, tzinfo=datetime.timezone.utc)
    """
    found = LOG_FILE_NAME.match(name)
    if found is None or found["date"] is None:
        return None
    digits = f"{found['date']}{found['time']}{found['milliseconds']}000"
    try:
        time = datetime.strptime(digits, "%Y%m%d%H%M%S%f").replace(tzinfo=UTC)
    except ValueError:
        return None
    return time if time.year in _PLAUSIBLE else None


def parse_time(text: str) -> datetime | None:
    """Parse a time of change as the tenant sends it, ISO 8601; None where it is none, or has no time zone."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else None


class PulledLogs:
    """The log files that were pulled, to compare our copies with."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._folders: dict[Path, dict[str, FileSeen]] = {}
        for path, seen in library.state.files.items():
            with contextlib.suppress(InputError):  # a path that can't be mirrored was not pulled
                place = place_of(library.root, path)
                self._folders.setdefault(place.parent, {})[place.name] = seen

    def damaged(self, logs: Sequence[Path]) -> Iterator[tuple[Path, InputError]]:
        """Yield the logs of one job that are shorter than what was pulled, or missing while others of it are there.

        A longer log lacks no user. Where none is there, the job has no log, which is reported where one is needed.
        """
        names = {log.name for log in logs}
        for folder in dict.fromkeys(log.parent for log in logs):
            for name, seen in self._folders.get(folder, {}).items():
                log = folder / name
                shown = self._library.name_of(log)
                if log in logs:
                    length = log.stat().st_size
                    if length < seen.length:
                        what = f"{shown} has {length:,} bytes, and had {seen.length:,} when it was pulled"
                        yield log, InputError(what, _ADVICE)
                elif not name.startswith(".") and name not in names:
                    yield log, InputError(f"{shown} was pulled and is not there any more", _ADVICE)
