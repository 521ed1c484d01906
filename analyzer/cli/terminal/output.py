"""Print results to stdout, remarks and progress to stderr; tables fit the terminal."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, set_cell_size

from analyzer.cli.terminal.log import Log, discard_output, visible
from analyzer.model.redaction import without_literals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from rich.console import Console
    from rich.text import Text

    from analyzer.errors import AnalyzerError
    from analyzer.model.text import Progress


OUTCOME_STYLES = {
    "succeeded": "green",
    "partial": "yellow",
    "aborted": "red",
    "unknown": "magenta",
    "running": "cyan",
    "stuck": "red",
}
SUPERSEDED = "superseded"
"""The last cell of a dimmed row starts with this."""

GAP = 2
_UNLIMITED = 100_000
_LONGEST = 50_000
"""Characters of a cell that is shown whole where the width isn't limited, also if it exceeds its column."""
_AROUND_TABLE = 5
"""Lines of a terminal that a live table leaves: its heading, what is left out, two lines below, and the cursor's."""
_READABLE = 24
"""Minimum width of a column that may be cut, while other columns can be dropped."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """The output of a command.

    Attributes:
        json: whether results are JSON.
        quiet: whether remarks and progress are left out.
        color: whether colors are used; None to let the terminal decide.
        log: writes to stderr.
        bars: whether progress may be a bar, which lines in between would break.
    """

    json: bool = False
    quiet: bool = False
    color: bool | None = None
    log: Log = field(default_factory=Log)
    bars: bool = True

    @property
    def interactive(self) -> bool:
        """Whether stdout is a terminal, and not a pipe or a file."""
        return sys.stdout.isatty()

    def say(self, text: str) -> None:
        """Write a remark or a step to stderr, unless quiet."""
        if not self.quiet:
            self.log.remark(text)

    def warn(self, text: str) -> None:
        """Write to stderr, even if quiet, that something will stop working soon."""
        self.log.warning(text)

    def show(self, text: str = "") -> None:
        """Print a line of the result to stdout, with secrets masked; nothing if its reader closed the pipe."""
        try:
            print(without_literals(text))  # noqa: T201
        except BrokenPipeError:
            discard_output()

    def show_now(self, text: str) -> None:
        """Print a line of the result to stdout at once, as a program waits for it."""
        print(without_literals(text), flush=True)  # noqa: T201

    def ask(self, text: str) -> None:
        """Write to stderr, even if quiet, what a person has to do before the command continues."""
        self.log.remark(text)

    def complain(self, error: AnalyzerError) -> None:
        """Write an error that doesn't end the command to stderr, even if quiet."""
        self.log.complaint(error)

    def result(self, content: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
        """Print the whole result as JSON to stdout."""
        self.show(json.dumps(content, ensure_ascii=_is_ascii_only(), indent=1, default=str))

    def results(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Print rows as a JSON array to stdout, one per line, as they arrive.

        Raises:
            BrokenPipeError: the reader of stdout closed it.
        """
        escaped, before = _is_ascii_only(), "["
        for row in rows:
            text = without_literals(json.dumps(row, ensure_ascii=escaped, default=str))
            print(before, text, sep="", end="")  # noqa: T201
            before = ",\n"
        print("[]" if before == "[" else "]")  # noqa: T201

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        """Print a table that fits the terminal: drop its least important columns before cutting text."""
        try:
            self.table_in_pieces(columns, [rows])
        except BrokenPipeError:
            discard_output()  # as in ``show``

    def table_in_pieces(self, columns: Sequence[Column], pieces: Iterable[Sequence[Sequence[str]]]) -> list[str]:
        """Print a table piece by piece; the first piece determines the widths of its columns.

        Text is cut to them where the width is limited.

        Returns:
            The names of the columns that don't fit.

        Raises:
            BrokenPipeError: the reader of stdout closed it.
        """
        console = self._console(sys.stdout)
        widths = None
        for rows in pieces:
            shown = [[visible(without_literals(text)) for text in row] for row in rows]
            if widths is None and shown:
                widths = fit(columns, shown, console.width)
                shown.insert(0, [column.name for column in columns])
            for row in shown:
                text = line(columns, row, widths or {}, cut=console.width != _UNLIMITED)
                if console.is_terminal:
                    console.print(_colored(text, row), soft_wrap=True)
                else:
                    print(text)  # noqa: T201
        return [] if widths is None else [one.name for at, one in enumerate(columns) if at not in widths]

    @property
    def can_redraw(self) -> bool:
        """Whether stdout is a terminal on which a table can be replaced by a newer one."""
        return self.interactive and self.bars and not self.json and not self._console(sys.stdout).is_dumb_terminal

    @contextlib.contextmanager
    def live_table(self, columns: Sequence[Column]) -> Iterator[Callable[[Sequence[Sequence[str]], str], None]]:
        """Show a table on the terminal until the context ends; only where ``can_redraw``.

        Yields:
            What replaces the table by one with these rows, the most important first, and lines below. Rows that don't
            fit the height of the terminal are left out, and counted.
        """
        from rich.live import Live
        from rich.text import Text

        console = self._console(sys.stdout)
        with Live(console=console, auto_refresh=False, transient=True) as live:

            def show(rows: Sequence[Sequence[str]], below: str) -> None:
                room = max(1, console.height - _AROUND_TABLE)
                cells = [[visible(without_literals(text)) for text in row] for row in rows[:room]]
                widths = fit(columns, cells, console.width)
                lines = [_colored(line(columns, row, widths), row) for row in [[one.name for one in columns], *cells]]
                if len(rows) > room:
                    lines.append(Text(f"Showing {room} of {len(rows):,}"))
                text = Text("\n", no_wrap=True, overflow="ellipsis").join([*lines, *map(Text, below.splitlines())])
                live.update(text, refresh=True)

            yield show

    def prose(self, text: str, *, indent: str = "") -> None:
        """Print a sentence of the result, wrapped between words to the width of the terminal.

        Args:
            text: one line.
            indent: of the lines after the first.
        """
        import textwrap

        wrapper = textwrap.TextWrapper(subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
        wrapper.width = self._console(sys.stdout).width
        self.show(wrapper.fill(visible(without_literals(text))))

    @contextlib.contextmanager
    def progress(self, stage: str, *, shown: bool = True) -> Iterator[Progress]:
        """Show the progress of a stage as a bar on stderr if it is a terminal; as JSON, log that the stage begins."""
        if self.log.as_json and shown and not self.quiet:
            self.log.stage(stage)
        if self.quiet or not shown or not self.bars or not sys.stderr.isatty():
            yield lambda _done, _total, _doing: None
            return
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as Bar

        with Bar(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[doing]}", markup=False),
            console=self._console(sys.stderr),
            transient=True,
        ) as bar:
            task = bar.add_task(stage, total=None, doing="")
            yield lambda done, total, doing: bar.update(task, completed=done, total=total, doing=visible(doing[:40]))

    @contextlib.contextmanager
    def stages(self) -> Iterator[Callable[[str], Progress]]:
        """Show the progress of several stages, one after the other: each begins when it is asked for."""
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


def _is_ascii_only() -> bool:
    """Return whether JSON has to be ASCII: other code pages would escape letters in a way that isn't valid JSON."""
    return (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"


def _colored(line: str, row: Sequence[str]) -> Text:
    """Return a line of a table with its outcome in color; the word remains."""
    from rich.text import Text

    if row and row[-1].startswith(SUPERSEDED):
        return Text(line, style="dim")
    text = Text(line)
    for outcome in OUTCOME_STYLES.keys() & set(row):
        text.highlight_words([outcome], OUTCOME_STYLES[outcome])
    return text


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a terminal table.

    Attributes:
        name: its heading.
        right: whether it is aligned to the right, as numbers are.
        least: columns are dropped in descending order of this; 0 for never.
        fold: whether its text may be cut to fit, as the last resort.
        end: whether to cut at the start, as all texts start alike.
    """

    name: str
    right: bool = False
    least: int = 0
    fold: bool = False
    end: bool = False


def fit(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> dict[int, int]:
    """Return the columns that are shown, by their index, and their widths in cells of the terminal."""
    natural = {
        at: min(width, max([cell_len(column.name), *(_length(row[at], width) for row in rows)]))
        for at, column in enumerate(columns)
    }
    least = {at: min(natural[at], _READABLE) if columns[at].fold else natural[at] for at in natural}
    while _total(least) > width:
        droppable = [at for at in least if columns[at].least]
        if not droppable:
            break
        del least[max(droppable, key=lambda at: columns[at].least)]
    widths = {at: natural[at] for at in least}
    while _total(widths) > width:
        cuttable = [at for at in widths if columns[at].fold and widths[at] > 1]
        if not cuttable:
            break
        widths[max(cuttable, key=widths.__getitem__)] -= 1
    return widths


def line(columns: Sequence[Column], row: Sequence[str], widths: dict[int, int], *, cut: bool = True) -> str:
    """Return a line of the table without trailing blanks; longer texts are cut, or move what follows."""
    return (" " * GAP).join(_cell(row[at], width, columns[at], cut=cut) for at, width in widths.items()).rstrip()


def _cell(text: str, width: int, column: Column, *, cut: bool) -> str:
    length = _length(text, width)
    if length > width and not cut and len(text) <= _LONGEST:
        return text
    if length > width and column.end:
        return "…" + set_cell_size(text[: -width - 1 : -1], width - 1)[::-1]
    if length > width:
        # Cut first: measuring a text of megabytes takes seconds.
        return set_cell_size(text[:width], width - 1) + "…"
    return " " * (width - length) + text if column.right else text + " " * (width - length)


def _length(text: str, most: int) -> int:
    """Return the number of cells of a text; any larger number if it exceeds ``most``."""
    return cell_len(text) if len(text) <= most else max(most + 1, cell_len(text[: most + 1]))


def _total(widths: dict[int, int]) -> int:
    return sum(widths.values()) + GAP * (len(widths) - 1)
