"""Publish the tables of a history as Delta tables: what is new since the last time, each job's rows exactly once.

What was published is learned from the Delta tables: each row has a digest of its job's file in the column ``content``.
A job's rows are replaced in the transaction that writes the new ones. Two publishers of the same tenant can't both
commit, because both name the same application in their transactions: the slower one plans again.
"""

from __future__ import annotations

import hashlib
import importlib.util
import itertools
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING

import polars as pl

from analyzer.errors import AnalyzerError, InputError, OutputError, UsageError
from analyzer.history.delta_location import delta_error
from analyzer.history.query import frames_of
from analyzer.history.store import COLUMNS, PER_JOB, JobFile, rows_in
from analyzer.model.next_step import PROGRAM
from analyzer.model.tables import JOBS, VERIFICATIONS
from analyzer.storage.files import cannot_read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from arro3.core import RecordBatch, RecordBatchReader
    from deltalake import DeltaTable, Schema

    from analyzer.history.delta_location import DeltaLocation
    from analyzer.history.load import Tables

TABLES = (*PER_JOB, "job_codes", "observations", "imports", "verifications", "jobs")
"""In the order in which they are published: jobs last, when their rows are there."""

PUBLISHED_COLUMNS = {**COLUMNS, "jobs": JOBS, "verifications": VERIFICATIONS}
"""The columns of each table, without those that only a published table has."""

BATCH_BYTES = 12_000_000
"""Bytes of a history's files in one commit: about 2.5 million entries."""
_BATCH_JOBS = 1_000
_PIECE = 50_000
"""Rows that are in memory at once, beside what deltalake buffers."""
_ROW_GROUP = 131_072
"""Rows that deltalake buffers for each month; its own default is eight times as many."""
_ATTEMPTS = 5
_CHECKPOINT_INTERVAL = "10"
"""Commits; deltalake's own default of 100 makes opening slow."""


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """What became of one table.

    Attributes:
        table: its name.
        version: of the Delta table.
        changed: how many jobs were written; for a table that isn't kept by job, 1 or 0.
        removed: how many jobs are no longer there.
        rows: how many rows were written.
        commits: how many transactions that took.
    """

    table: str
    version: int
    changed: int
    removed: int
    rows: int
    commits: int


@dataclass(frozen=True, slots=True)
class _Unit:
    """Rows that are replaced together: those of a job, or of a small table (without ``job_id`` and ``month``)."""

    job_id: str | None
    month: str | None
    content: str
    size: int
    rows: Callable[[], pl.LazyFrame]


_Published = dict[str | None, set[tuple[str | None, str]]]
"""By job, the months and contents of its rows; one of each unless something went wrong."""


def check_installed() -> None:
    """Check that deltalake is installed.

    Raises:
        UsageError: it isn't.
    """
    if importlib.util.find_spec("deltalake") is None:
        raise UsageError("the package deltalake isn't installed", 'Install it: pip install "upa-analyzer[delta]"')


def publish(
    tables: Tables,
    tenant: str,
    location: DeltaLocation,
    progress: Callable[[int, int, str], None] = lambda *_: None,
    batch_bytes: int = BATCH_BYTES,
) -> Iterator[PublishedTable]:
    """Publish the tables one after the other.

    Args:
        tables: the history.
        tenant: the host by which the tables name the tenant.
        location: where the Delta tables are or will be.
        progress: called before each commit with the number of jobs that were written, of all to write, and the table.
        batch_bytes: bytes of a history's files in one commit; at least one job.

    Raises:
        UsageError: the location has something else.
        InputError: a file of the history can't be read.
        OutputError: a Delta table can't be read or written, or is changed by others all the time.
        RefusedError: the sign-in or the storage refused.
        UnreachableError: the storage can't be reached.
    """
    small = frames_of(tables)
    files = tables.files()
    for name in TABLES:
        if name in PER_JOB:
            units = [_job_unit(file) for file in files if file.table == name]
        else:
            units = _small_units(small[name].collect())
        yield _Publisher(name, tenant, location, units, progress, batch_bytes).run()


def _job_unit(file: JobFile) -> _Unit:
    try:
        content = file.path.read_bytes()
    except OSError as error:
        what = cannot_read(file.path, error).what
        raise InputError(what, "Run the same command again. `upa-analyzer history check` looks for damage.") from error

    def rows() -> pl.LazyFrame:
        return rows_in([file.path], file.table)

    return _Unit(file.job_id, file.month, _digest(content), len(content), rows)


def _small_units(frame: pl.DataFrame) -> list[_Unit]:
    content = frame.write_ndjson().encode()
    return [_Unit(None, None, _digest(content), len(content), frame.lazy)] if frame.height else []


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=8).hexdigest()


@dataclass
class _Publisher:
    """Publishes one table."""

    table: str
    tenant: str
    location: DeltaLocation
    units: Sequence[_Unit]
    progress: Callable[[int, int, str], None]
    batch_bytes: int
    _seen: int = -1
    _published: _Published = field(default_factory=dict)
    _changed: set[str | None] = field(default_factory=set)
    _removed: set[str | None] = field(default_factory=set)
    _rows: int = 0
    _rows_in_batch: int = 0
    _commits: int = 0
    _failure: BaseException | None = None

    def run(self) -> PublishedTable:
        """Commit one batch after the other until nothing is left; plan again if someone else has committed."""
        from deltalake.exceptions import CommitFailedError

        conflicts, least = 0, -1
        while True:
            try:
                with self._errors():
                    delta = self._open()
                    if delta.version() != self._seen:
                        self._published = self._read_published(delta)
                    batch, gone, left = self._next()
                    if not left:
                        return self._result(delta.version())
                    # Each conflict is a commit of another publisher, which may have left less to do.
                    conflicts, least = (conflicts, least) if 0 <= least <= left else (0, left)
                    self._commit(delta, batch, gone)
            except CommitFailedError as error:
                self._seen, conflicts = -1, conflicts + 1
                if conflicts == _ATTEMPTS:
                    raise OutputError(
                        f"the table {self.table} in {self.location.text} is being changed by others",
                        "Run the same command again later: it continues.",
                    ) from error
            else:
                self._seen = delta.version()
                self._count(batch, gone)

    def _result(self, version: int) -> PublishedTable:
        return PublishedTable(self.table, version, len(self._changed), len(self._removed), self._rows, self._commits)

    def _count(self, batch: Sequence[_Unit], gone: set[str | None]) -> None:
        """Note what was committed."""
        self._published = {job: found for job, found in self._published.items() if job not in gone}
        self._published |= {unit.job_id: {(unit.month, unit.content)} for unit in batch}
        self._changed |= {unit.job_id for unit in batch}
        self._removed |= gone
        self._rows += self._rows_in_batch
        self._commits += 1

    def _open(self) -> DeltaTable:
        """Open the Delta table; create it if there is none."""
        from deltalake import DeltaTable

        where, options = self.location.table(self.table), self.location.storage_options()
        if DeltaTable.is_deltatable(where, options):
            return DeltaTable(where, storage_options=options)
        self._check_empty()
        return DeltaTable.create(
            where,
            self._schema(),
            mode="ignore",
            partition_by=["tenant", "month"] if self.table in PER_JOB else ["tenant"],
            name=self.table,
            configuration={"delta.checkpointInterval": _CHECKPOINT_INTERVAL},
            storage_options=options,
        )

    def _check_empty(self) -> None:
        """Check that a new table's folder has nothing but the remains of an earlier attempt.

        Raises:
            UsageError: it has other files.
        """
        folder = self.location.folder and self.location.folder / self.table
        if folder and folder.is_dir() and any(path.name != "_delta_log" for path in folder.iterdir()):
            raise UsageError(f"{folder} has files that aren't a Delta table", "Specify another folder.")

    def _read_published(self, delta: DeltaTable) -> _Published:
        """Return what the Delta table has of the tenant."""
        from deltalake import QueryBuilder

        names = "month, job_id, content" if self.table in PER_JOB else "content"
        sql = f"SELECT DISTINCT {names} FROM published WHERE tenant = {_quoted(self.tenant)}"  # noqa: S608 - quoted
        rows = pl.DataFrame(QueryBuilder().register("published", delta).execute(sql).read_all())
        found: _Published = {}
        for row in rows.iter_rows(named=True):
            found.setdefault(row.get("job_id"), set()).add((row.get("month"), row["content"]))
        return found

    def _next(self) -> tuple[list[_Unit], set[str | None], int]:
        """Return the next batch (what is to be written, by month, and the jobs to remove), and how many are left."""
        gone = self._published.keys() - {unit.job_id for unit in self.units}
        stale = [unit for unit in self.units if self._published.get(unit.job_id) != {(unit.month, unit.content)}]
        stale.sort(key=lambda unit: unit.month or "")
        sizes = itertools.accumulate(unit.size for unit in stale)
        batch = [unit for unit, size in zip(stale, sizes, strict=True) if size <= self.batch_bytes][:_BATCH_JOBS]
        self.progress(len(self._changed), len(self._changed) + len(stale), self.table)
        return batch or stale[:1], gone, len(stale) + len(gone)

    def _commit(self, delta: DeltaTable, batch: Sequence[_Unit], gone: set[str | None]) -> None:
        """Replace the rows of the batch's jobs, and remove those of others, in one transaction."""
        from deltalake import CommitProperties, Transaction, WriterProperties, write_deltalake

        self._rows_in_batch = 0
        write_deltalake(
            delta,
            self._reader(batch),
            mode="overwrite",
            predicate=self._predicate(batch, gone),
            schema_mode="merge",
            writer_properties=WriterProperties(compression="ZSTD", compression_level=1, max_row_group_size=_ROW_GROUP),
            commit_properties=CommitProperties(
                custom_metadata={PROGRAM: version(PROGRAM)},
                app_transactions=[Transaction(f"{PROGRAM}/{self.tenant}", delta.version() + 1)],
            ),
        )

    def _predicate(self, batch: Sequence[_Unit], gone: set[str | None]) -> str:
        """Return which rows are replaced: those of the jobs, in the months where they were and will be."""
        of_tenant = f"tenant = {_quoted(self.tenant)}"
        if self.table not in PER_JOB:
            return of_tenant
        jobs = {unit.job_id for unit in batch} | gone
        months = {unit.month for unit in batch} | {month for job in jobs for month, _ in self._published.get(job, ())}
        return f"{of_tenant} AND month IN ({_listed(months)}) AND job_id IN ({_listed(jobs)})"

    def _reader(self, batch: Sequence[_Unit]) -> RecordBatchReader:
        """Return the rows of a batch as a stream."""
        from arro3.core import RecordBatch, RecordBatchReader, Table

        schema = self._schema().to_arrow()
        kinds = [schema.field(at).type for at in range(len(schema.names))]

        def batches() -> Iterator[RecordBatch]:
            for piece in itertools.chain.from_iterable(map(self._pieces, batch)):
                for one in Table.from_arrow(piece).to_batches():
                    columns = [column.cast(kind) for column, kind in zip(one.columns, kinds, strict=True)]
                    yield RecordBatch.from_arrays(columns, schema=schema)

        return RecordBatchReader.from_batches(schema, batches())

    def _pieces(self, unit: _Unit) -> Iterator[pl.DataFrame]:
        try:
            for piece in self._as_published(unit.rows(), unit).collect_batches(chunk_size=_PIECE):
                self._rows_in_batch += piece.height
                yield piece
        except (OSError, pl.exceptions.PolarsError) as error:
            # Whatever the stream raises, deltalake makes it an error of its own.
            self._failure = InputError(
                f"the {self.table} of the job {unit.job_id} can't be read",
                "Run the same command again. `upa-analyzer history check` looks for damage.",
            )
            raise self._failure from error

    def _schema(self) -> Schema:
        """Return the columns of the Delta table.

        Its types are Arrow's oldest ones: other readers don't know polars' views of texts.
        """
        from arro3.core import Table
        from deltalake import Schema

        columns = PUBLISHED_COLUMNS[self.table]
        empty = self._as_published(pl.LazyFrame(schema=columns), None)
        return Schema.from_arrow(Table.from_arrow(empty.collect()).schema)

    def _as_published(self, rows: pl.LazyFrame, unit: _Unit | None) -> pl.LazyFrame:
        """Add month and content; make unsigned numbers signed, as Delta has no others."""
        schema = rows.collect_schema()
        month = [pl.lit(unit and unit.month, pl.String).alias("month")] if self.table in PER_JOB else []
        return rows.select(
            *(pl.col(name).cast(pl.Int64) if kind.is_unsigned_integer() else name for name, kind in schema.items()),
            *month,
            pl.lit(unit and unit.content, pl.String).alias("content"),
        )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn errors of deltalake into errors for users, except conflicts, which are tried again."""
        from deltalake.exceptions import CommitFailedError

        try:
            yield
        except (AnalyzerError, CommitFailedError):
            raise
        except Exception as error:  # deltalake raises plain ones for errors of Arrow
            if self._failure:
                raise self._failure from error
            raise delta_error(error, self.table, self.location) from error


def _quoted(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


def _listed(texts: set[str | None]) -> str:
    return ", ".join(_quoted(text) for text in sorted(text for text in texts if text is not None))
