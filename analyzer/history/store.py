"""The files of a history: one folder of Parquet files for each tenant.

``entries`` and ``users`` have a file for each job, in folders by month; the small tables have one file each. A file is
written under a temporary name and renamed, so that a reader sees the old or the new one. ``jobs.parquet`` is written
last: what it doesn't mention isn't part of the history yet, and is written again with the same content.
``docs/reference/tables.md`` has the columns; each file's metadata has the version of the schema.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import polars as pl

from analyzer.errors import InputError
from analyzer.model.job import name_in_files
from analyzer.model.tables import IMPORTS, JOB_CODES, JOBS, OBSERVATIONS, USERS, UTC
from analyzer.model.tables import NAMED_ENTRIES as ENTRIES
from analyzer.storage.files import cannot_read, cannot_write, is_part, replacing_path
from analyzer.storage.table_files import disk_errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

VERSION = 1
"""Version of the schema. A history with an older one is upgraded, one with a newer one is refused."""

WAIT = 300.0
"""Seconds to wait for another process that writes the same history."""

UNKNOWN_MONTH = "unknown"
PER_JOB = ("entries", "users")
CHECKPOINTS = "checkpoints"
"""The folder with a folder for each feed (``feed_users``)."""
METADATA = "upa-analyzer"
_END = b"PAR1"
_ROW_GROUP = 32_768
"""Rows: small enough that a search for one user reads little, large enough to compress well."""

INTERNAL: dict[str, Any] = {
    "earliest": UTC,
    "latest": UTC,
    "due": pl.UInt32,
    "superseded_by": pl.String,
    "new": pl.UInt32,
    "source_problem": pl.String,
    "source_later": pl.String,
    "entry_rows": pl.UInt32,
    "problems": pl.String,
    "damage": pl.String,
    "month": pl.String,
    "version": pl.String,
    "stamps": pl.Binary,
    "record": pl.Binary,
}
"""Columns of ``jobs.parquet`` beside those of ``JOBS``: what commands need beyond the table, the month and version of
the job's files, and in MessagePack what shows whether they are current, and the ``JobRecord`` for the next ingest."""

SMALL: dict[str, dict[str, Any]] = {
    "jobs": JOBS | INTERNAL,
    "job_codes": JOB_CODES,
    "observations": OBSERVATIONS,
    "imports": IMPORTS,
}
COLUMNS = {**SMALL, "entries": ENTRIES, "users": USERS}


Table = TypeVar("Table", "pl.DataFrame", "pl.LazyFrame")


class JobFile(NamedTuple):
    """A file of one job: its table, ``entries`` or ``users``; the job; its month; its path."""

    table: str
    job_id: str
    month: str
    path: Path


class DamagedError(InputError):
    """A file of the history is missing or can't be read; it is made again from the library."""


@dataclass(frozen=True, slots=True)
class Head:
    """What ``jobs.parquet`` says about the whole history in its metadata.

    Attributes:
        version: of the schema.
        tenant: as in tables.
        as_of: when the job list was current, ISO 8601; None if unknown.
        inputs: what else the history was made from, by name, such as the stamps of the library's own files.
        feeds: by feed, a digest of what the open users of its jobs were computed from.
    """

    version: int = VERSION
    tenant: str | None = None
    as_of: str | None = None
    inputs: Mapping[str, Any] | None = None
    feeds: Mapping[str, str] = field(default_factory=dict)


class Store:
    """Reads and writes the files of one history."""

    def __init__(self, root: Path) -> None:
        """Prepare to use a folder, which may be missing."""
        self.root = root

    @property
    def exists(self) -> bool:
        """Whether there is a history."""
        return self._small("jobs").is_file()

    @staticmethod
    def columns(table: str) -> list[str]:
        """Return the columns of a table as it is stored."""
        return list(COLUMNS[table])

    def head(self) -> Head:
        """Return what the history says about itself.

        Raises:
            DamagedError: there is none, or it can't be read.
            InputError: a newer version of the program wrote it.
        """
        with reading(self._small("jobs")) as path:
            text = pl.read_parquet_metadata(path).get(METADATA, "{}")
        try:
            head = Head(**json.loads(text))
        except (TypeError, ValueError) as error:
            raise DamagedError(f"{path} isn't a table of a history") from error
        if head.version > VERSION:
            raise InputError(
                f"{self.root} was written by a newer version of upa-analyzer (schema {head.version}, known: {VERSION})",
                "Update upa-analyzer, or set another folder as history in the configuration.",
            )
        return head

    def small(self, table: str, columns: Iterable[str] | None = None) -> pl.DataFrame:
        """Return a small table; ``imports`` is empty if it was never written.

        Raises:
            DamagedError: it is missing or can't be read.
        """
        wanted = list(columns or SMALL[table])
        path = self._small(table)
        if table == "imports" and not path.exists():
            return pl.DataFrame(schema={name: SMALL[table][name] for name in wanted})
        with reading(path):
            return pl.read_parquet(path, columns=wanted, memory_map=False)

    def write_small(self, table: str, frame: pl.DataFrame, head: Head | None = None) -> None:
        """Write a small table; ``jobs`` with the head of the history.

        Raises:
            OutputError: it can't be written.
        """
        content: dict[str, Any] = {"version": VERSION}
        if head is not None:
            content |= {"tenant": head.tenant, "as_of": head.as_of, "inputs": head.inputs, "feeds": head.feeds}
        # Only what can't be derived again has to survive a power failure.
        with replacing_table(self._small(table), sync=table == "jobs") as beside:
            _write(frame.select(*SMALL[table]), beside, content)

    def file(self, table: str, job_id: str, month: str) -> Path:
        """Return the path of a job's file."""
        return Path(self.path_of(table, job_id, month))

    def path_of(self, table: str, job_id: str, month: str) -> str:
        """Return the path of a job's file as a text, for many jobs."""
        return f"{self.root}{os.sep}{table}{os.sep}month={month}{os.sep}{name_in_files(job_id)}.parquet"

    def write(self, table: str, job_id: str, month: str, frame: pl.DataFrame | pl.LazyFrame) -> None:
        """Write a job's file; an empty table removes it.

        It isn't synced to the disk: it is made again if a power failure loses it.

        Raises:
            OutputError: it can't be written.
        """
        if isinstance(frame, pl.DataFrame) and frame.is_empty():
            self.remove_file(table, job_id, month)
            return
        with replacing_table(self.file(table, job_id, month), sync=False) as beside:
            _write(frame, beside, {"version": VERSION})

    def remove_file(self, table: str, job_id: str, month: str) -> None:
        """Remove a job's file, if there is one."""
        with contextlib.suppress(OSError):
            self.file(table, job_id, month).unlink(missing_ok=True)

    def read(self, table: str, job_id: str, month: str, columns: Iterable[str] | None = None) -> pl.DataFrame:
        """Return a job's rows of ``entries`` or ``users``, sorted by key.

        Raises:
            DamagedError: the file is missing or can't be read.
        """
        with reading(self.file(table, job_id, month)) as path:
            rows = self.lazy(table, job_id, month).select(columns or list(COLUMNS[table])).collect()
        if "job_id" in rows.columns and rows["job_id"].first() != job_id:
            raise DamagedError(f"{path} has another job's rows")
        return rows

    def lazy(self, table: str, job_id: str, month: str) -> pl.LazyFrame:
        """Return a job's rows lazily, sorted by key; errors are polars' own."""
        return rows_in([self.file(table, job_id, month)], table)

    def size(self, table: str, job_id: str, month: str) -> int:
        """Return the bytes of a job's file; 0 if there is none."""
        try:
            return os.stat(self.path_of(table, job_id, month)).st_size  # noqa: PTH116 - called for each job
        except OSError:
            return 0

    def sizes(self) -> dict[str, int]:
        """Return the bytes of all files of jobs by path, as from ``path_of``: faster than ``size`` for each job."""
        sizes: dict[str, int] = {}
        for folder in self._month_folders():
            with os.scandir(folder) as files:
                sizes |= {file.path: file.stat().st_size for file in files}
        return sizes

    def _month_folders(self) -> list[str]:
        tables = (self.root / table for table in PER_JOB)
        return [str(folder) for table in tables if table.is_dir() for folder in table.glob("month=*")]

    def scan(self, files: Iterable[JobFile], table: str) -> pl.LazyFrame:
        """Return the rows of many jobs' files lazily."""
        paths = [file.path for file in files if file.table == table]
        if not paths:
            return pl.LazyFrame(schema=COLUMNS[table])
        return rows_in(paths, table)

    def scan_entries_of_user(self, files: Iterable[JobFile], key: str) -> pl.LazyFrame:
        """Return the entries of one user in many jobs' files lazily.

        Of each file, only the parts with IDs around the user's are read: ``scan`` with a filter on ``key`` reads all.
        """
        paths = [file.path for file in files if file.table == "entries"]
        if not paths:
            return pl.LazyFrame(schema=ENTRIES)
        stored_rows = pl.scan_parquet(paths, cache=False, hive_partitioning=False)
        other_spellings = full(stored_rows.filter(pl.col("key") == key), "entries")
        return pl.concat(
            [full(stored_rows.filter(pl.col("identity") == key), "entries").filter(key=key), other_spellings]
        )

    def files(self) -> Iterator[JobFile]:
        """Yield the files of jobs that are in the folder, mentioned by ``jobs.parquet`` or not; without a job's ID."""
        for table in PER_JOB:
            for path in sorted((self.root / table).glob("month=*/*.parquet")):
                yield JobFile(table, path.stem, path.parent.name.removeprefix("month="), path)

    def remove_others(self, kept: Iterable[str]) -> None:
        """Remove files of jobs that aren't part of the history any more, and those of killed commands.

        Args:
            kept: from ``path_of``.
        """
        known = set(kept)
        # Without a path object for each of thousands of files.
        found = {f"{folder}{os.sep}{name}" for folder in self._month_folders() for name in os.listdir(folder)}  # noqa: PTH208
        left = [Path(path) for path in found - known]
        parts = [path for path in (*self.root.glob(".*"), *self.root.glob(f"{CHECKPOINTS}/*/.*")) if is_part(path)]
        for path in (*(path for path in left if path.suffix == ".parquet" or is_part(path)), *parts):
            with contextlib.suppress(OSError):
                path.unlink()

    def remove_damaged(self) -> None:
        """Remove the files of jobs that can't be read, so that the next ingest writes them again."""
        for file in list(self.files()):
            try:
                with reading(file.path):
                    (job_id, *_) = pl.read_parquet(file.path, memory_map=False)["job_id"].unique()
            except DamagedError:
                job_id = ""
            if name_in_files(job_id) != file.job_id:
                file.path.unlink(missing_ok=True)

    def check_ends(self, files: Iterable[JobFile]) -> None:
        """Check that files are there and end as Parquet files do, before many are read at once.

        Raises:
            DamagedError: one of them isn't.
        """
        for file in files:
            with reading(file.path), file.path.open("rb") as stream:
                stream.seek(-len(_END), os.SEEK_END)
                if stream.read() != _END:
                    raise DamagedError(f"{file.path} is damaged")

    def remove(self) -> None:
        """Remove the whole history."""
        for folder in (*PER_JOB, CHECKPOINTS):
            shutil.rmtree(self.root / folder, ignore_errors=True)
        for table in SMALL:
            with contextlib.suppress(OSError):
                self._small(table).unlink(missing_ok=True)

    def _small(self, table: str) -> Path:
        return self.root / f"{table}.parquet"


def stored(frame: Table, table: str) -> Table:
    """Return rows of ``entries`` or ``users`` as they are written.

    Nearly all IDs are equal to their key. In ``entries`` such a key is null (and an entry without a key has ``""``); in
    ``users`` such an identity is null.
    """
    same = pl.col("key") == pl.col("identity")
    if table == "entries":
        return frame.with_columns(
            key=pl.when(same.fill_null(value=False)).then(None).otherwise(pl.col("key").fill_null(""))
        )
    return frame.with_columns(identity=pl.when(~same).then("identity"))


def rows_in(paths: list[Path], table: str) -> pl.LazyFrame:
    """Return the rows of files of ``entries`` or ``users`` lazily, columns ``COLUMNS[table]``."""
    return full(pl.scan_parquet(paths, cache=False, hive_partitioning=False), table)


def full(frame: pl.LazyFrame, table: str) -> pl.LazyFrame:
    """Return rows as ``stored`` took them, columns ``COLUMNS[table]``."""
    if table == "entries":
        key = pl.coalesce("key", "identity")
        frame = frame.with_columns(key=pl.when(key != "").then(key))
    else:
        frame = frame.with_columns(identity=pl.coalesce("identity", "key"))
    return frame.select(*COLUMNS[table])


def _write(frame: pl.DataFrame | pl.LazyFrame, path: Path, head: Mapping[str, Any]) -> None:
    metadata = {METADATA: json.dumps(head)}
    how: dict[str, Any] = {"compression": "zstd", "compression_level": 1, "row_group_size": _ROW_GROUP}
    if isinstance(frame, pl.DataFrame):
        frame.write_parquet(path, metadata=metadata, **how)
    else:
        frame.sink_parquet(path, metadata=metadata, maintain_order=True, **how)


@contextlib.contextmanager
def replacing_table(path: Path, *, sync: bool = True) -> Iterator[Path]:
    """Yield a temporary path for a table as ``replacing_path`` does.

    Raises:
        OutputError: it can't be written.
    """
    with replacing_path(path, sync=sync) as beside:
        try:
            with disk_errors(path, beside):
                yield beside
        except pl.exceptions.PolarsError as error:
            raise cannot_write(path, OSError(str(error))) from error


@contextlib.contextmanager
def scanning() -> Iterator[None]:
    """Turn the errors of reading many files lazily into one for users.

    Raises:
        InputError: a file can't be read.
    """
    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise InputError(
            f"a file of the history can't be read: {reason}", "Run `upa-analyzer history rebuild`."
        ) from error


@contextlib.contextmanager
def reading(path: Path) -> Iterator[Path]:
    """Turn the errors of reading a file of the history into one kind."""
    try:
        yield path
    except FileNotFoundError as error:
        raise DamagedError(f"{path} is missing") from error
    except OSError as error:
        raise DamagedError(cannot_read(path, error).what) from error
    except pl.exceptions.PolarsError as error:
        raise DamagedError(f"{path} is damaged") from error
