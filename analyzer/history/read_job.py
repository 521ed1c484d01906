"""Read the files of one job: find its logs, and count its source file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec.structs import replace

from analyzer.analysis.feeds import source_name
from analyzer.errors import InputError
from analyzer.history.record import (
    ABSENT,
    COUNTS_VERSION,
    FOLDER,
    JobRecord,
    LogSummary,
    SourceCount,
    digest_of,
    stamp_of,
)
from analyzer.library.copies import changed_later, ended_at, time_in_log_name, written_at
from analyzer.library.paths import key_of
from analyzer.model.language import N_
from analyzer.model.redaction import shown_message, shown_uri
from analyzer.source.count_records import measure

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from analyzer.library.copies import PulledLogs
    from analyzer.library.mirror import Library
    from analyzer.library.model import Observation
    from analyzer.logs.model import LogRead
    from analyzer.model.job import Job

NO_COPY = N_("the library has no copy of it")
"""Why a source file can't be read."""

_STILL_KNOWN = "The history has all its users. upa-analyzer pull --all downloads it again, if the tenant still has it."


@dataclass(frozen=True, slots=True)
class JobFiles:
    """The files of one job.

    Attributes:
        record: what is known without reading its logs.
        logs: paths and sizes of its log files, including missing ones if it has others.
        damaged: why logs count as incomplete, by path in the library.
    """

    record: JobRecord
    logs: list[tuple[Path, int]]
    damaged: dict[str, InputError] = field(default_factory=dict)

    @property
    def has_guid_ids(self) -> bool:
        """Whether the IDs in its source file can be GUIDs."""
        return self.record.count is not None and self.record.count.guid_ids

    def summaries(self, logs: Iterable[LogRead]) -> list[LogSummary]:
        """Return how the logs were read."""
        return [LogSummary.of(log, self.damaged.get(log.name)) for log in logs]

    def with_problems(self, logs: Iterable[LogSummary]) -> list[LogSummary]:
        """Return how logs were read earlier, whose entries are still in the history, with their present problems."""
        problems = {name: (error.what, _STILL_KNOWN) for name, error in self.damaged.items()}
        return [replace(log, problem=problems.get(log.name, log.problem)) for log in logs]


def read_job(
    library: Library, job: Job, pulled: PulledLogs, ended: Observation | None, known: JobRecord | None
) -> JobFiles:
    """Find the files of one job, and count its source file if it has changed.

    Args:
        library: the library.
        job: the job.
        pulled: the logs that were pulled.
        ended: the first observation of the job's end.
        known: what was known before.
    """
    notes = library.state.notes.get(job.job_id)
    # Before the files are read, so that a file that changes meanwhile is read again the next time.
    stamps = [stamp_of(library.root, place) for place in library.places_of(job)]
    source, log_files = library.source_file(job), library.log_files(job)
    damaged = {library.name_of(path): error for path, error in pulled.damaged(log_files)}
    paths = list(dict.fromkeys([*log_files, *(library.root / name for name in damaged)]))
    of_logs = [stamp_of(library.root, path) for path in paths]
    stamps += of_logs
    answer = _redacted(job)
    name = source_name(str(answer["SourceUri"]))
    record = JobRecord(digest="", answer=answer, name=name, stamps=stamps, logged=bool(log_files))
    record.keys = [key_of(name) for name, size, _ in stamps if size != FOLDER]
    record.written = written_at(library, job)
    record.later = changed_later(job, record.written, ended_at(library, log_files, ended))
    record.log_time = max(filter(None, (time_in_log_name(path.name) for path in paths)), default=None)
    if source is None:
        record.problem = (notes.source_missing if notes else None) or NO_COPY
    else:
        record.source = library.name_of(source)
        record.count = _count(source, record.source, known.count if known else None)
        # A file that can't be read says more than when it was changed.
        record.problem = record.count.problem or (f"it {record.later}" if record.later else "")
        record.source_version = "" if record.later else digest_of([record.count.size, record.count.modified_ns])
    record.version = record.current_version()
    if known is not None:
        _remember(record, known, damaged)
    sizes = [max(0, size) if size != ABSENT else 0 for _, size, _ in of_logs]
    return JobFiles(record, list(zip(paths, sizes, strict=True)), damaged)


def _redacted(job: Job) -> dict[str, object]:
    """Return the fields of a job's row in the list that we know, without secrets in its addresses."""
    return {
        "JobId": job.job_id,
        "State": job.state,
        "Error": job.error,
        "ErrorMessage": shown_message(job.error_message),
        "SourceUri": shown_uri(job.source_uri),
        "LogFolderUri": shown_uri(job.log_folder_uri),
    }


def _remember(record: JobRecord, known: JobRecord, damaged: Collection[str]) -> None:
    """Keep what was known of files that the library no longer has."""
    if not record.source and known.count is not None:
        record.count, record.source_version, record.later = known.count, known.source_version, known.later
        record.written, record.is_certain = known.written, known.is_certain
    if not record.logged and known.logged:
        record.version, record.logged, record.log_time = known.version, True, known.log_time
    if damaged and _lacks_only(damaged, record, known):
        record.version = known.version


def _lacks_only(damaged: Collection[str], record: JobRecord, known: JobRecord) -> bool:
    """Return whether the logs are those that are known, but for damaged ones that have become shorter."""
    before = {stamp[0]: stamp for stamp in known.stamps}
    sizes = {log.name: log.size for log in known.logs}
    return all(
        size < sizes.get(name, 0) if name in damaged else (name, size, modified) == before.get(name)
        for name, size, modified in record.stamps
        if (name != record.source and size >= 0) or name in damaged
    )


def _count(path: Path, name: str, known: SourceCount | None) -> SourceCount:
    status = path.stat()
    size, modified_ns = status.st_size, status.st_mtime_ns
    if known and (known.size, known.modified_ns, known.counting) == (size, modified_ns, COUNTS_VERSION):
        return known
    try:
        counts = measure(path)
    except InputError as error:
        # With the path in the library, which may be moved or sent.
        return SourceCount(size, modified_ns, problem=error.what.replace(str(path), name), counting=COUNTS_VERSION)
    return SourceCount(
        size,
        modified_ns,
        counts.users,
        counts.property_values,
        counts.guid_ids,
        without_id=counts.without_id,
        damage=counts.damage,
        counting=COUNTS_VERSION,
    )
