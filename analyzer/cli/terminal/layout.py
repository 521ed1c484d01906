"""How a table fits a terminal: its least columns are dropped, then its longest texts are cut; nothing ever wraps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

if TYPE_CHECKING:
    from collections.abc import Sequence

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
