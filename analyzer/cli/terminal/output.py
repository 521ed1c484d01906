"""What goes to the terminal: results to stdout, progress and remarks to stderr."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, set_cell_size

from analyzer.cli.terminal.log import Log, discard_output, visible
from analyzer.model.secrets import without_literals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from rich.console import Console
    from rich.text import Text

    from analyzer.errors import AnalyzerError
    from analyzer.model.progress import Progress


OUTCOME_STYLES = {
    "succeeded": "green",
    "partial": "yellow",
    "aborted": "red",
    "unknown": "magenta",
    "running": "cyan",
    "stuck": "red",
}
SUPERSEDED = "superseded"
"""With which the last cell of a row begins that is history."""

_UNLIMITED = 100_000


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where a command prints.

    Attributes:
        json: results as JSON.
        quiet: no remarks and no progress.
        color: None for what the terminal can.
        log: what writes to stderr.
        bars: whether progress may be shown as a bar, which lines in between would break.
    """

    json: bool = False
    quiet: bool = False
    color: bool | None = None
    log: Log = field(default_factory=Log)
    bars: bool = True

    @property
    def interactive(self) -> bool:
        """Whether a person reads stdout as it comes, and not a pipe or a file."""
        return sys.stdout.isatty()

    def say(self, text: str) -> None:
        """A remark or a step, to stderr."""
        if not self.quiet:
            self.log.remark(text)

    def warn(self, text: str) -> None:
        """Something that is still well, and will not be soon: to stderr, however quiet."""
        self.log.warning(text)

    def show(self, text: str = "") -> None:
        """A line of the result, to stdout, as it is but for secrets that we were given.

        Whoever read our output may have seen enough; the work goes on.
        """
        try:
            print(without_literals(text))  # noqa: T201
        except BrokenPipeError:
            discard_output()

    def show_now(self, text: str) -> None:
        """A line of the result that somebody waits for, to stdout at once."""
        print(without_literals(text), flush=True)  # noqa: T201

    def ask(self, text: str) -> None:
        """What somebody has to do before it can go on, to stderr, however quiet."""
        self.log.remark(text)

    def complain(self, error: AnalyzerError) -> None:
        """An error that does not end the command, to stderr, however quiet."""
        self.log.complaint(error)

    def result(self, content: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
        """The whole result as JSON, to stdout."""
        # A code page that cannot hold a letter would escape it in a way that is no JSON's.
        escaped = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
        self.show(json.dumps(content, ensure_ascii=escaped, indent=1, default=str))

    def results(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Rows as a JSON array, one on a line, to stdout as they come.

        Raises:
            BrokenPipeError: whoever read our output has seen enough.
        """
        escaped = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
        before = "["
        for row in rows:
            text = without_literals(json.dumps(row, ensure_ascii=escaped, default=str))
            print(before, text, sep="", end="")  # noqa: T201
            before = ",\n"
        print("[]" if before == "[" else "]")  # noqa: T201

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        """A table to stdout that fits the terminal: its least columns are dropped before anything is cut."""
        try:
            self.table_in_pieces(columns, [rows])
        except BrokenPipeError:
            discard_output()  # as in ``show``

    def table_in_pieces(self, columns: Sequence[Column], pieces: Iterable[Sequence[Sequence[str]]]) -> None:
        """A table whose rows come piece by piece; the first piece says how wide its columns are.

        Raises:
            BrokenPipeError: whoever read our output has seen enough.
        """
        from analyzer.cli.terminal.output import fit, line

        console = self._console(sys.stdout)
        widths = None
        for rows in pieces:
            shown = [[visible(without_literals(text)) for text in row] for row in rows]
            if widths is None and shown:
                widths = fit(columns, shown, console.width)
                shown.insert(0, [column.name for column in columns])
            for row in shown:
                text = line(columns, row, widths or {})
                if console.is_terminal:
                    console.print(_coloured(text, row), soft_wrap=True)
                else:
                    print(text)  # noqa: T201

    def prose(self, text: str, *, indent: str = "") -> None:
        """A sentence of the result to stdout, broken between words where the terminal is narrower.

        Args:
            text: one line.
            indent: before the second line and those behind it.
        """
        import textwrap

        wrapper = textwrap.TextWrapper(subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
        wrapper.width = self._console(sys.stdout).width
        self.show(wrapper.fill(visible(without_literals(text))))

    @contextlib.contextmanager
    def progress(self, stage: str, *, shown: bool = True) -> Iterator[Progress]:
        """A progress bar on stderr for one stage; nothing where stderr is no terminal or nobody wants to see it.

        Where a collector reads stderr, a line as the stage begins.
        """
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


def _coloured(line: str, row: Sequence[str]) -> Text:
    """A line of a table with its outcome in colour, which never says it alone."""
    from rich.text import Text

    if row and row[-1].startswith(SUPERSEDED):
        return Text(line, style="dim")
    text = Text(line)
    for outcome in OUTCOME_STYLES.keys() & set(row):
        text.highlight_words([outcome], OUTCOME_STYLES[outcome])
    return text


GAP = 2
_READABLE = 24
"""How wide a text that may be cut should stay, before that columns are dropped."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a terminal table.

    Attributes:
        name: its heading.
        right: whether numbers stand in it.
        least: the columns with the highest number are dropped first where the terminal is narrow; 0 never.
        fold: whether its text may be cut to fit, as the last resort.
        end: whether its end is kept then, as where all begin alike.
    """

    name: str
    right: bool = False
    least: int = 0
    fold: bool = False
    end: bool = False


def fit(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> dict[int, int]:
    """The columns that are shown, by their place, and how wide each is, in cells of the terminal."""
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


def line(columns: Sequence[Column], row: Sequence[str], widths: dict[int, int]) -> str:
    """One line of the table, without blanks at its end."""
    return (" " * GAP).join(_cell(row[at], width, columns[at]) for at, width in widths.items()).rstrip()


def _cell(text: str, width: int, column: Column) -> str:
    length = _length(text, width)
    if length > width and column.end:
        return "…" + set_cell_size(text[: -width - 1 : -1], width - 1)[::-1]
    if length > width:
        # What is shown is cut first: measuring a text of megabytes takes seconds.
        return set_cell_size(text[:width], width - 1) + "…"
    return " " * (width - length) + text if column.right else text + " " * (width - length)


def _length(text: str, most: int) -> int:
    """How many cells a text takes; of one that takes more than ``most``, any number above that."""
    return cell_len(text) if len(text) <= most else max(most + 1, cell_len(text[: most + 1]))


def _total(widths: dict[int, int]) -> int:
    return sum(widths.values()) + GAP * (len(widths) - 1)
