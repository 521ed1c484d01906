"""Read the files of one history on demand; one of a job that can't be read is made again first."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl

from analyzer.history.import_rows import queued_of
from analyzer.history.record import JobRecord, decode_record
from analyzer.history.store import DamagedError, JobFile, Store
from analyzer.model.tables import JOBS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from pathlib import Path

    from analyzer.history.feed_users import FeedUsers


class HistoryFiles:
    """The files of one history, and what is read of them on demand."""

    def __init__(self, store: Store, library_root: Path, repair: Callable[[DamagedError], None]) -> None:
        """Open a history that is up to date.

        Args:
            store: the history.
            library_root: the library's folder.
            repair: makes files of jobs again that can't be read, or raises the error.

        Raises:
            DamagedError: its jobs can't be read.
        """
        self.store, self._root, self._repair = store, library_root, repair
        columns = [name for name in store.columns("jobs") if name not in {"stamps", "record"}]
        self.rows = store.small("jobs", columns)
        self.new: dict[str, int | None] = dict(self.rows.select("job_id", "new").iter_rows())
        self.versions: dict[str, str] = dict(self.rows.select("job_id", "version").iter_rows())
        self.imports = store.small("imports")
        self.queued = queued_of(self.imports)
        self.feed_users = functools.cache(self._feed_users)

    @functools.cached_property
    def files(self) -> dict[tuple[str, str], JobFile]:
        """The files of jobs that have any, by table and job ID."""
        counts = self.rows.select("job_id", "month", "entry_rows", "named_users").iter_rows()
        files: dict[tuple[str, str], JobFile] = {}
        for job_id, month, entry_rows, users in counts:
            for table, rows in (("entries", entry_rows), ("users", users)):
                if rows:
                    files[table, job_id] = JobFile(table, job_id, month, self.store.file(table, job_id, month))
        return files

    @functools.cached_property
    def jobs_by_id(self) -> dict[str, dict[str, Any]]:
        """The rows of the table ``jobs`` with ``earliest`` and ``latest``, by job ID."""
        jobs = self.rows.select(*JOBS, "earliest", "latest")
        return {row["job_id"]: row for row in jobs.iter_rows(named=True)}

    def has(self, table: str, job_id: str) -> bool:
        """Return whether a job has rows of ``entries`` or ``users``."""
        return (table, job_id) in self.files

    def read(self, table: str, job_id: str, columns: Iterable[str] | None = None) -> pl.DataFrame:
        """Return a job's rows, sorted by key."""
        month = self.files[table, job_id].month
        try:
            return self.store.read(table, job_id, month, columns)
        except DamagedError as error:
            self._repair(error)
            return self.store.read(table, job_id, month, columns)

    def read_together(self, table: str, job_ids: Collection[str]) -> pl.DataFrame:
        """Return the rows of several jobs, those of each job as from ``read``."""
        wanted = [job_id for job_id in job_ids if self.has(table, job_id)]
        with contextlib.suppress(OSError, pl.exceptions.PolarsError):
            found = self.store.scan([self.files[table, job_id] for job_id in wanted], table).collect()
            if set(found["job_id"].unique()) == set(wanted):
                return found
        return pl.concat([self.read(table, job_id) for job_id in wanted])  # which finds the damaged one

    def scan(self, files: Iterable[JobFile], table: str) -> pl.LazyFrame:
        """Return the rows of many jobs' files lazily (``store.scanning``)."""
        wanted = [file for file in files if file.table == table]
        try:
            self.store.check_ends(wanted)
        except DamagedError as error:
            self._repair(error)
        return self.store.scan(wanted, table)

    def record(self, job_id: str) -> JobRecord:
        """Return what the history keeps of a job."""
        return self.records([job_id])[job_id]

    def records(self, job_ids: Collection[str]) -> dict[str, JobRecord]:
        """Return what the history keeps of some jobs, by job ID."""
        try:
            return {job_id: decode_record(self._encoded[job_id]) for job_id in job_ids}
        except msgspec.DecodeError:
            self._repair(DamagedError(f"{self.store.root} has what this version can't read"))
            del self._encoded
            return {job_id: decode_record(self._encoded[job_id]) for job_id in job_ids}

    @functools.cached_property
    def _encoded(self) -> dict[str, bytes]:
        return dict(self.store.small("jobs", ("job_id", "record")).iter_rows())

    def is_last(self, job_id: str) -> bool:
        """Return whether a job is certainly the last one of its feed, so that nothing has happened to its users since.

        A retry has the values of the run that it repairs, which other runs may have followed.
        """
        job = self.jobs_by_id[job_id]
        others = self.rows.filter(pl.col("feed").eq_missing(pl.lit(job["feed"], pl.String)))
        if job["retry_of"] or job["earliest"] is None or others["job_id"][-1] != job_id:
            return False
        ended = others["latest"].head(-1)
        return not ended.null_count() and bool((ended <= job["earliest"]).all())

    def _feed_users(self, feed: str | None) -> FeedUsers | None:
        """Return the users of a feed's jobs; None for jobs of an unknown feed."""
        from analyzer.history.feed_users import FeedCheckpoints, FeedUsers
        from analyzer.history.job_rows import certain_sources, feed_jobs

        if feed is None:
            return None
        rows = self.rows.filter(feed=feed)
        records = self.records(rows["job_id"].to_list())
        sources = certain_sources(records, self._root)
        jobs = feed_jobs(rows, records, self.queued)[feed]
        return FeedUsers(jobs, self._keys_of, sources, FeedCheckpoints(self.store, feed))

    def _keys_of(self, job_id: str) -> Collection[str]:
        if not self.has("users", job_id):
            return []
        return self.read("users", job_id, ("key",))["key"].to_list()
