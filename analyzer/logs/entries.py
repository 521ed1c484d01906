"""A block's lines to its entries: which lines belong together, and where the fields stand in the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from analyzer.logs.lines import irregular, lines_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.logs.blocks import Block
    from analyzer.logs.lines import Codes, Flags, Lines, Positions

Parts: TypeAlias = "NDArray[np.int32]"

CODE, IDENTITY, MESSAGE, DETAIL = 0, 2, 4, 6
"""Where a field stands among the parts of an entry; between them what parts them, and behind the last what follows."""
PARTS = 8

# The first bytes of blanks: ASCII's, and those that begin the other blanks of Unicode in UTF-8
_PERHAPS_BLANK = np.zeros(256, np.bool_)
_PERHAPS_BLANK[[*range(0x21), 0xC2, 0xE1, 0xE2, 0xE3]] = True
_PLAIN_END = np.zeros(256, np.bool_)
_PLAIN_END[0x21:0x7F] = True


@dataclass(slots=True)
class Entries:
    """The entries of a block.

    Attributes:
        lines: the block's lines.
        line: at which of them each entry begins.
        segment: of which segment of the block it is.
        parts: where its parts begin, in bytes: code, separator, identity, separator, message, line end, detail, what
            follows; one row an entry. The fields are null where they are empty, the message is not.
        dropped: the lines that are in no entry: blank ones at an entry's end or before the first.
        segment_lines: the first line of each segment, and behind them the number of lines.
    """

    lines: Lines
    line: Positions
    segment: Positions
    parts: Parts
    dropped: Positions
    segment_lines: Positions


def entries_of(block: Block, codes: Codes) -> Entries:
    """The entries of a block."""
    lines = lines_of(block)
    flags = codes.begin(lines)
    others = irregular(lines, flags)
    flags[list(others)] = True
    inside = ~flags
    blank = _blank(lines, inside)
    starts = [segment.start for segment in block.segments]
    segment_lines = np.append(np.searchsorted(lines.starts, starts), len(lines.starts))
    headless = _text_before_the_first(segment_lines, flags, blank)
    flags[headless] = True
    inside[headless] = False
    line = np.flatnonzero(flags)
    segment = np.repeat(np.arange(len(starts)), np.diff(np.searchsorted(line, segment_lines)))
    last = _last_lines(line, len(lines.starts), np.flatnonzero(inside & ~blank))
    parts = np.empty((len(line), PARTS), np.int32)
    _first_line(lines, line, parts)
    place = {number: at for at, number in enumerate(line.tolist())} if others or headless else {}
    for number, begun in others.items():
        start = int(lines.starts[number])
        parts[place[number], : MESSAGE + 2] = [start + offset for offset in begun]
    for number in headless:
        parts[place[number], 1 : MESSAGE + 1] = lines.starts[number]
    parts[:, DETAIL] = lines.ends[line] + 1
    parts[:, DETAIL + 1] = np.where(last > line, lines.stops[last], parts[:, DETAIL])
    return Entries(lines, line, segment, parts, _dropped(np.flatnonzero(inside & blank), line, last), segment_lines)


def _dropped(blank: Positions, line: Positions, last: Positions) -> Positions:
    """The blank lines that are in no detail: before the first entry, or behind the last line of one that has text."""
    if not len(blank) or not len(line):
        return blank
    above = np.searchsorted(line, blank) - 1
    return blank[(above < 0) | (blank > last[above])]


def _first_line(lines: Lines, line: Positions, parts: Parts) -> None:
    """The parts of entries with two tabs."""
    parts[:, CODE] = lines.starts[line]
    parts[:, CODE + 1] = lines.first_tab[line]
    parts[:, IDENTITY] = parts[:, CODE + 1] + 1
    parts[:, IDENTITY + 1] = lines.second_tab[line]
    parts[:, MESSAGE] = parts[:, IDENTITY + 1] + 1
    parts[:, MESSAGE + 1] = lines.stops[line]
    octets = np.frombuffer(lines.data, np.uint8)
    tabbed = np.flatnonzero(_PERHAPS_BLANK[octets[parts[:, IDENTITY]]] & (lines.tabs[line] > 1))
    for at in tabbed.tolist():
        identity = lines.data[parts[at, IDENTITY] : parts[at, IDENTITY + 1]]
        if identity and not identity.decode().strip():
            parts[at, IDENTITY] = parts[at, IDENTITY + 1] = parts[at, MESSAGE]


def _blank(lines: Lines, inside: Flags) -> Flags:
    """Which of the lines that begin no entry have nothing but blanks."""
    blank = np.zeros(len(lines.starts), np.bool_)
    number = np.flatnonzero(inside)
    starts, stops = lines.starts[number], lines.stops[number]
    empty = starts == stops
    blank[number[empty]] = True
    last = np.frombuffer(lines.data, np.uint8)[stops - 1]
    for at in number[~empty & ~_PLAIN_END[last]].tolist():
        blank[at] = not lines.text(at).decode().strip()
    return blank


def _text_before_the_first(segment_lines: Positions, flags: Flags, blank: Flags) -> list[int]:
    """The first line that is not blank of each segment that does not begin with an entry."""
    found = []
    firsts = segment_lines[:-1]
    for place in np.flatnonzero(~flags[firsts]).tolist():
        first, behind = segment_lines[place : place + 2].tolist()
        with_text = np.flatnonzero(flags[first:behind] | ~blank[first:behind])
        if len(with_text) and not flags[first + with_text[0]]:
            found.append(int(first + with_text[0]))
    return found


def _last_lines(line: Positions, count: int, further: Positions) -> Positions:
    """The last line of each entry that is not blank.

    Args:
        line: where the entries begin.
        count: the number of lines.
        further: the lines that begin no entry and are not blank; none of them stands before a segment's first entry.
    """
    if not len(further) or not len(line):
        return line
    behind = np.append(line[1:], count)
    before = np.searchsorted(further, behind) - 1
    return np.maximum(line, np.where(before >= 0, further[before], -1))
