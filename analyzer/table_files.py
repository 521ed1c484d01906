"""Tables to files, in the format that the name says."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from analyzer.csv_cells import csv_bytes
from analyzer.errors import OutputError, UsageError
from analyzer.files import replacing

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

FORMATS = (".parquet", ".csv", ".ndjson", ".xlsx")
_SHEET_ROWS = 1_048_575
_CELL_CHARACTERS = 32_767


def check_format(path: Path) -> None:
    """Refuses a name whose format is not known, before any work is done.

    Raises:
        UsageError: it is not one of ``FORMATS``.
    """
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"{path} has an ending that is no table's", f"Use {', '.join(FORMATS)}.")


def write_table(frame: pl.DataFrame, path: Path) -> None:
    """Writes a table; in CSV and XLSX no cell is taken for a formula.

    Raises:
        UsageError: the name's format is not known.
        OutputError: the file cannot be written, or the table does not fit the format.
    """
    check_format(path)
    kind = path.suffix.lower()
    if kind == ".xlsx":
        content = _workbook(frame, path)
    elif kind == ".csv":
        content = csv_bytes(frame, byte_order_mark=False)
    else:
        buffer = io.BytesIO()
        frame.write_parquet(buffer) if kind == ".parquet" else frame.write_ndjson(buffer)
        content = buffer.getvalue()
    with replacing(path) as stream:
        stream.write(content)


def _workbook(frame: pl.DataFrame, path: Path) -> bytes:
    import polars as pl
    import xlsxwriter

    if frame.height > _SHEET_ROWS:
        raise OutputError(
            f"{path} cannot be written: a sheet holds {_SHEET_ROWS:,} rows, the table has {frame.height:,}",
            "Write .parquet instead.",
        )
    text = pl.col(pl.String)
    cut = "… [cut]"
    fitting = frame.with_columns(
        pl.when(text.str.len_chars() > _CELL_CHARACTERS)
        .then(text.str.head(_CELL_CHARACTERS - len(cut)) + cut)
        .otherwise(text)
    )
    buffer = io.BytesIO()
    # Text stays text: neither formulas nor links are made of what a log says.
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    # A sheet knows no time zones: its times are UTC, as the table's.
    plain["remove_timezone"] = True
    with xlsxwriter.Workbook(buffer, plain) as workbook:
        fitting.write_excel(workbook, worksheet="entries")
    return buffer.getvalue()
