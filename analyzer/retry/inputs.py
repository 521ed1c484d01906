"""What a retry is made from: a job of a library, or bare files; and the list of users to choose."""

from __future__ import annotations

import codecs
import contextlib
import csv
import functools
import io
import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import polars as pl

from analyzer.analysis.named_users import NAMED, SOURCE_IDS, NamedUsers, naming
from analyzer.errors import InputError, UsageError
from analyzer.history.find_logs import find_logs
from analyzer.history.job_facts import id_type_of
from analyzer.history.store import scanning
from analyzer.logs.blocks import BlockLimits
from analyzer.logs.read import LogReader, job_id_in
from analyzer.model.identity import identity_key, looks_like_id
from analyzer.model.job import Outcome
from analyzer.model.service import ABORTING_CODES
from analyzer.retry.model import DEFAULT_OPTIONS, EVERYTHING, Choices, RetryHelps, RetryOptions, helps_unknown
from analyzer.source.count_records import has_guid_ids
from analyzer.storage.files import read_bytes
from analyzer.storage.table_files import unguarded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from analyzer.directory.model import Directory
    from analyzer.history.load import Tables
    from analyzer.library.mirror import Library
    from analyzer.logs.model import LogRead
    from analyzer.model.job import Job
    from analyzer.model.queued_job import QueuedJob
    from analyzer.model.service import IdType

_HEADER = "identity"
_SEPARATORS = "\t;,"
_LOOKED_AT = 50
"""Lines in which the separator is looked for."""

_ADVICE = "Write one ID a line, or name a CSV file with a column identity."
_QUOTED = re.compile(r'"[^"]*+"')


_HELD = 300_000
"""Entries of a job's log up to which they are read at once."""

_SMALL_BLOCKS = BlockLimits(block=1_000_000)
"""Takes 80 MiB less than the usual ones while a log is read."""


@dataclass(frozen=True, slots=True)
class RetryInputs:
    """What a retry is made from.

    Attributes:
        source: our copy of the source file; None where there is none.
        source_missing: why there is none.
        logs: the log files.
        job_id: None for bare files.
        named_users: by the logs.
        outcome: of the job.
        id_property: as the user gave it; None to infer it.
        error: the job's, by name; empty for bare files.
        unfinished_logs: how many of the logs are incomplete, so that they may lack users.
        source_sha256: of the source file, where it is known.
        source_changed: the evidence that our copy is not what the job read, a clause; may be empty.
        source_later: the evidence that our copy is newer than the job, a clause without its subject; may be empty.
        choices: the user's, of whose records.
        options: how they are written.
        retry_helps: what is known of codes.
        source_uri: of the source file, as the job has it; empty for bare files.
        newer: users whose newer records later files of the feed hold, by their marks (``mark_of``).
        directory: an export by which IDs are corrected; None for no correction.
        id_type: of the job, by our record of it or the configuration; None if unknown.
        is_id_type_proven: whether an import of the feed with the same ID type has updated users.
        recorded: what we queued the job with; None if somebody else queued it.
        in_later_files: returns the users in files of later runs, by their marks; only called to correct IDs.
    """

    source: Path | None
    source_missing: str
    logs: Sequence[Path]
    job_id: str | None
    named_users: NamedUsers
    outcome: Outcome
    id_property: str | None = None
    error: str = ""
    unfinished_logs: int = 0
    source_sha256: str = ""
    source_changed: str = ""
    source_later: str = ""
    choices: Choices = EVERYTHING
    options: RetryOptions = DEFAULT_OPTIONS
    retry_helps: RetryHelps = helps_unknown
    source_uri: str = ""
    newer: frozenset[int] = frozenset()
    directory: Directory | None = None
    id_type: IdType | None = None
    is_id_type_proven: bool = False
    recorded: QueuedJob | None = None
    in_later_files: Callable[[], frozenset[int]] = frozenset


def inputs_of_job(library: Library, tables: Tables, job: Job, id_property: str | None = None) -> RetryInputs:
    """Gather what a job's retry is made from."""
    source = library.source_state(job)
    # Who retries a superseded job wants the older values.
    users = tables.users_after(job.job_id)
    row = tables.job(job.job_id)
    return RetryInputs(
        source=library.source_file(job),
        source_missing=tables.source_problems.get(job.job_id, ""),
        logs=library.log_files(job),
        job_id=job.job_id,
        named_users=_named_users(tables, row),
        outcome=Outcome(row["outcome"]),
        error=row["error"],
        id_property=id_property,
        source_sha256=source.sha256,
        source_changed=source.changed,
        unfinished_logs=sum(log.unfinished for log in tables.logs_of(job.job_id)),
        source_later=tables.source_later.get(job.job_id, ""),
        source_uri=job.source_uri,
        newer=frozenset() if users.superseded_by else users.newer,
        is_id_type_proven=_is_id_type_proven(tables, row),
        id_type=id_type_of(tables, row),
        recorded=tables.queued.get(job.job_id),
        in_later_files=frozenset if users.superseded_by else functools.partial(tables.in_later_files, job.job_id),
    )


def _is_id_type_proven(tables: Tables, job: Mapping[str, Any]) -> bool:
    """Return whether an import that this program queued with the ID type and ID property of a job has updated users."""
    imports = tables.imports.select("job_id", "id_type", "id_property")
    queued_alike = imports.join(imports.filter(job_id=job["job_id"]).drop("job_id"), on=["id_type", "id_property"])
    updated = pl.col("outcome").is_in((Outcome.succeeded, Outcome.partial)) & (pl.col("not_updated") < pl.col("users"))
    jobs = tables.jobs.filter(pl.col("feed") == job["feed"], pl.col("job_id").is_in(queued_alike["job_id"].implode()))
    return not jobs.filter(updated).is_empty()


def _named_users(tables: Tables, job: Mapping[str, Any]) -> NamedUsers:
    """Return the users in a job's log; a large one is read in parts, in the order of its users."""
    job_id = job["job_id"]

    def frames() -> Iterator[pl.DataFrame]:
        if job["entries"] <= _HELD:
            yield tables.entries_of(job_id)
            return
        columns = tables.scan_entries_of(job_id).select(*NAMED, "key", "names")
        yield columns.head(0).collect()
        with scanning():
            yield from columns.collect_batches(chunk_size=_HELD)

    return NamedUsers(frames, lambda named: named, lambda: tables.entries_of(job_id))


def inputs_of_files(source: Path, logs: Sequence[Path]) -> RetryInputs:
    """Read bare files, and take the outcome that the logs suggest.

    Args:
        source: the source file of a job.
        logs: its log files, or folders or archives with them; ``-`` is standard input.

    Raises:
        InputError: a file is missing or cannot be read, or a log has no entry.
        UsageError: the logs are of several jobs.
    """
    if not source.is_file():
        raise InputError(f"{source} is not a file", "Name the source file of the job.")
    files, problems = find_logs(logs)
    if problems:
        raise problems[0]
    source_ids = pl.DataFrame({"job_id": [None], "guid_ids": [has_guid_ids(source)]}, SOURCE_IDS)

    def name(entries: pl.DataFrame) -> pl.DataFrame:
        # They are of one job, whether their names show it or not.
        return naming(entries.with_columns(job_id=pl.lit(None, pl.String)), source_ids)

    reading = LogReader(files, limits=_SMALL_BLOCKS)
    if all(file.path and file.path.is_file() for file in files):
        named_users = NamedUsers(lambda: _coded(reading), name, lambda: name(pl.concat(_coded(LogReader(files)))))
    else:  # a pipe can be read only once
        named_users = NamedUsers.in_table(name(pl.concat(_coded(reading))))
    outcome = outcome_suggested_by(named_users)  # reads the logs
    _check(reading.logs)
    return RetryInputs(
        source=source,
        source_missing="",
        logs=list(dict.fromkeys(file.path for file in files if file.path and file.path.is_file())),
        job_id=None,
        named_users=named_users,
        outcome=outcome,
        unfinished_logs=sum(log.unfinished for log in reading.logs),
    )


def _coded(reading: LogReader) -> Iterator[pl.DataFrame]:
    """Yield the entries that have a code, columns ``NAMED``; the others are most of the memory of some logs."""
    yield pl.DataFrame(schema=NAMED)
    for frame in reading.frames():
        yield frame.filter(frame["code"].is_not_null()).select(*NAMED)


def outcome_suggested_by(named_users: NamedUsers) -> Outcome:
    """Return the outcome that a log alone suggests: aborted where it has a code of the validation, else partial."""
    return Outcome.aborted if ABORTING_CODES & named_users.codes else Outcome.partial


def _check(logs: Sequence[LogRead]) -> None:
    problem = next((log.problem for log in logs if log.problem), None)
    if problem:
        raise problem
    for log in logs:
        if log.texts and not log.entries:
            raise InputError(f"{log.name} has no entry of a known shape", "Name the log of an import job.")
    jobs = sorted({job_id for log in logs if log.entries and (job_id := job_id_in(log.name))})
    if len(jobs) > 1:
        raise UsageError(
            f"the logs are of {len(jobs)} jobs: {', '.join(jobs[:3])}",
            "Name the log file or the folder of one with --log.",
        )


def read_users(path: Path) -> dict[str, str]:
    """Read a list of users: one ID a line, or a CSV file whose column ``identity``, else the first one, has the IDs.

    The encoding is UTF-8, UTF-16 with its mark, else Windows-1252.

    Returns:
        The IDs as first spelled, by their key (``identity_key``), in the file's order; at least one.

    Raises:
        InputError: the file cannot be read, is neither text nor CSV, or has no ID.
    """
    rows = _rows(_text(path), path)
    first = next(rows, [])
    titles = [cell.casefold() for cell in first]
    column = titles.index(_HEADER) if _HEADER in titles else 0
    cells = [row[column] for row in chain([first], rows) if column < len(row)]
    if _HEADER not in titles and len(cells) == 1 and sum(map(bool, first)) > 1:
        raise InputError(f"{path} has several cells in its only line", _ADVICE)
    users: dict[str, str] = {}
    for cell in cells[_is_title(cells) :]:
        key = identity_key(cell)
        if key:
            users.setdefault(key, cell)
    if not users:
        raise InputError(f"{path} has no ID in it", _ADVICE)
    return users


def _is_title(cells: Sequence[str]) -> bool:
    """Return whether the first cell is a title: it says so, or unlike a cell below it doesn't look like an ID."""
    if not cells or cells[0].casefold() == _HEADER:
        return True
    return not looks_like_id(cells[0]) and any(map(looks_like_id, cells))


def _text(path: Path) -> str:
    raw = read_bytes(path)
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = raw.decode("utf-16", "replace")
    else:
        raw = raw.removeprefix(codecs.BOM_UTF8)
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            text = raw.decode("cp1252", "replace")
    if "\0" in text:
        raise InputError(f"{path} isn't a text file", "Save a workbook as CSV and name that file.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _rows(text: str, path: Path) -> Iterator[list[str]]:
    """Yield the rows that are not blank, their cells stripped and without the guard of our own CSV files."""
    head = text.split("\n", _LOOKED_AT)[:_LOOKED_AT]
    separator = _separator(head)
    # sep=; is what spreadsheets take as a first line that names the separator
    if head[0].casefold() in {f"sep={one}" for one in _SEPARATORS}:
        separator = head[0][-1]
        text = text[len(head[0]) + 1 :]
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True, skipinitialspace=True)
    with _cells_of(len(text)):
        try:
            for row in reader:
                cells = [unguarded(cell).strip() for cell in row]
                if any(cells):
                    yield cells
        except csv.Error as error:
            advice = "Look for a quotation mark that is not closed. " + _ADVICE
            raise InputError(f"{path} cannot be read as CSV, near its line {reader.line_num:,}", advice) from error


@contextlib.contextmanager
def _cells_of(characters: int) -> Iterator[None]:
    """Allow cells of so many characters: messages beside the IDs may be longer than Python's csv expects."""
    limit = csv.field_size_limit(max(characters, csv.field_size_limit()))
    try:
        yield
    finally:
        csv.field_size_limit(limit)


def _separator(lines: Sequence[str]) -> str:
    """Return the separator that gives a column ``identity``, else the commonest of the first line that has any."""
    titled = (one for one in _SEPARATORS if _HEADER in {cell.strip(' "').casefold() for cell in lines[0].split(one)})
    found = next(titled, "")
    for line in lines:
        unquoted = _QUOTED.sub("", line)
        found = found or (max(_SEPARATORS, key=unquoted.count) if any(map(unquoted.count, _SEPARATORS)) else "")
    return found or ","
