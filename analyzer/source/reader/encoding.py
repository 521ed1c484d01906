"""In which encoding a source file is written."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.source.reader.json_text import Buffer

UTF8 = "utf-8"
UTF16 = "utf-16"
WINDOWS = "cp1252"

_PIECE = 1 << 20
"""Bytes."""
_PIECES = 64
"""Pieces beyond ASCII that are looked at; a search through one takes some milliseconds."""
_ENOUGH = 10_000
"""Letters, and places that are none in UTF-8; more than a damaged block of a disk holds."""
_FEW = 2
"""Places that are no UTF-8 to a letter that is. In doubt it is UTF-8, as the damaged are listed then, while a
letter of UTF-8 that is taken for two others is written."""
_RUN = re.compile(rb"[\x80-\xff]+")
_UTF8_LETTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


def encoding_of(buffer: Buffer) -> str:
    """By its mark; without one UTF-8, or Windows-1252, which has ISO-8859-1's letters.

    Where bytes are no UTF-8, the many tell. Letters in Windows-1252 are hardly ever UTF-8 by accident (that takes a
    capital as ``É`` before a sign as ``»``); in a file of UTF-8 most letters are, though some bytes are damaged.

    Returns:
        ``UTF8``, ``UTF16`` or ``WINDOWS``, as Python names them.
    """
    if buffer[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return UTF16
    if buffer[:3] == codecs.BOM_UTF8:
        return UTF8
    letters = damaged = 0
    for number, run in enumerate(_runs(buffer)):
        if not number and _is_utf8(buffer, run.start()):
            return UTF8
        letters += len(_UTF8_LETTER.findall(run[0]))
        damaged += len(_UTF8_LETTER.sub(b" ", run[0]).split())
        if letters + damaged >= _ENOUGH:
            break
    return UTF8 if letters * _FEW >= damaged else WINDOWS


def _is_utf8(buffer: Buffer, start: int) -> bool:
    """Whether the piece from a place on is UTF-8; its last letter may go on behind it."""
    piece = buffer[start : start + _PIECE]
    try:
        codecs.utf_8_decode(piece, "strict", start + len(piece) == len(buffer))
    except UnicodeDecodeError:
        return False
    return True


def _runs(buffer: Buffer) -> Iterator[re.Match[bytes]]:
    """Where bytes beyond ASCII stand, in the first pieces that have any; ASCII is passed over at once."""
    at, pieces = 0, 0
    while at < len(buffer) and pieces < _PIECES:
        end = at + _PIECE
        if not buffer[at:end].isascii():
            pieces += 1
            # A letter on the border belongs to this piece.
            for run in _RUN.finditer(buffer, at, end + 3):
                if run.start() < end:
                    yield run
                    end = max(end, run.end())
        at = end
