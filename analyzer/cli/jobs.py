"""``upa-analyzer jobs``."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from analyzer.cli.context import Context
from analyzer.cli.options import LibraryOption


def command(context: typer.Context, *, library: LibraryOption = None) -> int:
    """The jobs of the library, the newest last."""
    from analyzer.cli.rows import COLUMNS, job_json, job_rows
    from analyzer.load import load

    given = context.ensure_object(Context)
    opened = given.library(library)
    with given.terminal.progress("reading logs") as progress:
        tables = load(
            opened, rules=given.feed_rules(given.settings()), progress=lambda done, total: progress(done, total, "")
        )
    if given.terminal.json:
        given.terminal.result({"jobs": job_json(tables.jobs)})
    elif tables.jobs.is_empty():
        given.terminal.say("The library has no jobs.")
    else:
        rows = job_rows(tables.jobs, tables.jobs["job_id"], given.zone(given.settings()), datetime.now(UTC))
        given.terminal.table(COLUMNS, rows)
    return given.unread(tables.log_problems)
