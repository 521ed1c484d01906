"""``upa-analyzer parse PATH...``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.context import Context
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.cli.terminal.terminal import Terminal
    from analyzer.logs.read import Reading

_UNREADABLE = 5


def command(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(help="Log files, folders, archives; - is standard input.", metavar="PATH...", readable=False),
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help=".parquet, .csv, .ndjson or .xlsx; else a table."),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Show what became of each log's bytes.")] = False,
) -> int:
    """Log files or folders to a table of entries."""
    from analyzer.cli.views.parsed import far, remarks, show_accounts, summary
    from analyzer.history.find_logs import find_logs
    from analyzer.logs.read import Reading
    from analyzer.storage.table_files import check_format

    terminal = context.ensure_object(Context).terminal
    if output is not None:
        check_format(output)
    files, problems = find_logs(paths)
    if output is not None and output.exists() and any(file.path and file.path.samefile(output) for file in files):
        raise UsageError(f"{output} is one of the logs that are read", "Write to another file.")
    if not files:
        raise problems[0]
    # A bar would stand between the rows of a table that is shown while it is read.
    with terminal.progress("parsing", shown=output is not None or check) as progress:
        reading = Reading(files, accounting=check, progress=far(files, progress))
        rows = _rows(terminal, reading, output, check=check)
    problems += [log.problem for log in reading.logs if log.problem]
    remarks(terminal, reading.logs)
    if any(log.was_read for log in reading.logs):
        terminal.say(summary(reading.logs))
    if check:
        show_accounts(terminal, reading.logs)
    if output is not None and rows is not None and not (check and terminal.json):
        terminal.result({"file": str(output), "rows": rows}) if terminal.json else terminal.show(str(output))
    for problem in problems:
        terminal.complain(problem)
    return _UNREADABLE if problems or (check and any(log.missing for log in reading.logs)) else 0


def _rows(terminal: Terminal, reading: Reading, output: Path | None, *, check: bool) -> int | None:
    """Reads everything, to a file or the terminal; how many rows there were, None where no log could be read."""
    from analyzer.cli.views.parsed import show_entries
    from analyzer.errors import InputError
    from analyzer.model.text import count
    from analyzer.storage.table_files import write_table

    try:
        if output is not None:
            cut = write_table(reading.lazy(), output)
            if cut:
                terminal.say(f"{count(cut, 'cell')} too long for {output.suffix} cut, with a mark at the end.")
        elif check:
            for _frame in reading.frames():
                pass
        else:
            show_entries(terminal, reading.frames())
    except InputError as error:
        if not any(error is log.problem for log in reading.logs):
            raise
        return None
    return sum(log.entries + log.texts for log in reading.logs)
