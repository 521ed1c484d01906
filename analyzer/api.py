"""The functions of ``import analyzer``, for notebooks and scripts.

Tables are polars frames with the columns and types of ``docs/reference/tables.md``. A file that cannot be read raises
``analyzer.InputError``, whose text says what, where, and what to do.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from analyzer.history.find_logs import find_logs
from analyzer.logs.read import LogReader
from analyzer.source.diagnosis.service_message import Diagnosis, diagnose
from analyzer.storage import table_files

if TYPE_CHECKING:
    import os

    from analyzer.logs.model import LogRead

LOGS: dict[str, Any] = {
    "log_file": pl.String,
    "encoding": pl.String,
    "replaced": pl.UInt64,
    "bytes": pl.UInt64,
    "lines": pl.UInt32,
    "entries": pl.UInt32,
    "texts": pl.UInt32,
    "growing": pl.Boolean,
    "cut_off": pl.Boolean,
    "missing": pl.Int64,
    "problem": pl.String,
}
"""The columns of ``check_log``."""


def read_log(path: str | os.PathLike[str]) -> pl.LazyFrame:
    """Return the entries of a log: a file, a gzip file, a ZIP archive, a folder of logs, or a library.

    Nothing is read before the frame is collected or written, and then block by block: a log larger than memory can be
    filtered, counted or written to a file (``write_table``).

    Returns:
        The table ``entries``: ``tenant``, ``job_id``, ``log_file`` String; ``line`` UInt32, from 1; ``code``,
        ``identity``, ``property``, ``message``, ``detail`` String. Rows are in the order of the logs and their lines.

    Raises:
        InputError: there is no such path, or no log in it; when the frame is collected: a log cannot be read.

    >>> from analyzer.storage.files import sample_library
    >>> unmapped = read_log(sample_library()).filter(pl.col("code") == "InvalidProperty")
    >>> sorted(unmapped.select("property").collect()["property"].unique())
    ['Floor', 'Wing']
    """
    return _reading(path).lazy(strict=True)


def check_log(path: str | os.PathLike[str]) -> pl.DataFrame:
    """Return how each log at a path is read, and whether every byte of it is accounted for.

    Returns:
        One row for each log, with the columns of ``LOGS``: ``replaced`` is the number of characters for bytes that the
        encoding lacks, ``bytes`` the number of bytes read (unpacked), ``texts`` the number of rows without a code;
        ``growing`` logs were being written, ``cut_off`` logs end inside an entry; ``missing`` is the number of bytes
        not accounted for (should be 0), ``problem`` why a log could not be read.

    Raises:
        InputError: there is no such path, or no log in it.
    """
    reading = _reading(path, accounting=True)
    for _frame in reading.frames():
        pass
    return pl.DataFrame([_facts(log) for log in reading.logs], schema=LOGS, orient="row")


def write_table(frame: pl.DataFrame | pl.LazyFrame, path: str | os.PathLike[str]) -> int:
    """Write a table to ``.parquet``, ``.csv``, ``.ndjson``, or ``.xlsx``; a lazy frame may exceed memory.

    Returns:
        The number of cells that were cut, because XLSX allows only 32,767 characters in a cell.

    Raises:
        UsageError: the name's format is unknown.
        OutputError: the file cannot be written, or has too many rows for a sheet; an existing file is unchanged.
    """
    return table_files.write_table(frame.lazy(), Path(path))


def find_record(
    message: str, source: str | os.PathLike[str] | None = None, id_property: str | None = None
) -> Diagnosis:
    """Find the record that the message of a ``DataFileNotJson`` entry is about, and what is wrong with it.

    Args:
        message: the entry's message, with ``Path 'value[1672].Department', line 1, position 150235`` in it.
        source: the source file, which need not be valid JSON; without it, only the record's number is found.
        id_property: the name of the ID property; None to infer it.

    Returns:
        The diagnosis as a ``sentence``; the ``place`` in the message (``record`` from 1, ``property``, ``line``,
        ``position``); and the ``spot`` in the source (``identity``, ``fault``, ``excerpt``, ``sure``).

    Raises:
        InputError: the source file cannot be read.

    >>> find_record("Unexpected character. Path 'value[1672].Department', line 1, position 150235.").place.record
    1673
    """
    return diagnose(message, Path(source) if source is not None else None, id_property)


def _reading(path: str | os.PathLike[str], *, accounting: bool = False) -> LogReader:
    files, problems = find_logs([Path(path)])
    if problems:
        raise problems[0]
    return LogReader(files, accounting=accounting)


def _facts(log: LogRead) -> tuple[object, ...]:
    return (
        log.name,
        log.encoding.name,
        log.encoding.replaced,
        log.encoding.size,
        log.lines,
        log.entries,
        log.texts,
        log.growing,
        log.cut_off,
        log.missing,
        str(log.problem) if log.problem else None,
    )
