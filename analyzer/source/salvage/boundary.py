r"""Where a record may begin or the array end, seen from a fault, behind which nobody knows what is text.

A quotation mark in a text is spelled ``\"``, so ``},{"`` does not stand in one, but for a text that ends in ``},{``,
whose last mark this is, a comment, and a text in the other kind of quotation marks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.source.model import GrammarError, Trouble
from analyzer.source.reader.records import only_brackets
from analyzer.source.reader.tolerant import after_value, read_key, skip_blank, skip_value
from analyzer.source.salvage.hidden import Hidden
from analyzer.source.salvage.patience import reached

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.source.reader.json_text import Buffer
    from analyzer.source.salvage.patience import Patience

_NEAR = 1 << 16
_QUOTES = b"\"'"
_BEGINS = {
    b'"': re.compile(rb"""\{\s*+"([^"\\\r\n]{1,200}+)"\s*+:"""),
    b"'": re.compile(rb"""\{\s*+'([^'\\\r\n]{1,200}+)'\s*+:"""),
}
_FIRST = {
    b'"': re.compile(rb'\{\s*+"([^"\\\r\n]{1,200}+)"'),
    b"'": re.compile(rb"\{\s*+'([^'\\\r\n]{1,200}+)'"),
}
_STRAY = re.compile(rb"[\s,]*+")
# Text without quotation marks up to the next record
_BESIDE_RECORD = re.compile(rb"""[^"'{]{0,200}+\{\s*+["']""")
_JUNK = re.compile(rb"""[^"'{}\[\]]{0,200}+""")
# {"value": as where two files were joined
_ANOTHER = re.compile(rb"""\{\s*+["']value["']\s*+:""")
# }]} at the file's end
_TAIL = re.compile(rb"\}(\s*+,?\s*+\]\s*+\}?\s*+)\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """A place that may bound a record.

    Attributes:
        at: where the record begins; behind the array.
        end: where the one before ends.
        sure: a closing bracket stands before it; else the one before may lack it.
        array_ends: nothing but other keys of the file's object stands behind it.
    """

    at: int
    end: int
    sure: bool
    array_ends: bool = False


def begins(buffer: Buffer, at: int, mark: bytes) -> bool:
    """Whether a bracket, a name in such quotation marks and a colon stand at ``at``."""
    return _BEGINS[mark].match(buffer, at) is not None


def first_name(buffer: Buffer, at: int, mark: bytes) -> str | None:
    """The name of the first property, where a record begins at ``at``; its colon may be missing."""
    found = _FIRST[mark].match(buffer, at)
    return found[1].decode("utf-8", "replace") if found else None


def behind_stray(buffer: Buffer, at: int) -> int:
    """Behind blanks and commas."""
    found = _STRAY.match(buffer, at)
    return found.end() if found else at


def behind_junk(buffer: Buffer, at: int) -> int:
    """Behind a little text without quotation marks and brackets."""
    found = _JUNK.match(buffer, at)
    return found.end() if found else at


def mark_of(buffer: Buffer, at: int) -> bytes:
    """The quotation mark of names, by the record at ``at``."""
    return b"'" if begins(buffer, at, b"'") else b'"'


def beside_record(buffer: Buffer, at: int) -> bool:
    """Whether nothing that has quotation marks stands between ``at`` and the next record, or the file's end."""
    return _BESIDE_RECORD.match(buffer, at) is not None or no_marks_to_end(buffer, at)


def no_marks_to_end(buffer: Buffer, at: int) -> bool:
    """Whether no more than a few bytes without quotation marks stand before the file's end."""
    rest = bytes(buffer[at : at + 201])
    return len(rest) <= 200 and not any(mark in rest for mark in _QUOTES)  # noqa: PLR2004 - as above


def file_ends(buffer: Buffer, at: int) -> bool:
    """Whether what stands behind the array's bracket is the rest of the file's object."""
    if no_marks_to_end(buffer, at):
        return True
    if len(buffer) - at > _NEAR:
        return False
    try:
        return skip_blank(buffer, rest_of_object(buffer, after_value(buffer, at, b"}"))) >= len(buffer)
    except GrammarError:
        return False


def array_ends(buffer: Buffer, at: int) -> GrammarError | None:
    """Checks what stands behind the array's bracket: nothing, or the rest of the file's object.

    Returns:
        The fault in another key of the object, for which the bracket may be one of a text; None where there is none.

    Raises:
        GrammarError: something else does, so the array may go on.
    """
    if behind_stray(buffer, at) >= len(buffer) or only_brackets(buffer, at):
        return None  # no quotation mark follows, so the bracket is in no text
    follows = after_value(buffer, at, b"}")
    closed = buffer[follows : follows + 1] == b"}"
    if not closed:
        read_key(buffer, follows)
    try:
        behind = skip_blank(buffer, rest_of_object(buffer, follows))
    except GrammarError as error:
        return error
    if behind >= len(buffer) or (closed and (_ANOTHER.match(buffer, behind) or no_marks_to_end(buffer, behind))):
        return None
    more = GrammarError(behind, "text after the end of the JSON", Trouble.no_format)
    if closed:
        raise more
    return more


def rest_of_object(buffer: Buffer, at: int) -> int:
    """Behind the object whose next name, or bracket, stands at ``at``.

    Raises:
        GrammarError: there is a fault in it.
    """
    while buffer[at : at + 1] != b"}":
        _, at = read_key(buffer, at)
        at = after_value(buffer, skip_value(buffer, at), b"}")
    return at + 1


def end_before_tail(buffer: Buffer, start: int) -> int:
    """The file's end, or before the brackets that close array and object there."""
    at = max(start, len(buffer) - _NEAR)
    found = _TAIL.search(bytes(buffer[at:]))
    return at + found.start(1) if found else len(buffer)


class Boundaries:
    """Looks for the places in a file."""

    def __init__(self, buffer: Buffer, mark: bytes, patience: Patience) -> None:
        self._patience = patience
        self._buffer = buffer
        self._hidden = Hidden(buffer, b"'" if mark == b'"' else b'"')
        # },{" or }{"; ],{" or x",{" where a bracket is missing; ],"name" behind an array
        self._place = re.compile(
            rb"""
            (?P<sure> \} \s*+ ,? \s*+ (?= \{ \s*+ %(mark)b ) )
            | (?: \] \s*+ ,? | ["'0-9A-Za-z] \s*+ , ) \s*+ (?= \{ \s*+ %(mark)b )
            | \] \s*+ , \s*+ (?P<key> %(mark)b )
            """
            % {b"mark": mark},
            re.VERBOSE,
        )

    def behind(self, start: int) -> Iterator[Place]:
        """The places behind ``start``, which is in a fault or behind it."""
        at = start
        while found := self._place.search(self._buffer, at):
            at = found.end()
            if self._hidden.covers(start, found.start() + 1):
                continue
            if found["key"] is None:
                yield Place(at, found.start() + 1, found["sure"] is not None)
                continue
            end = self._object_ends(at - 1)
            if end is not None and skip_blank(self._buffer, end) >= len(self._buffer):
                yield Place(found.start() + 1, found.start(), sure=True, array_ends=True)
                return
            # The array was a value in a record, which ends with the bracket before ``end``.
            at = at if end is None else end - 1

    def _object_ends(self, at: int) -> int | None:
        """Behind the object of which a further name stands at ``at``; None where a fault is in it, or no patience."""
        if self._patience.ended:
            return None
        try:
            return rest_of_object(self._buffer, at)
        except GrammarError as error:
            self._patience.spend(reached(self._buffer, error) - at)
            return None
