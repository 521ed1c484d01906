"""``upa-analyzer export JOB -o FILE``: the list of a job's failed users, for those who have to correct them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli.context import AppContext, FailedJobArgument, LibraryOption, RedactOption
from analyzer.errors import UsageError

_INCOMPLETE = 1


def command(  # noqa: PLR0913 - the contract's options
    context: typer.Context,
    job: FailedJobArgument = "",
    *,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write this .xlsx, .csv, .parquet, or .ndjson file."),
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="Only users who didn't fail in the feed's run before.")] = False,
    code: Annotated[
        list[str] | None, typer.Option(metavar="CODE", help="Only users with an entry of this code. Repeatable.")
    ] = None,
    domain: Annotated[
        list[str] | None, typer.Option(metavar="DOMAIN", help="Only users whose ID is in this domain. Repeatable.")
    ] = None,
    redact: RedactOption = False,
    library: LibraryOption = None,
) -> int:
    """Write the list of a job's failed users: the record, the reason, what to do, and whether it is new."""
    from analyzer.history.feed_status import newest_failed
    from analyzer.history.redacted import redaction_key
    from analyzer.model.job import find_job
    from analyzer.model.language import speaking
    from analyzer.model.pseudonyms import Pseudonyms
    from analyzer.model.text import count
    from analyzer.report.failed_users import as_list, failed_users_of_job, narrowed, redacted
    from analyzer.storage.table_files import check_format, write_table

    app = context.ensure_object(AppContext)
    if output is None:
        raise UsageError("no file to write", "Specify one with -o, such as -o failed.xlsx.")
    check_format(output)
    opened = app.library(library)
    tables = app.tables_with_progress(opened, app.workspace(library))
    job = job or newest_failed(tables.jobs, "") or ""
    if not job:
        raise UsageError("no run failed, so there is no list to write", "Specify a job.")
    wanted = find_job(opened.jobs(), job)
    zone = app.zone()
    with speaking(app.language()):
        found = failed_users_of_job(opened, tables, wanted, app.settings.catalogue)
        chosen = narrowed(found, new=new, codes=code or (), domains=domain or ())
        if redact:
            chosen = redacted(chosen, Pseudonyms(redaction_key(app.workspace(library).root)))
        cut = write_table(as_list(chosen, zone.key if zone else "UTC").lazy(), output)
    app.terminal.say(f"{count(chosen.table.height, 'user')} of job {wanted.job_id[:8]}.")
    if chosen.problem:
        app.terminal.say(f"Without the columns of the source file: {chosen.problem}.")
    if cut:
        app.terminal.say(f"{count(cut, 'text')} longer than a cell were cut.")
    if app.terminal.json:
        app.terminal.result(
            {
                "file": str(output),
                "job_id": wanted.job_id,
                "users": chosen.table.height,
                "properties": list(chosen.properties),
                "problem": chosen.problem or None,
            }
        )
    else:
        app.terminal.show(str(output))
    return _INCOMPLETE if chosen.problem else 0
