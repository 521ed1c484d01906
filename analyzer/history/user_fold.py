"""Write the users of each job, compared with the runs of its feed before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from analyzer.analysis.compare_runs import fold_users, run_orders
from analyzer.history.entries_file import in_range, streamed, users_in
from analyzer.history.record import digest_of
from analyzer.history.store import stored
from analyzer.model.tables import USERS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from analyzer.analysis.compare_runs import RunOrder
    from analyzer.history.record import JobRecord, Range
    from analyzer.history.store import Store

_STREAK, _KEY = ("key", "since", "runs"), ("key",)

_KEPT_OF_RUN, _KEPT = 20_000, 500_000
"""Users of a run up to which they are kept for what follows, and those of all runs: about 50 MB."""


class UserFold:
    """Keeps the table ``users`` up to date.

    Attributes:
        read: users of jobs whose entries were just read, as from ``entries_file.users_in``, by job ID; others are read
            from the files.
    """

    def __init__(self, store: Store, records: Mapping[str, JobRecord], tenant: str | None) -> None:
        """Prepare; ``records`` has all jobs before ``update`` is called."""
        self._store, self._records, self._tenant = store, records, tenant
        self.read: dict[str, pl.DataFrame] = {}
        self._streaks: dict[str, dict[tuple[str, ...], pl.DataFrame]] = {}
        self._kept = 0

    def update(self, jobs: pl.DataFrame) -> set[str]:
        """Write the users of each job whose log, or whose feed's runs before it, have changed; return their job IDs.

        Args:
            jobs: from ``timeline``.

        Raises:
            DamagedError: the file of an earlier run can't be read.
            OutputError: a file can't be written.
        """
        written: set[str] = set()
        orders = run_orders(jobs)
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
        before = self._records[order.previous] if order.previous else None
        recent = [(job_id, self._records[job_id].version) for job_id in order.recent]
        return digest_of([record.version, order.previous, before.fold if before else "", recent])

    def _write_users(self, job_id: str, record: JobRecord, order: RunOrder | None) -> int | None:
        """Write a job's users; return how many are new, or None without a run to compare with."""
        news: list[int | None] = []

        def pieces() -> Iterator[pl.DataFrame]:
            for keys in record.counts.ranges:
                users = self.read.pop(job_id, None)
                users = users_in(self._store, job_id, record.month, keys) if users is None else users
                previous = self._users_of(order.previous, _STREAK, keys) if order else None
                recent = [self._users_of(one, _KEY, keys) for one in (order.recent if order else ())]
                known = pl.concat([one for one in recent if one is not None] or [users.select("key").clear()])
                folded = fold_users(users, order, previous, known)
                news.append(None if folded["new"].null_count() else int(folded["new"].sum()))
                self._keep(job_id, folded, keys)
                tenant = pl.lit(self._tenant, pl.String)
                yield stored(folded.lazy().with_columns(tenant=tenant).select(*USERS), "users").collect()

        if len(record.counts.ranges) == 1:
            self._store.write("users", job_id, record.month, next(pieces()))
        else:
            self._store.write("users", job_id, record.month, streamed(pieces(), USERS))
        return None if None in news else sum(number or 0 for number in news)

    def _users_of(self, job_id: str | None, columns: tuple[str, ...], keys: Range) -> pl.DataFrame | None:
        """Return the users of an earlier run in a range of keys; None for no run."""
        if job_id is None:
            return None
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
        users = self._users_of(job_id, _KEY, (None, None))
        return [] if users is None else users["key"].to_list()
