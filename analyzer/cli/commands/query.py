"""``upa-analyzer query SQL``."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.context import AppContext, LibraryOption
from analyzer.cli.terminal.output import Column
from analyzer.model.text import count, listed_first

if TYPE_CHECKING:
    import polars as pl

    from analyzer.cli.terminal.output import Terminal

_SHOWN_ROWS = 30
"""How many rows a terminal shows."""
_PIECE = 10_000
"""Rows that are printed at once."""
_NAMED_COLUMNS = 5


def command(
    context: typer.Context,
    sql: Annotated[str, typer.Argument(help="SELECT statement in quotes. - reads standard input.", metavar="SQL")],
    *,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write this .parquet, .csv, .ndjson, or .xlsx file."),
    ] = None,
    library: LibraryOption = None,
) -> int:
    """Query jobs, entries, and users with SQL."""
    from analyzer.history.query import frames_of, query, query_errors
    from analyzer.storage.table_files import check_format, write_table

    app = context.ensure_object(AppContext)
    terminal = app.terminal
    if output is not None:
        check_format(output)
    text = sys.stdin.read() if sql == "-" else sql
    opened = app.library(library)
    tables = app.tables_with_progress(opened, app.workspace(library))
    frames = frames_of(tables)
    result = query(text, frames)
    with query_errors(text, frames):
        if output is not None:
            cut = write_table(result, output)
            if cut:
                cells = count(cut, "cell was", "cells were")
                terminal.say(f"{cells} too long for {output.suffix} and cut, with a mark at the end.")
            terminal.result({"file": str(output)}) if terminal.json else terminal.show(str(output))
        elif terminal.json:
            terminal.results(
                row for piece in result.collect_batches(chunk_size=_PIECE) for row in piece.iter_rows(named=True)
            )
        else:
            _print(terminal, result)
    return app.unread(tables.log_problems)


def _print(terminal: Terminal, result: pl.LazyFrame) -> None:
    """Print the rows, on a terminal only the first ones."""
    columns = [
        Column(name, right=kind.is_numeric(), least=at, fold=not kind.is_numeric())
        for at, (name, kind) in enumerate(result.collect_schema().items())
    ]
    if not terminal.interactive:
        dropped = terminal.table_in_pieces(columns, map(_cells, result.collect_batches(chunk_size=_PIECE)))
    else:
        rows = result.head(_SHOWN_ROWS + 1).collect(engine="streaming")
        dropped = terminal.table_in_pieces(columns, [_cells(rows.head(_SHOWN_ROWS))])
        if rows.height > _SHOWN_ROWS:
            terminal.say(f"Showing the first {_SHOWN_ROWS} rows. -o FILE writes all rows.")
    if dropped:
        names = listed_first(dropped, _NAMED_COLUMNS, more="more columns")
        terminal.say(f"The terminal is too narrow for {names}. Select fewer columns, or use --json.")


def _cells(rows: pl.DataFrame) -> list[list[str]]:
    return [[_cell(value) for value in row] for row in rows.iter_rows()]


def _cell(value: object) -> str:
    match value:
        case None:
            return "-"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case float():
            return f"{value:.6g}"
        case list():
            return ", ".join(map(_cell, value))
        case _:
            return str(value)
