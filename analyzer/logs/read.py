"""Logs to the table ``entries``, a block at a time on all cores; the memory that it takes does not grow with a log."""

from __future__ import annotations

import collections
import os
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from analyzer.errors import InputError
from analyzer.facts import LOG_FILE_NAME, LOG_FOLDER_NAME
from analyzer.logs.accounting import Account, accounts_of
from analyzer.logs.blocks import blocks
from analyzer.logs.columns import columns_of
from analyzer.logs.entries import Entries, entries_of
from analyzer.logs.interface import LogFile, LogRead
from analyzer.logs.lines import Codes
from analyzer.logs.shapes import is_cut_off
from analyzer.tables import ENTRIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from analyzer.logs.blocks import Block, Segment

_LOOKED_AT = 4096
"""Bytes."""

_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\v\x1b"))
_MOSTLY_TEXT = 0.9


@dataclass(frozen=True, slots=True)
class _Parsed:
    block: Block
    entries: Entries
    columns: pl.DataFrame
    accounts: list[Account]


class Reading:
    """A reading of logs, which says how each was read.

    Attributes:
        logs: how each log was read last, in their order; complete when ``frames`` has come to its end.
    """

    def __init__(
        self, files: Iterable[LogFile], *, accounting: bool = False, progress: Callable[[LogRead], None] | None = None
    ) -> None:
        """Plans to read logs.

        Args:
            files: which.
            accounting: whether ``LogRead.account`` is wanted.
            progress: told of the log that was read last, block by block.
        """
        self._files = list(files)
        self._anew()
        self._accounting = accounting
        self._progress = progress

    def frames(self) -> Iterator[pl.DataFrame]:
        """The table ``entries`` in pieces, in the order of the logs and their lines.

        A log that cannot be read, or not to its end, has a ``problem``; the others are read all the same.
        """
        yield from self._pieces(self._anew())

    def table(self) -> pl.DataFrame:
        """The whole table ``entries`` in memory."""
        return pl.concat([pl.DataFrame(schema=ENTRIES), *self.frames()], rechunk=True)

    def lazy(self, *, strict: bool = False) -> pl.LazyFrame:
        """The table ``entries``, read anew whenever it is collected or written, and never whole in memory.

        Args:
            strict: whether a log that cannot be read is an error (``InputError``), also when others can.
        """
        from polars.io.plugins import register_io_source

        def pieces(
            columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, _batch: int | None
        ) -> Iterator[pl.DataFrame]:
            logs = self._anew()
            for frame in self._pieces(logs):
                piece = frame if rows is None else frame.head(rows)
                rows = None if rows is None else rows - len(piece)
                piece = piece if predicate is None else piece.filter(predicate)
                yield piece if columns is None else piece.select(columns)
                if rows == 0:
                    return
            problem = next((log.problem for log in logs if log.problem), None)
            if problem and (strict or not any(log.lines for log in logs)):
                raise problem

        return register_io_source(pieces, schema=ENTRIES)

    def _anew(self) -> list[LogRead]:
        """Logs of which nothing was read yet; whoever reads at the same time has others."""
        self.logs = [LogRead(file) for file in self._files]
        return self.logs

    def _pieces(self, logs: list[LogRead]) -> Iterator[pl.DataFrame]:
        cores = os.cpu_count() or 1
        codes = Codes()
        waiting: collections.deque[Future[_Parsed]] = collections.deque()
        with ThreadPoolExecutor(cores, "parse") as pool:
            try:
                for block in blocks(logs):
                    waiting.append(pool.submit(self._parse, block, codes))
                    if len(waiting) > cores:
                        yield self._finish(waiting.popleft().result())
                while waiting:
                    yield self._finish(waiting.popleft().result())
            finally:
                pool.shutdown(cancel_futures=True)
        for log in logs:
            if log.binary and not log.entries and not log.problem:
                log.problem = InputError(
                    f"{log.name} is no log: it holds binary data", "Name the logs of an import job."
                )

    def _parse(self, block: Block, codes: Codes) -> _Parsed:
        entries = entries_of(block, codes)
        columns = columns_of(block, entries)
        return _Parsed(block, entries, columns, accounts_of(block, entries, columns) if self._accounting else [])

    def _finish(self, parsed: _Parsed) -> pl.DataFrame:
        """The piece with the columns that name the log; counts what it holds of each log."""
        segments = parsed.block.segments
        before = pl.Series([segment.log.lines for segment in segments], dtype=pl.UInt32)
        rows = np.bincount(parsed.entries.segment, minlength=len(segments)).tolist()
        without_code = parsed.columns["code"].is_null().to_numpy()
        texts = np.bincount(parsed.entries.segment[without_code], minlength=len(segments))
        line_counts = np.diff(parsed.entries.segment_lines).tolist()
        for place, segment in enumerate(segments):
            log = segment.log
            log.lines += line_counts[place]
            log.texts += int(texts[place])
            log.entries += rows[place] - int(texts[place])
            log.cut_off = segment.added_end and _cut_off(parsed.entries, place)
            log.binary = log.binary or (rows[place] == texts[place] and _is_binary(parsed.block, segment))
            if parsed.accounts:
                log.account = log.account.plus(parsed.accounts[place])
        if self._progress:
            self._progress(segments[-1].log)
        return _named(parsed.columns, segments, before)


def _is_binary(block: Block, segment: Segment) -> bool:
    """Whether what has no entry does not look like text either: by the control characters at its beginning."""
    head = block.data[segment.start : min(segment.end, segment.start + _LOOKED_AT)]
    return b"\0" in head or len(head.translate(None, _CONTROLS)) < _MOSTLY_TEXT * len(head)


def _cut_off(entries: Entries, place: int) -> bool:
    last = entries.lines.text(int(entries.segment_lines[place + 1]) - 1)
    return len(last) < _LOOKED_AT and is_cut_off(last.decode())


def _named(columns: pl.DataFrame, segments: Sequence[Segment], before: pl.Series) -> pl.DataFrame:
    names: dict[str, list[str | None]] = {
        "tenant": [segment.log.file.tenant for segment in segments],
        "job_id": [job_id_in(segment.log.name) for segment in segments],
        "log_file": [segment.log.name for segment in segments],
    }
    if len(segments) == 1:
        whose = [pl.lit(values[0], pl.String).alias(name) for name, values in names.items()]
        line = pl.col("line") + before[0]
    else:
        at = columns["segment"]
        whose = [pl.lit(pl.Series(name, values, pl.String).gather(at)) for name, values in names.items()]
        line = pl.col("line") + pl.lit(before.gather(at))
    return columns.with_columns(*whose, line=line).select(*ENTRIES)


def job_id_in(name: str) -> str | None:
    """The job id that a log file's name tells, else its folder's name; in lower case; None where neither tells."""
    parts = name.replace("\\", "/").split("/")
    found = LOG_FILE_NAME.match(parts[-1])
    if found is None and len(parts) > 1:
        found = LOG_FOLDER_NAME.fullmatch(parts[-2])
    return found["job_id"].lower() if found else None
