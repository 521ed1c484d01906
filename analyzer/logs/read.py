"""One log file to the table ``entries``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from analyzer.facts import LOG_FILE_NAME, LOG_FOLDER_NAME
from analyzer.files import read_bytes
from analyzer.logs.decode import decode, split_lines
from analyzer.logs.entries import entries
from analyzer.tables import ENTRIES

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Log:
    """What a log file holds, and how it was read.

    Attributes:
        name: the file's path, as it stands in ``log_file``.
        entries: the table ``entries`` of this file.
        encoding: as Python names it.
        replaced: characters that stand for bytes that could not be decoded.
    """

    name: str
    entries: pl.DataFrame
    encoding: str
    replaced: int


def read_log(path: Path, *, name: str | None = None, tenant: str | None = None) -> Log:
    """Reads one log file.

    Args:
        path: the file.
        name: what stands in ``log_file`` instead of the path as given.
        tenant: the host that stands in ``tenant``.

    Raises:
        InputError: the file cannot be read.
    """
    name = str(path) if name is None else name
    text = decode(read_bytes(path))
    found = list(entries(split_lines(text.text)))
    columns = {
        "line": [entry.line for entry in found],
        "code": [entry.code for entry in found],
        "identity": [entry.identity for entry in found],
        "property": [entry.property_name for entry in found],
        "message": [entry.message for entry in found],
        "detail": [entry.detail for entry in found],
    }
    rows = pl.DataFrame(columns, schema={column: ENTRIES[column] for column in columns})
    named = rows.with_columns(
        pl.lit(tenant, pl.String).alias("tenant"),
        pl.lit(job_id_in(name), pl.String).alias("job_id"),
        pl.lit(name, pl.String).alias("log_file"),
    )
    return Log(name, named.select(*ENTRIES), text.encoding, text.replaced)


def job_id_in(name: str) -> str | None:
    """The job id that a log file's name tells, else its folder's name; in lower case; None where neither tells."""
    parts = name.replace("\\", "/").split("/")
    found = LOG_FILE_NAME.match(parts[-1])
    if found is None and len(parts) > 1:
        found = LOG_FOLDER_NAME.fullmatch(parts[-2])
    return found["job_id"].lower() if found else None
