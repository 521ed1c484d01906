"""What may stand between the values of a record, and how a token is told apart from JSON.

Offsets are those of bytes in a record's UTF-8. Nothing here recurses, and each byte is looked at a few times at most,
as the record is the file's choice.
"""

from __future__ import annotations

import re
from enum import StrEnum, auto
from typing import NamedTuple

REPEATED = 1000
"""How often an expression repeats a part at once, as it keeps each repetition until it ends."""

ESCAPE = rb"""\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})"""
"""An escape that JSON knows."""

NUMBER = rb"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?"
"""A number that JSON knows."""

_WIDE_BLANKS = rb"\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80"
_ODD_BLANKS = rb"[\x0b\x0c]|%b" % _WIDE_BLANKS
_COMMENT = rb"//[^\r\n]*+|/\*(?s:.*?)\*/"
_STRICT = rb"""
    (?: [ \t\r\n{}\[\]:]++
      | " [^"\\\x00-\x1f%(excluded)b]*+ (?: %(escape)b [^"\\\x00-\x1f%(excluded)b]*+ ){0,%(repeated)d} "
      | , (?= [ \t\r\n]*+ [^}\]/ \t\r\n\x0b\x0c\x80-\xff] )          # a value or a name follows
      | (?: true | false | null | %(number)b ) (?= [ \t\r\n]*+ [,}\]] )   # no name: no colon follows
    ){0,%(repeated)d}
"""


def _strict(excluded: bytes) -> re.Pattern[bytes]:
    parts = {b"excluded": excluded, b"escape": ESCAPE, b"number": NUMBER, b"repeated": REPEATED}
    return re.compile(_STRICT % parts, re.VERBOSE)


wide_blank = re.compile(_WIDE_BLANKS)
"""A blank beyond ASCII, which ends a name without quotation marks."""
_strict_utf8 = _strict(b"")
_strict_ascii = _strict(rb"\x80-\xff")
_gap = re.compile(rb"(?:[ \t\r\n]++|%b|%b){0,%d}" % (_ODD_BLANKS, _COMMENT, REPEATED))
_odd_blanks = re.compile(rb"(?:%b){1,%d}" % (_ODD_BLANKS, REPEATED))
_comment = re.compile(_COMMENT)


class ChangeKind(StrEnum):
    """What was no JSON; its name is what JSON output says."""

    backslash = auto()
    """A backslash that begins no escape."""
    control_character = auto()
    """A line end, a tab or the like inside a text."""
    comma = auto()
    """A comma before a closing bracket."""
    comment = auto()
    quotes = auto()
    r"""A text in single quotes, or ``\'`` in one."""
    unquoted_name = auto()
    """A name without quotation marks."""
    blank = auto()
    """A blank that JSON does not know."""
    number = auto()


class Token(NamedTuple):
    """A token of a record.

    Attributes:
        end: behind it.
        after: its spelling in JSON.
        kinds: what was no JSON in it, each kind once; empty where it is JSON.
        problem: why it has no certain spelling, a few words; empty where it has one.
    """

    end: int
    after: bytes = b""
    kinds: tuple[ChangeKind, ...] = ()
    problem: str = ""


def strict_until(raw: bytes, at: int, *, utf8: bool) -> int:
    """Behind the tokens from ``at`` on that are JSON; ``at`` itself where the first is none, or is hard to tell.

    Args:
        raw: a record.
        at: where a token or a blank begins.
        utf8: whether the record is known to be UTF-8; else tokens with letters beyond ASCII are hard to tell.
    """
    pattern = _strict_utf8 if utf8 else _strict_ascii
    while (found := pattern.match(raw, at)) and found.end() > at:
        at = found.end()
    return at


def behind_gap(raw: bytes, at: int) -> int:
    """The next byte that is neither blank nor in a comment."""
    while (found := _gap.match(raw, at)) and found.end() > at:
        at = found.end()
    return at


def comma(raw: bytes, at: int) -> Token:
    """The comma at ``at``, which goes where a closing bracket is next."""
    follows = behind_gap(raw, at + 1)
    if raw[follows : follows + 1] in (b"}", b"]"):
        return Token(at + 1, kinds=(ChangeKind.comma,))
    return Token(at + 1)


def comment(raw: bytes, at: int) -> Token:
    """The comment at ``at``; what it parts, brackets, commas and colons part as well, so nothing stands for it."""
    found = _comment.match(raw, at)
    if found is None:
        return Token(len(raw), problem="a comment that never ends")
    return Token(found.end(), kinds=(ChangeKind.comment,))


def odd_blanks(raw: bytes, at: int) -> Token | None:
    """The blanks at ``at`` that JSON does not know, a space for each; None where none stands there."""
    found = _odd_blanks.match(raw, at)
    if found is None:
        return None
    return Token(found.end(), b" " * len(found[0].decode("utf-8")), (ChangeKind.blank,))
