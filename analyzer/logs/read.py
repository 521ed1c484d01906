"""Read logs into the table ``entries``, in blocks on all cores, in constant memory."""

from __future__ import annotations

import collections
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import polars as pl

from analyzer.errors import InputError
from analyzer.logs.accounting import accounts_of
from analyzer.logs.blocks import USUAL_LIMITS, BlockLimits, blocks
from analyzer.logs.columns import columns_of
from analyzer.logs.entries import CODE, Codes, entries_of
from analyzer.logs.line_shapes import is_cut_off
from analyzer.logs.model import LogFile, LogRead
from analyzer.model.service import LOG_FILE_NAME, LOG_FOLDER_NAME
from analyzer.model.tables import ENTRIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from analyzer.logs.entries import Entries
    from analyzer.logs.model import Account, Block, Segment

_Parsed: TypeAlias = "tuple[Block, Entries, pl.DataFrame, list[Account]]"

_HEAD_BYTES = 4096

_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\v\x1b"))
_MIN_TEXT_RATIO = 0.9


class LogReader:
    """Reads logs, and records how each was read.

    Attributes:
        logs: results of the latest reading, in the order of the files; complete at the end of ``frames``.
    """

    def __init__(
        self,
        files: Iterable[LogFile],
        *,
        accounting: bool = False,
        progress: Callable[[LogRead], None] | None = None,
        limits: BlockLimits = USUAL_LIMITS,
    ) -> None:
        """Prepare to read logs.

        Args:
            files: the logs.
            accounting: whether to set ``LogRead.account``.
            progress: called after each block with the log that was read last.
            limits: limits of blocks and entries.
        """
        self._files = list(files)
        self._reset()
        self._accounting = accounting
        self._progress = progress
        self._limits = limits

    def frames(self) -> Iterator[pl.DataFrame]:
        """Yield the table ``entries`` in pieces, in the order of the logs and their lines.

        A log that cannot be read completely has a ``problem``; the others are still read.
        """
        yield from self._pieces(self._reset())

    def table(self) -> pl.DataFrame:
        """Return the whole table ``entries`` in memory."""
        return pl.concat([pl.DataFrame(schema=ENTRIES), *self.frames()], rechunk=True)

    def lazy(self, *, strict: bool = False) -> pl.LazyFrame:
        """Return the table ``entries`` lazily: the logs are read each time it is collected, never all in memory.

        Args:
            strict: whether any unreadable log raises ``InputError``; otherwise only if no log can be read.
        """
        from polars.io.plugins import register_io_source

        def pieces(
            columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, _batch: int | None
        ) -> Iterator[pl.DataFrame]:
            logs = self._reset()
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

    def _reset(self) -> list[LogRead]:
        """Start over; a reading in progress keeps its own list."""
        self.logs = [LogRead(file) for file in self._files]
        return self.logs

    def _pieces(self, logs: list[LogRead]) -> Iterator[pl.DataFrame]:
        for block, entries, columns, accounts in self._parsed(logs):
            segments = block.segments
            lines_before = [segment.log.lines for segment in segments]
            _count(block, entries)
            for segment, account in zip(segments, accounts, strict=False):
                segment.log.account = segment.log.account.plus(account)
            if self._progress:
                self._progress(segments[-1].log)
            yield _with_names(columns, segments, pl.Series(lines_before, dtype=pl.UInt32))
        for log in logs:
            if log.binary and not log.entries and not log.problem:
                log.problem = InputError(
                    f"{log.name} isn't a log: it has binary data", "Name the logs of an import job."
                )

    def _parsed(self, logs: list[LogRead]) -> Iterator[_Parsed]:
        """Parse the blocks of logs in several threads; yield them in their order."""
        cores = os.cpu_count() or 1
        codes = Codes()

        def parse(block: Block) -> _Parsed:
            entries = entries_of(block, codes)
            columns = columns_of(block, entries)
            return block, entries, columns, accounts_of(block, entries, columns) if self._accounting else []

        waiting: collections.deque[Future[_Parsed]] = collections.deque()
        with ThreadPoolExecutor(cores, "parse") as pool:
            try:
                for block in blocks(logs, self._limits):
                    waiting.append(pool.submit(parse, block))
                    if len(waiting) > cores:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                pool.shutdown(cancel_futures=True)


def job_id_in(name: str) -> str | None:
    """Return the job ID in a log file's name, else in its folder's name, in lower case; None if there is none."""
    parts = name.replace("\\", "/").split("/")
    match = LOG_FILE_NAME.match(parts[-1])
    if match is None and len(parts) > 1:
        match = LOG_FOLDER_NAME.fullmatch(parts[-2])
    return match["job_id"].lower() if match else None


def _count(block: Block, entries: Entries) -> None:
    """Add the numbers of lines and entries of a block to the results of its logs."""
    segments = block.segments
    rows = np.bincount(entries.segment, minlength=len(segments)).tolist()
    without_code = entries.parts[:, CODE] == entries.parts[:, CODE + 1]
    texts = np.bincount(entries.segment[without_code], minlength=len(segments))
    line_counts = np.diff(entries.segment_lines).tolist()
    for place, segment in enumerate(segments):
        log = segment.log
        log.lines += line_counts[place]
        log.texts += int(texts[place])
        log.entries += rows[place] - int(texts[place])
        log.cut_off = segment.added_end and _cut_off(entries, place)
        log.binary = log.binary or (rows[place] == texts[place] and _is_binary(block, segment))


def _is_binary(block: Block, segment: Segment) -> bool:
    """Return whether a segment begins with a null byte or many control characters."""
    head = block.data[segment.start : min(segment.end, segment.start + _HEAD_BYTES)]
    return b"\0" in head or len(head.translate(None, _CONTROLS)) < _MIN_TEXT_RATIO * len(head)


def _cut_off(entries: Entries, place: int) -> bool:
    last = entries.lines.text(int(entries.segment_lines[place + 1]) - 1)
    return len(last) < _HEAD_BYTES and is_cut_off(last.decode())


def _with_names(columns: pl.DataFrame, segments: Sequence[Segment], lines_before: pl.Series) -> pl.DataFrame:
    """Add the columns of the log, and count lines from the start of the log."""
    names: dict[str, list[str | None]] = {
        "tenant": [segment.log.file.tenant for segment in segments],
        "job_id": [job_id_in(segment.log.name) for segment in segments],
        "log_file": [segment.log.name for segment in segments],
    }
    if len(segments) == 1:
        named = [pl.lit(values[0], pl.String).alias(name) for name, values in names.items()]
        line = pl.col("line") + lines_before[0]
    else:
        at = columns["segment"]
        named = [pl.lit(pl.Series(name, values, pl.String).gather(at)) for name, values in names.items()]
        line = pl.col("line") + pl.lit(lines_before.gather(at))
    return columns.with_columns(*named, line=line).select(*ENTRIES)
