"""Comments and commas too many in pieces of a source file, blanked so that every other byte keeps its place.

Only what decodes as strict JSON afterwards is believed, and that is what makes counting quotation marks enough: as
long as the count is right, so is what was blanked; what would make it wrong, a single quote or a backslash outside of
a string, is left standing, and is no JSON. A comma is taken for one too many in a string as well; that alters the
string and nothing else, so that ids with a bracket in them need another look.
"""

from __future__ import annotations

import re

_ESCAPED = re.compile(rb'\\[\\"]')
_COMMENT = re.compile(rb"/[/*]")
_LINE_END = re.compile(rb"[\r\n]")
_COMMA_TOO_MANY = re.compile(rb",[ \t\r\n]*[}\]]")
_CLOSES = re.compile(rb"[ \t\r\n]*[}\]]")
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

    def blanked(self, piece: bytes) -> bytes:
        """A piece with blanks in place of comments, and of commas too many in the ways that were met so far.

        Args:
            piece: begins outside of a string and of a comment.

        Raises:
            CutCommentError: the piece ends within a comment.
        """
        if b"/" in piece:
            piece = _without_comments(piece)
        for spelling in self._spellings:
            piece = piece.replace(spelling, b" " + spelling[1:])
        return piece

    def further(self, piece: bytes) -> bytes | None:
        """What ``blanked`` gave without any comma too many; None where it has none."""
        found = set(_COMMA_TOO_MANY.findall(piece))
        if not found:
            return None
        for spelling in found:
            piece = piece.replace(spelling, b" " + spelling[1:])
        self._spellings += sorted(found)[: _MOST_SPELLINGS - len(self._spellings)]
        return piece


def _without_comments(piece: bytes) -> bytes:
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
    """Blanks the comma that stands before a comment, and so before a closing bracket, if one does."""
    while at > 0 and out[at - 1] in b" \t\r\n":
        at -= 1
    if out[at - 1 : at] == b",":
        out[at - 1] = ord(" ")


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
