"""``upa-analyzer diff JOB [JOB]``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.context import AppContext, LibraryOption
from analyzer.errors import UsageError
from analyzer.model.job import find_job
from analyzer.model.text import short_ids

if TYPE_CHECKING:
    from analyzer.history.load import Tables


def command(
    context: typer.Context,
    job: Annotated[str, typer.Argument(help="ID of a job; its first eight characters are enough.", metavar="JOB")],
    other: Annotated[
        str,
        typer.Argument(help="ID of the job to compare it with. Default: the feed's previous run.", metavar="[JOB]"),
    ] = "",
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write the users to a .csv, .xlsx, .parquet, or .ndjson file."
        ),
    ] = None,
    library: LibraryOption = None,
) -> int:
    """Compare two jobs: who failed newly, who healed, and who failed with another code."""
    from analyzer.cli.views.differences import difference, difference_json, print_difference, users_table
    from analyzer.storage.table_files import check_format, write_table

    app = context.ensure_object(AppContext)
    if output is not None:
        check_format(output)
    opened = app.library(library)
    tables = app.tables(opened, app.workspace(library))
    before, after = _in_order(tables, [find_job(opened.jobs(), one).job_id for one in (job, other) if one])
    found = difference(tables, before, after, app.zone())
    if output is not None:
        write_table(users_table(found).lazy(), output)
    if app.terminal.json:
        app.terminal.result({**difference_json(found), "file": str(output) if output else None})
    elif output is not None:
        app.terminal.say(found.sentence)
        app.terminal.show(str(output))
    else:
        print_difference(app.terminal, found)
    logs = (*tables.logs_of(before), *tables.logs_of(after))
    return app.unread(log.problem for log in logs if log.problem)


def _in_order(tables: Tables, job_ids: list[str]) -> tuple[str, str]:
    """Return the IDs of the earlier and the later job.

    Raises:
        UsageError: there is only one job, and no run to compare it with.
    """
    from analyzer.analysis.differences import previous_run
    from analyzer.analysis.feed_runs import members_of

    if len(job_ids) == 1:
        members = members_of(job_ids[0], tables.jobs, tables.queued)
        previous = previous_run(tables.jobs, job_ids[0], members)
        if previous is None:
            raise UsageError(
                f"there is no run to compare {short_ids(tables.jobs['job_id'])[job_ids[0]]} with",
                "Specify a second job. upa-analyzer jobs lists all jobs.",
            )
        job_ids = [previous, *job_ids]
    first, second = sorted(job_ids, key=tables.jobs["job_id"].to_list().index)
    return first, second
