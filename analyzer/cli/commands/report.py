"""``upa-analyzer report [LIBRARY]``."""

from __future__ import annotations

import dataclasses
import functools
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.context import AppContext, DirectoryOption, JobsOption, SinceOption, hold, parse_day
from analyzer.model.job import find_job

if TYPE_CHECKING:
    from analyzer.library.workspace import Workspace
    from analyzer.pipeline import Places, ReportResult

SELECTION = "selection"
"""The folder of the report of selected jobs, in the tenant's folder of reports."""


def command(  # noqa: PLR0913 - the contract's options
    context: typer.Context,
    library: Annotated[
        Path | None, typer.Argument(help="Library folder. Default: the configured tenant's.", metavar="[LIBRARY]")
    ] = None,
    *,
    job: JobsOption = None,
    since: SinceOption = "",
    directory: DirectoryOption = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Write the report and retry files here.")
    ] = None,
) -> int:
    """Create the HTML report: who failed, why, and what to do."""
    from analyzer.pipeline import Scope, report

    app = context.ensure_object(AppContext)
    workspace = app.workspace(library)
    if output is None:
        hold(context, workspace)
    opened = app.library(library)
    zone = app.zone()
    now = datetime.now(UTC)
    jobs = opened.jobs() if job else []
    scope = Scope(frozenset(find_job(jobs, wanted).job_id for wanted in job or ()), parse_day(since, zone))
    places = report_places(app, workspace, output, directory)
    if library is not None:
        places = dataclasses.replace(places, commands=dataclasses.replace(app.commands, library=str(library)))
    if output is None and (job or since):
        # The report of all jobs stays as it is.
        places = dataclasses.replace(places, report=places.report / SELECTION)
    with app.terminal.stages() as stage:
        made = report(opened, places, now, stage, scope)
    if app.terminal.json:
        app.terminal.result(reported_json(made))
    else:
        app.terminal.show(str(made.index))
    return app.unread(made.tables.log_problems)


def report_places(
    app: AppContext, workspace: Workspace, output: Path | None = None, directory: Path | None = None
) -> Places:
    """Return where a report and its retry files go: a tenant's folder, or the specified folder.

    Raises:
        UsageError: the configured language isn't known.
        InputError: the directory export can't be read.
    """
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
