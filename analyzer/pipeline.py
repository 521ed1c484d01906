"""Run the stages in order: pull, tables, retry files, report."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from analyzer.catalogue import OURS
from analyzer.history.job_facts import id_type_of
from analyzer.history.job_sources import JobSources, PerJob
from analyzer.history.load import load
from analyzer.library.mirror import Library
from analyzer.library.pull.pull import pull
from analyzer.model.job import FAILED
from analyzer.model.language import ENGLISH, Language, speaking
from analyzer.model.next_step import Commands
from analyzer.report.calendar import day_page_name
from analyzer.report.model import Brand
from analyzer.report.write import INDEX, ReportRequest, RetryLink, write_report
from analyzer.retry.library_jobs import make_retries
from analyzer.retry.manifest import manifest_beside
from analyzer.retry.queue_command import to_queue

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import date, datetime
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from analyzer.catalogue import Catalogue
    from analyzer.directory.look_up import LookUp
    from analyzer.directory.model import Directory
    from analyzer.history.load import Tables
    from analyzer.library.model import Choice, PullResult, RemoteTenant
    from analyzer.model.service import IdType
    from analyzer.model.text import Progress
    from analyzer.report.model import Day
    from analyzer.retry.library_jobs import JobRetry

    Stage = Callable[[str], Progress]


@dataclass(frozen=True, slots=True)
class Places:
    """The places of the results, and the options of the report.

    Attributes:
        report: the report's folder.
        retry: the retry files' folder.
        templates: the user's templates; None for ours.
        zone: the time zone; None for UTC.
        catalogue: the explanations of codes.
        commands: completes the commands in the report.
        open_tables: opens the history of a library, with the argument ``progress`` as ``history.load.load``.
        days_from: the first day whose page is kept; None for all.
        directory: an export in which IDs that couldn't be resolved are looked up; None for none.
        id_type_of: the ID type of a feed by the configuration.
        language: the language of the report.
        brand: what the configuration adds to each page.
        redaction_key: the secret key of pseudonyms, for a report without users; empty for a report with them.
        silent_of: returns the IDs of acknowledged jobs, from the table ``jobs`` and the time (UTC).
    """

    report: Path
    retry: Path
    templates: Path | None
    zone: ZoneInfo | None
    catalogue: Catalogue = OURS
    commands: Commands = field(default_factory=Commands)
    open_tables: Callable[..., Tables] = load
    days_from: date | None = None
    directory: Directory | None = None
    id_type_of: Callable[[str | None], IdType | None] = lambda _: None
    language: Language = ENGLISH
    brand: Brand = field(default_factory=Brand)
    redaction_key: bytes = b""
    silent_of: Callable[[pl.DataFrame, datetime], Collection[str]] = lambda *_: ()


@dataclass(frozen=True, slots=True)
class Scope:
    """The jobs of a report.

    Attributes:
        job_ids: only these; empty for all.
        since: only jobs that ran since (UTC); None for all.
    """

    job_ids: frozenset[str] = frozenset()
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReportResult:
    """The result of a report.

    Attributes:
        tables: the tables that it was made from.
        retries: the retry files by job ID.
        index: the report's first page.
        day: the page of the day; None if there is none.
    """

    tables: Tables
    retries: dict[str, JobRetry]
    index: Path
    day: Path | None = None


def run(  # noqa: PLR0913 - the stages, and what each needs
    tenant: RemoteTenant,
    library: Library,
    places: Places,
    now: datetime,
    stage: Stage,
    *,
    say: Callable[[PullResult, ReportResult], Day] | None = None,
) -> tuple[PullResult, ReportResult]:
    """Pull, and write retry files and a report.

    Args:
        tenant: the tenant to pull from.
        library: the library to write.
        places: the places of the results.
        now: UTC.
        stage: returns the progress of a stage by its name.
        say: as for ``report``.

    Raises:
        AnalyzerError: a stage failed; the results of earlier stages are kept.
    """
    pulled = pull_without_forgotten(tenant, library, now=now, progress=stage("pulling"))
    day = functools.partial(say, pulled) if say else None
    return pulled, report(Library(library.root), places, now, stage, say=day)


def pull_without_forgotten(
    tenant: RemoteTenant, library: Library, *, now: datetime, choice: Choice | None = None, progress: Progress
) -> PullResult:
    """Pull as ``pull`` does; then remove from the new files the users who were removed from the library before."""
    from analyzer.history.forget import forget_again  # it imports the reader of logs, which a report doesn't need

    pulled = pull(tenant, library, now=now, choice=choice, progress=progress)
    pulled.forgotten_users = forget_again(library.root)
    return pulled


def report(  # noqa: PLR0913 - likewise
    library: Library,
    places: Places,
    now: datetime,
    stage: Stage,
    scope: Scope | None = None,
    *,
    say: Callable[[ReportResult], Day] | None = None,
) -> ReportResult:
    """Write the retry files of a library, and those pages of its report whose facts have changed.

    Args:
        library: an existing library.
        places: the places of the results.
        now: UTC.
        stage: as for ``run``.
        scope: the jobs; None for all.
        say: returns what the page of the day says, before the pages are written; None for a report without that page.

    Raises:
        AnalyzerError: the job list cannot be read, or a file cannot be written.
    """
    made, request = prepare_report(library, places, now, stage, scope)
    writing = stage("writing the report")
    # The language of the retry files, made before, and of the terminal is English.
    with speaking(places.language):
        request = dataclasses.replace(request, day=say(made) if say else None)
        write_report(request, progress=lambda done, total: writing(done, total, ""))
    return dataclasses.replace(made, day=places.report / day_page_name(request.day.date) if request.day else None)


def prepare_report(
    library: Library, places: Places, now: datetime, stage: Stage, scope: Scope | None = None
) -> tuple[ReportResult, ReportRequest]:
    """Write the retry files of a library, and return what its report is made from; the arguments are of ``report``."""
    scope = scope or Scope()
    reading = stage("reading logs")
    tables = places.open_tables(library, progress=lambda done, total: reading(done, total, ""))
    tables = tables.only(scope.job_ids) if scope.job_ids else tables
    tables = tables.since(scope.since) if scope.since else tables
    retries = make_retries(library, tables, places.retry)
    made = ReportResult(tables, retries, places.report / INDEX)
    sources, last_pull = JobSources(library, tables), library.state.last_pull
    request = ReportRequest(
        tables=tables,
        out=places.report,
        links={job_id: _link(retry, tables) for job_id, retry in retries.items()},
        now=now,
        zone=places.zone,
        templates=places.templates,
        catalogue=places.catalogue,
        commands=places.commands,
        whereabouts=PerJob(tables.jobs["job_id"], sources.whereabouts),
        findings=PerJob(scope.job_ids or _newest_failed(tables), sources.findings),
        source_of=sources.file,
        looked_up=PerJob(
            (scope.job_ids or _newest_failed(tables)) if places.directory else (),
            functools.partial(_looked_up, tables, places),
        ),
        days_from=places.days_from,
        brand=places.brand,
        silent=frozenset(places.silent_of(tables.jobs, now)),
        is_listed=last_pull is None or not last_pull.list_refused,
    )
    return made, request.redacted(places.redaction_key) if places.redaction_key else request


def _newest_failed(tables: Tables) -> frozenset[str]:
    """Return the newest failed run of each feed; no other source files are read, even for a year of jobs."""
    failed = tables.jobs.filter(pl.col("retry_of").is_null() & pl.col("outcome").is_in(FAILED))
    return frozenset(failed.group_by("feed").agg(pl.col("job_id").last())["job_id"])


def _looked_up(tables: Tables, places: Places, job_id: str) -> LookUp | None:
    """Look up the IDs of a job that couldn't be resolved; None if it has none."""
    from analyzer.directory.look_up import UNRESOLVED, look_up

    users, job = tables.users_of(job_id), tables.job(job_id)
    identities = users.filter(pl.col("codes").list.contains(UNRESOLVED))["identity"]
    if places.directory is None or identities.is_empty():
        return None
    return look_up(identities, places.directory, id_type_of(tables, job, places.id_type_of), job["users"])


def _link(retry: JobRetry, tables: Tables) -> RetryLink:
    if retry.path is None or retry.manifest is None:
        return RetryLink(retry.path, retry.sentence)
    queue = to_queue(retry.manifest, retry.path.parent, tables.queued.get(retry.job_id))
    users, beside = retry.manifest.users or None, manifest_beside(retry.path)
    return RetryLink(retry.path, retry.sentence, users, retry.complete, queue, beside)
