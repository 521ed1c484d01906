"""``upa-analyzer ack [JOB]``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.context import AppContext, LibraryOption, hold, parse_day
from analyzer.errors import UsageError
from analyzer.model.job import find_job

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from analyzer.history.acknowledgements import Acknowledgement
    from analyzer.history.load import Tables


def command(
    context: typer.Context,
    job: Annotated[
        str, typer.Argument(help="ID of the job; its first eight characters are enough.", metavar="[JOB]")
    ] = "",
    *,
    until: Annotated[
        str,
        typer.Option(
            "--until", metavar="DATE", help="End the acknowledgment when this day begins, such as 2026-12-01."
        ),
    ] = "",
    undo: Annotated[bool, typer.Option("--undo", help="End the acknowledgment of the job.")] = False,
    library: LibraryOption = None,
) -> None:
    """Acknowledge a job so that `run` no longer mentions it.

    The acknowledgment ends when the job changes. Without JOB, list the acknowledged jobs.
    """
    from analyzer.history.acknowledgements import Acknowledgements

    app, now = context.ensure_object(AppContext), datetime.now(UTC)
    if undo and until:
        raise UsageError("--undo and --until can't be combined", "Specify one of them.")
    if not job and (undo or until):
        raise UsageError("JOB is missing", "Specify the job's ID; its first eight characters are enough.")
    zone = app.zone()
    end = parse_day(until, zone, "--until")
    if end is not None and end <= now:
        raise UsageError(f"--until {until} is in the past", "Specify a later day.")
    opened = app.library(library)
    workspace = app.workspace(library)
    wanted = find_job(opened.jobs(), job) if job else None
    if wanted is not None:
        hold(context, workspace)
    tables = app.tables(opened, workspace)
    known = app.acknowledged(workspace) if wanted is None else Acknowledgements(workspace.root)
    if wanted is None:
        _list(app, tables, known.valid(tables.jobs, now), zone, now)
        return
    row = tables.job(wanted.job_id)
    if undo:
        removed = known.remove(wanted.job_id)
        state = "is no longer acknowledged" if removed else "is not acknowledged"
        _print(app, {wanted.job_id: None}, f"{_named(row)} {state}.")
        return
    added = known.add(row, now, end)
    from analyzer.cli.views.jobs import acknowledged_until

    _print(app, {wanted.job_id: added}, f"{_named(row)} is {acknowledged_until(added, zone, now)}.")


def _named(job: Mapping[str, object]) -> str:
    return f"Job {str(job['job_id'])[:8]} ({job['feed'] or 'unknown feed'}, {job['outcome']})"


def _list(
    app: AppContext, tables: Tables, known: Mapping[str, Acknowledgement], zone: ZoneInfo | None, now: datetime
) -> None:
    from analyzer.cli.terminal.output import Column
    from analyzer.cli.views.jobs import until
    from analyzer.model.text import moment, short_ids

    if app.terminal.json or not known:
        _print(app, known, "No job is acknowledged.")
        return
    short = short_ids(tables.jobs["job_id"])
    columns = (Column("job"), Column("feed", fold=True), Column("outcome"), Column("since", least=1), Column("until"))
    rows = [
        [
            short[job["job_id"]],
            job["feed"] or "unknown",
            job["outcome"],
            moment(one.since, zone, now),
            until(one, zone, now),
        ]
        for job in tables.only(known).jobs.iter_rows(named=True)
        for one in [known[job["job_id"]]]
    ]
    app.terminal.table(columns, rows)


def _print(app: AppContext, known: Mapping[str, Acknowledgement | None], text: str) -> None:
    """Print the text, or the acknowledgments as JSON."""
    if not app.terminal.json:
        app.terminal.prose(text)
        return
    app.terminal.result(
        {
            "acknowledged": [
                {
                    "job_id": job_id,
                    "since": one.since.isoformat(),
                    "until": one.until.isoformat() if one.until else None,
                }
                for job_id, one in known.items()
                if one is not None
            ]
        }
    )
