"""``upa-analyzer report [LIBRARY]``."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.context import AppContext, DirectoryOption, JobsOption, RedactOption, SinceOption, hold, parse_day
from analyzer.cli.terminal.browser import open_page
from analyzer.errors import UsageError
from analyzer.model.job import find_job
from analyzer.storage.files import write_bytes

if TYPE_CHECKING:
    from analyzer.library.mirror import Library
    from analyzer.library.workspace import Workspace
    from analyzer.pipeline import Places, ReportResult, Scope

SELECTION = "selection"
"""The folder of the report of selected jobs, in the tenant's folder of reports."""
_REDACTED = "redacted"
"""The folder of the report without users, there."""


class ReportFormat(StrEnum):
    """The forms of ``report --format``."""

    html = "html"
    markdown = "markdown"
    json = "json"


@dataclass(frozen=True, slots=True)
class _Wish:
    """What kind of report is wanted, and where."""

    single_file: bool
    without_retry: bool
    bundle: str
    format: ReportFormat
    output: Path | None
    open_it: bool

    def __post_init__(self) -> None:
        """Check that the options fit together.

        Raises:
            UsageError: they don't.
        """
        kinds = [("--single-file", self.single_file), ("--bundle", self.bundle)]
        kinds.append((f"--format {self.format}", self.format is not ReportFormat.html))
        chosen = [name for name, is_chosen in kinds if is_chosen]
        if len(chosen) > 1:
            raise UsageError(f"{chosen[0]} can't be combined with {chosen[1]}", "Specify one of them.")
        if self.without_retry and not self.single_file:
            raise UsageError("--without-retry is an option of --single-file", "Add --single-file, or leave it out.")

    @property
    def is_site(self) -> bool:
        """Whether the report is the folder of pages."""
        return not (self.single_file or self.bundle) and self.format is ReportFormat.html


def command(  # noqa: PLR0913 - the contract's options
    context: typer.Context,
    library: Annotated[
        Path | None, typer.Argument(help="Library folder. Default: the configured tenant's.", metavar="[LIBRARY]")
    ] = None,
    *,
    job: JobsOption = None,
    since: SinceOption = "",
    directory: DirectoryOption = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open the report in the browser.")] = False,
    single_file: Annotated[
        bool,
        typer.Option("--single-file", help="Write one file for mail: the first page, or the page of the job of --job."),
    ] = False,
    without_retry: Annotated[
        bool, typer.Option("--without-retry", help="Leave the retry file out of the single file.")
    ] = False,
    redact: RedactOption = False,
    bundle: Annotated[
        str,
        typer.Option("--bundle", metavar="JOB", help="Write a ZIP file for Microsoft's support that names no user."),
    ] = "",
    format_: Annotated[
        ReportFormat, typer.Option("--format", help="Write a short summary as markdown or json instead of pages.")
    ] = ReportFormat.html,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="PATH", help="Write the report and retry files, or the one file, here."),
    ] = None,
) -> int:
    """Create the HTML report: who failed, why, and what to do."""
    from analyzer.pipeline import Scope

    app = context.ensure_object(AppContext)
    wish = _Wish(single_file, without_retry, bundle, format_, output, open_it)
    workspace = app.workspace(library)
    folder = output if wish.is_site else None
    if folder is None or redact:
        hold(context, workspace)
    opened = app.library(library)
    jobs = opened.jobs() if job or bundle else []
    wanted = [find_job(jobs, one).job_id for one in job or ()]
    if single_file and len(wanted) > 1:
        raise UsageError("--single-file takes one job", "Specify --job once, or leave it out for the first page.")
    scope = Scope(frozenset(wanted), parse_day(since, app.zone()))
    places = report_places(app, workspace, folder, directory)
    if library is not None:
        places = dataclasses.replace(places, commands=dataclasses.replace(app.commands, library=str(library)))
    if redact:
        places = _redacted(places, workspace, places.report)
    if not wish.is_site:
        # Pages compare a job with others, so that all jobs are read.
        scope = Scope() if single_file or bundle else scope
        selected = find_job(jobs, bundle).job_id if bundle else next(iter(wanted), "")
        return _write_one(app, workspace, opened, places, scope, wish, selected)
    if folder is None:
        # The report of all jobs stays as it is.
        parts = [name for name, is_so in ((_REDACTED, redact), (SELECTION, job or since)) if is_so]
        places = dataclasses.replace(places, report=places.report.joinpath(*parts))
    made = _report(app, opened, places, scope)
    if app.terminal.json:
        app.terminal.result(reported_json(made))
    else:
        app.terminal.show(str(made.index))
    if open_it:
        open_page(made.index, app.terminal)
    return app.unread(made.tables.log_problems)


def updated_report(context: typer.Context, app: AppContext, library: Path | None, *, redact: bool) -> ReportResult:
    """Bring the report of a tenant up to date, for a command that opens one of its pages."""
    from analyzer.pipeline import Scope

    workspace = app.workspace(library)
    hold(context, workspace)
    places = report_places(app, workspace)
    if redact:
        places = _redacted(places, workspace, places.report / _REDACTED)
    return _report(app, app.library(library), places, Scope())


def _redacted(places: Places, workspace: Workspace, report: Path) -> Places:
    """Return the places of a report without users; retry files, which have users in them, aren't beside it."""
    from analyzer.history.redacted import redaction_key

    key = redaction_key(workspace.root)
    return dataclasses.replace(places, report=report, retry=workspace.retry, directory=None, redaction_key=key)


def _report(app: AppContext, opened: Library, places: Places, scope: Scope) -> ReportResult:
    from analyzer.pipeline import report

    with app.terminal.stages() as stage:
        return report(opened, places, datetime.now(UTC), stage, scope)


def _write_one(  # noqa: PLR0913, PLR0917 - what a report needs
    app: AppContext, workspace: Workspace, opened: Library, places: Places, scope: Scope, wish: _Wish, job_id: str
) -> int:
    """Write a report that is one file, or a summary to stdout."""
    from analyzer.history.redacted import redaction_key
    from analyzer.model.language import speaking
    from analyzer.pipeline import prepare_report
    from analyzer.report.one_file import OneFile, summary_bytes, write_bundle, write_single_file

    with app.terminal.stages() as stage:
        made, request = prepare_report(opened, places, datetime.now(UTC), stage, scope)
    with speaking(places.language):
        if wish.bundle:
            job = find_job(opened.jobs(), job_id)
            source = opened.source_file(job)
            evidence = [*opened.log_files(job), *([source] if source else [])]
            key = redaction_key(workspace.root)
            written = write_bundle(request, job_id, key, evidence, wish.output or workspace.reports / "support")
        elif wish.single_file:
            target = wish.output or workspace.reports / "mail"
            written = write_single_file(request, job_id, target, with_retry=not wish.without_retry)
        else:
            content = summary_bytes(request, in_json=wish.format is ReportFormat.json)
            if wish.output is None:
                app.terminal.show(content.decode().rstrip())
                return app.unread(made.tables.log_problems)
            write_bytes(wish.output, content)
            written = OneFile(wish.output)
    for remark in written.remarks:
        app.terminal.say(remark)
    if app.terminal.json:
        app.terminal.result(written.as_json)
    else:
        app.terminal.show(str(written.path))
    if wish.open_it:
        open_page(written.path, app.terminal)
    return app.unread(made.tables.log_problems)


def report_places(
    app: AppContext, workspace: Workspace, output: Path | None = None, directory: Path | None = None
) -> Places:
    """Return where a report and its retry files go: a tenant's folder, or the specified folder.

    Raises:
        UsageError: the configured language isn't known.
        InputError: the directory export, or the logo, can't be read.
    """
    from analyzer.history.acknowledgements import Acknowledgements
    from analyzer.pipeline import Places

    zone, settings = app.zone(), app.settings
    return Places(
        report=output or workspace.reports,
        retry=output / "retry" if output else workspace.retry,
        templates=settings.templates,
        zone=zone,
        catalogue=settings.catalogue,
        commands=app.commands,
        open_tables=functools.partial(app.tables, workspace=workspace),
        directory=app.directory(directory),
        id_type_of=app.id_type_of,
        language=app.language(),
        brand=app.brand(),
        silent_of=Acknowledgements(workspace.root).valid,
    )


def reported_json(made: ReportResult) -> dict[str, object]:
    """Return the result of ``report --json``."""
    from analyzer.cli.views.jobs import job_json

    return {
        "report": str(made.index),
        "day": str(made.day) if made.day else None,
        "jobs": job_json(made.tables.jobs),
        "retries": [
            {
                "job_id": retry.job_id,
                "file": str(retry.path) if retry.path else None,
                "sentence": retry.sentence,
                "complete": retry.complete,
                "advice": retry.advice or None,
            }
            for retry in made.retries.values()
        ],
    }
