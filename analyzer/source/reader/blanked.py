"""Comments and commas too many in pieces of a source file, blanked so that every other byte keeps its place.

Only what decodes as strict JSON afterwards is believed, and that is what makes counting quotation marks enough: as
long as the count is right, so is what was blanked; what would make it wrong, a single quote or a backslash outside of
a string, is left standing, and is no JSON. A comma is taken for one too many in a string as well; that alters the
string and nothing else, so that ids with a bracket in them need another look.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_ESCAPED = re.compile(rb'\\[\\"]')
_COMMENT = re.compile(rb"/[/*]")
_LINE_END = re.compile(rb"[\r\n]")
_COMMA_TOO_MANY = re.compile(rb",[ \t\r\n]*[}\]]")
_CLOSES = re.compile(rb"[ \t\r\n]*[}\]]")
_EMPTY_OBJECT = re.compile(rb"\{[ \t\r\n]+\}")
_EMPTY_ARRAY = re.compile(rb"\[[ \t\r\n]+\]")
_MOST_SPELLINGS = 8


class CutCommentError(Exception):
    """A comment does not end within the piece.

    Attributes:
        start: where it begins in the piece.
        block: whether it is one that ends with ``*/`` and not with its line.
    """

    def __init__(self, start: int, *, block: bool) -> None:
        super().__init__(start, block)
        self.start = start
        self.block = block


class Blanker:
    """Blanks pieces of one file, which has the same few ways to write a comma too many throughout."""

    def __init__(self) -> None:
        """Begins with the shortest way."""
        self._spellings = [b",}"]

    def blanked(self, plain: bytes) -> bytes:
        """A piece without comments with blanks in place of commas too many in the ways that were met so far."""
        return _blanked(plain, self._spellings)

    def further(self, plain: bytes) -> bytes | None:
        """A piece without comments without any comma too many; None where ``blanked`` found them all."""
        found = set(_COMMA_TOO_MANY.findall(plain))
        if found <= set(self._spellings):
            return None
        self._spellings += sorted(found.difference(self._spellings))[: _MOST_SPELLINGS - len(self._spellings)]
        return _blanked(plain, found)


def _blanked(plain: bytes, spellings: Iterable[bytes]) -> bytes:
    # The longest first, so that of two commas only the last one goes: two are one too many for the service as well.
    for spelling in sorted(spellings, key=len, reverse=True):
        plain = plain.replace(spelling, b" " + spelling[1:])
    return plain


def may_have_begun_with_a_comma(chunk: bytes) -> bool:
    """Whether an object or array may be empty for a comma that was blanked, which is an error to the service."""
    return _EMPTY_OBJECT.search(chunk) is not None or _EMPTY_ARRAY.search(chunk) is not None


def without_comments(piece: bytes) -> bytes:
    """A piece with blanks in place of comments, and of a comma too many before one.

    Args:
        piece: begins outside of a string and of a comment.

    Raises:
        CutCommentError: the piece ends within a comment.
    """
    if b"/" not in piece:
        return piece
    # Without escapes, each quotation mark begins or ends a string.
    plain = _ESCAPED.sub(b"  ", piece)
    out: bytearray | None = None
    outside = 0
    found = _COMMENT.search(plain)
    while found:
        start = found.start()
        if plain.count(b'"', outside, start) % 2:
            outside = plain.find(b'"', start) + 1 or len(plain)
        else:
            outside = _end_of_comment(piece, start)
            out = out or bytearray(piece)
            out[start:outside] = b" " * (outside - start)
            if _CLOSES.match(plain, outside):
                _blank_comma_before(out, start)
        found = _COMMENT.search(plain, outside)
    return piece if out is None else bytes(out)


def _blank_comma_before(out: bytearray, at: int) -> None:
    """Blanks the comma that stands before a comment, and so before a closing bracket, if one does behind a value."""
    comma = _last_sign_before(out, at)
    if out[comma : comma + 1] == b"," and out[_last_sign_before(out, comma)] not in b",{[":
        out[comma] = ord(" ")


def _last_sign_before(out: bytearray, at: int) -> int:
    """Where the last byte before a place stands that is no blank; 0 where there is none."""
    while at > 0 and out[at - 1] in b" \t\r\n":
        at -= 1
    return max(0, at - 1)


def _end_of_comment(piece: bytes, start: int) -> int:
    if piece[start + 1 : start + 2] == b"*":
        end = piece.find(b"*/", start + 2)
        if end < 0:
            raise CutCommentError(start, block=True)
        return end + 2
    line_end = _LINE_END.search(piece, start)
    if line_end is None:
        raise CutCommentError(start, block=False)
    return line_end.start()
