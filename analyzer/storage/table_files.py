"""Write tables as Parquet, CSV, NDJSON, or XLSX, even if they exceed memory, and guard against formulas."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar

from analyzer.errors import OutputError, UsageError
from analyzer.storage.files import cannot_write, replacing_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import polars as pl
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet


# Including full-width signs, which some spreadsheets interpret like the plain ones.
_SIGNS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
_BEGINS_FORMULA = r"^[=+\-@\t\r\n\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}]"

Table = TypeVar("Table", "pl.DataFrame", "pl.LazyFrame")
Texts = TypeVar("Texts", "pl.Series", "pl.Expr")

SHEET_ROWS = 1_048_575
"""Rows below the heading."""

CELL_CHARACTERS = 32_767
"""Units of UTF-16 (https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3)."""

CUT = "… [cut]"
_WIDTHS = {"log_file": 40, "identity": 32, "message": 60, "detail": 40}
_USUAL_WIDTH = 16

_NO_TIME = datetime(1980, 1, 1, tzinfo=UTC)
"""When a workbook says that it was created, so that equal tables are equal files."""

_PROBE = 1 << 20
"""Bytes written to find out whether the disk is full."""

FORMATS = (".parquet", ".csv", ".ndjson", ".xlsx")


def check_format(path: Path) -> None:
    """Check the format of a file by its name.

    Raises:
        UsageError: the format isn't one of ``FORMATS``.
    """
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"{path} doesn't have the ending of a table", f"Use {', '.join(FORMATS)}.")


def write_table(frame: pl.LazyFrame, path: Path) -> int:
    """Write a table in the format of the file's name.

    In CSV and XLSX, no cell is a formula, and lists and time spans are texts.

    Returns:
        The number of cells that were cut because of the format's limit.

    Raises:
        UsageError: the name's format is unknown.
        OutputError: the file cannot be written, or the table does not fit the format.
    """
    check_format(path)
    kind = path.suffix.lower()
    with replacing_path(path) as beside, disk_errors(path, beside):
        if kind == ".xlsx":
            return _write_workbook(_flat(frame), beside, path)
        if kind == ".parquet":
            # zstd at its lowest level is as fast as snappy, and the file is a third smaller.
            frame.sink_parquet(beside, compression="zstd", compression_level=1)
        elif kind == ".csv":
            guarded(_flat(frame)).sink_csv(beside, check_extension=False)
        else:
            frame.sink_ndjson(beside, check_extension=False)
    return 0


@contextlib.contextmanager
def disk_errors(path: Path, beside: Path) -> Iterator[None]:
    """Raise the operating system's error if polars can't write a file, because polars drops its number."""
    import polars as pl

    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        try:
            with beside.open("ab") as stream:
                stream.write(bytes(_PROBE))
                os.fsync(stream.fileno())
        except OSError as probed:
            raise cannot_write(path, probed) from error
        raise


def _flat(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Return the table with texts for lists (their elements, separated by commas) and for time spans."""
    import polars as pl

    schema = frame.collect_schema()
    lists = [name for name, kind in schema.items() if isinstance(kind, pl.List | pl.Array)]
    spans = [name for name, kind in schema.items() if isinstance(kind, pl.Duration)]
    return frame.with_columns(
        *(pl.col(name).cast(pl.List(pl.String)).list.join(", ", ignore_nulls=True) for name in lists),
        *(pl.col(name).dt.to_string("polars") for name in spans),
    )


def guarded(frame: Table) -> Table:
    """Return the table with an apostrophe before each text that a spreadsheet would interpret as a formula.

    See https://owasp.org/www-community/attacks/CSV_Injection.
    """
    import polars as pl

    return frame.with_columns(pl.col(pl.String).map_batches(_guarded, return_dtype=pl.String, is_elementwise=True))


def _guarded(texts: pl.Series) -> pl.Series:
    # To look for formulas takes a tenth of the time of writing the texts again, and hardly any table has one.
    if not texts.str.contains(_BEGINS_FORMULA).any():
        return texts
    return _escaped(texts)


def _escaped(texts: Texts) -> Texts:
    return texts.str.replace(_BEGINS_FORMULA, "'${0}")


def rows_as_csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return a short table as CSV in UTF-8 with a byte order mark, guarded, without polars."""
    cells = [[f"'{cell}" if cell[:1] and cell[0] in _SIGNS else cell for cell in row] for row in rows]
    # Python's csv doesn't quote a CR without an LF, which ends a line, too.
    all_quoted = any("\r" in cell for row in cells for cell in row)
    content = io.StringIO(newline="")
    csv.writer(content, lineterminator="\n", quoting=csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL).writerows(
        [columns, *cells]
    )
    return content.getvalue().encode("utf-8-sig", "backslashreplace")


def unguarded(cell: str) -> str:
    """Return a cell without the apostrophe of ``guarded``.

    >>> unguarded("'=1+1")
    '=1+1'
    """
    return cell[1:] if cell.startswith("'") and cell[1:2] and cell[1] in _SIGNS else cell


def csv_bytes(frame: pl.DataFrame | pl.LazyFrame, *, byte_order_mark: bool) -> bytes:
    """Return a table that fits into memory as CSV in UTF-8, guarded; without the mark, spreadsheets read it as ANSI."""
    import polars as pl

    # Most such tables are small: to look for formulas first would take several times as long.
    text = frame.lazy().with_columns(_escaped(pl.col(pl.String))).collect(engine="in-memory").write_csv()
    return text.encode("utf-8-sig" if byte_order_mark else "utf-8")


def write_csv(frame: pl.LazyFrame, path: Path, stream: IO[bytes]) -> None:
    """Write the table as ``csv_bytes`` returns it, with the mark, on all cores; it may exceed memory.

    Args:
        frame: the table.
        path: the path for errors.
        stream: an empty file.

    Raises:
        OutputError: it can't be written.
    """
    try:
        with disk_errors(path, Path(stream.name)):
            guarded(frame).sink_csv(stream, include_bom=True)
    except OSError as error:
        raise cannot_write(path, error) from error


def workbook_bytes(frame: pl.DataFrame) -> bytes:
    """Return a table that fits into memory as XLSX, as ``write_table`` writes it; equal tables are equal bytes."""
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "table.xlsx"
        _write_workbook(_flat(frame.lazy()), path, path)
        return path.read_bytes()


def _write_workbook(frame: pl.LazyFrame, place: Path, path: Path) -> int:
    """Write a table row by row, with a fixed heading and filters; texts are neither formulas nor links.

    Args:
        frame: the table; times are written in UTC, because a sheet has no time zones.
        place: the path of the workbook.
        path: the path for errors.

    Returns:
        The number of cells that were cut.

    Raises:
        OutputError: the table has more rows than a sheet, or the disk is full.
    """
    import xlsxwriter
    from xlsxwriter.exceptions import XlsxWriterException

    # The temporary files of the workbook are removed with their folder.
    with tempfile.TemporaryDirectory() as temporary:
        plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        options = {"constant_memory": True, "tmpdir": temporary, "default_date_format": "yyyy-mm-dd", **plain}
        workbook = xlsxwriter.Workbook(str(place), options)
        workbook.set_properties({"created": _NO_TIME})
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
    """Close an incomplete workbook, so that it doesn't warn when it is deleted."""
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
    """Write a cell; return whether its text was cut."""
    if value is None:
        return False
    if isinstance(value, str):
        text = _fitting(value)
        sheet.write_string(row, column, text)
        return text is not value
    if isinstance(value, datetime):
        in_utc = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        sheet.write_datetime(row, column, in_utc, time)
    else:
        sheet.write(row, column, value)
    return False


def _fitting(text: str) -> str:
    """Return the text; if it exceeds a cell, its beginning and a mark."""
    # Most texts are short enough without counting UTF-16 units.
    if len(text) * 2 <= CELL_CHARACTERS:
        return text
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= CELL_CHARACTERS * 2:
        return text
    return units[: (CELL_CHARACTERS - len(CUT)) * 2].decode("utf-16-le", "ignore") + CUT
