"""Tables to files, in the format that the name says; a table need not fit in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.csv_cells import guarded
from analyzer.errors import UsageError
from analyzer.files import replacing

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

FORMATS = (".parquet", ".csv", ".ndjson", ".xlsx")


def check_format(path: Path) -> None:
    """Refuses a name whose format is not known, before any work is done.

    Raises:
        UsageError: it is not one of ``FORMATS``.
    """
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"{path} has an ending that is no table's", f"Use {', '.join(FORMATS)}.")


def write_table(frame: pl.LazyFrame, path: Path) -> int:
    """Writes a table; in CSV and XLSX no cell is taken for a formula.

    Returns:
        How many cells were cut, as the format holds no longer ones.

    Raises:
        UsageError: the name's format is not known.
        OutputError: the file cannot be written, or the table does not fit the format.
    """
    check_format(path)
    kind = path.suffix.lower()
    with replacing(path) as stream:
        if kind == ".xlsx":
            from analyzer.workbook import write_workbook

            return write_workbook(frame, stream, path)
        if kind == ".parquet":
            # The least effort of zstd is as fast as snappy, for a file a third smaller.
            frame.sink_parquet(stream, compression="zstd", compression_level=1)
        elif kind == ".csv":
            guarded(frame).sink_csv(stream)
        else:
            frame.sink_ndjson(stream)
    return 0
