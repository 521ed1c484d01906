"""What a history keeps of each job beside the tables, to find out quickly whether it is up to date with its library."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import stat
from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003 - msgspec reads the annotations
from typing import TYPE_CHECKING, Any

import msgspec

from analyzer.analysis.feeds import SourceName  # noqa: TC001 - likewise
from analyzer.analysis.open_and_superseded import JobState  # noqa: TC001 - likewise
from analyzer.errors import InputError
from analyzer.history.store import PER_JOB
from analyzer.library.paths import HOSTS_FOLDER
from analyzer.logs.model import Encoding, LogFile, LogRead
from analyzer.source.damaged_values import Damage  # noqa: TC001 - likewise

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from analyzer.analysis.feeds import FeedRule
    from analyzer.history.store import Store
    from analyzer.library.mirror import Library
    from analyzer.library.model import JobNotes, Observation
    from analyzer.model.job import Job

ABSENT, FOLDER = -1, -2
"""Sizes in stamps of a path where nothing is, and of a folder, whose time changes when a file is added."""

Stamp = tuple[str, int, int]
"""A path in the library, its size or one of ``ABSENT`` and ``FOLDER``, and when it was changed in nanoseconds."""

STATE_FILES = ("jobs.json", ".upa/files.json", ".upa/notes.json", ".upa/observations.json", ".upa/pull.json")
"""The library's own files that a history depends on."""

COUNTS_VERSION = 2
"""Version of the counts of a source file. A file with older counts is counted again."""


class SourceCount(msgspec.Struct, frozen=True, omit_defaults=True):
    """The counts of a source file.

    Attributes:
        size: bytes; with ``modified_ns`` it shows whether the file has changed.
        modified_ns: when the file was last written, by the file system.
        users, property_values, guid_ids, without_id, damage: as in ``source.count_records``.
        problem: why it could not be counted.
        counting: the ``COUNTS_VERSION`` of the counts.
    """

    size: int
    modified_ns: int
    users: int | None = None
    property_values: int | None = None
    guid_ids: bool = False
    problem: str | None = None
    without_id: int | None = None
    damage: tuple[Damage, ...] = ()
    counting: int = 0


Range = tuple[str | None, str | None]
"""Keys from the first, inclusive, to the second, exclusive; None for no bound. Without a key: in the first range."""

WHOLE: tuple[Range, ...] = ((None, None),)


@dataclass(slots=True)
class EntryCounts:
    """The numbers of a job's entries.

    Attributes:
        rows: all rows, also of text that isn't an entry.
        entries: rows with a code.
        named_users: distinct users that they name.
        unnamed: entries with a code that identify no user.
        nameless: entries without an ID that are about a record without one.
        codes: columns ``JOB_CODES`` without ``tenant``; most entries first.
        ranges: ranges of keys that fit into memory.
    """

    rows: int = 0
    entries: int = 0
    named_users: int = 0
    unnamed: int = 0
    nameless: int = 0
    codes: list[tuple[str, int, int]] = field(default_factory=list)
    ranges: tuple[Range, ...] = WHOLE


NAMES_VERSION = 1
"""Version of ``analysis.feeds.source_name``. The names of earlier versions are read again."""


_DEFAULT_ENCODING = msgspec.Raw(msgspec.msgpack.encode(Encoding()))


class LogSummary(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a log file was read; the attributes are those of ``LogRead``, the encoding in MessagePack.

    An ingest reads the summaries of all logs, and none of their encodings.
    """

    name: str
    size: int = 0
    encoding: msgspec.Raw = _DEFAULT_ENCODING
    lines: int = 0
    entries: int = 0
    texts: int = 0
    growing: bool = False
    cut_off: bool = False
    binary: bool = False
    problem: tuple[str, str] | None = None

    @staticmethod
    def of(log: LogRead, problem: InputError | None = None) -> LogSummary:
        """Return what to keep of a log.

        Args:
            log: how it was read.
            problem: why it counts as incomplete, if that isn't its own problem.
        """
        problem = problem or log.problem
        return LogSummary(
            name=log.name,
            size=log.file.size,
            encoding=msgspec.Raw(msgspec.msgpack.encode(log.encoding)),
            lines=log.lines,
            entries=log.entries,
            texts=log.texts,
            growing=log.growing,
            cut_off=bool(log.cut_off),
            binary=bool(log.binary),  # from numpy
            problem=(problem.what, problem.advice) if problem else None,
        )

    @property
    def unfinished(self) -> bool:
        """Whether entries may be missing at its end."""
        return self.growing or self.cut_off or self.problem is not None

    def lost(self) -> LogSummary:
        """Return a log that is in neither the library nor the history any more."""
        advice = "Its users are missing. upa-analyzer pull --all downloads it again, if the tenant still has it."
        return LogSummary(
            self.name, problem=(f"{self.name} no longer exists, nor do its entries in the history", advice)
        )

    def log(self, tenant: str | None) -> LogRead:
        """Return the log as it was read."""
        return LogRead(
            file=LogFile(None, self.name, tenant, size=self.size),
            encoding=msgspec.msgpack.decode(self.encoding, type=Encoding),
            lines=self.lines,
            entries=self.entries,
            texts=self.texts,
            growing=self.growing,
            cut_off=self.cut_off,
            binary=self.binary,
            problem=InputError(*self.problem) if self.problem else None,
        )


class JobRecord(msgspec.Struct, omit_defaults=True):
    """What is known of one job without the other jobs.

    Attributes:
        digest: of the job's row in the list and of our notes on it.
        answer: the fields of its row in the list that we know, without secrets.
        name: the parts of its source file's address.
        stamps: the files that were read, and the places where there was none.
        version: a digest of the log files that its entries were made from.
        source: our copy of its source file in the library; empty if there is none.
        source_version: a digest of that copy, also after it was removed; empty if the job read another version.
        is_certain: whether the job certainly read that copy, also after it was removed.
        count: of that file; None if there is none.
        problem: why the source file can't be used; empty if it can.
        later: the evidence that the copy is a later version; empty if there is none.
        written: when our version was written; None if unknown. Times in UTC.
        log_time: the newest time in the names of its logs; None if unknown.
        keys: the keys of its files in our notes.
        logs: how each log was read.
        logged: whether the library has a log.
        counts: of its entries.
        month: of its files, such as ``2026-11``.
        repairs: the job whose retry file it imported, directly; empty for none.
        fold: a digest of what its ``users`` were made from; empty if it has none.
        new: how many of its users are new; None without users or without a run to compare with.
        entries_size, users_size: bytes of its files; 0 if it has none.
        state: its users after later jobs; None before the first computation.
    """

    digest: str
    answer: dict[str, object]
    name: SourceName
    stamps: list[Stamp]
    version: str = ""
    source: str = ""
    source_version: str = ""
    is_certain: bool = False
    count: SourceCount | None = None
    problem: str = ""
    later: str = ""
    written: datetime | None = None
    log_time: datetime | None = None
    keys: list[str] = []
    logs: list[LogSummary] = []
    logged: bool = False
    counts: EntryCounts = msgspec.field(default_factory=EntryCounts)
    month: str = ""
    repairs: str = ""
    fold: str = ""
    new: int | None = None
    entries_size: int = 0
    users_size: int = 0
    state: JobState | None = None

    @property
    def proven_id_property(self) -> str:
        """The ID property of its source file that its log proves; empty if none is known to be proven."""
        facts = self.state.facts if self.state else None
        if facts is None or (facts.log, facts.source) != (self.version, self.source_version):
            return ""
        return facts.proven or ""

    def current_version(self) -> str:
        """Return a digest of the files that the job's entries are made from."""
        files = [stamp for stamp in self.stamps if stamp[1] >= 0 and stamp[0] != self.source]
        return digest_of([files, bool(self.count and self.count.guid_ids)])


decode_record = msgspec.msgpack.Decoder(JobRecord).decode
"""Read a record as an ingest wrote it; raise ``msgspec.DecodeError`` if this version can't."""


def digest_of(content: object) -> str:
    """Return a short digest of something that msgspec can encode."""
    return hashlib.blake2b(msgspec.json.encode(content), digest_size=12).hexdigest()


def job_digest(job: Job, notes: JobNotes | None, ended: Observation | None, seen: Iterable[object]) -> str:
    """Return a digest of what we know of a job apart from its files.

    Args:
        job: its row in the list.
        notes: our notes on it.
        ended: the first observation of its end.
        seen: our notes on its files.
    """
    return digest_of([NAMES_VERSION, job.answer, notes, ended, list(seen)])


def inputs_of(library: Library, rules: Sequence[FeedRule], imports: str | None) -> dict[str, Any]:
    """Return what a history is made from apart from the files of single jobs; ``imports`` is their stamp."""
    stamps = [list(stamp_of(library.root, library.root / name)) for name in STATE_FILES]
    rules_digest = digest_of([dataclasses.astuple(rule) for rule in rules])
    return {"stamps": stamps, "rules": rules_digest, **({"imports": imports} if imports else {})}


def is_current(library: Library, store: Store, rules: Sequence[FeedRule], imports: str | None) -> bool:
    """Return whether a history was made from what is in the library now, by sizes and times of files.

    Args:
        library: the library.
        store: the history.
        rules: the feeds of the configuration.
        imports: from ``imports_stamp``.

    Raises:
        DamagedError: it can't be read.
    """
    if store.head().inputs != inputs_of(library, rules, imports):
        return False
    rows = store.small("jobs", ("job_id", "month", "stamps"))
    decode = msgspec.msgpack.Decoder(tuple[list[Stamp], int, int]).decode
    places, sizes = Places(library.root), store.sizes()
    for job_id, month, encoded in rows.iter_rows():
        stamps, *expected = decode(encoded)
        if not all(map(places.is_unchanged, stamps)) or not has_files(store, sizes, job_id, month, expected):
            return False
    return True


def has_files(store: Store, sizes: Mapping[str, int], job_id: str, month: str, expected: Iterable[int]) -> bool:
    """Return whether the files of a job, ``entries`` and ``users``, have their sizes; ``sizes`` is from the store."""
    return all(
        sizes.get(store.path_of(table, job_id, month), 0) == size for table, size in zip(PER_JOB, expected, strict=True)
    )


class Places:
    """Compares places in a library with their stamps, thousands in a few milliseconds."""

    def __init__(self, root: Path) -> None:
        """Prepare for the library in a folder."""
        self._prefix = f"{root}{os.sep}"
        self._has_other_hosts = (root / HOSTS_FOLDER).exists()

    def is_unchanged(self, stamp: Stamp) -> bool:
        """Return whether a place is as its stamp says."""
        name, size, modified_ns = stamp
        if not self._has_other_hosts and name.startswith(_OF_OTHER_HOSTS):
            return size == ABSENT
        return _size_and_time(self._prefix + name) == (size, modified_ns)


_OF_OTHER_HOSTS = f"{HOSTS_FOLDER}/"


def stamp_of(root: Path, path: Path) -> Stamp:
    """Return the stamp of a path in the library."""
    return path.relative_to(root).as_posix(), *_size_and_time(path)


def _size_and_time(path: Path | str) -> tuple[int, int]:
    """Return a stamp without the path."""
    try:
        status = os.stat(path)  # noqa: PTH116 - called for thousands of files
    except OSError:
        return ABSENT, 0
    return FOLDER if stat.S_ISDIR(status.st_mode) else status.st_size, status.st_mtime_ns
