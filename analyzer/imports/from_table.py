"""Make an import file from a CSV file or a workbook: each row a record, each heading a property, each cell a text.

Empty cells are left out, so that a profile keeps its value: ``""`` would clear it, and is 1 January in a date. Each
thing that can't be taken as it is written is an error with its place, because a shifted cell would change profiles.
"""

from __future__ import annotations

import csv
from array import array
from collections import Counter
from dataclasses import dataclass
from itertools import chain
from typing import IO, TYPE_CHECKING, Final

import msgspec

from analyzer.errors import InputError, UsageError
from analyzer.imports.model import Table, column_name
from analyzer.model.text import count, did_you_mean, listed_first
from analyzer.retry.writing.parts import BETWEEN, HEAD, TAIL
from analyzer.source.reader.json_text import encoding_of, mapped
from analyzer.storage.detect_encoding import UTF16, WINDOWS_1252
from analyzer.storage.files import cannot_read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

CSV_ENDINGS: Final = (".csv", ".tsv")
WORKBOOK_ENDINGS: Final = (".xlsx", ".xlsm")
_OLD_WORKBOOKS: Final = (".xls", ".xlsb", ".ods", ".numbers")
_SEPARATORS = ",;\t"
_SEPARATOR_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs"}
_BEFORE = ("#type", "sep=")
"""The beginnings of lines before the headings, of Windows PowerShell and of spreadsheets."""
_NAMED = 5
_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class TableImport:
    """What an import file was made from.

    Attributes:
        places: the row of each record.
        row_word: what a row's place is called: ``line`` or ``row``.
        remarks: sentences about what was left out or isn't written as the table shows it.
    """

    places: array[int]
    row_word: str
    remarks: tuple[str, ...]


def is_table(path: Path) -> bool:
    """Return whether a file is a table by its name.

    Raises:
        InputError: it is a workbook of another format.
    """
    ending = path.suffix.lower()
    if ending in _OLD_WORKBOOKS:
        raise InputError(f"{path} can't be read: it isn't an XLSX workbook", "Save it as XLSX, or as CSV in UTF-8.")
    return ending in CSV_ENDINGS or ending in WORKBOOK_ENDINGS


def make_import_file(path: Path, stream: IO[bytes], id_property: str = "") -> TableImport:
    """Write the rows of a table as an import file, in UTF-8 with a byte order mark.

    Args:
        path: the CSV file or workbook.
        stream: where the import file is written.
        id_property: the heading of the column with the IDs; empty to have it inferred later.

    Raises:
        InputError: the table can't be read, or isn't one.
        UsageError: it has no column for the IDs.
    """
    if path.suffix.lower() in WORKBOOK_ENDINGS:
        from analyzer.imports.from_workbook import read_workbook

        return _write(read_workbook(path), stream, id_property)
    with mapped(path) as buffer:
        encoding = encoding_of(buffer)
    try:
        codec = encoding if encoding in UTF16 or encoding == WINDOWS_1252 else "utf-8-sig"
        with path.open(encoding=codec, newline="") as lines:
            return _write(_read_csv(path.name, lines, encoding, id_property), stream, id_property)
    except OSError as error:
        raise cannot_read(path, error) from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} can't be read: it begins as {encoding.upper()}, but has other bytes", "Save it as CSV in UTF-8."
        ) from error


def _write(table: Table, stream: IO[bytes], id_property: str) -> TableImport:
    names = _property_names(table, id_property)
    places = array("I")
    empty = Counter[int]()
    blank = 0
    stream.write(HEAD)
    between = b""
    for piece in _pieces(table.rows):
        records = []
        for place, cells in piece:
            record = {names[index]: cell for index, cell in enumerate(cells) if cell and names[index]}
            if not record:
                blank += not any(cells)
                _check_headed(table, place, cells, names)
                continue
            if len(record) < len(cells):
                empty.update(index for index, cell in enumerate(cells) if not cell)
                _check_headed(table, place, cells, names)
            places.append(place)
            records.append(msgspec.json.encode(record))
        if records:
            stream.write(between + BETWEEN.join(records))
            between = BETWEEN
    stream.write(TAIL)
    stream.flush()
    left_out = [f"{names[index]} ({number:,})" for index, number in sorted(empty.items()) if names[index]]
    remarks = list(table.remarks)
    if blank:
        remarks.append(f"{count(blank, 'blank row was', 'blank rows were')} skipped.")
    if left_out:
        shown = listed_first(left_out, _NAMED, more="more columns")
        remarks.append(f"Empty cells were left out, so that these profiles keep their value: {shown}.")
    return TableImport(places, table.row_word, tuple(remarks))


def _pieces(rows: Iterable[tuple[int, Sequence[str]]]) -> Iterator[list[tuple[int, Sequence[str]]]]:
    piece = []
    for row in rows:
        piece.append(row)
        if len(piece) == _AT_ONCE:
            yield piece
            piece = []
    yield piece


def _property_names(table: Table, id_property: str) -> list[str]:
    """Return the property of each column, empty for one without a heading.

    Raises:
        InputError: two columns have the same heading, or none has one.
        UsageError: no column has the IDs.
    """
    names = [heading.strip() for heading in table.headings]
    if not any(names):
        raise InputError(f"{table.name} is empty", "Write the names of the properties into its first row.")
    for index, name in enumerate(names):
        if name and name in names[:index]:
            first = column_name(names.index(name))
            raise InputError(
                f"{table.name} has two columns called {name} ({first} and {column_name(index)})", "Rename one of them."
            )
    if id_property and id_property not in names:
        known = [name for name in names if name]
        advice = did_you_mean(id_property, known) or f"Its columns: {listed_first(known, _NAMED)}."
        raise UsageError(f"{table.name} has no column {id_property}", advice)
    return names


def _check_headed(table: Table, place: int, cells: Sequence[str], names: Sequence[str]) -> None:
    """Refuse a cell in a column without a heading."""
    for index, cell in enumerate(cells):
        if cell and not names[index]:
            raise InputError(
                f"{table.name}, {table.row_word} {place:,}: column {column_name(index)} has a value, but no heading",
                "Give the column a heading, or delete it.",
            )


def _read_csv(name: str, lines: IO[str], encoding: str, id_property: str) -> Table:
    """Begin to read a CSV file.

    Raises:
        InputError: it is empty, or not CSV.
    """
    before = 0
    separator = ""
    first = ""
    for line in lines:
        first = line.removeprefix("\ufeff") if not before else line
        text = first.strip().strip('"').casefold()
        if text and not text.startswith(_BEFORE):
            break
        if text.startswith("sep="):
            separator = first.strip().strip('"')[4:5] or "\t"
        before += 1
        first = ""
    separator = separator or _separator_of(first, id_property)
    reader = csv.reader(chain([first], lines), delimiter=separator, strict=True)
    rows = _numbered(name, reader, before)
    headings = next(rows, (0, []))[1]
    shown = _SEPARATOR_NAMES.get(separator, repr(separator))
    kind = {"cp1252": "Windows-1252"}.get(encoding, encoding.upper())
    remarks = [f"Read as text in {kind}, with {shown} between the values."]
    return Table(name, headings, _even(name, rows, len(headings)), remarks, "line")


def _separator_of(line: str, id_property: str) -> str:
    """Return the separator with which the heading has the ID property, or else the most cells."""

    def rank(separator: str) -> tuple[bool, int]:
        try:
            cells = next(csv.reader([line], delimiter=separator), [])
        except csv.Error:
            return False, 0
        return id_property in map(str.strip, cells), len(cells)

    return max(_SEPARATORS, key=rank)


def _numbered(name: str, reader: Iterator[list[str]], before: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the line in which each row begins, and its cells.

    Raises:
        InputError: it isn't CSV.
    """
    at = before + 1
    try:
        for row in reader:
            yield at, row
            at = before + reader.line_num + 1  # type: ignore[attr-defined]  # csv's reader counts lines
    except csv.Error as error:
        raise InputError(
            f"{name} isn't valid CSV from line {at:,} on: a quotation mark isn't closed, or text follows a closed one",
            "Put the whole value in quotation marks, and double those inside of it.",
        ) from error


def _even(name: str, rows: Iterable[tuple[int, list[str]]], width: int) -> Iterator[tuple[int, list[str]]]:
    """Yield rows that have as many cells as there are headings; blank ones and empty cells at the end don't count.

    Raises:
        InputError: after the last row, if some have more or less.
    """
    uneven: list[tuple[int, int]] = []
    for place, row in rows:
        cells = row
        if len(row) != width:
            if any(row[width:]) or (len(row) < width and any(row)):
                uneven.append((place, len(row)))
            cells = (row + [""] * width)[:width]
        yield place, cells
    if uneven:
        place, number = uneven[0]
        more = f"; so do {count(len(uneven) - 1, 'more line')}" if len(uneven) > 1 else ""
        raise InputError(
            f"{name}, line {place:,}: {count(number, 'value')} for {count(width, 'heading')}{more}",
            "Add the missing separators, or put a value that contains a separator or a line break in quotation marks.",
        )
