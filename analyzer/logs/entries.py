"""Split a block into lines, and these into entries and their fields.

Lines are arrays of offsets: starts, ends, and the first two tabs. NumPy processes a whole block at once. Python looks
only at the few lines without tabs or with a new code.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from analyzer.logs.blocks import LONE_CR
from analyzer.logs.line_shapes import FRAMES, KNOWN, EntryFields, entry_fields, is_code
from analyzer.logs.model import PADDING
from analyzer.model.service import LogCode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.logs.model import Block


Positions: TypeAlias = "NDArray[np.int64]"
Flags: TypeAlias = "NDArray[np.bool_]"
Words: TypeAlias = "NDArray[np.uint64]"
Parts: TypeAlias = "NDArray[np.int32]"

CODE, IDENTITY, MESSAGE, DETAIL = 0, 2, 4, 6
"""Indexes of the fields among the parts of an entry; the other parts are separators and trailing text."""
PARTS = 8

_TAB, _LF, _CR = 9, 10, 13
_WORD = 8
_COMPARED_BYTES = 3 * _WORD
"""Bytes of a code that are compared at once; longer codes are compared one by one."""

_MAX_KNOWN = 64


class _Word(NamedTuple):
    """Eight bytes of a code, as a number."""

    value: np.uint64
    mask: np.uint64
    """Bits that belong to the code, as its last word may be short."""


def _words(code: bytes) -> list[_Word]:
    pieces = [code[at : at + _WORD] for at in range(0, len(code), _WORD)]
    return [_Word(np.uint64(int.from_bytes(piece, "little")), np.uint64((1 << 8 * len(piece)) - 1)) for piece in pieces]


(_MARK,) = _words(codecs.BOM_UTF8)
_FRAME_WORDS = [_words(start.encode())[0] for start in FRAMES]
_FIRST_WORDS = np.array(sorted({_words(code.encode())[0].value for code in LogCode}), np.uint64)


# First bytes of ASCII blanks, and of other Unicode blanks in UTF-8
_PERHAPS_BLANK = np.zeros(256, np.bool_)
_PERHAPS_BLANK[[*range(0x21), 0xC2, 0xE1, 0xE2, 0xE3]] = True
_PLAIN_END = np.zeros(256, np.bool_)
_PLAIN_END[0x21:0x7F] = True


@dataclass(slots=True)
class Lines:
    """The lines of a block.

    Attributes:
        data: the block's text, with lone CRs replaced by LFs.
        starts: offset of each line.
        stops: end of its text, before its CRLF or LF.
        ends: offset of its LF.
        tabs: number of its tabs.
        first_tab, second_tab: their offsets; arbitrary if there is none.
        crlf: number of lines that end in CRLF.
    """

    data: bytes
    starts: Positions
    stops: Positions
    ends: Positions
    tabs: Positions
    first_tab: Positions
    second_tab: Positions
    crlf: int

    def text(self, line: int) -> bytes:
        """Return a line without its end."""
        return self.data[self.starts[line] : self.stops[line]]


@dataclass(slots=True)
class Entries:
    """The entries of a block.

    Attributes:
        lines: the block's lines.
        line: index of the line at which each entry begins.
        segment: index of its segment in the block.
        parts: one row per entry with the offsets of its parts: code, separator, identity, separator, message, line end,
            detail, trailing text. Empty fields are null, except the message.
        dropped: indexes of lines in no entry: blank lines after an entry or before the first.
        segment_lines: index of the first line of each segment, and finally the number of lines.
    """

    lines: Lines
    line: Positions
    segment: Positions
    parts: Parts
    dropped: Positions
    segment_lines: Positions


def entries_of(block: Block, codes: Codes) -> Entries:
    """Return the entries of a block."""
    lines = _lines_of(block)
    flags = codes.begin(lines)
    others = _irregular(lines, flags)
    flags[list(others)] = True
    inside = ~flags
    blank = _blank(lines, inside)
    starts = [segment.start for segment in block.segments]
    segment_lines = np.append(np.searchsorted(lines.starts, starts), len(lines.starts))
    headless = _leading_text_lines(segment_lines, flags, blank)
    flags[headless] = True
    inside[headless] = False
    line = np.flatnonzero(flags)
    segment = np.repeat(np.arange(len(starts)), np.diff(np.searchsorted(line, segment_lines)))
    last = _last_lines(line, len(lines.starts), np.flatnonzero(inside & ~blank))
    parts = np.empty((len(line), PARTS), np.int32)
    _first_line(lines, line, parts)
    place = {number: at for at, number in enumerate(line.tolist())} if others or headless else {}
    for number, fields in others.items():
        start = int(lines.starts[number])
        parts[place[number], : MESSAGE + 2] = [start + offset for offset in fields]
    for number in headless:
        parts[place[number], 1 : MESSAGE + 1] = lines.starts[number]
    parts[:, DETAIL] = lines.ends[line] + 1
    parts[:, DETAIL + 1] = np.where(last > line, lines.stops[last], parts[:, DETAIL])
    return Entries(lines, line, segment, parts, _dropped(np.flatnonzero(inside & blank), line, last), segment_lines)


def _lines_of(block: Block) -> Lines:
    data = block.data
    lines = _lines(data, block.size)
    octets = np.frombuffer(data, np.uint8, block.size)
    if np.count_nonzero(octets == _CR) != lines.crlf:
        text = LONE_CR.sub(b"\n", data[: block.size])
        return _lines(text + bytes(PADDING), block.size)
    return lines


def _lines(data: bytes, size: int) -> Lines:
    octets = np.frombuffer(data, np.uint8, size)
    # Tab is 9 and LF 10; smaller values wrap around to numbers above 200.
    parts = np.flatnonzero((octets - np.uint8(_TAB)) < np.uint8(2))
    at_end = np.flatnonzero(octets[parts] == _LF)
    ends = parts[at_end]
    before = np.empty_like(at_end)
    before[0], before[1:] = -1, at_end[:-1]
    starts = np.empty_like(ends)
    starts[0], starts[1:] = 0, ends[:-1] + 1
    last = len(parts) - 1
    first_tab = parts[before + 1]
    second_tab = parts[np.minimum(before + 2, last)]
    returns = (octets[ends - 1] == _CR) & (ends > starts)
    return Lines(
        data, starts, ends - returns, ends, at_end - before - 1, first_tab, second_tab, int(np.count_nonzero(returns))
    )


class Codes:
    """Recognizes codes by their shape; compares with known codes first, for speed."""

    def __init__(self) -> None:
        self._known: list[bytes] = [code.encode() for code in sorted(LogCode)]

    def begin(self, lines: Lines) -> Flags:
        """Return which lines begin with a code and a tab."""
        flags = np.zeros(len(lines.starts), np.bool_)
        candidates = np.flatnonzero(lines.tabs > 0)
        starts = lines.starts[candidates]
        lengths = lines.first_tab[candidates] - starts
        words = [_word(lines.data, starts, place) for place in range(_COMPARED_BYTES // _WORD)]
        hits = np.zeros(len(candidates), np.bool_)
        left = len(candidates)
        for known in self._known:
            if not left:
                break
            same = lengths == len(known)
            for word, (value, mask) in zip(words, _words(known), strict=False):
                same &= (word & mask) == value
            hits |= same
            left -= int(np.count_nonzero(same))
        if left:
            self._learn(lines, candidates, hits)
        flags[candidates[hits]] = True
        return flags

    def _learn(self, lines: Lines, candidates: Positions, hits: Flags) -> None:
        seen: dict[bytes, bool] = {}
        for at in np.flatnonzero(~hits).tolist():
            line = candidates[at]
            field = lines.data[lines.starts[line] : lines.first_tab[line]]
            hit = seen.get(field)
            if hit is None:
                hit = seen[field] = is_code(field)
                if hit and len(field) <= _COMPARED_BYTES and len(self._known) < _MAX_KNOWN:
                    self._known = [*self._known, field]
            hits[at] = hit


def _irregular(lines: Lines, flags: Flags) -> dict[int, EntryFields]:
    """Return, by line, the fields (in bytes) of entries of a form other than code, tab, identity, tab.

    Args:
        lines: the lines of a block.
        flags: which lines begin with a code and a tab; lines with two tabs are skipped.
    """
    few = np.flatnonzero(~flags | (lines.tabs == 1))
    few = few[(lines.stops[few] - lines.starts[few]) > 1]
    first = _word(lines.data, lines.starts[few], 0)
    frames = np.zeros(len(few), np.bool_)
    for value, mask in _FRAME_WORDS:
        frames |= ~flags[few] & ((first & mask) == value)
    at_once = flags[few] | ((first & _MARK.mask) == _MARK.value) | np.isin(first, _FIRST_WORDS)
    irregular = {}
    for line, wanted in zip(few[~frames].tolist(), at_once[~frames].tolist(), strict=True):
        text = lines.text(line)
        # In other lines, a known code may follow pasted text.
        if wanted or lines.tabs[line] > 1 or KNOWN.search(text):
            fields = entry_fields(text.decode())
            if fields is not None:
                irregular[line] = fields if text.isascii() else _in_bytes(text.decode(), fields)
    return irregular


def _in_bytes(text: str, fields: EntryFields) -> EntryFields:
    return EntryFields(*(len(text[:place].encode()) for place in fields))


def _word(data: bytes, starts: Positions, place: int) -> Words:
    """Return the word at index ``place`` of each line, as a number."""
    everywhere = np.ndarray((len(data) - _WORD + 1,), "<u8", data, strides=(1,))
    words: Words = everywhere[starts + place * _WORD if place else starts]
    return words


def _dropped(blank: Positions, line: Positions, last: Positions) -> Positions:
    """Return the blank lines that are in no entry: before the first, or after the last nonblank line of one."""
    if not len(blank) or not len(line):
        return blank
    above = np.searchsorted(line, blank) - 1
    return blank[(above < 0) | (blank > last[above])]


def _first_line(lines: Lines, line: Positions, parts: Parts) -> None:
    """Fill in the parts of entries with two tabs."""
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
    """Return which of the lines ``inside`` are blank."""
    blank = np.zeros(len(lines.starts), np.bool_)
    number = np.flatnonzero(inside)
    starts, stops = lines.starts[number], lines.stops[number]
    empty = starts == stops
    blank[number[empty]] = True
    last = np.frombuffer(lines.data, np.uint8)[stops - 1]
    for at in number[~empty & ~_PLAIN_END[last]].tolist():
        blank[at] = not lines.text(at).decode().strip()
    return blank


def _leading_text_lines(segment_lines: Positions, flags: Flags, blank: Flags) -> list[int]:
    """Return the first nonblank line of each segment that doesn't begin with an entry."""
    leading = []
    firsts = segment_lines[:-1]
    for place in np.flatnonzero(~flags[firsts]).tolist():
        first, end = segment_lines[place : place + 2].tolist()
        with_text = np.flatnonzero(flags[first:end] | ~blank[first:end])
        if len(with_text) and not flags[first + with_text[0]]:
            leading.append(int(first + with_text[0]))
    return leading


def _last_lines(line: Positions, count: int, further: Positions) -> Positions:
    """Return the last nonblank line of each entry.

    Args:
        line: first lines of the entries.
        count: number of lines.
        further: nonblank lines that begin no entry; none is before a segment's first entry.
    """
    if not len(further) or not len(line):
        return line
    ends = np.append(line[1:], count)
    before = np.searchsorted(further, ends) - 1
    return np.maximum(line, np.where(before >= 0, further[before], -1))
