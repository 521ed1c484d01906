"""Text from logs in files that a spreadsheet opens: never a formula."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import polars as pl

# Full-width signs, too: some spreadsheets take them for the plain ones.
_SIGNS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
_BEGINS_FORMULA = r"^[=+\-@\t\r\n\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}]"


Table = TypeVar("Table", "pl.DataFrame", "pl.LazyFrame")


def guarded(frame: Table) -> Table:
    """The table with an apostrophe before each text that a spreadsheet would take for a formula.

    See https://owasp.org/www-community/attacks/CSV_Injection.
    """
    import polars as pl

    return frame.with_columns(pl.col(pl.String).str.replace(_BEGINS_FORMULA, "'${0}"))


def rows_as_csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A short table as CSV in UTF-8 with a mark, guarded; without loading what large tables need."""
    cells = [[f"'{cell}" if cell[:1] and cell[0] in _SIGNS else cell for cell in row] for row in rows]
    # Python's csv does not see that a CR alone ends a line, too.
    all_quoted = any("\r" in cell for row in cells for cell in row)
    content = io.StringIO(newline="")
    csv.writer(content, lineterminator="\n", quoting=csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL).writerows(
        [columns, *cells]
    )
    return content.getvalue().encode("utf-8-sig", "backslashreplace")


def unguarded(cell: str) -> str:
    """A cell without the apostrophe that ``guarded`` put before it.

    >>> unguarded("'=1+1")
    '=1+1'
    """
    return cell[1:] if cell.startswith("'") and cell[1:2] and cell[1] in _SIGNS else cell


def csv_bytes(frame: pl.DataFrame, *, byte_order_mark: bool) -> bytes:
    """The table as CSV in UTF-8, guarded; spreadsheets take it for ANSI without the mark."""
    text = guarded(frame).write_csv()
    return text.encode("utf-8-sig" if byte_order_mark else "utf-8")
