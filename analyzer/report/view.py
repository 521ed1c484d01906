"""The tables as the pages need them: typed runs, each job's entries, users with what is new."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from analyzer.catalogue import OURS
from analyzer.history.job_facts import facts_of, patterns_in, retry_in, superseded_by
from analyzer.model.job import name_in_files
from analyzer.model.next_step import Commands
from analyzer.model.outcome import NotUpdatedCount, Outcome
from analyzer.model.text import short_ids

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    import polars as pl

    from analyzer.catalogue import Catalogue
    from analyzer.catalogue.advice import JobFacts
    from analyzer.history.job_facts import Counted, SourceLook
    from analyzer.history.load import Tables
    from analyzer.history.locations import Whereabouts


@dataclass(frozen=True, slots=True)
class Run:
    """A row of the table ``jobs`` with its feed and its time, typed; see ``tables.JOBS`` and ``analysis.timeline``."""

    tenant: str | None
    job_id: str
    state: str
    error: str
    error_message: str | None
    source_uri: str | None
    log_folder_uri: str | None
    gone: bool
    first_seen: datetime | None
    last_changed: datetime | None
    started: datetime | None
    finished: datetime | None
    source_bytes: int | None
    users: int | None
    property_values: int | None
    entries: int
    named_users: int
    not_updated: int | None
    log_found: bool
    outcome: Outcome
    feed: str
    retry_of: str | None
    superseded: bool
    open: int | None
    ran: datetime | None
    ran_from: str | None
    ran_is_bound: bool
    earliest: datetime | None

    @staticmethod
    def of(row: Mapping[str, Any]) -> Run:
        """A row of ``Tables.jobs``; a job without a source file's address has the feed ``?``."""
        values = {field.name: row[field.name] for field in fields(Run)}
        return Run(**{**values, "outcome": Outcome(row["outcome"]), "feed": row["feed"] or "?"})

    @property
    def ended(self) -> bool:
        """Whether the service is done with it."""
        return self.outcome.ended

    @property
    def not_updated_count(self) -> NotUpdatedCount:
        """How many users it did not update."""
        return NotUpdatedCount.of(self.outcome, self.not_updated, self.named_users)


@dataclass(frozen=True, slots=True)
class View:
    """What every page is made from.

    Attributes:
        tables: as ``load`` gives them.
        runs: the jobs, the oldest first.
        entries: each job's entries by its id; jobs without any are missing.
        users: each job's named users by its id, as ``new_failures`` gives them; jobs without any are missing.
        short: short ids by id.
        now: when the report is made (UTC).
        zone: of the times shown; None for UTC.
        version: of the program.
        catalogue: what is known of codes.
        patterns: by job id and code the patterns that the entries match; codes without any are missing.
        whereabouts: of the entries that name nobody, by job id; jobs without any are missing.
        commands: completes the commands that the pages advise.
        looks: into source files, by job id; jobs whose file was not read are missing.
        retries: of each run, by its id, the jobs that import its retry files, the oldest first.
        by_id: the jobs by their ID.
    """

    tables: Tables
    runs: tuple[Run, ...]
    entries: Mapping[str, pl.DataFrame]
    users: Mapping[str, pl.DataFrame]
    short: Mapping[str, str]
    now: datetime
    zone: ZoneInfo | None
    version: str
    catalogue: Catalogue
    patterns: Mapping[str, Mapping[str, Sequence[Counted]]]
    whereabouts: Mapping[str, Whereabouts] = field(default_factory=dict)
    commands: Commands = field(default_factory=Commands)
    looks: Mapping[str, SourceLook] = field(default_factory=dict)
    retries: Mapping[str, Sequence[Run]] = field(default_factory=dict)
    by_id: Mapping[str, Run] = field(default_factory=dict)

    @staticmethod
    def of(  # noqa: PLR0913 - what a report is made from
        tables: Tables,
        now: datetime,
        zone: ZoneInfo | None,
        version: str,
        *,
        catalogue: Catalogue = OURS,
        whereabouts: Mapping[str, Whereabouts] | None = None,
        commands: Commands | None = None,
        looks: Mapping[str, SourceLook] | None = None,
    ) -> View:
        """Prepares the tables once for all pages."""
        runs = tuple(Run.of(row) for row in tables.jobs.iter_rows(named=True))
        entries = _by_job(tables.entries)
        retries: dict[str, list[Run]] = {}
        for run in runs:
            if run.retry_of is not None:
                retries.setdefault(run.retry_of, []).append(run)
        return View(
            tables=tables,
            runs=runs,
            entries=entries,
            users=_by_job(tables.users),
            short=short_ids(run.job_id for run in runs),
            now=now,
            zone=zone,
            version=version,
            catalogue=catalogue,
            patterns={job_id: patterns_in(frame, catalogue) for job_id, frame in entries.items()},
            whereabouts=whereabouts or {},
            commands=commands or Commands(),
            looks=looks or {},
            retries=retries,
            by_id={run.job_id: run for run in runs},
        )

    def entries_of(self, run: Run) -> pl.DataFrame:
        """A job's entries; an empty table where it has none."""
        found = self.entries.get(run.job_id)
        return self.tables.entries.clear() if found is None else found

    def facts_of(self, run: Run) -> JobFacts:
        """A job's facts by its tables, and by its source file where that was read."""
        row = {one.name: getattr(run, one.name) for one in fields(Run)}
        row |= {
            "short": self.short[run.job_id],
            "superseded_by": superseded_by(self.tables, run.job_id, self.short),
            "retry_in": retry_in(self.tables, run.job_id, self.short),
        }
        patterns = self.patterns.get(run.job_id, {})
        return facts_of(row, self.tables, self.entries_of(run), patterns, self.looks.get(run.job_id))

    def run_of(self, job_id: str | None) -> Run | None:
        """A job by its ID; None where the report is not about it."""
        return self.by_id.get(job_id or "")

    def patterns_of(self, run: Run, code: str) -> Sequence[Counted]:
        """The patterns that a job's entries of a code match, the worst first; empty where none are known."""
        return self.patterns.get(run.job_id, {}).get(code, ())


def page_name(job_id: str) -> str:
    """The file name of a job's page: ``JOBID.html``."""
    return f"{name_in_files(job_id)}.html"


def _by_job(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    parts = frame.partition_by("job_id", as_dict=True, maintain_order=True)
    return {str(job_id): part for (job_id,), part in parts.items()}
