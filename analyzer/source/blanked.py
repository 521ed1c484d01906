"""Comments and commas too many in a piece of a source file, blanked so that every other byte keeps its place.

Only what decodes as strict JSON afterwards is believed, and that is what makes counting quotation marks enough: as
long as the count is right, so is what was blanked; what would make it wrong, a single quote or a backslash outside of
a string, is left standing, and is no JSON.
"""

from __future__ import annotations

import re

_COMMENT = re.compile(rb"/[/*]")
_LINE_END = re.compile(rb"[\r\n]")
_COMMA_TOO_MANY = re.compile(rb",(?=[ \t\r\n]*[}\]])")
# From outside of a string over whole strings up to the next comment
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


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


def blanked(piece: bytes) -> bytes:
    """A piece of a source file with blanks in place of comments and of commas before a closing bracket.

    Args:
        piece: begins outside of a string and of a comment.

    Raises:
        CutCommentError: the piece ends within a comment.
    """
    if b"/" in piece:
        piece = _without_comments(piece)
    return _COMMA_TOO_MANY.sub(b" ", piece)


def _without_comments(piece: bytes) -> bytes:
    outside = 0
    out: bytearray | None = None
    found = _COMMENT.search(piece)
    while found:
        start = found.start()
        string_end = _end_of_string_around(piece, outside, start)
        if string_end is not None:
            outside = string_end
        else:
            outside = _end_of_comment(piece, start)
            out = out or bytearray(piece)
            out[start:outside] = b" " * (outside - start)
        found = _COMMENT.search(piece, outside)
    return piece if out is None else bytes(out)


def _end_of_string_around(piece: bytes, outside: int, at: int) -> int | None:
    """Behind the string that ``at`` lies in; None where it is in none. ``outside`` is a place before it in none."""
    if piece.find(b"\\\\", outside, at) < 0:
        # Each backslash before a quotation mark escapes it, so that counting tells.
        inside = (piece.count(b'"', outside, at) - piece.count(b'\\"', outside, at)) % 2
        return _behind_quotation_mark(piece, at) if inside else None
    for string in _STRING.finditer(piece, outside):
        if string.end() > at:
            return string.end() if string.start() < at else None
    return None


def _behind_quotation_mark(piece: bytes, at: int) -> int:
    end = piece.find(b'"', at)
    while end > 0 and _is_escaped(piece, end):
        end = piece.find(b'"', end + 1)
    return end + 1 if end >= 0 else len(piece)


def _is_escaped(piece: bytes, at: int) -> bool:
    start = at
    while piece[start - 1 : start] == b"\\":
        start -= 1
    return (at - start) % 2 == 1


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
