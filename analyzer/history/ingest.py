"""Bring a history up to date with its library: parse the logs of new and changed jobs, and derive the rest.

For each such job its entries are written first. Then the jobs are put in order, and the users of each run are compared
with those of its feed's run before. The table ``jobs`` is written last; until then the history is what it was, and a
death in between is repaired by the next ingest, which writes the same files again.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl

from analyzer.analysis.feeds import UNKNOWN_FEED
from analyzer.analysis.open_and_superseded import JobState
from analyzer.analysis.outcomes import COUNTS, JOB_RECORDS, job_table
from analyzer.analysis.timeline import timeline
from analyzer.errors import InputError
from analyzer.history.feed_users import FeedCheckpoints, FeedUsers
from analyzer.history.import_rows import import_table, imports_stamp, queued_jobs, queued_of
from analyzer.history.job_rows import (
    certain_sources,
    end_of_chains,
    feed_jobs,
    feeds_of_jobs,
    job_row,
    observation_table,
    repaired_by,
)
from analyzer.history.job_tables import SmallJob, UserFold, write_entries, write_small
from analyzer.history.read_job import read_job
from analyzer.history.record import JobRecord, Places, decode_record, digest_of, has_files, inputs_of, job_digest
from analyzer.history.store import PER_JOB, UNKNOWN_MONTH, DamagedError, Head
from analyzer.library.copies import PulledLogs, first_seen_ended
from analyzer.library.forgotten import Forgotten
from analyzer.logs.model import LogFile
from analyzer.logs.read import LogReader
from analyzer.model.job import Job
from analyzer.model.tables import ENTRIES, JOB_CODES, table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from analyzer.analysis.feeds import FeedRule
    from analyzer.history.read_job import JobFiles
    from analyzer.history.store import Store
    from analyzer.library.mirror import Library
    from analyzer.library.model import Observation
    from analyzer.model.queued_job import QueuedJob


def load_records(store: Store) -> dict[str, JobRecord]:
    """Return what the history keeps of each job; nothing if it can't be read."""
    if not store.exists:
        return {}
    try:
        store.head()
        rows = store.small("jobs", ("job_id", "record"))
        return {job_id: decode_record(record) for job_id, record in rows.iter_rows()}
    except (DamagedError, msgspec.DecodeError):
        return {}


def ingest(  # noqa: PLR0913 - as for load
    library: Library,
    store: Store,
    *,
    rules: Sequence[FeedRule] = (),
    retry_folder: Path | None = None,
    imports_folder: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Bring a history up to date.

    Args:
        library: an existing library.
        store: the history's files; only one process may write them.
        rules: the feeds of the configuration.
        retry_folder: the folder with the tenant's retry files, whose manifests identify renamed ones.
        imports_folder: the folder with the records of what this program queued; may be missing.
        progress: called with the number of jobs that were looked at, and of all jobs.

    Raises:
        InputError: the job list can't be read, or the history is of a newer version. Unreadable logs and source files
            are noted in the tables.
        OutputError: the history can't be written.
    """
    inputs = inputs_of(
        library, rules, imports_stamp(imports_folder)
    )  # before anything is read: what changes meanwhile is read the next time
    try:
        _Ingest(library, store, retry_folder, imports_folder).run(rules, inputs, progress)
    except DamagedError:
        store.remove_damaged()
        _Ingest(library, store, retry_folder, imports_folder).run(rules, inputs, progress)


_SMALL, _BATCH = 1_000_000, 16_000_000
"""Bytes of a job's logs up to which they are read with those of other jobs, and of all logs that are read at once."""


_RULES = 1
"""Version of the rules by which users are open (``analysis.open_incrementally``): others are computed again."""


class _Ingest:
    def __init__(self, library: Library, store: Store, retry_folder: Path | None, imports_folder: Path | None) -> None:
        self.library, self.store, self._retry_folder = library, store, retry_folder
        self._queued = queued_jobs(imports_folder)
        self._old = load_records(store)
        self.jobs = library.jobs()
        listed = {job.job_id for job in self.jobs}
        # Jobs that the library no longer has stay in the history as they were, without files.
        self._forgotten = forgotten_jobs(library)
        gone = self._old.keys() - listed - self._forgotten
        self._records = {job_id: record for job_id, record in self._old.items() if job_id in gone}
        for record in self._records.values():
            record.source, record.stamps = "", []
        self.lost = [Job.from_answer(record.answer).marked_gone() for record in self._records.values()]
        self._changed: set[str] = set()
        self._feed_digests: dict[str, str] = {}
        self._waiting: dict[str, JobFiles] = {}
        self._waiting_bytes = 0
        self._fold = UserFold(store, self._records, library.tenant)
        self._places, self._sizes = Places(library.root), store.sizes()
        self._pulled = PulledLogs(library)
        self._ended = first_seen_ended(library)

    def run(
        self, rules: Sequence[FeedRule], inputs: Mapping[str, Any], progress: Callable[[int, int], None] | None
    ) -> None:
        for done, job in enumerate(self.jobs, 1):
            self.examine(job)
            if progress:
                progress(done, len(self.jobs))
        self.read_small()
        self.derive(rules, inputs)

    def examine(self, job: Job) -> None:
        """Take what is known of a job, or read its files if they or our notes have changed."""
        known = self._old.get(job.job_id)
        if known is not None and self._is_current(job, known):
            self._records[job.job_id] = known
            return
        found = read_job(self.library, job, self._pulled, self._ended.get(job.job_id), known)
        record = found.record
        record.digest = self._digest(job, record)
        record.month = self._month(record, known, self._ended.get(job.job_id))
        self._records[job.job_id] = record
        self._changed.add(job.job_id)
        if known is not None:
            record.state, record.repairs = known.state, known.repairs
            if (known.version, known.month) == (record.version, record.month) and self._has_files(job.job_id, known):
                record.counts, record.fold, record.new = known.counts, known.fold, known.new
                record.logs = found.with_problems(known.logs)
                record.entries_size, record.users_size = known.entries_size, known.users_size
                return
        if not found.logs:
            record.logs = [log.lost() for log in known.logs] if known else []
            self.store.remove_file("entries", job.job_id, record.month)
            return
        size = sum(size for _, size in found.logs)
        if size > _SMALL or any(path.suffix == ".gz" for path, _ in found.logs):
            self._read_large(job.job_id, found)
            return
        self._waiting[job.job_id] = found
        self._waiting_bytes += size
        if self._waiting_bytes > _BATCH:
            self.read_small()

    def _read_large(self, job_id: str, found: JobFiles) -> None:
        record = found.record
        reading = LogReader(self._log_files(found))
        # A log file's folder identifies its job even if the file was renamed.
        frames = (frame.with_columns(job_id=pl.lit(job_id, pl.String)) for frame in reading.frames())
        record.counts, users = write_entries(self.store, job_id, record.month, frames, guid_ids=found.has_guid_ids)
        if users is not None:
            self._fold.add({job_id: users})
        record.logs = found.summaries(reading.logs)
        record.entries_size = self.store.size("entries", job_id, record.month)

    def read_small(self) -> None:
        """Read the logs of the jobs whose logs are small, all at once."""
        waiting, self._waiting, self._waiting_bytes = self._waiting, {}, 0
        if not waiting:
            return
        files = {job_id: self._log_files(found) for job_id, found in waiting.items()}
        reading = LogReader(itertools.chain.from_iterable(files.values()))
        owners = [(file.name, job_id) for job_id, of_job in files.items() for file in of_job]
        of_files = pl.DataFrame(owners, {"log_file": pl.String, "job_id": pl.String}, orient="row")
        entries = reading.table().drop("job_id").join(of_files, on="log_file", maintain_order="left")
        jobs = [SmallJob(job_id, found.record.month, found.has_guid_ids) for job_id, found in waiting.items()]
        counts, users = write_small(self.store, jobs, entries.select(*ENTRIES))
        logs = {log.name: log for log in reading.logs}
        for job_id, found in waiting.items():
            found.record.counts = counts[job_id]
            found.record.logs = found.summaries(logs[file.name] for file in files[job_id])
            found.record.entries_size = self.store.size("entries", job_id, found.record.month)
        self._fold.add(users)

    def _log_files(self, found: JobFiles) -> list[LogFile]:
        library = self.library
        return [LogFile(path, library.name_of(path), library.tenant, size=size) for path, size in found.logs]

    def derive(self, rules: Sequence[FeedRule], inputs: Mapping[str, Any]) -> None:
        """Derive what depends on other jobs, and write the small tables."""
        sources = certain_sources(self._records, self.library.root)
        for job_id, record in self._records.items():
            record.is_certain = job_id in sources if record.source else record.is_certain
        last_pull = self.library.state.last_pull
        as_of = last_pull.pulled_at if last_pull else None
        observations = observation_table(self.library)
        jobs = timeline(job_table(*self._rows(rules, sources), observations, as_of))
        imports = import_table(self.library.tenant, self._queued, self._forgotten)
        queued = queued_of(imports)
        self._changed |= self._fold.update(jobs, queued)
        jobs = self._with_open_users(jobs, sources, queued)
        codes = (
            {"tenant": self.library.tenant, "job_id": job_id, "code": code, "entries": entries, "users": users}
            for job_id in jobs["job_id"]
            for code, entries, users in self._records[job_id].counts.codes
        )
        self.store.write_small("job_codes", table(codes, JOB_CODES))
        self.store.write_small("observations", observations)
        self.store.write_small("imports", imports)
        head = Head(
            tenant=self.library.tenant,
            as_of=as_of.isoformat() if as_of else None,
            inputs=inputs,
            feeds=self._feed_digests,
        )
        self.store.write_small("jobs", self._with_records(jobs), head)
        if self._changed or self._records.keys() != self._old.keys():
            months = {job_id: record.month for job_id, record in self._records.items()}
            self.store.remove_others(self.store.path_of(name, *of) for of in months.items() for name in PER_JOB)

    def _rows(self, rules: Sequence[FeedRule], sources: Mapping[str, Path]) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the columns ``JOB_RECORDS`` and ``COUNTS`` of all jobs."""
        feeds, retries = self._feeds(rules, sources)
        owned = {self._records[job_id].source for job_id in sources}
        rows = (
            {
                **job_row(self._records[job.job_id], owned, gone=job.gone),
                "tenant": self.library.tenant,
                "feed": None if feeds[job.job_id] == UNKNOWN_FEED else feeds[job.job_id],
                "retry_of": retries.get(job.job_id),
                **self._recorded(job.job_id),
                # A retry file's name has the time of the file that it was made from.
                "name_time": None if job.job_id in retries else self._records[job.job_id].name.time,
            }
            for job in [*self.jobs, *self.lost]
        )
        counts = (
            {"job_id": job_id, **{name: getattr(record.counts, name) for name in COUNTS if name != "job_id"}}
            for job_id, record in self._records.items()
        )
        return table(rows, JOB_RECORDS), table(counts, COUNTS)

    def _recorded(self, job_id: str) -> dict[str, object]:
        """Return the counts of a source file from our record of it, if our copy doesn't show them."""
        queued, count = self._queued.get(job_id), self._records[job_id].count
        is_counted = count is not None and count.users is not None and not self._records[job_id].later
        if queued is None or queued.part.users is None or is_counted:
            return {}
        return {"users": queued.part.users, "property_values": queued.part.property_values}

    def _is_current(self, job: Job, known: JobRecord) -> bool:
        return (
            known.digest == self._digest(job, known)
            and all(map(self._places.is_unchanged, known.stamps))
            and self._has_files(job.job_id, known)
        )

    def _digest(self, job: Job, record: JobRecord) -> str:
        state = self.library.state
        seen = [state.files.get(key) for key in record.keys]
        return job_digest(job, state.notes.get(job.job_id), self._ended.get(job.job_id), seen)

    def _has_files(self, job_id: str, record: JobRecord) -> bool:
        return has_files(self.store, self._sizes, job_id, record.month, (record.entries_size, record.users_size))

    @staticmethod
    def _month(record: JobRecord, known: JobRecord | None, ended: Observation | None) -> str:
        time = record.log_time or (ended.observed_at if ended else None)
        if known is not None and (time is None or known.month != UNKNOWN_MONTH):
            return known.month  # a better time is no reason to move its files
        return f"{time:%Y-%m}" if time else UNKNOWN_MONTH

    def _feeds(self, rules: Sequence[FeedRule], sources: Mapping[str, Path]) -> tuple[dict[str, str], dict[str, str]]:
        """Return the feed of each job, and the run that each retry repairs, by job ID."""
        fresh = [job for job in self.jobs if job.job_id in self._changed]
        # Without the hashes of jobs that may have read another version.
        hashes = {
            job.job_id: digest
            for job in fresh
            if (not self._records[job.job_id].source or job.job_id in sources)
            and not self._records[job.job_id].later
            and (digest := self.library.pulled_sha256(job))
        }
        logged = {job_id: record.log_time for job_id, record in self._records.items() if record.log_time}
        written = {
            job_id: record.written for job_id, record in self._records.items() if record.written and record.is_certain
        }
        for job_id, repaired in repaired_by(fresh, hashes, self._retry_folder, written, logged).items():
            self._records[job_id].repairs = repaired
        direct = {job_id: record.repairs for job_id, record in self._records.items() if record.repairs}
        for job_id, one in self._queued.items():
            if one.record.unchanged is not None:  # changes of one user may be the same bytes as an earlier retry file
                direct.pop(job_id, None)
        direct |= {job_id: one.record.retry_of for job_id, one in self._queued.items() if one.record.retry_of}
        retries = end_of_chains(direct)
        names = {job_id: (str(record.answer["SourceUri"]), record.name) for job_id, record in self._records.items()}
        recorded = {job_id: one.record.feed for job_id, one in self._queued.items()}
        return feeds_of_jobs(names, retries, rules, recorded), retries

    def _with_open_users(
        self, jobs: pl.DataFrame, sources: Mapping[str, Path], queued: Mapping[str, QueuedJob]
    ) -> pl.DataFrame:
        """Add the columns ``superseded``, ``open``, ``due`` and ``superseded_by``."""
        known = self._known_feeds()
        for feed, members in feed_jobs(jobs, self._records, queued).items():
            self._feed_digests[feed] = digest_of([_RULES, [(one.job, one.log, one.source) for one in members]])
            if known.get(feed) == self._feed_digests[feed] and all(one.stored for one in members):
                continue
            users = FeedUsers(members, self._fold.keys_of, sources, FeedCheckpoints(self.store, feed))
            for job_id, state in users.update().items():
                self._records[job_id].state = state
        states = [self._records[job_id].state or JobState() for job_id in jobs["job_id"]]
        return jobs.with_columns(
            superseded=pl.Series([one.superseded_by is not None for one in states], dtype=pl.Boolean),
            open=pl.Series([one.open for one in states], dtype=pl.UInt32),
            due=pl.Series([one.due for one in states], dtype=pl.UInt32),
            superseded_by=pl.Series([one.superseded_by for one in states], dtype=pl.String),
        )

    def _known_feeds(self) -> Mapping[str, str]:
        try:
            return self.store.head().feeds if self._old else {}
        except DamagedError:
            return {}

    def _with_records(self, jobs: pl.DataFrame) -> pl.DataFrame:
        """Add the columns ``store.INTERNAL`` that come from records."""
        encode = msgspec.msgpack.encode
        records = [self._records[job_id] for job_id in jobs["job_id"]]
        problems = [_json_or_none([log.problem for log in record.logs if log.problem]) for record in records]
        damage = [_json_or_none(record.count.damage if record.count and not record.later else ()) for record in records]
        sizes = [(record.entries_size, record.users_size) for record in records]
        return jobs.with_columns(
            new=pl.Series([record.new for record in records], dtype=pl.UInt32),
            source_problem=pl.Series([record.problem or None for record in records], dtype=pl.String),
            source_later=pl.Series([record.later or None for record in records], dtype=pl.String),
            entry_rows=pl.Series([record.counts.rows for record in records], dtype=pl.UInt32),
            problems=pl.Series(problems, dtype=pl.String),
            damage=pl.Series(damage, dtype=pl.String),
            month=pl.Series([record.month for record in records], dtype=pl.String),
            version=pl.Series([digest_of([record.version, record.fold]) for record in records], dtype=pl.String),
            stamps=pl.Series(
                [encode((record.stamps, *size)) for record, size in zip(records, sizes, strict=True)], dtype=pl.Binary
            ),
            record=pl.Series([encode(record) for record in records], dtype=pl.Binary),
        )


def forgotten_jobs(library: Library) -> frozenset[str]:
    """Return the jobs that were removed from a library for good; none if these notes are damaged."""
    try:
        return Forgotten(library.root).jobs
    except InputError:
        return frozenset()


def _json_or_none(content: Sequence[object]) -> str | None:
    """Return a list as JSON; None if it is empty."""
    return msgspec.json.encode(content).decode() if content else None
