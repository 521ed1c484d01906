"""Hold a history against its library, and make it again from the library."""

from __future__ import annotations

import contextlib
import shutil
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import polars as pl

from analyzer.errors import InputError
from analyzer.history.import_rows import import_table, queued_jobs
from analyzer.history.ingest import forgotten_jobs, ingest, load_records
from analyzer.history.record import stamp_of
from analyzer.history.store import (
    CHECKPOINTS,
    COLUMNS,
    PER_JOB,
    SMALL,
    VERSION,
    WAIT,
    DamagedError,
    Head,
    JobFile,
    Store,
    stored,
)
from analyzer.library.copies import PulledLogs
from analyzer.logs.model import LogFile
from analyzer.logs.read import LogReader
from analyzer.model.tables import ENTRIES
from analyzer.storage.files import cannot_write
from analyzer.storage.import_record import IMPORT_FILE, read_import
from analyzer.storage.lock import data_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from analyzer.analysis.feeds import FeedRule
    from analyzer.history.record import JobRecord
    from analyzer.library.mirror import Library
    from analyzer.model.job import Job
    from analyzer.storage.traces import Redaction

_BEGUN = "rebuild.part"
"""The folder, in that of the history, of a history that is being made."""
_DIGESTS = 1 << 64
"""Sums of hashes are compared modulo this, as polars adds them up."""
_UPDATE = "Any command that reads the history brings it up to date."
_REBUILD = "`upa-analyzer history rebuild` makes it again from the library."


class Difference(NamedTuple):
    """A difference between a history and its library.

    Attributes:
        about: a job's ID, a file's path in the history, or empty for the whole history.
        what: what differs, a clause.
        advice: what to do, a sentence.
    """

    about: str
    what: str
    advice: str = _REBUILD


def check(library: Library, store: Store, imports_folder: Path | None = None) -> list[Difference]:
    """Return how a history differs from what its library has, reading every log and every file; write nothing.

    Args:
        library: the library.
        store: the history.
        imports_folder: the folder with the records of what this program queued; may be missing.

    Raises:
        InputError: the job list can't be read, or the history is of a newer version.
    """
    if not store.exists:
        return [Difference("", "there is no history yet", _UPDATE)]
    return [*_Check(library, store).differences(), *_of_imports(library, store, imports_folder)]


def _of_imports(library: Library, store: Store, folder: Path | None) -> Iterator[Difference]:
    """Compare the table ``imports`` with the records that it is made from."""
    for path in sorted(folder.glob(f"*/*/{IMPORT_FILE}")) if folder else ():
        try:
            read_import(path)
        except InputError as error:
            yield Difference(str(path), error.what, error.advice)
    with contextlib.suppress(DamagedError):  # which is a difference already
        if not store.small("imports").equals(
            import_table(library.tenant, queued_jobs(folder), forgotten_jobs(library))
        ):
            yield Difference("imports", "it doesn't have what the records of the imports say", _UPDATE)


class _Check:
    def __init__(self, library: Library, store: Store) -> None:
        self._library, self._store = library, store
        self._jobs = {job.job_id: job for job in library.jobs()}

    def differences(self) -> Iterator[Difference]:
        try:
            version = self._store.head().version
            small = {table: self._store.small(table) for table in SMALL}
            self._records = load_records(self._store)
        except DamagedError as error:
            yield Difference("", error.what)
            return
        if version != VERSION:
            yield Difference("", f"it has schema {version}, not {VERSION}", _UPDATE)
        rows = small["jobs"]
        yield from self._of_jobs(rows["job_id"].to_list())
        stale = {job_id for job_id, record in self._records.items() if self._is_stale(record)}
        for job_id in sorted(stale):
            yield Difference(job_id, "the library has other files of it since", _UPDATE)
        yield from self._of_files(rows)
        codes = Counter({(job_id, code): entries for _, job_id, code, entries, _ in small["job_codes"].iter_rows()})
        yield from self._of_logs(rows, codes, stale)

    def _of_jobs(self, job_ids: Sequence[str]) -> Iterator[Difference]:
        """Compare the rows with the list of jobs."""
        for job_id, number in Counter(job_ids).items():
            if number > 1:
                yield Difference(job_id, f"it has {number} rows in jobs")
            if job_id not in self._records:
                yield Difference(job_id, "what the history keeps of it can't be read")
        for job_id in self._jobs.keys() - set(job_ids):
            yield Difference(job_id, "it is in the library, but not in the history", _UPDATE)

    def _is_stale(self, record: JobRecord) -> bool:
        root = self._library.root
        return any(stamp != stamp_of(root, root / stamp[0]) for stamp in record.stamps)

    def _of_files(self, rows: pl.DataFrame) -> Iterator[Difference]:
        """Read every file of a job, and find those that belong to none."""
        columns = ("job_id", "month", "entry_rows", "named_users")
        known: dict[Path, tuple[JobFile, int]] = {}
        for job_id, month, entry_rows, named_users in rows.select(columns).iter_rows():
            for table, number in zip(PER_JOB, (entry_rows, named_users), strict=True):
                path = self._store.file(table, job_id, month)
                known[path] = JobFile(table, job_id, month, path), number or 0
        for file, number in known.values():
            if number or file.path.exists():
                yield from self._of_file(file, number)
        for file in self._store.files():
            if file.path not in known:
                yield Difference(file.path.relative_to(self._store.root).as_posix(), "it belongs to no job")

    def _of_file(self, file: JobFile, number: int) -> Iterator[Difference]:
        about = f"{file.table} of {file.job_id}"
        try:
            found = self._store.read(file.table, file.job_id, file.month)
        except DamagedError as error:
            yield Difference(about, error.what)
            return
        if found.schema != pl.Schema(COLUMNS[file.table]):
            yield Difference(about, "it has other columns")
        elif found.height != number:
            yield Difference(about, f"it has {found.height:,} rows, not {number:,}")
        elif not found["key"].is_sorted(nulls_last=False):
            yield Difference(about, "its rows aren't sorted by key")

    def _of_logs(self, rows: pl.DataFrame, codes: Counter[tuple[str, str]], stale: set[str]) -> Iterator[Difference]:
        """Parse each log, and compare its entries with those of the history."""
        pulled = PulledLogs(self._library)
        owners: dict[str, str] = {}
        files: list[LogFile] = []
        for job_id, job in self._jobs.items():
            if job_id in stale or job_id not in self._records or _lacks_logs(self._library, job, pulled):
                continue
            for path in self._library.log_files(job):
                files.append(LogFile(path, self._library.name_of(path), self._library.tenant, size=path.stat().st_size))
                owners[files[-1].name] = job_id
        jobs_of_logs = pl.DataFrame([*owners.items()], {"log_file": pl.String, "job_id": pl.String}, orient="row")
        fresh: Counter[tuple[str, str]] = Counter()
        digests: Counter[str] = Counter()
        for frame in LogReader(files).frames():
            own = frame.drop("job_id").join(jobs_of_logs, on="log_file", maintain_order="left")
            by_code = own.drop_nulls("code").group_by("job_id", "code").len()
            fresh.update({(job_id, code): number for job_id, code, number in by_code.iter_rows()})
            _add_digests(digests, own)
        months = dict(rows.select("job_id", "month").iter_rows())
        counted, parsed = _by_job(codes), _by_job(fresh)
        for job_id in sorted(set(owners.values())):
            if counted[job_id] != parsed[job_id]:
                numbers = [sum(counts[job_id].values()) for counts in (parsed, counted)]
                what = f"its logs have {numbers[0]:,} entries, and the history counts {numbers[1]:,}"
                yield Difference(job_id, what)
            elif not self._has_digest(job_id, months[job_id], digests[job_id]):
                yield Difference(job_id, "its entries aren't those in its logs")

    def _has_digest(self, job_id: str, month: str, digest: int) -> bool:
        stored: Counter[str] = Counter()
        if self._store.size("entries", job_id, month):
            try:
                _add_digests(stored, self._store.read("entries", job_id, month, list(ENTRIES)))
            except DamagedError:
                return True  # reported as a file
        return stored[job_id] % _DIGESTS == digest % _DIGESTS


def _by_job(counts: Mapping[tuple[str, str], int]) -> defaultdict[str, dict[str, int]]:
    by_job: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for (job_id, code), number in counts.items():
        by_job[job_id][code] = number
    return by_job


def _add_digests(digests: Counter[str], entries: pl.DataFrame) -> None:
    """Add up hashes of entries by job; the order doesn't matter."""
    columns = [name for name in ENTRIES if name != "tenant"]
    hashed = entries.select("job_id", hash=entries.select(columns).hash_rows())
    for job_id, number in hashed.group_by("job_id").agg(pl.col("hash").sum()).iter_rows():
        digests[job_id] += number


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A history that was made again.

    Attributes:
        jobs: number of jobs.
        without_logs: jobs whose entries were kept, because the library no longer has their logs.
        without_sources: jobs whose counts of their source file were kept, because the library no longer has it.
        was_readable: whether the old history could be read, or there was none; else nothing could be kept.
    """

    jobs: int
    without_logs: tuple[str, ...]
    without_sources: tuple[str, ...]
    was_readable: bool


def rebuild(  # noqa: PLR0913 - as for load
    library: Library,
    place: Path,
    *,
    rules: Sequence[FeedRule] = (),
    retry_folder: Path | None = None,
    imports_folder: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    say: Callable[[str], None] = lambda _: None,
    redaction: Redaction | None = None,
) -> Rebuilt:
    """Make a history again from its library, beside the old one, which it then replaces.

    What the library no longer has is kept from the old history: jobs, entries of logs, and counts of source files.

    Args:
        library: the library.
        place: the history's folder.
        rules: the feeds of the configuration.
        retry_folder: the folder with the tenant's retry files.
        imports_folder: the folder with the records of what this program queued; may be missing.
        progress: as for ``ingest``.
        say: shows a remark.
        redaction: removes users from what is kept; None for none.

    Raises:
        InputError: the job list can't be read, or the history is of a newer version.
        OutputError: the new history can't be written; the old one is as it was.
        LockedError: another process is writing the history.
    """
    old, new = Store(place), Store(place / _BEGUN)
    with data_lock(place, "history rebuild", say, wait=WAIT):
        shutil.rmtree(new.root, ignore_errors=True)
        try:
            records = load_records(old)
            without_logs, without_sources = _keep(library, old, new, records, redaction)
            ingest(
                library, new, rules=rules, retry_folder=retry_folder, imports_folder=imports_folder, progress=progress
            )
            jobs = new.small("jobs", ("job_id", "month"))
            _replace(old, new)
        finally:
            shutil.rmtree(new.root, ignore_errors=True)
        old.remove_others(old.path_of(table, *row) for table in PER_JOB for row in jobs.iter_rows())
    return Rebuilt(jobs.height, without_logs, without_sources, bool(records) or not old.exists)


def _keep(
    library: Library,
    old: Store,
    new: Store,
    records: Mapping[str, JobRecord],
    redaction: Redaction | None,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write to a new history what only the old one has; return the jobs without logs, and those without source file."""
    jobs, forgotten = {job.job_id: job for job in library.jobs()}, forgotten_jobs(library)
    pulled = PulledLogs(library)
    kept: dict[str, JobRecord] = {}
    without_logs, without_sources = [], []
    for job_id, record in records.items():
        if job_id in forgotten:
            continue
        job = jobs.get(job_id)
        lacks_logs = record.logged and (job is None or _lacks_logs(library, job, pulled))
        lacks_source = record.count is not None and (job is None or library.source_file(job) is None)
        if lacks_logs and record.entries_size:
            try:
                entries = old.read("entries", job_id, record.month)
            except DamagedError:
                continue
            entries = redaction.table(entries) if redaction else entries
            entries = entries.sort("key", nulls_last=False, maintain_order=True)
            new.write("entries", job_id, record.month, stored(entries, "entries"))
            record.entries_size = new.size("entries", job_id, record.month)
        if job is None or lacks_logs or lacks_source:
            record.digest = ""  # its files are looked at again
            record.users_size, record.fold = 0, ""  # made again from the entries
            kept[job_id] = _without_users(record, redaction) if redaction else record
        without_logs += [job_id] * lacks_logs
        without_sources += [job_id] * lacks_source
    if kept:
        rows = old.small("jobs").filter(pl.col("job_id").is_in(list(kept)))
        encoded = [msgspec.msgpack.encode(kept[job_id]) for job_id in rows["job_id"]]
        new.write_small("jobs", rows.with_columns(record=pl.Series(encoded, dtype=pl.Binary)), Head())
    return tuple(without_logs), tuple(without_sources)


def _lacks_logs(library: Library, job: Job, pulled: PulledLogs) -> bool:
    """Return whether a job has no log any more, or one that has become shorter."""
    logs = library.log_files(job)
    return not logs or any(True for _ in pulled.damaged(logs))


def _without_users(record: JobRecord, redaction: Redaction) -> JobRecord:
    # Encodings are MessagePack, which JSON doesn't take, and have no IDs.
    replace = msgspec.structs.replace
    plain = replace(record, logs=[replace(log, encoding=msgspec.Raw(b"null")) for log in record.logs])
    found = msgspec.json.decode(redaction.text(msgspec.json.encode(plain)), type=type(record))
    found.logs = [replace(log, encoding=old.encoding) for log, old in zip(found.logs, record.logs, strict=True)]
    return found


def _replace(old: Store, new: Store) -> None:
    """Move the files of a new history into the folder of the old one, the table of jobs last."""
    try:
        shutil.rmtree(old.root / CHECKPOINTS, ignore_errors=True)
        paths = sorted(path for path in new.root.rglob("*") if path.is_file())
        last = new.root / "jobs.parquet"
        for path in [*(path for path in paths if path != last), last]:
            place = old.root / path.relative_to(new.root)
            place.parent.mkdir(parents=True, exist_ok=True)
            path.replace(place)
    except OSError as error:
        raise cannot_write(old.root, error) from error
