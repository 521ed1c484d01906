"""What a report is made from: the request, its jobs, entries and users as pages need them, and links to other files."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from analyzer.catalogue import OURS
from analyzer.catalogue.jobs import SPLIT
from analyzer.history.job_facts import facts_of, patterns_in, retry_in, superseded_by
from analyzer.model.job import NotUpdatedCount, Outcome, name_in_files, not_updated_text
from analyzer.model.next_step import Commands
from analyzer.model.text import capitalised, count, short_ids
from analyzer.report.model import DASH, Note, Queue, RetryButton
from analyzer.retry.queue_command import queue_commands, queue_remarks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    import polars as pl

    from analyzer.catalogue import Catalogue
    from analyzer.catalogue.model import JobFacts
    from analyzer.history.job_facts import PatternCount, SourceLook
    from analyzer.history.load import Tables
    from analyzer.history.locations import Whereabouts
    from analyzer.retry.queue_command import RetryToQueue


@dataclass(frozen=True, slots=True)
class RetryLink:
    """A job's retry file.

    Attributes:
        path: the file, the first one of several parts; None where there is none.
        sentence: what it holds, or why there is none.
        users: in it; None where that is unknown.
        complete: it holds every user who was not updated.
        queue: how to queue it; None where that is unknown.
    """

    path: Path | None
    sentence: str
    users: int | None = None
    complete: bool = True
    queue: RetryToQueue | None = None

    @property
    def parts(self) -> int:
        """In how many files it is."""
        return len(self.queue.paths) if self.queue else 1


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What to report, and where to.

    Attributes:
        tables: of the library, as ``load`` gives them.
        out: the report's folder.
        links: retry files by job ID.
        now: when the report is made (UTC).
        zone: of the times shown; None for UTC.
        templates: a folder whose templates come before ours.
        catalogue: what is known of codes.
        whereabouts: of the entries that don't identify a user, by job ID; jobs without any are missing.
        commands: completes the commands that the pages advise.
        looks: into source files, by job ID; jobs whose file was not read are missing.
    """

    tables: Tables
    out: Path
    links: Mapping[str, RetryLink]
    now: datetime
    zone: ZoneInfo | None
    templates: Path | None = None
    catalogue: Catalogue = OURS
    whereabouts: Mapping[str, Whereabouts] = field(default_factory=dict)
    commands: Commands = field(default_factory=Commands)
    looks: Mapping[str, SourceLook] = field(default_factory=dict)


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
        """Take a row of ``Tables.jobs``; a job without a source file's address has the feed ``?``."""
        values = {field.name: row[field.name] for field in fields(Run)}
        return Run(**{**values, "outcome": Outcome(row["outcome"]), "feed": row["feed"] or "?"})

    @property
    def not_updated_count(self) -> NotUpdatedCount:
        """How many users it did not update."""
        return NotUpdatedCount.of(self.outcome, self.not_updated, self.named_users)

    @property
    def not_updated_text(self) -> str:
        """The same in a cell of a table."""
        return not_updated_text(self.outcome, self.not_updated, self.named_users, dash=DASH)


@dataclass(frozen=True, slots=True, kw_only=True)
class View(ReportRequest):
    """A request with its tables prepared once for all pages.

    Attributes:
        version: of the program.
        runs: the jobs, the oldest first.
        by_id: the jobs by their ID.
        retries: of each run, by its ID, the jobs that import its retry files, the oldest first.
        entries: each job's entries by its ID; jobs without any are missing.
        users: each job's named users by its ID, as ``new_failures`` gives them; jobs without any are missing.
        short: short IDs by ID.
        patterns: by job ID and code the patterns that the entries match; codes without any are missing.
    """

    version: str
    runs: tuple[Run, ...]
    by_id: Mapping[str, Run]
    retries: Mapping[str, Sequence[Run]]
    entries: Mapping[str, pl.DataFrame]
    users: Mapping[str, pl.DataFrame]
    short: Mapping[str, str]
    patterns: Mapping[str, Mapping[str, Sequence[PatternCount]]]

    @staticmethod
    def of(request: ReportRequest, version: str) -> View:
        """Prepare the tables of a request."""
        runs = tuple(Run.of(row) for row in request.tables.jobs.iter_rows(named=True))
        entries = _by_job(request.tables.entries)
        retries: dict[str, list[Run]] = {}
        for run in runs:
            if run.retry_of is not None:
                retries.setdefault(run.retry_of, []).append(run)
        return View(
            **{one.name: getattr(request, one.name) for one in fields(ReportRequest)},
            version=version,
            runs=runs,
            by_id={run.job_id: run for run in runs},
            retries=retries,
            entries=entries,
            users=_by_job(request.tables.users),
            short=short_ids(run.job_id for run in runs),
            patterns={job_id: patterns_in(frame, request.catalogue) for job_id, frame in entries.items()},
        )

    def entries_of(self, run: Run) -> pl.DataFrame:
        """Return a job's entries; an empty table where it has none."""
        found = self.entries.get(run.job_id)
        return self.tables.entries.clear() if found is None else found

    def facts_of(self, run: Run) -> JobFacts:
        """Gather a job's facts from its tables, and from its source file where that was read."""
        row = {one.name: getattr(run, one.name) for one in fields(Run)}
        row |= {
            "short": self.short[run.job_id],
            "superseded_by": superseded_by(self.tables, run.job_id, self.short),
            "retry_in": retry_in(self.tables, run.job_id, self.short),
        }
        patterns = self.patterns.get(run.job_id, {})
        return facts_of(row, self.tables, self.entries_of(run), patterns, self.looks.get(run.job_id))

    def patterns_of(self, run: Run, code: str) -> Sequence[PatternCount]:
        """Return the patterns that a job's entries of a code match, the worst first; empty where none are known."""
        return self.patterns.get(run.job_id, {}).get(code, ())


def page_name(job_id: str) -> str:
    """Return the file name of a job's page: ``JOBID.html``."""
    return f"{name_in_files(job_id)}.html"


def _by_job(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    parts = frame.partition_by("job_id", as_dict=True, maintain_order=True)
    return {str(job_id): part for (job_id,), part in parts.items()}


_EXPLAINED = re.compile(r", or |: | \(|; ")
"""What in a condition parts what to do from why, and from what else helps."""


def href(target: Path, folder: Path) -> str:
    """Return the address of a file from a page in ``folder``, percent-encoded.

    It is relative where it can be, so that the report can be moved together with what it links to.
    """
    try:
        relative = os.path.relpath(target, folder)
    except ValueError:  # another drive on Windows
        return target.absolute().as_uri()
    return quote(os.fsencode(relative.replace(os.sep, "/")))


def retry_button(view: View, run: Run, folder: Path) -> RetryButton | None:
    """Return the button on a page in ``folder``; None where nothing is known of a retry, or the job needs none."""
    link = view.links.get(run.job_id)
    if link is None or run.superseded:
        return None
    sentence = f"{capitalised(link.sentence).removesuffix('.')}."
    if link.path is None:
        # The page of a job that needs none says so in its history.
        return None if run.open == 0 else RetryButton("", f"Retry file of {run.feed}", sentence)
    condition = condition_of(link)
    conditions = [
        *([f"first {condition}"] if condition else []),
        *([] if link.complete else ["incomplete"]),
        # One may be running, or have updated an unknown part of these users.
        *(["already retried"] if view.retries.get(run.job_id) else []),
    ]
    parts = [
        Note(f"part {number} of {link.parts}", href(Path(path), folder))
        for number, path in enumerate(link.queue.paths if link.queue else (), 1)
        if number > 1
    ]
    holds = f" ({count(link.users, 'user')})" if link.users else ""
    label = " \u2013 ".join(
        [
            f"Retry file of {run.feed}{holds}",
            *(["; ".join(conditions)] if conditions else []),
            *([f"part 1 of {link.parts}"] if parts else []),
        ]
    )
    return RetryButton(href(link.path, folder), label, sentence, not conditions, tuple(parts))


def condition_of(link: RetryLink) -> str:
    """Return what has to be done before the file is queued, in a few words; empty where nothing is known."""
    first = link.queue.first if link.queue else ""
    if first == SPLIT and link.parts > 1:
        return ""
    # map Floor, or remove it from the feed
    return _EXPLAINED.split(first, maxsplit=1)[0]


def queue_of(view: View, run: Run) -> Queue | None:
    """Say how to queue a job's retry file; None where there is none to queue."""
    link = view.links.get(run.job_id)
    if link is None or link.path is None or link.queue is None or run.superseded:
        return None
    return Queue(queue_commands(link.queue), queue_remarks(link.queue))
