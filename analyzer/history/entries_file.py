"""Turn a job's logs into its rows of ``entries`` and ``users``, sorted by key, in bounded memory.

A log of a few million entries doesn't fit into memory as a table. Its entries are written to a temporary file first,
and sorted range by range: the ranges of keys come from a sample, so that each has about as many entries.
"""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import polars as pl

from analyzer.analysis.failures import by_user
from analyzer.analysis.named_users import SOURCE_IDS, has_guid_ids, naming, with_keys, with_names
from analyzer.analysis.outcomes import count_entries
from analyzer.history.record import WHOLE, EntryCounts
from analyzer.history.store import stored
from analyzer.model.tables import NAMED_ENTRIES as ENTRIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from analyzer.history.record import Range
    from analyzer.history.store import Store

IN_MEMORY = 400_000
"""Entries of a job that are sorted in memory: about 200 MB."""

_SAMPLED = 64
"""One of so many keys is kept for the choice of ranges."""


def write_entries(
    store: Store, job_id: str, month: str, frames: Iterable[pl.DataFrame], *, guid_ids: bool
) -> EntryCounts:
    """Write a job's entries, and count them.

    Args:
        store: the history.
        job_id: the job.
        month: of its file.
        frames: its entries, columns ``tables.ENTRIES``, in the order of its logs.
        guid_ids: whether the IDs in its source file can be GUIDs.

    Raises:
        OutputError: the file can't be written.
    """
    with _Entries(frames) as found:
        names_guids = guid_ids or found.has_guid_ids
        counts = EntryCounts(ranges=found.ranges)
        totals: list[pl.DataFrame] = []
        codes: list[pl.DataFrame] = []

        def sorted_pieces() -> Iterator[pl.DataFrame]:
            for piece in found.pieces():
                named = with_names(piece, guids_are_ids=names_guids).select(*ENTRIES)
                total, by_code = count_entries(named)
                totals.append(total)
                codes.append(by_code)
                counts.rows += named.height
                yield stored(named.sort("key", nulls_last=False, maintain_order=True), "entries")

        if len(found.ranges) == 1:
            store.write("entries", job_id, month, next(sorted_pieces()))
        else:
            store.write("entries", job_id, month, streamed(sorted_pieces(), ENTRIES))
    total = pl.concat(totals).sum().row(0, named=True)
    counts.entries, counts.named_users = total["entries"], total["named_users"]
    counts.unnamed, counts.nameless = total["unnamed"], total["nameless"]
    by_code = pl.concat(codes).group_by("code", maintain_order=True).agg(pl.col("entries", "users").sum())
    counts.codes = by_code.sort("entries", "code", descending=[True, False]).rows()
    return counts


class SmallJob(NamedTuple):
    """A job whose log is small: its ID, the month of its file, and whether its source's IDs can be GUIDs."""

    job_id: str
    month: str
    guid_ids: bool


def write_small(
    store: Store, jobs: Sequence[SmallJob], entries: pl.DataFrame
) -> tuple[dict[str, EntryCounts], dict[str, pl.DataFrame]]:
    """Do what ``write_entries`` does for many jobs with small logs, which takes a tenth of the time.

    Args:
        store: the history.
        jobs: the jobs.
        entries: their entries, columns ``tables.ENTRIES``, each job's in the order of its logs.

    Returns:
        By job ID, the counts of its entries, and its users as from ``users_in``.

    Raises:
        OutputError: a file can't be written.
    """
    ids = pl.DataFrame([(job.job_id, job.guid_ids) for job in jobs], SOURCE_IDS, orient="row")
    named = naming(entries, ids).sort("job_id", "key", nulls_last=False, maintain_order=True)
    counts = {job.job_id: EntryCounts() for job in jobs}
    for job_id, rows in named.group_by("job_id").len().iter_rows():
        counts[job_id].rows = rows
    totals, codes = count_entries(named, "job_id")
    for job_id, entry_count, users, unnamed, nameless in totals.iter_rows():
        one = counts[job_id]
        one.entries, one.named_users, one.unnamed, one.nameless = entry_count, users, unnamed, nameless
    for job_id, *code in codes.sort("entries", "code", descending=[True, False]).iter_rows():
        counts[job_id].codes.append((code[0], code[1], code[2]))
    files = _by_job(stored(named.select(*ENTRIES), "entries"))
    for job in jobs:
        store.write("entries", job.job_id, job.month, files.get(job.job_id, named.clear()))
    return counts, _by_job(by_user(named))


def _by_job(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    parts = frame.partition_by("job_id", as_dict=True, maintain_order=True)
    return {str(job_id): part for (job_id,), part in parts.items()}


def users_in(store: Store, job_id: str, month: str, keys: Range = (None, None)) -> pl.DataFrame:
    """Return the users in a job's log from its entries file, sorted by key.

    Args:
        store: the history.
        job_id: the job.
        month: of its file.
        keys: only users in this range.

    Returns:
        Columns ``job_id``, ``key``, ``identity``, ``codes``, ``entries``, as from ``failures.by_user``.

    Raises:
        DamagedError: the file can't be read.
    """
    columns = ("job_id", "key", "identity", "code", "names")
    if keys == (None, None):
        return by_user(store.read("entries", job_id, month, columns))
    return by_user(store.lazy("entries", job_id, month).select(columns).filter(in_range(keys)).collect())


def in_range(keys: Range) -> pl.Expr:
    """Return the condition for rows whose key is in a range."""
    first, end = keys
    key = pl.col("key")
    if first is None:
        return pl.lit(value=True) if end is None else key.is_null() | (key < end)
    return (key >= first) if end is None else (key >= first) & (key < end)


def streamed(pieces: Iterator[pl.DataFrame], schema: Mapping[str, Any]) -> pl.LazyFrame:
    """Return pieces of a table as a lazy table that is written piece by piece, once."""
    from polars.io.plugins import register_io_source

    def source(
        columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, _batch: int | None
    ) -> Iterator[pl.DataFrame]:
        assert predicate is None  # noqa: S101 - the whole table is written
        assert rows is None  # noqa: S101
        yield from (piece if columns is None else piece.select(columns) for piece in pieces)

    return register_io_source(source, schema=dict(schema))


class _Entries:
    """A job's entries with their keys: in memory, or in a temporary file if there are many."""

    def __init__(self, frames: Iterable[pl.DataFrame]) -> None:
        self.has_guid_ids = False
        self.ranges: tuple[Range, ...] = WHOLE
        self._frames: list[pl.DataFrame] = [with_keys(pl.DataFrame(schema=ENTRIES).drop("key", "names"))]
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._files: list[Path] = []
        self._sample: list[pl.Series] = []
        self._read(frames)

    def _read(self, frames: Iterable[pl.DataFrame]) -> None:
        rows = 0
        for frame in frames:
            keyed = with_keys(frame)
            self.has_guid_ids = self.has_guid_ids or has_guid_ids(keyed)
            self._sample.append(keyed["key"].gather_every(_SAMPLED))
            self._frames.append(keyed)
            rows += keyed.height
            if rows > IN_MEMORY:
                self._spill()
                rows = 0
        if self._folder is not None:
            self._spill()
            self._choose_ranges()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            with contextlib.suppress(OSError):
                self._folder.cleanup()

    def pieces(self) -> Iterator[pl.DataFrame]:
        """Yield the entries of each range, in the order of the logs."""
        if self._folder is None:
            yield pl.concat(self._frames)
            return
        for keys in self.ranges:
            yield pl.scan_parquet(self._files).filter(in_range(keys)).collect()

    def _spill(self) -> None:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="upa-", ignore_cleanup_errors=True)
        self._files.append(Path(self._folder.name) / f"{len(self._files):06}.parquet")
        pl.concat(self._frames).write_parquet(self._files[-1], compression="lz4")
        self._frames = self._frames[:1]

    def _choose_ranges(self) -> None:
        sample = pl.concat(self._sample).drop_nulls().sort()
        pieces = max(1, -(-len(sample) * _SAMPLED // IN_MEMORY))
        bounds = sorted({sample[at * len(sample) // pieces] for at in range(1, pieces)})
        edges = [None, *bounds, None]
        self.ranges = tuple(itertools.pairwise(edges))
