"""Sort the entries of a job by key, in bounded memory.

A log of a few million entries doesn't fit into memory as a table. Its parts are sorted and written to temporary files.
Then the entries of one range of keys after the other are read from all of these files, which have them side by side.
The ranges come from a sample of the keys, so that each has about as many entries.
"""

from __future__ import annotations

import contextlib
import itertools
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Self

import polars as pl

from analyzer.analysis.named_users import has_guid_ids, with_keys
from analyzer.history.record import WHOLE
from analyzer.model.tables import ENTRIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from analyzer.history.record import Range

IN_MEMORY = 250_000
"""Entries of a job that are sorted in memory: about 130 MB."""

_SAMPLED = 64
"""One of so many keys is kept for the choice of ranges."""

_ROW_GROUP = 16_384
"""Rows of a temporary file that are read at once, if one of them is in a range."""


class EntrySort:
    """A job's entries with their keys: in memory, or in temporary files if there are many.

    Attributes:
        has_guid_ids: whether they show that the job's IDs are GUIDs.
        ranges: of keys, in ascending order; each fits into memory.
    """

    def __init__(self, frames: Iterable[pl.DataFrame]) -> None:
        """Read entries, columns ``tables.ENTRIES``, in the order of the logs."""
        self.has_guid_ids = False
        self.ranges: tuple[Range, ...] = WHOLE
        self._frames: list[pl.DataFrame] = [with_keys(pl.DataFrame(schema=ENTRIES))]
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._files: list[Path] = []
        self._sample: list[str] = []
        with contextlib.ExitStack() as failed:
            failed.push(self.__exit__)
            with ThreadPoolExecutor(1, "sort") as pool:
                self._read(frames, pool)
            failed.pop_all()

    def _read(self, frames: Iterable[pl.DataFrame], pool: ThreadPoolExecutor) -> None:
        rows, writing = 0, None
        for frame in frames:
            keyed = with_keys(frame)
            self.has_guid_ids = self.has_guid_ids or has_guid_ids(keyed)
            # As Python's texts: a series would keep the whole text of the log in memory.
            self._sample += keyed["key"].gather_every(_SAMPLED).drop_nulls().to_list()
            self._frames.append(keyed)
            rows += keyed.height
            if rows > IN_MEMORY:
                writing, rows = self._spill(pool, writing), 0
        if self._files:
            self._spill(pool, writing).result()
            self._choose_ranges()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            try:
                self._folder.cleanup()
            finally:  # it may be interrupted, too
                shutil.rmtree(self._folder.name, ignore_errors=True)

    def pieces(self) -> Iterator[pl.DataFrame]:
        """Yield the entries of each range by key, those without one first; those of a key in the order of the logs."""
        if not self._files:
            yield _sorted(pl.concat(self._frames))
            return
        with ThreadPoolExecutor(1, "sort") as pool:
            pieces = iter(self.ranges)
            upcoming = pool.submit(self._piece, next(pieces))
            for keys in pieces:  # each is read while the one before is used
                piece, upcoming = upcoming, pool.submit(self._piece, keys)
                yield piece.result()
            yield upcoming.result()

    def _piece(self, keys: Range) -> pl.DataFrame:
        spilled = pl.scan_parquet(self._files).filter(in_range(keys))
        return _sorted(spilled.with_columns(pl.coalesce("identity", "key")).collect())

    def _spill(self, pool: ThreadPoolExecutor, writing: Future[None] | None) -> Future[None]:
        """Begin to write the entries that are in memory, while the next ones are parsed."""
        if writing is not None:
            writing.result()  # only one part at a time is written, as they all take memory
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="upa-", ignore_cleanup_errors=True)
        self._files.append(Path(self._folder.name) / f"{len(self._files):06}.parquet")
        frames, self._frames = self._frames, self._frames[:1]
        return pool.submit(_write_sorted, frames, self._files[-1])

    def _choose_ranges(self) -> None:
        sample = sorted(self._sample)
        pieces = max(1, -(-len(sample) * _SAMPLED // IN_MEMORY))
        bounds = sorted({sample[at * len(sample) // pieces] for at in range(1, pieces)})
        edges = [None, *bounds, None]
        self.ranges = tuple(itertools.pairwise(edges))


def in_range(keys: Range) -> pl.Expr:
    """Return the condition for rows whose key is in a range."""
    first, end = keys
    key = pl.col("key")
    if first is None:
        return pl.lit(value=True) if end is None else key.is_null() | (key < end)
    return (key >= first) if end is None else (key >= first) & (key < end)


def _write_sorted(frames: Sequence[pl.DataFrame], path: Path) -> None:
    differs = pl.col("identity").ne_missing(pl.col("key"))
    spilled = _sorted(pl.concat(frames)).with_columns(identity=pl.when(differs).then("identity"))
    spilled.write_parquet(path, compression="lz4", row_group_size=_ROW_GROUP)


def _sorted(entries: pl.DataFrame) -> pl.DataFrame:
    # Sorted by the ranks of the distinct keys, which takes half of the time.
    ranks = pl.Enum(entries["key"].drop_nulls().unique().sort())
    return entries.sort(pl.col("key").cast(ranks), nulls_last=False, maintain_order=True)
