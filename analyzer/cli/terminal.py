"""What goes to the terminal: results to stdout, progress and remarks to stderr."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console

    from analyzer.errors import AnalyzerError
    from analyzer.library.results import Progress

OUTCOME_STYLES = {
    "succeeded": "green",
    "partial": "yellow",
    "aborted": "red",
    "unknown": "magenta",
    "running": "cyan",
    "stuck": "red",
}
_UNLIMITED = 100_000


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a terminal table.

    Attributes:
        name: its heading.
        right: whether numbers stand in it.
        least: the columns with the highest number are dropped first where the terminal is narrow; 0 never.
        fold: whether its text may be cut to fit, as the last resort.
    """

    name: str
    right: bool = False
    least: int = 0
    fold: bool = False


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where a command prints.

    Attributes:
        json: results as JSON.
        quiet: no remarks and no progress.
        color: None for what the terminal can.
    """

    json: bool = False
    quiet: bool = False
    color: bool | None = None

    def say(self, text: str) -> None:
        """A remark or a step, to stderr."""
        if not self.quiet:
            print(visible(text), file=sys.stderr)  # noqa: T201

    def show(self, text: str = "") -> None:
        """A line of the result, to stdout, as it is."""
        print(text)  # noqa: T201

    def show_now(self, text: str) -> None:
        """A line of the result that somebody waits for, to stdout at once."""
        print(text, flush=True)  # noqa: T201

    def complain(self, error: AnalyzerError) -> None:
        """An error that does not end the command, to stderr, however quiet."""
        print(visible(f"upa-analyzer: {error}"), file=sys.stderr)  # noqa: T201

    def result(self, content: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
        """The whole result as JSON, to stdout."""
        self.show(json.dumps(content, ensure_ascii=False, indent=1, default=str))

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        """A table to stdout that fits the terminal: its least columns are dropped before anything wraps."""
        console = self._console(sys.stdout)
        kept = _fitting(columns, rows, console.width)
        console.print(_rich_table([columns[at] for at in kept], [[row[at] for at in kept] for row in rows]))

    @contextlib.contextmanager
    def progress(self, stage: str) -> Iterator[Progress]:
        """A progress bar on stderr for one stage; nothing where stderr is no terminal or nobody wants to see it."""
        if self.quiet or not sys.stderr.isatty():
            yield lambda _done, _total, _doing: None
            return
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as Bar

        with Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[doing]}"),
            console=self._console(sys.stderr),
            transient=True,
        ) as bar:
            task = bar.add_task(stage, total=None, doing="")
            yield lambda done, total, doing: bar.update(task, completed=done, total=total, doing=doing[:40])

    @contextlib.contextmanager
    def stages(self) -> Iterator[Callable[[str], Progress]]:
        """Progress of several stages, one after the other: each begins when it is asked for."""
        with contextlib.ExitStack() as current:

            def begin(stage: str) -> Progress:
                current.close()
                return current.enter_context(self.progress(stage))

            yield begin

    def _console(self, stream: Any) -> Console:  # noqa: ANN401 - whatever sys.stdout is
        from rich.console import Console

        plain = self.color is False or bool(os.environ.get("NO_COLOR"))
        width = None if stream.isatty() or os.environ.get("COLUMNS") else _UNLIMITED
        return Console(file=stream, no_color=plain or None, width=width, highlight=False, markup=False, emoji=False)


def _fitting(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """The columns that fit, in their order."""
    from rich.cells import cell_len

    widths = [max([cell_len(column.name), *(cell_len(row[at]) for row in rows)]) for at, column in enumerate(columns)]
    kept = list(range(len(columns)))
    while sum(widths[at] + 2 for at in kept) > width:
        droppable = [at for at in kept if columns[at].least]
        if not droppable:
            break
        kept.remove(max(droppable, key=lambda at: columns[at].least))
    return kept


def _rich_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Any:  # noqa: ANN401 - rich loads late
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for column in columns:
        table.add_column(
            Text(column.name, style="bold"),
            justify="right" if column.right else "left",
            no_wrap=True,
            overflow="ellipsis" if column.fold else "fold",
        )
    for row in rows:
        table.add_row(*(Text(visible(cell), style=OUTCOME_STYLES.get(cell, "")) for cell in row))
    return table


def visible(text: str) -> str:
    """Text from a log or from the tenant without what could steer the terminal; a no-break space is a space."""
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    return " " if unicodedata.category(character) == "Zs" else "\N{REPLACEMENT CHARACTER}"
