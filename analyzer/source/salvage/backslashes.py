r"""Records whose only fault is backslashes that begin no escape, as ``"R\V"``.

With each such backslash doubled the record has to be JSON as the service takes it: then quotation marks and brackets
are paired as they stand, and where the record ends is as sure as of any other. What the backslash means is not as
sure. In a value where no backslash begins an escape, each stands for itself. In ``"C:\Users\new"`` one of them is
read as a line end, and in ``"C:\x\"y"`` one belongs to a quotation mark: whoever wrote these may have escaped some,
or none. Which, cannot be proven, so such a value is not respelled.

A value that ends in a backslash hides its own end: of ``"Sales\"},{"IdName":`` the reader takes all up to the next
quotation mark for the value. Here ``\"`` before a comma and a name, or before the record's end, is read as a backslash
and the value's end. That counts where the record then is JSON and has exactly the properties of another record. Taken
otherwise, the value would end in a quotation mark and lack the one that closes it; a program writes each of these
marks or none, and the marks further on would not pair up to the same names. Each such repair is listed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.source.model import GrammarError
from analyzer.source.reader.tolerant import (
    ESCAPE_OR_BACKSLASH,
    FLAT,
    escaped,
    read_object,
    record_at,
    skip_blank,
)
from analyzer.source.respell import BACKSLASH_ENDS, doubled
from analyzer.source.salvage.patience import reached

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from analyzer.source.reader.json_text import Buffer
    from analyzer.source.salvage.patience import Patience

LONGEST = 1 << 18
"""Bytes of a record with nested values, single quotes or comments, beyond which no end is looked for."""
_SHORTEST = 1 << 10
_SIZES = (1 << 12, 1 << 16)
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


def ended_at(buffer: Buffer, offset: int, known: Container[frozenset[str]], patience: Patience) -> Respelled | None:
    """The record at ``offset`` where values end in a single backslash; None where that is not all that is wrong.

    Args:
        buffer: the source file.
        offset: of the record.
        known: the names in records that were read.
        patience: for what is read again.
    """
    for size in _SIZES:
        piece = bytes(buffer[offset : offset + size])
        patience.spend(len(piece))
        text, places = doubled(piece, BACKSLASH_ENDS)
        at = [place - number for number, place in enumerate(places)]
        try:
            tolerated = read_object(text, 0)
        except GrammarError as error:
            if reached(text, error) < len(text) - _CUT or len(piece) < size or patience.ended:
                return None
            continue
        text, at = text[: tolerated.end], [place for number, place in enumerate(at) if place + number < tolerated.end]
        raw = piece[: tolerated.end - len(at)]
        names = frozenset(tolerated.members)
        if names in known or names == _names_behind(buffer, offset + len(raw)):
            return Respelled(raw, text, tolerated.members, not _mixes_with(text, at))
        return None
    return None


def _mixes_with(text: bytes, places: Sequence[int]) -> bool:
    """Whether a value has escapes beside the backslashes that were doubled, at these places before."""
    doubled = {place + number for number, place in enumerate(places)}
    for value in _TEXT.finditer(text):
        escapes = {value.start() + found.start() for found in ESCAPE_OR_BACKSLASH.finditer(value[0])}
        if escapes & doubled and escapes - doubled:
            return True
    return False


def _names_behind(buffer: Buffer, at: int) -> frozenset[str] | None:
    """The names in the next record; None where none follows."""
    at = skip_blank(buffer, at)
    if buffer[at : at + 1] != b",":
        return None
    try:
        return frozenset(record_at(buffer, skip_blank(buffer, at + 1), 0)[0].members)
    except GrammarError:
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
    for found in ESCAPE_OR_BACKSLASH.finditer(raw):
        if found.start() + doubled >= end:
            break
        doubled += found[1] is None
    return end - doubled


def _mixes(raw: bytes) -> bool:
    """Whether a text in the record has an escape and a backslash that begins none."""
    return any(
        len({found[1] is None for found in ESCAPE_OR_BACKSLASH.finditer(text[0])}) > 1
        for text in _TEXT.finditer(raw)
        if b"\\" in text[0]
    )
