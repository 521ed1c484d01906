"""``upa-analyzer jobs``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from analyzer.cli.context import AppContext, FeedOption, LibraryOption, SinceOption, parse_day
from analyzer.history.feed_status import of_feed
from analyzer.model.job import Outcome


def command(  # noqa: PLR0913 - the contract's options
    context: typer.Context,
    *,
    feed: FeedOption = "",
    outcome: Annotated[
        Outcome | None,
        typer.Option(
            "--outcome",
            metavar="OUTCOME",
            help=f"Select jobs with this outcome: {', '.join(Outcome)}.",
        ),
    ] = None,
    since: SinceOption = "",
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", min=1, metavar="N", help="Show only the newest N jobs. Default: 30 on a terminal, else all."
        ),
    ] = None,
    library: LibraryOption = None,
) -> int:
    """List jobs, the newest last."""
    import polars as pl

    from analyzer.cli.views.jobs import COLUMNS, SHOWN_JOBS, job_json, job_rows

    app, now = context.ensure_object(AppContext), datetime.now(UTC)
    zone = app.zone()
    not_before = parse_day(since, zone)
    opened = app.library(library)
    workspace = app.workspace(library)
    tables = app.tables_with_progress(opened, workspace)
    known = app.acknowledged(workspace).valid(tables.jobs, now)
    meant = of_feed(tables.jobs, feed)
    if not_before:
        meant = meant.filter(pl.col("ran").is_null() | (pl.col("ran") >= not_before))
    if outcome:
        meant = meant.filter(pl.col("outcome") == outcome.value)
    is_to_read = app.terminal.interactive and not app.terminal.json
    shown = meant.tail(limit or (SHOWN_JOBS if is_to_read else meant.height))
    if app.terminal.json:
        rows = job_json(shown)
        app.terminal.result({"jobs": [{**row, "acknowledged": row["job_id"] in known} for row in rows]})
    elif tables.jobs.is_empty():
        app.terminal.say("The library has no jobs.")
    elif meant.is_empty():
        app.terminal.say("No jobs match.")
    else:
        if is_to_read and shown.height < meant.height:
            app.terminal.show(f"Showing {shown.height:,} of {meant.height:,}; --limit {meant.height} shows every job.")
        app.terminal.table(COLUMNS, job_rows(shown, tables, zone, now, known))
    return app.unread(tables.log_problems)
