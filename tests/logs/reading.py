"""Bytes to rows by the real parser, in a form that the slow one gives, too."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.logs.blocks import USUAL_LIMITS, BlockLimits
from analyzer.logs.model import LogFile, LogRead
from analyzer.logs.read import LogReader
from tests.logs.reference_parser import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

WHOLE = USUAL_LIMITS.block


def read(
    raws: Sequence[bytes], block: int = WHOLE, entry_lines: int = USUAL_LIMITS.entry_lines
) -> tuple[list[list[Row]], list[LogRead]]:
    """The rows of each log, and how it was read.

    Args:
        raws: the bytes of the logs.
        block: how many bytes make a block; few show what happens at their borders.
        entry_lines: how many lines an entry may have.
    """
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, raw in enumerate(raws):
            path = Path(folder) / f"{number}.log"
            path.write_bytes(raw)
            files.append(LogFile(path, str(number), size=len(raw)))
        limits = BlockLimits(block=block, entry_lines=entry_lines)
        reading = LogReader(files, accounting=True, limits=limits)
        table = reading.table()
    rows: list[list[Row]] = [[] for _ in raws]
    for log_file, *row in table.select("log_file", "line", "code", "identity", "message", "detail").iter_rows():
        rows[int(log_file)].append(Row(*row))
    return rows, reading.logs


def rows_of(text: str, block: int = WHOLE) -> list[Row]:
    """The rows of one log in UTF-8 with a byte order mark."""
    return read([text.encode("utf-8-sig")], block)[0][0]
