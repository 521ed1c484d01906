"""A record that isn't valid JSON: what can be read of it before the fault, and beyond."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.source.model import GrammarError
from analyzer.source.reader.tolerant import behind_value, expect, read_key, skip_blank, skip_value, unquote

if TYPE_CHECKING:
    from analyzer.source.reader.json_text import Buffer

_LOOKED_AT = 1 << 16
"""Bytes behind the fault; a record is not longer than that, or is not followed."""

# },{" and what is left of it where a bracket or the comma is missing; }] at the end
_RECORD_ENDS = re.compile(rb"""(?:[}\]]\s*+,?|["'0-9A-Za-z]\s*+,)\s*+\{\s*+["'}]|\}\s*+,?\s*+\]""")
# ,"IdName":"ada@contoso.com" as seen from its comma or bracket, before the next one. An escaped quotation mark
# begins no name, so a text that holds such a thing properly written is not taken for it.
_MEMBER = re.compile(
    rb"""
    (?<= [,{\[] ) \s*+
    (?P<name> "[^"\\]*+ (?:\\.[^"\\]*+)* " | '[^'\\]*+ (?:\\.[^'\\]*+)* ' | [A-Za-z0-9_$\x80-\xff]++ )
    \s*+ : \s*+
    (?P<value> "[^"\\]*+ (?:\\.[^"\\]*+)* " | '[^'\\]*+ (?:\\.[^'\\]*+)* ' | [-+.A-Za-z0-9]++ )
    (?= \s* [,}] )
    """,
    re.VERBOSE | re.DOTALL,
)
_EACH_PLACE = re.compile(rb"[,{\[]")
ESCAPE = re.compile(rb"""\\(["'\\/bfnrt]|u[0-9A-Fa-f]{4})?""")

# A comma and a name, or the record's bracket and what follows on it, as they stand behind a value
_ENDS = re.compile(rb"""\s*+(?:,\s*+"[^"\\]*+"\s*+:|\}\s*+(?:,\s*+\{|\]))""")
_ENDS_ALONE = re.compile(rb"""\s*+(?:,\s*+"[^"\\]*+"\s*+:|\}\s*+\Z)""")


@dataclass(frozen=True, slots=True)
class Broken:
    """A record that isn't valid JSON, or one that is.

    Attributes:
        members: the spelled values that were read whole, by name.
        repeated: names that stand twice in it, with different values.
        property: the member that was read last, in which or behind which the fault is; None before the first.
        value_at: where its value begins.
        value_end: where its value ends; None where the fault is in it.
        end: where the record ends, as far as can be told beyond the fault.
        error: what is wrong; None where the record is JSON.
    """

    members: dict[str, bytes]
    repeated: frozenset[str]
    property: str | None
    value_at: int
    value_end: int | None
    end: int
    error: GrammarError | None


def read_broken(buffer: Buffer, start: int) -> Broken:
    """Reads the record that begins at ``start`` as far as it goes."""
    members: dict[str, bytes] = {}
    repeated: set[str] = set()
    name, value_at, end = None, start, None
    try:
        at = skip_blank(buffer, expect(buffer, start, b"{"))
        while buffer[at : at + 1] != b"}":
            (name, value_at), end = read_key(buffer, at), None
            end = skip_value(buffer, value_at)
            value = bytes(buffer[value_at:end])
            if members.setdefault(name, value) != value:
                repeated.add(name)
            members[name] = value
            at = behind_value(buffer, end, b"}")
    except GrammarError as error:
        if end is None and name in members:
            repeated.add(name)
        beyond = _end_beyond(buffer, max(value_at, start + 1))
        return Broken(members, frozenset(repeated), name, value_at, end, beyond, error)
    return Broken(members, frozenset(repeated), name, value_at, end, at + 1, None)


def without_beginning(buffer: Buffer, start: int, error: GrammarError) -> Broken:
    """The record that should begin at a fault and does not, as it may lack its bracket.

    Args:
        buffer: the source file.
        start: of the text behind the record before, or of the list's bracket.
        error: the fault.
    """
    return Broken({}, frozenset(), None, start, None, _end_beyond(buffer, error.offset), error)


def read_beyond(buffer: Buffer, broken: Broken, name: str) -> bytes | None:
    """The spelled value of a member that stands behind the fault, or in which the fault is.

    Behind a fault one cannot know what is text and what is not: what looks like the member is taken for it, where
    only one does before the next record begins.
    """
    own = _unescaped(buffer, broken, name)
    if own is not None:
        return own
    found = all_beyond(buffer, broken, name)
    return found[0] if len(found) == 1 else None


def all_beyond(buffer: Buffer, broken: Broken, name: str) -> list[bytes]:
    """The spelled values of whatever looks like the member behind the fault, or behind the member that it is in."""
    window = bytes(buffer[broken.value_at : broken.end])
    return [
        escaped(bytes(member["value"]))
        for place in _EACH_PLACE.finditer(window)
        if (member := _MEMBER.match(window, place.end())) and _name(member["name"]) == name
    ]


def escaped(token: bytes) -> bytes:
    r"""A spelled value in which a backslash that begins no escape is doubled, so that it stands for itself.

    >>> escaped(rb'"CONTOSO\ada"')
    b'"CONTOSO\\\\ada"'
    """
    return ESCAPE.sub(lambda found: found[0] if found[1] else b"\\\\", token)


def ends_escaped(token: bytes, *, alone: bool = False) -> tuple[bytes, list[int]]:
    r"""As ``escaped``; and a backslash that is a value's last character is doubled, too.

    Args:
        token: a record, or a text that begins with one.
        alone: nothing of the file follows.

    Returns:
        The text, and where in ``token`` the doubled backslashes are.

    >>> ends_escaped(rb'{"Department":"Sales\","City":"Oslo"}')
    (b'{"Department":"Sales\\\\","City":"Oslo"}', [20])
    """
    ends = _ENDS_ALONE if alone else _ENDS
    places = [
        found.start()
        for found in ESCAPE.finditer(token)
        if found[1] is None or (found[1] == b'"' and ends.match(token, found.end()))
    ]
    parts = [token[start:end] for start, end in zip([0, *places], [*places, len(token)], strict=True)]
    return b"\\".join(parts), places


def _unescaped(buffer: Buffer, broken: Broken, name: str) -> bytes | None:
    """The value in which the fault is, where that is a backslash that is not escaped."""
    if broken.property != name or name in broken.members:
        return None
    member = _MEMBER.match(b",n:" + bytes(buffer[broken.value_at : broken.end]), 1)
    return escaped(bytes(member["value"])) if member else None


def _name(token: bytes) -> str:
    return unquote(token) if token[:1] in (b'"', b"'") else token.decode("utf-8", "replace")


def _end_beyond(buffer: Buffer, start: int) -> int:
    """Where the record seems to end: before the next one begins, or the array ends."""
    last = min(len(buffer), start + _LOOKED_AT)
    found = _RECORD_ENDS.search(buffer, start, last)
    return found.start() + 1 if found else last
