"""Open the history of a library as tables; bring it up to date first."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import shutil
import tempfile
import weakref
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl

from analyzer.analysis.open_and_superseded import OpenUsers
from analyzer.errors import InputError, LockedError, OutputError
from analyzer.history.history_files import HistoryFiles
from analyzer.history.import_rows import imports_stamp
from analyzer.history.record import is_current
from analyzer.history.store import VERSION, WAIT, DamagedError, JobFile, Store
from analyzer.history.verifications import verifications_in
from analyzer.model.job import Outcome
from analyzer.model.tables import JOBS, NAMED_ENTRIES, USERS, VERIFICATIONS
from analyzer.source.damaged_values import Damage
from analyzer.storage.lock import data_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from analyzer.analysis.feeds import FeedRule
    from analyzer.library.mirror import Library
    from analyzer.logs.model import LogRead
    from analyzer.model.queued_job import QueuedJob

_USERS: dict[str, Any] = {name: kind for name, kind in USERS.items() if name != "tenant"} | {"open": pl.Boolean}


@dataclass(frozen=True)
class Tables:
    """The tables of a history. Those of one job are read when they are asked for.

    Attributes:
        jobs: the table ``jobs`` with ``earliest`` and ``latest`` (``analysis.timeline``), the oldest first.
        codes: the table ``job_codes``.
        observations: the table ``observations``.
        open_users: by job ID, its number of open users and the run that superseded it; ``users_after`` has more.
        source_problems: by job ID, why its source file can't be used.
        source_later: by job ID, the evidence that our copy of its source file is a later version (``library.copies``).
        damage: by job ID, wrong values of its source file that an import writes without an error.
        as_of: when the job list was current (UTC); None if unknown.
        imports: the table ``imports``, also of jobs that aren't among ``jobs``.
        queued: what it says of each job, by job ID.
        verifications: the table ``verifications``, which isn't kept in the history (``with_verifications``).
    """

    jobs: pl.DataFrame
    codes: pl.DataFrame
    observations: pl.DataFrame
    open_users: Mapping[str, OpenUsers]
    source_problems: Mapping[str, str]
    source_later: Mapping[str, str]
    damage: Mapping[str, tuple[Damage, ...]]
    as_of: datetime | None
    imports: pl.DataFrame
    queued: Mapping[str, QueuedJob]
    _history: HistoryFiles
    verifications: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=VERIFICATIONS))

    @staticmethod
    def of(store: Store, library_root: Path, repair: Callable[[DamagedError], None]) -> Tables:
        """Open a history that is up to date.

        Args:
            store: the history.
            library_root: the library's folder.
            repair: makes files of jobs again that can't be read, or raises the error.

        Raises:
            DamagedError: a small table can't be read.
        """
        history = HistoryFiles(store, library_root, repair)
        rows = history.rows
        as_of = store.head().as_of
        return Tables(
            jobs=rows.select(*JOBS, "earliest", "latest"),
            # It may have been written since, with further jobs.
            codes=store.small("job_codes").join(rows, on="job_id", how="semi", maintain_order="left"),
            observations=store.small("observations"),
            open_users={
                job_id: OpenUsers(is_open, due, later)
                for job_id, is_open, due, later in rows.select("job_id", "open", "due", "superseded_by").iter_rows()
            },
            source_problems=dict(rows.select("job_id", "source_problem").drop_nulls().iter_rows()),
            source_later=dict(rows.select("job_id", "source_later").drop_nulls().iter_rows()),
            damage={
                job_id: msgspec.json.decode(damage, type=tuple[Damage, ...])
                for job_id, damage in rows.select("job_id", "damage").drop_nulls().iter_rows()
            },
            as_of=datetime.fromisoformat(as_of) if as_of else None,
            imports=history.imports,
            queued=history.queued,
            _history=history,
        )

    @property
    def log_problems(self) -> list[InputError]:
        """Why logs of these jobs could not be read completely."""
        rows = self._history.rows.select("job_id", "problems").drop_nulls()
        rows = rows.join(self.jobs, on="job_id", how="semi", maintain_order="left")
        return [InputError(*problem) for text in rows["problems"] for problem in msgspec.json.decode(text)]

    @property
    def unreadable(self) -> frozenset[str]:
        """IDs of the jobs whose logs could not be read completely."""
        return frozenset(self._history.rows.drop_nulls("problems")["job_id"])

    def logs_of(self, job_id: str) -> list[LogRead]:
        """Return how each log file of a job was read, including a missing one if the job has other logs."""
        record, tenant = self._history.record(job_id), self.job(job_id)["tenant"]
        return [log.log(tenant) for log in record.logs]

    def entries_of(self, job_id: str) -> pl.DataFrame:
        """Return the entries of a job with their users: columns ``NAMED_ENTRIES``, in the order of its logs."""
        if not self._history.has("entries", job_id):
            return pl.DataFrame(schema=NAMED_ENTRIES)
        return self._history.read("entries", job_id).sort("log_file", "line", maintain_order=True)

    def users_of(self, job_id: str) -> pl.DataFrame:
        """Return the users in a job's log: columns ``USERS`` without ``tenant``, and ``open`` Boolean (null: unknown).

        They are in the order of their keys.
        """
        if not self._history.has("users", job_id):
            return pl.DataFrame(schema=_USERS)
        users = self._history.read("users", job_id).drop("tenant")
        return users.with_columns(open=pl.Series(self.open_flags(job_id, users["key"]), dtype=pl.Boolean))

    def open_flags(self, job_id: str, keys: Collection[str]) -> list[bool | None]:
        """Return whether users in a job's log are open by their keys; None if unknown."""
        job = self.job(job_id)
        if job["open"] is not None and job["open"] == job["not_updated"]:
            return [True] * len(keys)  # without the users of a log with millions
        if job["open"] == 0 and job["outcome"] == Outcome.partial and job["not_updated"] is not None:
            return [False] * len(keys)  # the log names everyone, and all were updated
        feed = self._history.feed_users(job["feed"])
        return feed.open_flags(job_id, keys) if feed else [None] * len(keys)

    def entries_of_jobs(self, job_ids: Collection[str]) -> pl.DataFrame:
        """Return ``entries_of`` for several jobs; small ones are read much faster together."""
        entries = self._history.read_together("entries", job_ids)
        return entries.sort("job_id", "log_file", "line", maintain_order=True)

    def users_of_jobs(self, job_ids: Collection[str]) -> pl.DataFrame:
        """Return ``users_of`` for several jobs, without ``open``."""
        return self._history.read_together("users", job_ids).drop("tenant")

    def new_of(self, job_id: str) -> int | None:
        """Return how many of a job's failed users are new; None without users, or without a run to compare with."""
        return self._history.new.get(job_id)

    def unnamed_of(self, job_id: str) -> int:
        """Return how many of a job's entries identify no user."""
        return self._history.record(job_id).counts.unnamed

    def users_after(self, job_id: str) -> OpenUsers:
        """Return the users of a job after later jobs, with ``newer`` and ``updated_since``."""
        if self._history.is_last(job_id):
            return self.open_users[job_id]
        feed = self._history.feed_users(self.job(job_id)["feed"])
        return feed.of_job(job_id) if feed else OpenUsers(None, None)

    def in_later_files(self, job_id: str) -> frozenset[int]:
        """Return the marks (``mark_of``) of all users in the files of later runs of a job's feed."""
        feed = self._history.feed_users(self.job(job_id)["feed"])
        return feed.in_later_files(job_id) if feed else frozenset()

    def scan_entries_of(self, job_id: str) -> pl.LazyFrame:
        """Return ``entries_of`` lazily in the order of keys, to read only some columns and rows of a large log."""
        if not self._history.has("entries", job_id):
            return pl.LazyFrame(schema=NAMED_ENTRIES)
        return self._history.scan([self._history.files["entries", job_id]], "entries")

    def scan_users_of(self, job_id: str) -> pl.LazyFrame:
        """Return ``users_of`` lazily, without ``open``."""
        if not self._history.has("users", job_id):
            return pl.LazyFrame(schema=USERS).drop("tenant")
        return self._history.scan([self._history.files["users", job_id]], "users").drop("tenant")

    def version_of(self, job_id: str) -> str:
        """Return a text that differs if a job's entries or users have changed; nothing large is read for it."""
        return self._history.versions[job_id]

    def scan_entries(self) -> pl.LazyFrame:
        """Return the entries of all these jobs, columns ``NAMED_ENTRIES``."""
        return self._history.scan(self.files(), "entries")

    def scan_entries_of_user(self, key: str) -> pl.LazyFrame:
        """Return the entries of one user in all these jobs, columns ``NAMED_ENTRIES``; fast in any history."""
        return self._history.store.scan_entries_of_user(self.files(), key)

    def scan_users(self) -> pl.LazyFrame:
        """Return the users in the logs of all these jobs, columns ``USERS``."""
        return self._history.scan(self.files(), "users")

    def files(self) -> list[JobFile]:
        """Return the files of these jobs' entries and users, the oldest job first."""
        keys = ((name, job_id) for name in ("entries", "users") for job_id in self.jobs["job_id"])
        return [self._history.files[key] for key in keys if key in self._history.files]

    def job(self, job_id: str) -> dict[str, Any]:
        """Return the row of a job in ``jobs``, also of one that is filtered out."""
        return self._history.jobs_by_id[job_id]

    def superseded_by(self, job_id: str) -> str | None:
        """Return the ID of the later full run of the job's feed; None if there is none."""
        users = self.open_users.get(job_id)
        return users.superseded_by if users else None

    def proven_id_property(self, job_id: str) -> str:
        """Return the source file's ID property that a job's log proves; empty if none is known to be proven."""
        return self._history.record(job_id).proven_id_property

    def has_certain_source(self, job_id: str) -> bool:
        """Return whether a job certainly read our copy of its source file, or one that was removed since."""
        return self._history.record(job_id).is_certain

    def with_verifications(self, folder: Path, tenant: str | None) -> Tables:
        """Return the tables with what was verified, from the tenant's folder ``verified``, which may be missing."""
        return dataclasses.replace(self, verifications=verifications_in(folder, tenant))

    def since(self, time: datetime) -> Tables:
        """Return only the jobs that ran since ``time`` (UTC), and those with an unknown time."""
        return self._filtered(pl.col("ran").is_null() | (pl.col("ran") >= time))

    def only(self, job_ids: Iterable[str]) -> Tables:
        """Return only these jobs."""
        return self._filtered(pl.col("job_id").is_in(list(job_ids)))

    def _filtered(self, condition: pl.Expr) -> Tables:
        jobs = self.jobs.filter(condition)
        codes, observations = (
            frame.join(jobs, on="job_id", how="semi", maintain_order="left")
            for frame in (self.codes, self.observations)
        )
        return dataclasses.replace(self, jobs=jobs, codes=codes, observations=observations)


def load(  # noqa: PLR0913 - a library, and how its history is found and kept
    library: Library,
    place: Path | None = None,
    *,
    rules: Sequence[FeedRule] = (),
    retry_folder: Path | None = None,
    imports_folder: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    is_busy: Callable[[], bool] = lambda: False,
    say: Callable[[str], None] = lambda _: None,
) -> Tables:
    """Bring the history of a library up to date, and open it.

    Args:
        library: an existing library.
        place: the history's folder; None for a temporary one, which also replaces one that can't be written.
        rules: the feeds of the configuration.
        retry_folder: the folder with the tenant's retry files, whose manifests identify renamed ones.
        imports_folder: the folder with the records of what this program queued; may be missing.
        progress: called with the number of jobs that were looked at, and of all jobs.
        is_busy: whether another command is writing the library now; then an existing history is opened as it is.
        say: shows a remark.

    Raises:
        InputError: the job list can't be read, or the history is of a newer version.
        LockedError: another process is bringing the history up to date for too long.
        OutputError: no history can be written.
    """

    def bring_up_to_date(store: Store) -> None:
        from analyzer.history.ingest import ingest

        ingest(library, store, rules=rules, retry_folder=retry_folder, imports_folder=imports_folder, progress=progress)

    is_up_to_date = functools.partial(_is_up_to_date, library, rules, imports_folder)
    if place is not None:
        store = Store(place)

        def repair(error: DamagedError) -> None:
            say(f"{error.what}. Making it again from the library.")
            with data_lock(place, "ingest", say, wait=WAIT):
                store.remove_damaged()
                bring_up_to_date(store)

        try:
            if store.exists and not _is_older(store) and (is_up_to_date(store) or _may_be_behind(is_busy, say)):
                return Tables.of(store, library.root, repair)
        except DamagedError as error:
            say(f"{error.what}. Making the history again from the library.")
        try:
            if _is_older(store):
                from analyzer.history.check import rebuild

                say(f"{place} was written by an earlier version. Making the history again from the library.")
                rebuild(
                    library,
                    place,
                    rules=rules,
                    retry_folder=retry_folder,
                    imports_folder=imports_folder,
                    progress=progress,
                    say=say,
                )
            with data_lock(place, "ingest", say, wait=WAIT):
                with contextlib.suppress(DamagedError):
                    if is_up_to_date(store):
                        return Tables.of(store, library.root, repair)
                bring_up_to_date(store)
                return Tables.of(store, library.root, repair)
        except LockedError:
            raise
        except OutputError as error:
            say(f"{error.what}. Using a temporary history for this command.")
    store = Store(Path(tempfile.mkdtemp(prefix="upa-history-")))
    weakref.finalize(store, shutil.rmtree, store.root, ignore_errors=True)
    bring_up_to_date(store)
    return Tables.of(store, library.root, _cannot_repair)


def _is_up_to_date(library: Library, rules: Sequence[FeedRule], imports_folder: Path | None, store: Store) -> bool:
    return store.exists and is_current(library, store, rules, imports_stamp(imports_folder))


def _may_be_behind(is_busy: Callable[[], bool], say: Callable[[str], None]) -> bool:
    """Return whether a history that is behind is opened as it is, which is said."""
    if not is_busy():
        return False
    say("Another command is writing to the library. What it has added isn't shown yet.")
    return True


def _is_older(store: Store) -> bool:
    with contextlib.suppress(DamagedError):
        return store.exists and store.head().version < VERSION  # a newer one is refused
    return False


def _cannot_repair(error: DamagedError) -> None:
    raise error
