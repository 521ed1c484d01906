"""A block's lines as arrays: where each begins and ends, where its first two tabs are, and which begin an entry.

Everything that is the same for each of millions of lines is done for a whole block at once; a line of Python's is spent
only on the few that have no tabs, or a code not seen before.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from analyzer.logs.blocks import LONE_CR, PADDING
from analyzer.logs.shapes import FRAMES, KNOWN, Beginning, beginning, is_code
from analyzer.model.service import LogCode

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.logs.blocks import Block

Positions: TypeAlias = "NDArray[np.int64]"
Flags: TypeAlias = "NDArray[np.bool_]"
Words: TypeAlias = "NDArray[np.uint64]"

_TAB, _LF, _CR = 9, 10, 13
_WORD = 8
_COMPARED = 3 * _WORD
"""Bytes of a code that are compared at once; longer codes are looked at one by one."""

_MOST_KNOWN = 64


class _Word(NamedTuple):
    """Eight bytes of a code, as a number."""

    value: np.uint64
    mask: np.uint64
    """Which bits of a text's eight bytes are the code's: the last word may be short."""


def _words(code: bytes) -> list[_Word]:
    pieces = [code[at : at + _WORD] for at in range(0, len(code), _WORD)]
    return [_Word(np.uint64(int.from_bytes(piece, "little")), np.uint64((1 << 8 * len(piece)) - 1)) for piece in pieces]


(_MARK,) = _words(codecs.BOM_UTF8)
_FRAME_WORDS = [_words(start.encode())[0] for start in FRAMES]
_FIRST_WORDS = np.array(sorted({_words(code.encode())[0].value for code in LogCode}), np.uint64)


@dataclass(slots=True)
class Lines:
    """The lines of a block.

    Attributes:
        data: the block's text, lone CRs in it made LFs.
        starts: where each line begins.
        stops: where its text ends, before its CRLF or LF.
        ends: where its LF stands.
        tabs: how many tabs it has.
        first_tab, second_tab: where they are; anything where there is none.
        crlf: how many of the lines end in CRLF.
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
        """A line without its end."""
        return self.data[self.starts[line] : self.stops[line]]


def lines_of(block: Block) -> Lines:
    """The lines of a block."""
    data = block.data
    found = _lines(data, block.size)
    octets = np.frombuffer(data, np.uint8, block.size)
    if np.count_nonzero(octets == _CR) != found.crlf:
        text = LONE_CR.sub(b"\n", data[: block.size])
        return _lines(text + bytes(PADDING), block.size)
    return found


def _lines(data: bytes, size: int) -> Lines:
    octets = np.frombuffer(data, np.uint8, size)
    # Tab is 9 and LF 10; what is less than 9 wraps around to numbers above 200.
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
    """Which first fields are codes, by shape; those seen before are known again at once."""

    def __init__(self) -> None:
        self._known: list[bytes] = [code.encode() for code in sorted(LogCode)]

    def begin(self, lines: Lines) -> Flags:
        """Which lines have a code and a tab at their beginning."""
        flags = np.zeros(len(lines.starts), np.bool_)
        candidates = np.flatnonzero(lines.tabs > 0)
        starts = lines.starts[candidates]
        lengths = lines.first_tab[candidates] - starts
        words = [_word(lines.data, starts, place) for place in range(_COMPARED // _WORD)]
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
                if hit and len(field) <= _COMPARED and len(self._known) < _MOST_KNOWN:
                    self._known = [*self._known, field]
            hits[at] = hit


def irregular(lines: Lines, flags: Flags) -> dict[int, Beginning]:
    """The lines that begin an entry otherwise than by code, tab, identity, tab; and where their fields stand, in bytes.

    Args:
        lines: of a block.
        flags: which begin with a code and a tab; of these only those with one tab are looked at.
    """
    few = np.flatnonzero(~flags | (lines.tabs == 1))
    few = few[(lines.stops[few] - lines.starts[few]) > 1]
    first = _word(lines.data, lines.starts[few], 0)
    frames = np.zeros(len(few), np.bool_)
    for value, mask in _FRAME_WORDS:
        frames |= ~flags[few] & ((first & mask) == value)
    at_once = flags[few] | ((first & _MARK.mask) == _MARK.value) | np.isin(first, _FIRST_WORDS)
    found = {}
    for line, wanted in zip(few[~frames].tolist(), at_once[~frames].tolist(), strict=True):
        text = lines.text(line)
        # Anything else is only looked at where a code may be behind what was pasted before it.
        if wanted or lines.tabs[line] > 1 or KNOWN.search(text):
            begun = beginning(text.decode())
            if begun is not None:
                found[line] = begun if text.isascii() else _in_bytes(text.decode(), begun)
    return found


def _in_bytes(text: str, begun: Beginning) -> Beginning:
    return Beginning(*(len(text[:place].encode()) for place in begun))


def _word(data: bytes, starts: Positions, place: int) -> Words:
    """Eight bytes of each line from ``place`` words behind its start."""
    everywhere = np.ndarray((len(data) - _WORD + 1,), "<u8", data, strides=(1,))
    words: Words = everywhere[starts + place * _WORD if place else starts]
    return words
