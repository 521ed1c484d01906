"""Read the first sheet of an XLSX workbook as texts: dates in ISO, numbers as they are stored, results of formulas.

Calamine reads the cells. It tells neither formulas nor number formats, so the sheet's XML (ECMA-376, part 1, 18.3.1) is
searched for cells that have one of these.
"""

from __future__ import annotations

import datetime as dt
import html
import re
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import python_calamine as calamine

from analyzer.errors import InputError
from analyzer.imports.model import Table, column_name
from analyzer.model.text import count, listed_first
from analyzer.storage.files import cannot_read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_LARGEST = 1 << 31
"""Bytes that a workbook may unpack to."""
_PIECE = 1 << 20
_LONGEST_BEGINNING = 100
"""Bytes of a cell's name with a prefix."""
_NAMED = 5
_EXACT = 10**15
"""Numbers below it have at most 15 digits before the point; spreadsheets keep no more."""
_SAVE = "Open it in Excel and save it as XLSX without a password, or as CSV in UTF-8."

_CELL = re.compile(rb"<(?:\w+:)?c\s([^>]*[^>/])>\s*+(<(?:\w+:)?f[\s/>])?")
_PLACE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_STYLE = re.compile(rb'\bs="([0-9]{1,6})"')
_TEXT_TYPE = re.compile(rb'\bt="(?:s|str|inlineStr|b|e|d)"')
_ERROR_TYPE = re.compile(rb'\bt="e"')
_HIDDEN_ROW = re.compile(rb'<(?:\w+:)?row\s[^>]*\bhidden="(?:1|true)"[^>]*(?<!/)>')
_HIDDEN_COLUMN = re.compile(rb'<(?:\w+:)?col\s[^>]*\bhidden="(?:1|true)"')
_FIRST_COLUMN = re.compile(rb'\bmin="([0-9]{1,5})"')
_SHEET = re.compile(r"<(?:\w+:)?sheet\s[^>]*>")
_RELATIONSHIP = re.compile(r"<(?:\w+:)?Relationship\s[^>]*>")
_NUMBER_FORMAT = re.compile(r"<(?:\w+:)?numFmt\s[^>]*>")
_STYLES = re.compile(r"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", re.DOTALL)
_XF = re.compile(r"<(?:\w+:)?xf\b[^>]*>")
_PADDED = re.compile(r"0{2,}")
_DATE_LETTERS = re.compile(r"[ymdhs]", re.IGNORECASE)
_LITERALS = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_PLAIN_FORMATS = frozenset({0, 1, 49})
"""General, 0, and @."""
_DATE_FORMATS = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})


@dataclass(slots=True)
class _Marked:
    """Cells that need a closer look.

    Attributes:
        formulas: number of formulas by column.
        formatted: number of numbers by column that the workbook may show in another way.
        error: the first cell with an error, such as ``C7``, which calamine reads as empty; else empty.
        padded: number of digits by row and column, both from 0, of numbers that are shown with leading zeros.
        hidden_rows: whether rows with cells are hidden, such as those that a filter leaves out.
        hidden_columns: the first column, from 0, of each hidden group.
    """

    formulas: Counter[int] = field(default_factory=Counter)
    formatted: Counter[int] = field(default_factory=Counter)
    error: str = ""
    padded: dict[tuple[int, int], int] = field(default_factory=dict)
    hidden_rows: bool = False
    hidden_columns: list[int] = field(default_factory=list)


def read_workbook(path: Path) -> Table:
    """Begin to read the first visible sheet of a workbook.

    Raises:
        InputError: it can't be read, or has merged cells or errors.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
            if unpacked > _LARGEST:
                raise InputError(
                    f"{path} unpacks to {unpacked:,} bytes, which is too large", "Save it as CSV in UTF-8."
                )
            with calamine.CalamineWorkbook.from_path(path) as workbook:
                name, others = _first_sheet(path, workbook)
                sheet = workbook.get_sheet_by_name(name)
            _check_merged(path, name, sheet)
            marked = _marked_cells(archive, name)
        if marked.error:
            raise InputError(
                f"{path}: cell {marked.error} of the sheet {name} has an error, such as #N/A",
                "Correct the formula, or write the value in its place.",
            )
    except OSError as error:
        raise cannot_read(path, error) from error
    except (zipfile.BadZipFile, calamine.CalamineError, KeyError, NotImplementedError, RuntimeError) as error:
        raise InputError(f"{path} can't be read as an XLSX workbook", _SAVE) from error
    left_out = f"; {count(others, 'more sheet')} left out" if others else ""
    remarks = [f"Read the sheet {name}{left_out}."]
    reading = _Reading(path.name, sheet, marked, remarks)
    rows = reading.rows()
    _, headings = next(rows, (0, []))
    reading.headings = headings
    return Table(path.name, headings, rows, remarks, "row")


def _first_sheet(path: Path, workbook: calamine.CalamineWorkbook) -> tuple[str, int]:
    """Return the name of the first visible sheet, and the number of further ones."""
    names = [
        one.name
        for one in workbook.sheets_metadata
        if one.typ == calamine.SheetTypeEnum.WorkSheet and one.visible == calamine.SheetVisibleEnum.Visible
    ]
    if not names:
        raise InputError(f"{path} has no visible sheet", "Show the sheet with the users.")
    return names[0], len(names) - 1


def _check_merged(path: Path, name: str, sheet: calamine.CalamineSheet) -> None:
    for (row, column), (last_row, last_column) in (sheet.merged_cell_ranges or ())[:1]:
        first, last = f"{column_name(column)}{row + 1}", f"{column_name(last_column)}{last_row + 1}"
        raise InputError(
            f"{path}: cells {first} to {last} of the sheet {name} are merged",
            "Select the sheet, unmerge its cells, and fill in the value of each row.",
        )


@dataclass(slots=True)
class _Reading:
    """Reads the rows of a sheet, and adds remarks after the last one."""

    name: str
    sheet: calamine.CalamineSheet
    marked: _Marked
    remarks: list[str]
    headings: Sequence[str] = ()
    dates: Counter[int] = field(default_factory=Counter)
    example: str = ""

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the place of each row, from 1, and its texts, from the first row that has any."""
        begun = False
        # Calamine leaves out empty columns before the first value, but not empty rows.
        before = self.sheet.start[1] if self.sheet.start else 0
        for row, cells in enumerate(self.sheet.iter_rows()):
            texts = [
                cell if type(cell) is str else self._text(cell, row, column, heading=not begun)
                for column, cell in enumerate(cells, before)
            ]
            texts[:0] = [""] * before
            begun = begun or any(texts)
            if begun:
                yield row + 1, texts
        self._remark()

    def _text(self, cell: object, row: int, column: int, *, heading: bool) -> str:
        """Return a cell that isn't a text as a text."""
        if isinstance(cell, bool):
            return "TRUE" if cell else "FALSE"
        if isinstance(cell, int | float):
            if abs(cell) >= _EXACT:
                raise InputError(
                    f"{self.name}: cell {column_name(column)}{row + 1} is a number with more than 15 digits, and a"
                    " workbook keeps only the first 15",
                    "Format the column as text, and enter its values again.",
                )
            text = _number(cell)
            digits = self.marked.padded.get((row, column), 0)
            return text.zfill(digits) if text.isdigit() else text
        if isinstance(cell, dt.date | dt.time):  # a datetime is a date, too
            text = cell.isoformat()
            if not heading:
                self.dates[column] += 1
                self.example = self.example or text
            return text
        if isinstance(cell, dt.timedelta):
            minutes, seconds = divmod(round(cell.total_seconds()), 60)
            return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
        return str(cell)

    def _remark(self) -> None:
        if self.marked.hidden_rows:
            self.remarks.append("Some rows are hidden, and were read, too.")
        if any(column < len(self.headings) for column in self.marked.hidden_columns):
            self.remarks.append("Some columns are hidden, and were read, too.")
        if self.dates:
            number = count(self.dates.total(), "date was", "dates were")
            shown = self._listed(self.dates)
            self.remarks.append(f"{number} stored as numbers, and written as ISO text such as {self.example}: {shown}.")
        if self.marked.formulas:
            self.remarks.append(
                "Values of formulas were taken as the workbook was saved with them:"
                f" {self._listed(self.marked.formulas)}."
            )
        if self.marked.padded:
            columns = Counter(column for _, column in self.marked.padded)
            self.remarks.append(f"Numbers were written with the leading zeros that are shown: {self._listed(columns)}.")
        if self.marked.formatted:
            self.remarks.append(
                "Numbers were written as they are stored, which may differ from what is shown:"
                f" {self._listed(self.marked.formatted)}."
            )

    def _listed(self, columns: Counter[int]) -> str:
        words = [
            f"{self.headings[column] if column < len(self.headings) else column_name(column)} ({number:,})"
            for column, number in sorted(columns.items())
        ]
        return listed_first(words, _NAMED, more="more columns")


def _number(value: float) -> str:
    """Return a number of at most 15 digits as text, without ``.0``."""
    return str(int(value)) if value == int(value) else repr(value)


def _marked_cells(archive: zipfile.ZipFile, sheet: str) -> _Marked:
    """Search the XML of a sheet for formulas and number formats.

    Raises:
        KeyError: the workbook lacks a part.
    """
    padded, formatted = _number_formats(archive)
    marked = _Marked()
    for attributes, formula in _cells(archive, _sheet_part(archive, sheet), marked):
        style = _STYLE.search(attributes)
        number = int(style[1]) if style else 0
        if not marked.error and _ERROR_TYPE.search(attributes) and (place := _PLACE.search(attributes)):
            marked.error = (place[1] + place[2]).decode()
        if not formula and number not in padded and number not in formatted:
            continue
        place = _PLACE.search(attributes)
        if place is None:
            continue
        column = _column_index(place[1].decode())
        if formula:
            marked.formulas[column] += 1
        if _TEXT_TYPE.search(attributes):
            continue
        if number in padded:
            marked.padded[int(place[2]) - 1, column] = padded[number]
        elif number in formatted:
            marked.formatted[column] += 1
    return marked


def _cells(archive: zipfile.ZipFile, part: str, marked: _Marked) -> Iterator[tuple[bytes, bytes]]:
    """Yield the attributes of each cell with content, and the beginning of its formula; note what is hidden."""
    with archive.open(part) as stream:
        rest = b""
        while piece := stream.read(_PIECE):
            text = rest + piece
            # The last cell may go on in the next piece, and so may the beginning of one.
            begins = max(text.rfind(b"<c "), text.rfind(b":c "))
            cut = text.rfind(b"<", 0, begins + 1) if begins >= 0 else max(0, len(text) - _LONGEST_BEGINNING)
            for found in _CELL.finditer(text, 0, cut):
                yield found[1], found[2] or b""
            _note_hidden(text, cut, marked)
            rest = text[cut:]
        for found in _CELL.finditer(rest):
            yield found[1], found[2] or b""
        _note_hidden(rest, len(rest), marked)


def _note_hidden(text: bytes, end: int, marked: _Marked) -> None:
    marked.hidden_rows = marked.hidden_rows or _HIDDEN_ROW.search(text, 0, end) is not None
    for column in _HIDDEN_COLUMN.finditer(text, 0, end):
        first = _FIRST_COLUMN.search(column[0])
        marked.hidden_columns.append(int(first[1]) - 1 if first else 0)


def _sheet_part(archive: zipfile.ZipFile, name: str) -> str:
    """Return the archive's member with a sheet."""
    workbook = archive.read("xl/workbook.xml").decode("utf-8", "replace")
    relations = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    wanted = next(
        (_attribute(one, "id") for one in _SHEET.findall(workbook) if html.unescape(_attribute(one, "name")) == name),
        "",
    )
    target = next(
        (_attribute(one, "Target") for one in _RELATIONSHIP.findall(relations) if _attribute(one, "Id") == wanted), ""
    )
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _number_formats(archive: zipfile.ZipFile) -> tuple[dict[int, int], set[int]]:
    """Return the styles that show leading zeros, with the number of digits, and those that show other numbers."""
    if "xl/styles.xml" not in archive.namelist():
        return {}, set()
    text = archive.read("xl/styles.xml").decode("utf-8", "replace")
    codes = {
        int(_attribute(one, "numFmtId") or 0): html.unescape(_attribute(one, "formatCode"))
        for one in _NUMBER_FORMAT.findall(text)
    }
    styles = _STYLES.search(text)
    padded: dict[int, int] = {}
    formatted: set[int] = set()
    for style, xf in enumerate(_XF.findall(styles[0]) if styles else ()):
        number = int(_attribute(xf, "numFmtId") or 0)
        code = codes.get(number, "")
        if _PADDED.fullmatch(code):
            padded[style] = len(code)
        elif code:
            if code not in ("General", "@", "0") and not _DATE_LETTERS.search(_LITERALS.sub("", code)):
                formatted.add(style)
        elif number not in _PLAIN_FORMATS and number not in _DATE_FORMATS:
            formatted.add(style)
    return padded, formatted


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'(?:\s|:){name}="([^"]*)"', tag)
    return found[1] if found else ""


def _column_index(letters: str) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1
