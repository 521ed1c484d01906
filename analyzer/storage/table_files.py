"""Tables to files, in the format that the name says; a table need not fit in memory."""

from __future__ import annotations

import contextlib
import os
import re
from typing import TYPE_CHECKING

from analyzer.errors import UsageError
from analyzer.storage.csv_cells import guarded
from analyzer.storage.files import cannot_write, replacing_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import polars as pl

# No space left on device (os error 28)
_OS_ERROR = re.compile(r"\(os error (\d+)\)")

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
    with replacing_path(path) as beside, _faults_said(path):
        if kind == ".xlsx":
            from analyzer.storage.xlsx import write_workbook

            return write_workbook(frame, beside, path)
        if kind == ".parquet":
            # The least effort of zstd is as fast as snappy, for a file a third smaller.
            frame.sink_parquet(beside, compression="zstd", compression_level=1)
        elif kind == ".csv":
            guarded(frame).sink_csv(beside, check_extension=False)
        else:
            frame.sink_ndjson(beside, check_extension=False)
    return 0


@contextlib.contextmanager
def _faults_said(path: Path) -> Iterator[None]:
    """Makes errors of the operating system out of what polars says of them."""
    import polars as pl

    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:
        number = _OS_ERROR.search(str(error))
        if number is None or (isinstance(error, OSError) and error.errno):
            raise
        raise cannot_write(path, OSError(int(number[1]), os.strerror(int(number[1])))) from error
