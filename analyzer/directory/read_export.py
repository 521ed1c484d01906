"""Read a directory export: CSV in any of the usual encodings and with any of the usual separators, or a workbook."""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

import polars as pl

from analyzer.directory.headings import IDS, LOOKED_FOR, Column, column_indexes, is_of_active_directory
from analyzer.directory.users import directory_of
from analyzer.errors import InputError
from analyzer.storage.detect_encoding import UTF8, WINDOWS_1252, encoding_by_head
from analyzer.storage.files import cannot_read, check_unchanged, state_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import IO

    from analyzer.directory.model import Directory

_SEPARATORS = ",;\t"
_HEAD = 1 << 16
"""Bytes in which the headings are looked for; an export of all properties has 2,000."""
_PIECE = 1 << 22
_BEFORE = ("#type", "sep=")
"""The beginnings of lines before the headings, of Windows PowerShell and of spreadsheets."""
_LONGEST_ROW = 50
"""Lines of one row; a longer one begins with a quotation mark that isn't closed."""
_END = "\x1e"
"""A row of its own after the last one, unless that has a quotation mark that isn't closed."""
_NAMED = 6
"""Headings that an error names."""
_WORKBOOK = b"PK\x03\x04"
_LARGEST = 1 << 31
"""Bytes that a workbook may unpack to."""
_ADVICE: Final = (
    "Export all users from the Entra admin center (Users > Download users), the Microsoft 365 admin center (Export"
    " users), or with `Get-MgUser -All | Export-Csv`."
)


@dataclass(frozen=True, slots=True)
class _Layout:
    """How an export is written.

    Attributes:
        separator: of the cells.
        before: number of lines before the headings.
        columns: positions of the columns that we need.
        ends: what ends a line.
    """

    separator: str
    before: int
    columns: dict[Column, int]
    ends: str


def read_directory(path: Path) -> Directory:
    """Read a directory export.

    Raises:
        InputError: it can't be read, isn't a directory export, has no users, or changes while it is read.
    """
    try:
        before = state_of(path)
        if not path.is_file():
            raise InputError(f"{path} isn't a file", _ADVICE)
        table = _table(path)
        check_unchanged(path, before, "Wait until the export is complete, and try again.")
    except OSError as error:
        raise cannot_read(path, error) from error
    directory = directory_of(table, path.name)
    if directory.users.is_empty():
        raise InputError(f"{path} has no users", _ADVICE)
    return directory


def _table(path: Path) -> pl.DataFrame:
    """Return the known columns of an export as texts, each named by its ``Column``."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
        encoding, mark = encoding_by_head(head) or ("", 0)
    if head.startswith(_WORKBOOK):
        return _workbook(path)
    if encoding in ("", UTF8):
        layout = _layout(path, head[mark:].decode(errors="replace"))
        try:
            return _parsed(path, path, layout)
        except _NotUtf8Error:
            encoding, mark = WINDOWS_1252, 0
    recoded = _recoded(path, encoding, mark)
    return _parsed(path, recoded, _layout(path, recoded[:_HEAD].decode(errors="replace")))


def _workbook(path: Path) -> pl.DataFrame:
    """Return the known columns of the first sheet of an XLSX workbook.

    Raises:
        InputError: it isn't one, or another table.
    """
    import python_calamine as calamine

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(part.file_size for part in archive.infolist()) > _LARGEST:
                raise InputError(f"{path} unpacks to more than 2 GB", "Save it as CSV in UTF-8.")
        with calamine.CalamineWorkbook.from_path(path) as workbook:
            rows = (list(map(str, row)) for row in workbook.get_sheet_by_index(0).iter_rows() if any(row))
            columns = _known_columns(path, next(rows, []))
            cells = [[row[place] for place in columns.values()] for row in rows]
    except (zipfile.BadZipFile, calamine.CalamineError) as error:
        raise InputError(f"{path} can't be read as an XLSX workbook", "Save it as CSV in UTF-8.") from error
    return pl.DataFrame(cells, schema={column.value: pl.String for column in columns}, orient="row")


class _NotUtf8Error(Exception):
    """The file isn't UTF-8."""


def _recoded(path: Path, encoding: str, mark: int) -> bytes:
    """Return a file in UTF-8."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    content = io.BytesIO()
    with path.open("rb") as stream:
        stream.seek(mark)
        while piece := stream.read(_PIECE):
            content.write(decoder.decode(piece).encode())
    content.write(decoder.decode(b"", final=True).encode())
    return content.getvalue()


def _layout(path: Path, head: str) -> _Layout:
    """Find the headings among the first lines.

    Raises:
        InputError: there are none.
    """
    ends = "\n" if "\n" in head else "\r"
    lines = head.split(ends)
    before = 0
    while before < len(lines) - 1 and (
        not lines[before].strip() or lines[before].strip(' "\r').lower().startswith(_BEFORE)
    ):
        before += 1
    by_separator = {one: next(csv.reader([lines[before].strip()], delimiter=one), []) for one in _SEPARATORS}
    separator = max(_SEPARATORS, key=lambda one: (len(column_indexes(by_separator[one])), len(by_separator[one])))
    return _Layout(separator, before, _known_columns(path, by_separator[separator]), ends)


def _known_columns(path: Path, headings: Sequence[str]) -> dict[Column, int]:
    """Return the positions of the known columns.

    Raises:
        InputError: none has IDs.
    """
    columns = column_indexes(headings)
    if IDS.isdisjoint(columns):
        if not any(map(str.strip, headings)):
            raise InputError(f"{path} is empty", _ADVICE)
        seen = ", ".join(heading.strip() for heading in headings[:_NAMED] if heading.isprintable())
        raise InputError(
            f"{path} isn't a directory export: none of its headings ({seen}) is {LOOKED_FOR}",
            _ADVICE,
        )
    if Column.object_id not in columns and is_of_active_directory(headings):
        raise InputError(
            f"{path} is an export of Active Directory, whose user principal names may differ from those of Entra ID",
            _ADVICE,
        )
    return columns


def _parsed(path: Path, source: Path | bytes, layout: _Layout) -> pl.DataFrame:
    """Parse the columns of an export.

    Raises:
        _NotUtf8Error: it isn't UTF-8.
        InputError: it isn't valid CSV.
    """
    columns = sorted(layout.columns.items(), key=lambda item: item[1])
    try:
        table = pl.read_csv(
            source,
            separator=layout.separator,
            skip_lines=layout.before,
            columns=[place for _, place in columns],
            eol_char=layout.ends,
            infer_schema=False,
            truncate_ragged_lines=True,
        )
    except pl.exceptions.NoDataError:
        return pl.DataFrame(schema={column.value: pl.String for column in layout.columns})
    except pl.exceptions.ComputeError as error:
        if "utf-8" in str(error) and not isinstance(source, bytes):
            raise _NotUtf8Error from error
        return _leniently(path, source, layout)
    table.columns = [column.value for column, _ in columns]
    return table


def _leniently(path: Path, source: Path | bytes, layout: _Layout) -> pl.DataFrame:
    """Parse an export that has quotation marks inside of cells, which polars doesn't accept.

    Raises:
        InputError: a quotation mark isn't closed.
        _NotUtf8Error: it isn't UTF-8.
    """
    cells: dict[Column, list[str | None]] = {column: [] for column in layout.columns}
    limit = csv.field_size_limit(len(source) if isinstance(source, bytes) else max(1, source.stat().st_size))
    try:
        with _lines(source) as stream:
            reader = csv.reader(chain(stream, [_END]), delimiter=layout.separator)
            last = 0
            for number, row in enumerate(reader):
                unclosed = bool(row) and row != [_END] and row[-1].endswith(_END)
                if unclosed or reader.line_num - last > _LONGEST_ROW:
                    raise InputError(
                        f"{path} can't be read as CSV: a quotation mark in line {last + 1:,} isn't closed",
                        "Correct that line, or export the users again.",
                    )
                last = reader.line_num
                if number > layout.before and row and row != [_END]:
                    for column, place in layout.columns.items():
                        cells[column].append(row[place] if place < len(row) else None)
    except UnicodeDecodeError as error:
        raise _NotUtf8Error from error
    except csv.Error as error:
        raise InputError(f"{path} can't be read as CSV near line {reader.line_num:,}", _ADVICE) from error
    finally:
        csv.field_size_limit(limit)
    return pl.DataFrame(
        {column.value: values for column, values in cells.items()},
        schema={column.value: pl.String for column in cells},
    )


def _lines(source: Path | bytes) -> IO[str]:
    """Open an export in UTF-8 as text."""
    if isinstance(source, bytes):
        return io.TextIOWrapper(io.BytesIO(source), "utf-8-sig", newline="")
    return source.open(encoding="utf-8-sig", newline="")
