"""``upa-analyzer show [JOB]``."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.context import (
    AppContext,
    DirectoryOption,
    FailedJobArgument,
    FailOn,
    FailOnOption,
    LibraryOption,
    RedactOption,
)
from analyzer.cli.terminal.browser import open_page
from analyzer.errors import AnalyzerError
from analyzer.history.feed_status import newest_failed
from analyzer.model.job import FAILED, find_job

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.cli.views.job import JobView
    from analyzer.directory.model import Directory
    from analyzer.history.load import Tables
    from analyzer.library.mirror import Library
    from analyzer.library.workspace import Workspace
    from analyzer.model.job import Job
    from analyzer.retry.queue_command import RetryToQueue


def command(  # noqa: PLR0913 - the contract's options
    context: typer.Context,
    job: FailedJobArgument = "",
    *,
    feed: Annotated[
        str, typer.Option("--feed", metavar="NAME", help="Show the newest run of this feed that failed.")
    ] = "",
    everyone: Annotated[bool, typer.Option("--all", help="Show every user, also on a terminal.")] = False,
    directory: DirectoryOption = None,
    web: Annotated[
        bool, typer.Option("--web", help="Bring the report up to date, and open the job's page in the browser.")
    ] = False,
    redact: RedactOption = False,
    library: LibraryOption = None,
    fail_on: FailOnOption = FailOn.never,
) -> int:
    """Show a job: what failed, why, who is affected, and how to fix it."""
    from analyzer.cli.views.job import print_view, view_json

    app = context.ensure_object(AppContext)
    opened = app.library(library)
    workspace = app.workspace(library)
    tables = app.tables(opened, workspace)
    job = job or newest_failed(tables.jobs, feed) or ""
    wanted = find_job(opened.jobs(), job) if job else None
    if wanted is None:
        if app.terminal.json:
            app.terminal.result(None)
        else:
            app.terminal.show(f"No run of {feed} failed." if feed else "No run failed.")
        return 0
    if web:
        return _open(context, app, library, wanted, redact=redact)
    export = None if redact else app.directory(directory)
    if redact:
        from analyzer.history.redacted import RedactedTables, redaction_key

        tables = RedactedTables.redacted(tables, redaction_key(workspace.root))
    shown = _view(app, tables, wanted, opened, workspace)
    if export is not None:
        shown = _with_directory(app, shown, export)
    if app.terminal.json:
        app.terminal.result(view_json(shown))
    else:
        print_view(app, shown, everyone=everyone)
    unread = (log.problem for log in tables.logs_of(wanted.job_id) if log.problem)
    is_retry = shown.facts.retry_of is not None
    fails = not shown.acknowledged and fail_on.met_by(shown.job["outcome"], shown.facts.new, is_retry=is_retry)
    return app.unread(unread) or int(fails)


def _open(context: typer.Context, app: AppContext, library: Path | None, job: Job, *, redact: bool) -> int:
    """Bring the report up to date, and open a job's page."""
    from analyzer.cli.commands.report import updated_report
    from analyzer.report.view import page_name

    made = updated_report(context, app, library, redact=redact)
    page = made.index.parent / "jobs" / page_name(job.job_id)
    app.terminal.result({"page": str(page)}) if app.terminal.json else app.terminal.show(str(page))
    open_page(page, app.terminal)
    return app.unread(made.tables.log_problems)


def _view(app: AppContext, tables: Tables, job: Job, library: Library, workspace: Workspace) -> JobView:
    """Gather what there is to show; read the source file if it can explain something."""
    from analyzer.catalogue.advice import advise
    from analyzer.cli.views.job import JobView, failures_of
    from analyzer.history.job_facts import examine_job_source, facts_of, retry_in, superseded_by
    from analyzer.history.job_log import JobLogs
    from analyzer.history.job_sources import whereabouts
    from analyzer.history.redacted import RedactedTables
    from analyzer.model.text import short_ids
    from analyzer.storage.clean_record import CleanRecord

    is_redacted = isinstance(tables, RedactedTables)
    catalogue, source = app.settings.catalogue, None if is_redacted else library.source_file(job)
    short = short_ids(tables.jobs["job_id"])
    of_job = tables.only([job.job_id])
    later = superseded_by(tables, job.job_id, short)
    row = {
        **of_job.jobs.row(0, named=True),
        "short": short[job.job_id],
        "superseded_by": later,
        "retry_in": retry_in(tables, job.job_id, short),
    }
    entries = of_job.entries_of(job.job_id)
    log = JobLogs(of_job, catalogue).of(job.job_id)
    facts = facts_of(row, of_job, log, examine_job_source(row, of_job, source))
    queued = (
        None
        if is_redacted or facts.outdated or facts.outcome not in FAILED
        else _retry_file(workspace.retry, of_job, job, library)
    )
    return JobView(
        job=row,
        tables=of_job,
        facts=facts,
        advice=advise(facts, catalogue),
        failures=failures_of(log),
        whereabouts=whereabouts(entries, source),
        users=of_job.users_of(job.job_id).drop("job_id", "since", "runs", "seen").to_dicts(),
        queued=queued,
        retries=[row for row in tables.jobs.iter_rows(named=True) if row["retry_of"] == job.job_id],
        acknowledged=app.acknowledged(workspace).valid(of_job.jobs, datetime.now(UTC)).get(job.job_id),
        cleaned=CleanRecord(workspace.cleaned).removed_of(job.job_id),
    )


def _with_directory(app: AppContext, shown: JobView, export: Directory) -> JobView:
    """Look up in a directory export the IDs that the service couldn't resolve."""
    from analyzer.directory.look_up import UNRESOLVED, look_up
    from analyzer.history.job_facts import id_type_of

    identities = (user["identity"] for user in shown.users if UNRESOLVED in user["codes"])
    found = look_up(identities, export, id_type_of(shown.tables, shown.job, app.id_type_of), shown.job["users"])
    return dataclasses.replace(shown, looked_up=found)


def _retry_file(folder: Path, tables: Tables, job: Job, library: Library) -> RetryToQueue | None:
    """Return the job's retry file if it is what would be created now."""
    from analyzer.retry.inputs import inputs_of_job
    from analyzer.retry.library_jobs import current_manifest, retry_target
    from analyzer.retry.queue_command import importable_files

    target = retry_target(library, job, folder)
    if not target.parent.is_dir():
        return None
    try:
        manifest = current_manifest(target, inputs_of_job(library, tables, job))
    except AnalyzerError:
        return None  # it would be created again
    return importable_files(manifest, target.parent, tables.queued.get(job.job_id))
