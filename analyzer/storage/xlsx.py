"""A table to an XLSX workbook, row by row: what a log says stays text, and is neither a formula nor a link."""

from __future__ import annotations

import contextlib
import tempfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from analyzer.errors import OutputError
from analyzer.storage.files import cannot_write

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

SHEET_ROWS = 1_048_575
"""Rows below the heading."""

CELL_CHARACTERS = 32_767
"""Units of UTF-16 (https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3)."""

CUT = "… [cut]"
_WIDTHS = {"log_file": 40, "identity": 32, "message": 60, "detail": 40}
_USUAL_WIDTH = 16


def write_workbook(frame: pl.LazyFrame, place: Path, path: Path) -> int:
    """Writes a table with a heading that stays in sight and can be filtered by.

    Args:
        frame: the table; its times are written as they are, in UTC, as a sheet knows no time zones.
        place: where the workbook goes.
        path: its name, for errors.

    Returns:
        How many cells were cut.

    Raises:
        OutputError: the table has more rows than a sheet, or the disk is full.
    """
    import xlsxwriter
    from xlsxwriter.exceptions import XlsxWriterException

    # What the workbook parks on its way goes with the folder, whatever happens.
    with tempfile.TemporaryDirectory() as parked:
        plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        workbook = xlsxwriter.Workbook(str(place), {"constant_memory": True, "tmpdir": parked, **plain})
        with contextlib.ExitStack() as failed:
            failed.callback(_close_anyhow, workbook)
            cut = _write_sheet(frame, workbook, path)
            failed.pop_all()
        try:
            workbook.close()
        except XlsxWriterException as error:
            cause = error.args[0] if error.args else error
            raise cannot_write(path, cause if isinstance(cause, OSError) else OSError(str(cause))) from error
    return cut


def _close_anyhow(workbook: Workbook) -> None:
    """Closes a workbook that nobody wants any more, so that it does not complain when it is forgotten."""
    from xlsxwriter.exceptions import XlsxWriterException

    with contextlib.suppress(XlsxWriterException, OSError):
        workbook.close()


def _write_sheet(frame: pl.LazyFrame, workbook: Workbook, path: Path) -> int:
    names = frame.collect_schema().names()
    sheet = workbook.add_worksheet("entries")
    sheet.freeze_panes(1, 0)
    for at, name in enumerate(names):
        sheet.set_column(at, at, _WIDTHS.get(name, _USUAL_WIDTH))
    sheet.write_row(0, 0, names, workbook.add_format({"bold": True}))
    time = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    rows = cut = 0
    for piece in frame.collect_batches():
        for row in piece.iter_rows():
            rows += 1
            if rows > SHEET_ROWS:
                raise OutputError(
                    f"{path} cannot be written: a sheet holds {SHEET_ROWS:,} rows, the table has more",
                    "Write .parquet instead.",
                )
            for at, value in enumerate(row):
                cut += _write_cell(sheet, rows, at, value, time)
    sheet.autofilter(0, 0, rows, len(names) - 1)
    return cut


def _write_cell(sheet: Worksheet, row: int, column: int, value: object, time: object) -> bool:
    """Writes a cell; whether its text was cut."""
    if value is None:
        return False
    if isinstance(value, str):
        text = _fitting(value)
        sheet.write_string(row, column, text)
        return text is not value
    if isinstance(value, datetime):
        sheet.write_datetime(row, column, value.astimezone(UTC).replace(tzinfo=None), time)
    else:
        sheet.write(row, column, value)
    return False


def _fitting(text: str) -> str:
    """The text, or its beginning and a mark where a cell cannot hold it."""
    # Most texts are so short that their units need no counting.
    if len(text) * 2 <= CELL_CHARACTERS:
        return text
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= CELL_CHARACTERS * 2:
        return text
    return units[: (CELL_CHARACTERS - len(CUT)) * 2].decode("utf-16-le", "ignore") + CUT
