r"""Records whose only fault is backslashes that begin no escape, as ``"R\V"``.

With each such backslash doubled the record has to be JSON as the service takes it: then quotation marks and brackets
are paired as they stand, and where the record ends is as sure as of any other. What the backslash means is not as
sure. In a value where no backslash begins an escape, each stands for itself. In ``"C:\Users\new"`` one of them is
read as a line end, and in ``"C:\x\"y"`` one belongs to a quotation mark: whoever wrote these may have escaped some,
or none. Which, cannot be proven, so such a value is not respelled.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.source.broken import ESCAPE, escaped
from analyzer.source.interface import GrammarError
from analyzer.source.records import FLAT
from analyzer.source.salvage.patience import reached
from analyzer.source.tolerant import read_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.source.json_text import Buffer
    from analyzer.source.salvage.patience import Patience

LONGEST = 1 << 18
"""Bytes of a record with nested values, single quotes or comments, beyond which no end is looked for."""
_SHORTEST = 1 << 10
_CUT = 40
"""Bytes before a piece's end where a fault may be that of the cut."""
# A comment, and either kind of string
_TEXT = re.compile(
    rb"""(?s)//[^\r\n]*+|/\*.*?\*/|"[^"\\]*+(?:\\.[^"\\]*+)*"|'[^'\\]*+(?:\\.[^'\\]*+)*'""",
)


@dataclass(frozen=True, slots=True)
class Respelled:
    """A record with its backslashes doubled.

    Attributes:
        raw: as in the file.
        text: the same with each backslash doubled that begins no escape.
        members: the spelled values of ``text`` by name.
        sure: whether no value mixes such backslashes with escapes.
    """

    raw: bytes
    text: bytes
    members: dict[str, bytes]
    sure: bool


def respelled_at(buffer: Buffer, offset: int, patience: Patience) -> Respelled | None:
    """The record at ``offset``; None where backslashes are not all that is wrong with it."""
    for raw in _attempts(buffer, offset, patience):
        text = escaped(raw)
        try:
            tolerated = read_object(text, 0)
        except GrammarError as error:
            if reached(text, error) < len(text) - _CUT:
                return None
            continue
        whole = raw[: _length(raw, tolerated.end)]
        return Respelled(whole, text[: tolerated.end], tolerated.members, not _mixes(whole))
    return None


def _attempts(buffer: Buffer, offset: int, patience: Patience) -> Iterator[bytes]:
    """The record, where it can be told from its brackets; else longer and longer pieces from its beginning."""
    flat = FLAT.match(buffer, offset)
    if flat is not None:
        yield flat[0]
        return
    size = _SHORTEST
    while size <= LONGEST and not patience.ended:
        piece = bytes(buffer[offset : offset + size])
        yield piece
        patience.spend(size)
        size = size << 4 if len(piece) == size else LONGEST + 1


def _length(raw: bytes, end: int) -> int:
    """How many bytes of a text become ``end`` bytes when backslashes are doubled."""
    doubled = 0
    for found in ESCAPE.finditer(raw):
        if found.start() + doubled >= end:
            break
        doubled += found[1] is None
    return end - doubled


def _mixes(raw: bytes) -> bool:
    """Whether a text in the record has an escape and a backslash that begins none."""
    return any(
        len({found[1] is None for found in ESCAPE.finditer(text[0])}) > 1
        for text in _TEXT.finditer(raw)
        if b"\\" in text[0]
    )
