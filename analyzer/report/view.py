"""Prepare the input of a report: the request, its tables by job, and links to files."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from analyzer.analysis.feed_runs import feed_runs
from analyzer.catalogue import OURS
from analyzer.history.feed_status import feed_statuses, new_of_run
from analyzer.history.feeds import AsOf, Health, feed_healths
from analyzer.history.job_facts import facts_of, superseded_by
from analyzer.history.job_log import JobLogs
from analyzer.history.redacted import RedactedTables
from analyzer.model.job import NotUpdatedCount, Outcome, name_in_files, not_updated_text
from analyzer.model.next_step import Commands
from analyzer.model.text import short_ids
from analyzer.report.failed_users import failed_users, id_property_of
from analyzer.report.model import DASH, Brand

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import date, datetime
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from analyzer.catalogue import Catalogue
    from analyzer.catalogue.model import JobFacts
    from analyzer.directory.look_up import LookUp
    from analyzer.history.job_log import JobLog
    from analyzer.history.job_sources import Whereabouts
    from analyzer.history.load import Tables
    from analyzer.history.source_findings import SourceFindings
    from analyzer.report.failed_users import FailedUsers
    from analyzer.report.model import Day
    from analyzer.retry.queue_command import RetryToQueue


_UNKNOWN_FEED = "?"


@dataclass(frozen=True, slots=True)
class RetryLink:
    """A job's retry file.

    Attributes:
        path: the file, or its first part; None if there is none.
        sentence: describes its content, or why there is none.
        users: number of users in it; None if unknown.
        complete: whether it has every user who was not updated.
        queue: how to queue it; None if unknown.
        manifest: describes it; None if there is none.
    """

    path: Path | None
    sentence: str
    users: int | None = None
    complete: bool = True
    queue: RetryToQueue | None = None
    manifest: Path | None = None

    @property
    def parts(self) -> int:
        """Number of files."""
        return len(self.queue.paths) if self.queue else 1


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """The input of a report, and its folder.

    Attributes:
        tables: the tables of the library, from ``load``.
        out: the report's folder.
        links: retry files by job ID.
        now: time of the report (UTC).
        zone: time zone of the times shown; None for UTC.
        templates: a folder whose templates replace the built-in ones.
        catalogue: explanations of codes.
        whereabouts: bounds of the entries that don't identify a user, by job ID; only jobs with such entries.
        commands: completes the commands that the pages recommend.
        findings: findings in source files by job ID; only jobs whose file was read.
        source_of: returns our copy of a job's source file by job ID; None if there is none.
        looked_up: what IDs that couldn't be resolved are in a directory export, by job ID; only jobs that have some.
        day: what ``run`` says today; None for a report without a page of the day.
        days_from: the first day whose page is kept, and linked; None for all.
        brand: the title, logo, and contact of the configuration.
        silent: IDs of acknowledged jobs.
        is_listed: whether the last pull received the whole job list.
    """

    tables: Tables
    out: Path
    links: Mapping[str, RetryLink]
    now: datetime
    zone: ZoneInfo | None
    templates: Path | None = None
    catalogue: Catalogue = OURS
    whereabouts: Mapping[str, Whereabouts | None] = field(default_factory=dict)
    commands: Commands = field(default_factory=Commands)
    findings: Mapping[str, SourceFindings | None] = field(default_factory=dict)
    source_of: Callable[[str], Path | None] = lambda _: None
    looked_up: Mapping[str, LookUp | None] = field(default_factory=dict)
    day: Day | None = None
    days_from: date | None = None
    brand: Brand = field(default_factory=Brand)
    silent: Collection[str] = ()
    is_listed: bool = True

    @property
    def is_redacted(self) -> bool:
        """Whether it shows pseudonyms instead of users."""
        return isinstance(self.tables, RedactedTables)

    def redacted(self, key: bytes) -> ReportRequest:
        """Return the request with pseudonyms instead of users, and without files and facts that have users in them.

        Args:
            key: the secret key of the pseudonyms (``redaction_key``).
        """
        none: dict[str, Any] = {"links": {}, "whereabouts": {}, "findings": {}, "looked_up": {}, "day": None}
        tables = RedactedTables.redacted(self.tables, key)
        return replace(self, **none, tables=tables, source_of=lambda _: None)


@dataclass(frozen=True, slots=True)
class Run:
    """A typed row of the table ``jobs`` with its feed and time; see ``tables.JOBS`` and ``analysis.timeline``."""

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
    members: tuple[str, ...]
    note: str

    @staticmethod
    def of(row: Mapping[str, Any]) -> Run:
        """Convert a row of ``feed_runs``; the feed of a job without a source file is ``?``."""
        values = {field.name: row[field.name] for field in fields(Run)}
        values |= {
            "outcome": Outcome(row["outcome"]),
            "feed": row["feed"] or _UNKNOWN_FEED,
            "members": tuple(row["members"]),
        }
        return Run(**values)

    @property
    def not_updated_count(self) -> NotUpdatedCount:
        """Number of users that were not updated."""
        return NotUpdatedCount.of(self.outcome, self.not_updated, self.named_users)

    @property
    def not_updated_text(self) -> str:
        """The same as text for a table cell."""
        return not_updated_text(self.outcome, self.not_updated, self.named_users, dash=DASH)


@dataclass(frozen=True, kw_only=True)
class View(ReportRequest):
    """A request with its tables prepared once for all pages; mappings by job ID omit jobs without a value.

    Attributes:
        version: the program's version.
        runs: all jobs, oldest first.
        feed_runs: the same with the parts of each import as one.
        by_id: jobs by ID.
        retries: jobs that import a retry file, by the ID of the run that they repair, oldest first.
        following: by job ID, the feed's next run that has ended.
        preceding: by job ID, the feed's run before that has ended.
        expected: by the job ID of each feed's newest run, when the next run is expected, UTC; only feeds with a rhythm.
        short: short IDs by job ID.
        observations: when a pull saw a job, when the pull before was, the state, and the error; the oldest first.
        logs: opens the logs of jobs.
    """

    version: str
    runs: tuple[Run, ...]
    feed_runs: tuple[Run, ...]
    by_id: Mapping[str, Run]
    retries: Mapping[str, Sequence[Run]]
    following: Mapping[str, Run]
    preceding: Mapping[str, Run]
    expected: Mapping[str, datetime]
    short: Mapping[str, str]
    observations: Mapping[str, Sequence[tuple[datetime, datetime | None, str, str]]]
    logs: JobLogs

    @staticmethod
    def of(request: ReportRequest, version: str) -> View:
        """Prepare the tables of a request."""
        tables = request.tables
        runs = tuple(
            Run.of({**row, "members": [row["job_id"]], "note": note_of(tables, row["job_id"])})
            for row in tables.jobs.iter_rows(named=True)
        )
        together = (
            tuple(map(Run.of, feed_runs(tables.jobs, tables.queued).iter_rows(named=True))) if tables.queued else runs
        )
        retries: dict[str, list[Run]] = {}
        for run in runs:
            if run.retry_of is not None:
                retries.setdefault(run.retry_of, []).append(run)
        return View(
            **{one.name: getattr(request, one.name) for one in fields(ReportRequest)},
            version=version,
            runs=runs,
            feed_runs=together,
            by_id={run.job_id: run for run in runs},
            retries=retries,
            following=_neighbors(reversed(together)),
            preceding=_neighbors(together),
            expected=_expected(request),
            short=short_ids(run.job_id for run in runs),
            observations=request.tables.observations.sort("observed_at", maintain_order=True)
            .select("job_id", "observed_at", "previous_pull_at", "state", "error")
            .rows_by_key("job_id"),
            logs=JobLogs(request.tables, request.catalogue),
        )

    def log_of(self, run: Run) -> JobLog:
        """Open the log of a job."""
        return self.logs.of(run.job_id)

    def facts_of(self, run: Run) -> JobFacts:
        """Return a job's facts from its tables, and from its source file if that was read."""
        row = {one.name: getattr(run, one.name) for one in fields(Run)}
        row |= {
            "short": self.short[run.job_id],
            "superseded_by": superseded_by(self.tables, run.job_id, self.short),
            "retry_in": None,  # another job each night
        }
        facts = facts_of(row, self.tables, self.log_of(run), self.findings.get(run.job_id))
        return facts if len(run.members) == 1 else replace(facts, new=new_of_run(self.tables, run.members))

    def retries_of(self, run: Run) -> Sequence[Run]:
        """Return the jobs that import retry files of a run's jobs, the oldest first."""
        return [retry for job_id in run.members for retry in self.retries.get(job_id, ())]

    def has_list(self, run: Run) -> bool:
        """Return whether a job has a list of its failed users beside its page: one whose source file was read."""
        return run.job_id in self.findings and run.named_users > 0

    def failed_users_of(self, run: Run) -> FailedUsers:
        """Return the failed users of a job, with their records if the job has a list."""
        return self._failed_users(run.job_id, run.job_id in self.findings)

    @functools.cached_property
    def _failed_users(self) -> Callable[[str, bool], FailedUsers]:
        @functools.lru_cache(maxsize=1)  # the page of a job and its lists are made one after the other
        def found(job_id: str, with_records: bool) -> FailedUsers:
            source = self.source_of(job_id) if with_records else None
            known = id_property_of(self.tables, job_id, source) if source else ""
            return failed_users(self.tables, job_id, self.catalogue, source, known)

        return found

    def whereabouts_of(self, run: Run) -> Whereabouts | None:
        """Return the locations of a job's entries without a user; None if it has none."""
        return self.whereabouts.get(run.job_id) if self.log_of(run).nameless_codes else None


def note_of(tables: Tables, job_id: str) -> str:
    """Return what to know of a job's numbers: ``part 2 of 3``; empty if nothing."""
    queued = tables.queued.get(job_id)
    return queued.note if queued else ""


def _neighbors(runs: Iterable[Run]) -> dict[str, Run]:
    """Return by job ID the last run of its feed that came before it in this order and has ended."""
    last: dict[str, Run] = {}
    neighbors: dict[str, Run] = {}
    for run in runs:
        if run.feed in last:
            neighbors.update(dict.fromkeys(run.members, last[run.feed]))
        if run.retry_of is None and run.outcome.ended and run.feed != _UNKNOWN_FEED:
            last[run.feed] = run
    return neighbors


def _expected(request: ReportRequest) -> dict[str, datetime]:
    """Return when the next run is expected, by the ID of each feed's newest run."""
    tables = request.tables
    healths = feed_healths(feed_statuses(tables), AsOf.of(tables, request.now, request.zone))
    return {
        str(one.status.runs[-1]["job_id"]): one.next_expected
        for one in healths
        if one.next_expected and one.status.runs and one.health is not Health.ceased
    }


def page_name(job_id: str) -> str:
    """Return the file name of a job's page: ``JOBID.html``."""
    return f"{name_in_files(job_id)}.html"


def entries_name(run: Run) -> str:
    """Return the name of the table of a job's entries in the report: ``jobs/JOBID.csv``."""
    return f"jobs/{name_in_files(run.job_id)}.csv"


def list_name(run: Run, ending: str) -> str:
    """Return the name of the list of a job's failed users in the report: ``jobs/JOBID-failed.xlsx``."""
    return f"jobs/{name_in_files(run.job_id)}-failed{ending}"


def has_entries(view: View, run: Run) -> bool:
    """Return whether a job's log has entries or other text."""
    return any(log.entries or log.texts for log in view.tables.logs_of(run.job_id))


def href(target: Path, folder: Path) -> str:
    """Return the address of a file from a page in ``folder``, percent-encoded.

    It is relative if possible, so that the report can be moved together with the files that it links to.
    """
    try:
        relative = os.path.relpath(target, folder)
    except ValueError:  # another drive on Windows
        return target.absolute().as_uri()
    return quote(os.fsencode(relative.replace(os.sep, "/")))
