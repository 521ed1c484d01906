"""Turn a job's logs into its rows of ``entries`` and ``users``, sorted by key, in bounded memory.

Those of a log with millions of entries are written in ranges of keys (``entry_sort``). Users are compared with those of
the feed's runs before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from analyzer.analysis.failures import by_user
from analyzer.analysis.named_users import SOURCE_IDS, naming, with_names
from analyzer.analysis.outcomes import count_entries
from analyzer.analysis.streaks import fold_users, run_orders
from analyzer.history.entry_sort import EntrySort, in_range
from analyzer.history.record import EntryCounts, digest_of
from analyzer.history.store import stored
from analyzer.model.tables import NAMED_ENTRIES as ENTRIES
from analyzer.model.tables import USERS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from analyzer.analysis.streaks import RunOrder
    from analyzer.history.record import JobRecord, Range
    from analyzer.history.store import Store
    from analyzer.model.queued_job import QueuedJob


_STREAK, _KEY = ("key", "since", "runs"), ("key",)

_KEPT_OF_RUN, _KEPT = 20_000, 500_000
"""Users of a run up to which they are kept for the next runs; and those of all runs, or of new logs: about 50 MB."""


def write_entries(
    store: Store, job_id: str, month: str, frames: Iterable[pl.DataFrame], *, guid_ids: bool
) -> tuple[EntryCounts, pl.DataFrame | None]:
    """Write a job's entries, and count them.

    Args:
        store: the history.
        job_id: the job.
        month: of its file.
        frames: its entries, columns ``tables.ENTRIES``, in the order of its logs.
        guid_ids: whether the IDs in its source file can be GUIDs.

    Returns:
        The counts of its entries; and its users as from ``users_in``, or None if they are too many to keep.

    Raises:
        OutputError: the file can't be written.
    """
    with EntrySort(frames) as found:
        names_guids = guid_ids or found.has_guid_ids
        counts = EntryCounts(ranges=found.ranges)
        totals: list[pl.DataFrame] = []
        codes: list[pl.DataFrame] = []
        users: list[pl.DataFrame] = []

        def sorted_pieces() -> Iterator[pl.DataFrame]:
            for piece in found.pieces():
                named = with_names(piece, guids_are_ids=names_guids).select(*ENTRIES)
                users.append(by_user(named))
                total, by_code = count_entries(named, users[-1])
                totals.append(total)
                codes.append(by_code)
                counts.rows += named.height
                if sum(part.height for part in users) > _KEPT:
                    users[:] = [part.clear() for part in users]
                yield stored(named, "entries")

        if len(found.ranges) == 1:
            store.write("entries", job_id, month, next(sorted_pieces()))
        else:
            store.write("entries", job_id, month, _streamed(sorted_pieces(), ENTRIES))
    total = pl.concat(totals).drop("job_id").sum().row(0, named=True)
    counts.entries, counts.named_users = total["entries"], total["named_users"]
    counts.unnamed, counts.nameless = total["unnamed"], total["nameless"]
    by_code = pl.concat(codes).group_by("code", maintain_order=True).agg(pl.col("entries", "users").sum())
    counts.codes = by_code.sort("entries", "code", descending=[True, False]).rows()
    return counts, pl.concat(users) if counts.named_users <= _KEPT else None


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
    users = by_user(named)
    totals, codes = count_entries(named, users)
    for job_id, entry_count, named_users, unnamed, nameless in totals.iter_rows():
        one = counts[job_id]
        one.entries, one.named_users, one.unnamed, one.nameless = entry_count, named_users, unnamed, nameless
    for job_id, *code in codes.sort("entries", "code", descending=[True, False]).iter_rows():
        counts[job_id].codes.append((code[0], code[1], code[2]))
    files = _by_job(stored(named.select(*ENTRIES), "entries"))
    for job in jobs:
        store.write("entries", job.job_id, job.month, files.get(job.job_id, named.clear()))
    return counts, _by_job(users)


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


def _streamed(pieces: Iterator[pl.DataFrame], schema: Mapping[str, Any]) -> pl.LazyFrame:
    """Return pieces of a table as a lazy table that is written piece by piece, once."""
    from polars.io.plugins import register_io_source

    def source(
        columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, _batch: int | None
    ) -> Iterator[pl.DataFrame]:
        assert predicate is None  # noqa: S101 - the whole table is written
        assert rows is None  # noqa: S101
        yield from (piece if columns is None else piece.select(columns) for piece in pieces)

    return register_io_source(source, schema=dict(schema))


class UserFold:
    """Keeps the table ``users`` up to date."""

    def __init__(self, store: Store, records: Mapping[str, JobRecord], tenant: str | None) -> None:
        """Prepare; ``records`` has all jobs before ``update`` is called."""
        self._store, self._records, self._tenant = store, records, tenant
        self._new: dict[str, pl.DataFrame] = {}
        self._streaks: dict[str, dict[tuple[str, ...], pl.DataFrame]] = {}
        self._kept = 0

    def add(self, users: Mapping[str, pl.DataFrame]) -> None:
        """Keep the users of new logs, by job ID as from ``users_in``, to save reading them; but not too many."""
        for job_id, of_job in users.items():
            if sum(known.height for known in self._new.values()) + of_job.height <= _KEPT:
                self._new[job_id] = of_job

    def update(self, jobs: pl.DataFrame, queued: Mapping[str, QueuedJob]) -> set[str]:
        """Write the users of each job whose log, or whose feed's runs before it, have changed; return their job IDs.

        Args:
            jobs: from ``timeline``.
            queued: what is known of jobs that this program queued.

        Raises:
            DamagedError: the file of an earlier run can't be read.
            OutputError: a file can't be written.
        """
        written: set[str] = set()
        orders = run_orders(jobs, queued)
        for job_id in jobs["job_id"]:
            record, order = self._records[job_id], orders.get(job_id)
            if not record.counts.named_users:
                record.fold, record.new = "", None
                self._store.remove_file("users", job_id, record.month)
                record.users_size = 0
                continue
            fold = self._fold_digest(record, order)
            if fold != record.fold or self._store.size("users", job_id, record.month) != record.users_size:
                record.new = self._write_users(job_id, record, order)
                record.users_size = self._store.size("users", job_id, record.month)
                record.fold = fold
                written.add(job_id)
        return written

    def _fold_digest(self, record: JobRecord, order: RunOrder | None) -> str:
        if order is None:
            return digest_of([record.version, None])
        recent = [(job_id, self._records[job_id].version) for run in order.recent for job_id in run]
        folds = [self._records[job_id].fold for job_id in order.previous]
        if len(folds) > 1:
            return digest_of([record.version, order.previous, folds, recent])
        return digest_of([record.version, *(order.previous or [None]), *(folds or [""]), recent])

    def _write_users(self, job_id: str, record: JobRecord, order: RunOrder | None) -> int | None:
        """Write a job's users; return how many are new, or None without a run to compare with."""
        news: list[int | None] = []
        read = self._new.pop(job_id, None)

        def pieces() -> Iterator[pl.DataFrame]:
            for keys in record.counts.ranges:
                users = (
                    users_in(self._store, job_id, record.month, keys) if read is None else read.filter(in_range(keys))
                )
                previous = self._users_of(order.previous, _STREAK, keys) if order else None
                recent = [self._users_of(run, _KEY, keys) for run in (order.recent if order else ())]
                known = pl.concat([one for one in recent if one is not None] or [users.select("key").clear()])
                folded = fold_users(users, order, previous, known)
                news.append(None if folded["new"].null_count() else int(folded["new"].sum()))
                self._keep(job_id, folded, keys)
                tenant = pl.lit(self._tenant, pl.String)
                yield stored(folded.lazy().with_columns(tenant=tenant).select(*USERS), "users").collect()

        if len(record.counts.ranges) == 1:
            self._store.write("users", job_id, record.month, next(pieces()))
        else:
            self._store.write("users", job_id, record.month, _streamed(pieces(), USERS))
        return None if None in news else sum(number or 0 for number in news)

    def _users_of(self, run: Sequence[str], columns: tuple[str, ...], keys: Range) -> pl.DataFrame | None:
        """Return the users of an earlier run's jobs in a range of keys, each once; None for no run."""
        found = [self._users_of_job(job_id, columns, keys) for job_id in run]
        if len(found) > 1:
            return pl.concat(found).unique("key", keep="first", maintain_order=True)
        return found[0] if found else None

    def _users_of_job(self, job_id: str, columns: tuple[str, ...], keys: Range) -> pl.DataFrame:
        """Return the users of an earlier job in a range of keys."""
        record = self._records[job_id]
        if not record.counts.named_users:
            return pl.DataFrame(schema={name: USERS[name] for name in columns})
        if keys == (None, None):
            if job_id not in self._streaks:
                self._keep(job_id, self._store.read("users", job_id, record.month, _STREAK), keys)
            if job_id in self._streaks:
                return self._streaks[job_id][columns]
            return self._store.read("users", job_id, record.month, columns)
        return self._store.lazy("users", job_id, record.month).select(columns).filter(in_range(keys)).collect()

    def _keep(self, job_id: str, users: pl.DataFrame, keys: Range) -> None:
        """Keep the users of a run for the next runs of its feed, if they are few."""
        if keys == (None, None) and users.height <= _KEPT_OF_RUN:
            self._streaks[job_id] = {columns: users.select(columns) for columns in (_STREAK, _KEY)}
            self._kept += users.height
            while self._kept > _KEPT:
                self._kept -= self._streaks.pop(next(iter(self._streaks)))[_KEY].height

    def keys_of(self, job_id: str) -> Collection[str]:
        """Return the keys of the users in a job's log."""
        return self._users_of_job(job_id, _KEY, (None, None))["key"].to_list()
