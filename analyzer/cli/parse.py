"""``upa-analyzer parse PATH...``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.context import Context

if TYPE_CHECKING:
    import polars as pl

    from analyzer.cli.terminal import Terminal
    from analyzer.logs.read import Log

NAME = "parse"


def command(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Log files or folders; a library is one.", metavar="PATH...")],
    *,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help=".parquet, .csv, .ndjson or .xlsx; else a table."),
    ] = None,
) -> int:
    """Log files or folders to a table of entries."""
    import polars as pl

    from analyzer.errors import InputError
    from analyzer.find_logs import find_logs
    from analyzer.logs.read import read_log
    from analyzer.table_files import check_format, write_table
    from analyzer.tables import ENTRIES, table

    terminal = context.ensure_object(Context).terminal
    if output is not None:
        check_format(output)
    found = find_logs(paths)
    logs: list[Log] = []
    failed: list[InputError] = []
    with terminal.progress("parsing") as progress:
        for done, log in enumerate(found):
            progress(done, len(found), log.name)
            try:
                logs.append(read_log(log.path, name=log.name, tenant=log.tenant))
            except InputError as error:
                failed.append(error)
    entries = pl.concat([table([], ENTRIES), *(log.entries for log in logs)])
    _tell(terminal, logs)
    if output is not None:
        write_table(entries, output)
        terminal.say(_summary(entries, logs))
        if terminal.json:
            terminal.result({"file": str(output), "rows": entries.height})
        else:
            terminal.show(str(output))
    else:
        _show(terminal, entries, logs)
    for problem in failed:
        terminal.complain(problem)
    return failed[0].exit_code if failed else 0


def _tell(terminal: Terminal, logs: list[Log]) -> None:
    """What is not as usual: text that is no entry, other encodings, bytes that could not be decoded."""
    from analyzer.words import count

    for log in logs:
        if not log.entries.is_empty() and log.entries["code"].null_count() == log.entries.height:
            terminal.say(f"{log.name} has no entry of a known shape: its text is kept as a row without a code.")
        if log.replaced:
            terminal.say(f"{log.name} was read as {log.encoding}, and {count(log.replaced, 'character')} replaced.")
        elif log.encoding != "utf-8":
            terminal.say(f"{log.name} was read as {log.encoding}.")


def _summary(entries: pl.DataFrame, logs: list[Log]) -> str:
    from analyzer.words import count

    coded = entries["code"].count()
    rest = entries.height - coded
    further = f" and {count(rest, 'text')} that is no entry" if rest else ""
    return f"{count(coded, 'entry', 'entries')}{further} from {count(len(logs), 'log')}"


def _show(terminal: Terminal, entries: pl.DataFrame, logs: list[Log]) -> None:
    from analyzer.cli.layout import Column

    if terminal.json:
        terminal.result(entries.to_dicts())
        return
    columns = (
        Column("job", least=2),
        Column("line", right=True, least=3),
        Column("code"),
        Column("identity", fold=True),
        Column("property", least=1),
        Column("message", fold=True),
    )
    rows = [
        [
            (entry["job_id"] or "-")[:8],
            str(entry["line"]),
            entry["code"] or "-",
            entry["identity"] or "-",
            entry["property"] or "-",
            entry["message"],
        ]
        for entry in entries.iter_rows(named=True)
    ]
    if rows:
        terminal.table(columns, rows)
    terminal.say(_summary(entries, logs))
