"""Load a library into the tables for the analysis."""

from __future__ import annotations

import contextlib
import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from analyzer.analysis.failures import by_user, job_codes
from analyzer.analysis.feeds import UNKNOWN_FEED, source_name
from analyzer.analysis.named_users import SOURCE_IDS, naming
from analyzer.analysis.outcomes import JOB_RECORDS, job_table
from analyzer.analysis.timeline import new_failures, timeline
from analyzer.errors import InputError, OutputError
from analyzer.history.repairs import feeds_of_jobs, retries_of, with_open_flags, with_open_users
from analyzer.library.copies import PulledLogs, changed_later, ended_at, first_seen_ended, time_in_log_name, written_at
from analyzer.library.model import COUNTS_VERSION, SourceCount
from analyzer.logs.model import LogFile, LogRead
from analyzer.logs.read import LogReader
from analyzer.model.redaction import shown_message, shown_uri
from analyzer.model.service import error_name, state_name
from analyzer.model.tables import ENTRIES, JOBS, NAMED_ENTRIES, OBSERVATIONS, USERS, table
from analyzer.source.count_records import measure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from analyzer.analysis.feeds import FeedRule
    from analyzer.analysis.open_and_superseded import OpenUsers
    from analyzer.library.mirror import Library
    from analyzer.model.job import Job
    from analyzer.source.damaged_values import Damage

_USERS: dict[str, Any] = {name: kind for name, kind in USERS.items() if name != "tenant"} | {"open": pl.Boolean}

REMEMBERED_FROM = 4_000_000
"""Bytes from which the counts of a source file are saved: a library can have hundreds of files of up to 2 GB."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of a library, and how its files were read.

    Attributes:
        jobs: the table ``jobs`` with ``earliest`` and ``latest`` (``analysis.timeline``), the oldest first.
        codes: the table ``job_codes``.
        observations: the table ``observations``.
        source_problems: by job ID, why its source file can't be used.
        source_later: by job ID, the evidence that our copy of its source file is a later version (``library.copies``).
        open_users: by job ID, its open users and the run that superseded it.
        damage: by job ID, wrong values of its source file that an import writes without an error.
        as_of: when the job list was current (UTC); None if unknown.
    """

    jobs: pl.DataFrame
    codes: pl.DataFrame
    observations: pl.DataFrame
    source_problems: dict[str, str]
    source_later: dict[str, str]
    open_users: dict[str, OpenUsers]
    damage: dict[str, tuple[Damage, ...]]
    as_of: datetime | None
    _entries: Mapping[str, pl.DataFrame]
    _users: Mapping[str, pl.DataFrame]
    _logs: Mapping[str, list[LogRead]]

    @property
    def log_problems(self) -> list[InputError]:
        """Why logs could not be read completely."""
        return [log.problem for logs in self._logs.values() for log in logs if log.problem]

    def logs_of(self, job_id: str) -> list[LogRead]:
        """Return how each log file of a job was read, including a missing one if the job has other logs."""
        return self._logs.get(job_id, [])

    def entries_of(self, job_id: str) -> pl.DataFrame:
        """Return the entries of a job with their users: columns ``NAMED_ENTRIES``, in the order of its logs."""
        entries = self._entries.get(job_id)
        return pl.DataFrame(schema=NAMED_ENTRIES) if entries is None else entries

    def users_of(self, job_id: str) -> pl.DataFrame:
        """Return the users in a job's log: columns ``USERS`` without ``tenant``, and ``open`` Boolean (null: unknown).

        They are in the order of the log.
        """
        users = self._users.get(job_id)
        return pl.DataFrame(schema=_USERS) if users is None else users

    def scan_entries_of(self, job_id: str) -> pl.LazyFrame:
        """Return ``entries_of`` lazily, in any order, to read only some columns and rows of a log with millions."""
        return self.entries_of(job_id).lazy()

    def scan_users_of(self, job_id: str) -> pl.LazyFrame:
        """Return ``users_of`` lazily, without ``open``, in the same order."""
        return self.users_of(job_id).lazy().drop("open")

    def version_of(self, job_id: str) -> str:
        """Return a text that differs if a job's entries or users have changed; nothing large is read for it."""
        frames = (self.entries_of(job_id), self.users_of(job_id).drop("open"))
        return " ".join(f"{frame.height}-{frame.hash_rows().implode().hash().item():x}" for frame in frames)

    def scan_entries(self) -> pl.LazyFrame:
        """Return the entries of all jobs, columns ``NAMED_ENTRIES``."""
        return pl.concat(
            [self.entries_of("").lazy(), *(self.entries_of(job_id).lazy() for job_id in self.jobs["job_id"])]
        )

    def scan_users(self) -> pl.LazyFrame:
        """Return the users in the logs of all jobs, columns ``USERS``."""
        users = pl.concat([self.users_of(""), *(self.users_of(job_id) for job_id in self.jobs["job_id"])])
        return users.lazy().join(self.jobs.lazy().select("tenant", "job_id"), on="job_id").select(*USERS)

    def job(self, job_id: str) -> dict[str, Any]:
        """Return the row of a job in ``jobs``."""
        return self.jobs.row(by_predicate=pl.col("job_id") == job_id, named=True)

    def superseded_by(self, job_id: str) -> str | None:
        """Return the ID of the later full run of the job's feed; None if there is none."""
        users = self.open_users.get(job_id)
        return users.superseded_by if users else None

    def since(self, time: datetime) -> Tables:
        """Return only the jobs that ran since ``time`` (UTC), and those with an unknown time."""
        return self._filtered(pl.col("ran").is_null() | (pl.col("ran") >= time))

    def only(self, job_ids: Iterable[str]) -> Tables:
        """Return only these jobs."""
        return self._filtered(pl.col("job_id").is_in(list(job_ids)))

    def _filtered(self, condition: pl.Expr) -> Tables:
        jobs = self.jobs.filter(condition)
        others = {
            name: getattr(self, name).join(jobs, on="job_id", how="semi", maintain_order="left")
            for name in ("codes", "observations")
        }
        logs = {job_id: self.logs_of(job_id) for job_id in jobs["job_id"]}
        return dataclasses.replace(self, jobs=jobs, _logs=logs, **others)


def load(
    library: Library,
    *,
    rules: Sequence[FeedRule] = (),
    retry_folder: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Tables:
    """Read the logs of a library and count its source files, for all jobs.

    The other jobs of a feed determine whether a job is stuck, and which of its failures are new.

    Args:
        library: an existing library.
        rules: the feeds of the configuration.
        retry_folder: the folder with the tenant's retry files, whose manifests identify renamed ones.
        progress: called with the number of jobs that were read, and of all jobs.

    Raises:
        InputError: the job list cannot be read. Unreadable logs are in ``log_problems``, unreadable source files in
            ``source_problems``.
    """
    jobs = library.jobs()
    reader = _Reader(library, jobs, rules, retry_folder)
    for done, job in enumerate(jobs, 1):
        reader.read(job)
        if progress:
            progress(done, len(jobs))
    with contextlib.suppress(OutputError, InputError):
        library.state.save_counts()  # a read-only library is counted again next time
    return reader.tables()


class _Reader:
    def __init__(
        self, library: Library, jobs: Sequence[Job], rules: Sequence[FeedRule], retry_folder: Path | None
    ) -> None:
        self._library = library
        self._jobs, self._rules, self._retry_folder = jobs, rules, retry_folder
        self._copies: dict[str, Path] = {}
        self._readers: dict[Path, list[str]] = {}
        self._rows: list[dict[str, Any]] = []
        self._files: dict[str, LogFile] = {}
        self._log_jobs: list[tuple[str, str]] = []  # log file and job ID
        self._pulled = PulledLogs(library)
        self._damaged_logs: dict[str, InputError] = {}
        self._source_ids: list[dict[str, object]] = []
        self._problems: dict[str, str] = {}
        self._later: dict[str, str] = {}
        self._damage: dict[str, tuple[Damage, ...]] = {}
        self._seen_ended = first_seen_ended(library)

    def read(self, job: Job) -> None:
        """Find one job's log files and count its source file."""
        source = self._library.source_file(job)
        counts = self._counts(job, source)
        log_files = self._library.log_files(job)
        log_time = self._add_logs(job, log_files)
        notes = self._library.state.notes.get(job.job_id)
        written = written_at(self._library, job)
        later = changed_later(job, written, ended_at(self._library, log_files, self._seen_ended.get(job.job_id)))
        if later:
            self._later[job.job_id] = later
        if source:
            self._copies[job.job_id] = source
        if source and not later:
            self._readers.setdefault(source, []).append(job.job_id)
        if counts is not None and later:
            self._problems[job.job_id] = f"it {later}"
        if counts is None and job.job_id not in self._problems:
            because = notes.source_missing if notes else None
            self._problems[job.job_id] = because or "the library has no copy of it"
        self._source_ids.append({"job_id": job.job_id, "guid_ids": counts.guid_ids if counts else None})
        counts = None if later else counts
        if counts and counts.damage:
            self._damage[job.job_id] = counts.damage
        self._rows.append(
            {
                "tenant": self._library.tenant,
                "job_id": job.job_id,
                "state": job.state_name,
                "error": job.error_name,
                "error_message": shown_message(job.error_message) or None,
                "source_uri": shown_uri(job.source_uri) or None,
                "log_folder_uri": shown_uri(job.log_folder_uri) or None,
                "gone": job.gone,
                "source_bytes": counts.size if counts else None,
                "users": counts.users if counts else None,
                "property_values": counts.property_values if counts else None,
                "without_id": counts.without_id if counts else None,
                "log_found": bool(log_files),
                "log_time": log_time,
                "source_time": written,
                "not_after": None,
            }
        )

    def tables(self) -> Tables:
        """Read the logs; return the tables."""
        sources = self._certain_sources()
        owned = set(sources.values())
        for row in self._rows:
            if row["job_id"] not in sources:
                # If another job read our version, this one had read another version before.
                path = self._copies.get(str(row["job_id"]))
                row["not_after"] = row["source_time"] if path in owned else None
                row["source_time"] = None
        self._name_feeds(sources)
        as_of = self._library.state.last_pull.pulled_at if self._library.state.last_pull else None
        reading = LogReader(self._files.values())
        entries = naming(self._entries(reading), table(self._source_ids, SOURCE_IDS))
        for log in reading.logs:
            log.problem = self._damaged_logs.get(log.name) or log.problem
        logs = {log.name: log for log in reading.logs}
        unfinished = {job_id for name, job_id in self._log_jobs if logs[name].unfinished}
        records = table(({**row, "log_whole": row["job_id"] not in unfinished} for row in self._rows), JOB_RECORDS)
        observations = observation_table(self._library)
        jobs = timeline(job_table(records, entries, observations, as_of))
        jobs, open_users = with_open_users(jobs, entries, sources)
        logs_of: dict[str, list[LogRead]] = {}
        for name, job_id in self._log_jobs:
            logs_of.setdefault(job_id, []).append(logs[name])
        no_streak = {name: pl.lit(None, USERS[name]) for name in ("since", "runs", "seen")}
        users = with_open_flags(new_failures(jobs, by_user(entries)).with_columns(**no_streak), open_users)
        return Tables(
            jobs=jobs.select(*JOBS, "earliest", "latest"),
            codes=job_codes(entries),
            observations=observations,
            _entries=_by_job(entries),
            _users=_by_job(users.select(*_USERS)),
            _logs=logs_of,
            source_problems=self._problems,
            source_later=self._later,
            open_users=open_users,
            damage=self._damage,
            as_of=as_of,
        )

    def _name_feeds(self, sources: Mapping[str, Path]) -> None:
        """Add to each row its feed, the run that it repairs, and the time in its file's name."""
        # Without the hashes of jobs that may have read another version.
        doubtful = {job_id for job_ids in self._readers.values() for job_id in job_ids} - sources.keys()
        hashes = {
            job.job_id: digest
            for job in self._jobs
            if job.job_id not in doubtful | self._later.keys() and (digest := self._library.pulled_sha256(job))
        }
        written, logged = (
            {str(row["job_id"]): row[time] for row in self._rows if row[time] is not None}
            for time in ("source_time", "log_time")
        )
        retries = retries_of(self._jobs, hashes, self._retry_folder, written, logged)
        feeds = feeds_of_jobs(self._jobs, retries, self._rules)
        for job, row in zip(self._jobs, self._rows, strict=True):
            feed, retry_of = feeds[job.job_id], retries.get(job.job_id)
            row |= {
                "feed": None if feed == UNKNOWN_FEED else feed,
                "retry_of": retry_of,
                # A retry file's name has the time of the file that it was made from.
                "name_time": None if retry_of else source_name(job.source_uri).time,
            }

    def _certain_sources(self) -> dict[str, Path]:
        """Return our copies of source files by the ID of the jobs that certainly read them.

        A file can have had several versions between two pulls. Of the jobs that may have read our version, those with
        a log did, because our version was written before the log; without logs, only a single job did.
        """
        with_log = {job_id for _, job_id in self._log_jobs}
        return {
            job_id: path
            for path, job_ids in self._readers.items()
            for job_id in job_ids
            if len(job_ids) == 1 or job_id in with_log
        }

    def _entries(self, reading: LogReader) -> pl.DataFrame:
        # A log file's folder identifies its job even if the file was renamed.
        jobs = pl.DataFrame(self._log_jobs, {"log_file": pl.String, "job_id": pl.String}, orient="row")
        return reading.table().drop("job_id").join(jobs, on="log_file", maintain_order="left").select(*ENTRIES)

    def _add_logs(self, job: Job, log_files: Sequence[Path]) -> datetime | None:
        """Add a job's logs; return the newest time in their names."""
        damaged = dict(self._pulled.damaged(log_files))
        paths = list(dict.fromkeys([*log_files, *damaged]))
        for path in paths:
            name = self._library.name_of(path)
            size = path.stat().st_size if path in log_files else 0
            self._files[name] = LogFile(path, name, self._library.tenant, size=size)
            if path in damaged:
                self._damaged_logs[name] = damaged[path]
            self._log_jobs.append((name, job.job_id))
        return max(filter(None, (time_in_log_name(path.name) for path in paths)), default=None)

    def _counts(self, job: Job, path: Path | None) -> SourceCount | None:
        if path is None:
            return None
        name, status = self._library.name_of(path), path.stat()
        counts = self._library.state.counts.get(name)
        current = (status.st_size, status.st_mtime_ns, COUNTS_VERSION)
        if counts is None or (counts.size, counts.modified_ns, counts.counting) != current:
            counts = _count(path, name, status.st_size, status.st_mtime_ns)
            if counts.size >= REMEMBERED_FROM:
                self._library.state.counts[name] = counts
        if counts.problem:
            self._problems[job.job_id] = counts.problem
        return counts


def _by_job(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    parts = frame.partition_by("job_id", as_dict=True, maintain_order=True)
    return {str(job_id): part for (job_id,), part in parts.items()}


def _count(path: Path, name: str, size: int, modified_ns: int) -> SourceCount:
    try:
        counts = measure(path)
    except InputError as error:
        # With the path in the library, which may be moved or sent.
        return SourceCount(size, modified_ns, problem=error.what.replace(str(path), name), counting=COUNTS_VERSION)
    return SourceCount(
        size,
        modified_ns,
        counts.users,
        counts.property_values,
        counts.guid_ids,
        without_id=counts.without_id,
        damage=counts.damage,
        counting=COUNTS_VERSION,
    )


def observation_table(library: Library) -> pl.DataFrame:
    """Return the table ``observations`` of a library."""
    return table(
        (
            {
                "tenant": library.tenant,
                "job_id": seen.job_id,
                "observed_at": seen.observed_at,
                "previous_pull_at": seen.previous_pull_at,
                "state": state_name(seen.state),
                "error": error_name(seen.error),
            }
            for seen in library.state.observations
        ),
        OBSERVATIONS,
    )
