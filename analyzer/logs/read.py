"""Logs to the table ``entries``, in pieces; the memory that it takes does not grow with a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from analyzer.logs.accounting import accounts_of
from analyzer.logs.columns import columns_of
from analyzer.logs.model import LogFile, LogRead
from analyzer.logs.parsing import job_id_in, parsed
from analyzer.model.tables import ENTRIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from analyzer.logs.entries import Entries
    from analyzer.logs.model import Account, Block, Segment


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
        for one in parsed(logs, self._make):
            segments = one.block.segments
            columns, accounts = one.made
            for segment, account in zip(segments, accounts, strict=False):
                segment.log.account = segment.log.account.plus(account)
            if self._progress:
                self._progress(segments[-1].log)
            yield _named(columns, segments, pl.Series(one.lines_before, dtype=pl.UInt32))

    def _make(self, block: Block, entries: Entries) -> tuple[pl.DataFrame, list[Account]]:
        columns = columns_of(block, entries)
        return columns, accounts_of(block, entries, columns) if self._accounting else []


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
