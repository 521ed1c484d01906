"""A record that isn't valid JSON: what can be read of it before the fault, and beyond."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from analyzer.source.id_property import IdProperty, by_a_few
from analyzer.source.model import FaultKind, GrammarError, Identity
from analyzer.source.reader.tolerant import (
    Record,
    behind_value,
    expect,
    read_key,
    skip_blank,
    skip_value,
    text_of,
    unquote,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


MAY_GO_ON = "the ID may go on after the fault"
BETWEEN = "whether the fault is this record's or the next one's, is not known"
_INSIDE = "the fault is in the id itself"
_BEHIND = "the ID was read after the fault"
_ENOUGH = 20
"""Whole records by which the id property is told without those behind the fault."""

# "O"Hara@contoso.com", as far as the quotation mark that a comma or a bracket follows
_TO_ITS_END = re.compile(rb"""(["'])([^\r\n]{0,500}?)\1\s*+(?=[,}])""")
_A_NAME = re.compile(rb"""["']\s*+:""")


def id_property_by(buffer: Buffer, whole: Sequence[Record], broken: Broken | None) -> IdProperty:
    """The id property by the look of the whole records before the fault, and behind it where those are few."""
    if len(whole) >= _ENOUGH or broken is None:
        return by_a_few(whole)
    behind = islice(_records_behind(buffer, broken.end), _ENOUGH)
    return by_a_few([*whole, Record(0, 0, b"", broken.members), *behind])


def identity_in(record: Record, id_property: IdProperty, caution: str = "") -> Identity | None:
    """The id of a whole record."""
    return _identity(record.text(id_property.name) if id_property.name else None, id_property, caution)


def identity_in_broken(
    buffer: Buffer, broken: Broken, kind: FaultKind | None, id_property: IdProperty
) -> Identity | None:
    """The id of a record that isn't valid JSON, read before the fault, in it or behind it.

    Args:
        buffer: the source file.
        broken: the record.
        kind: of the fault; None where the record is whole.
        id_property: which property holds the id; its name may be empty.
    """
    name = id_property.name
    # A text whose quotation marks are not escaped may bring in a second one, and nobody can say which is the text's.
    if not name or name in broken.repeated:
        return None
    if name == broken.property and kind in (FaultKind.quotation_mark, FaultKind.quotation_mark_missing):
        return _identity(_damaged(buffer, broken, kind), id_property, _INSIDE)
    if name in broken.members:
        return _before(buffer, broken, id_property)
    token = read_beyond(buffer, broken, name)
    caution = _INSIDE if name == broken.property else _BEHIND
    return _identity(text_of(token), id_property, caution) if token is not None else None


def _before(buffer: Buffer, broken: Broken, id_property: IdProperty) -> Identity | None:
    """The id that was read whole before the fault, where none else is behind it."""
    name = id_property.name
    token = broken.members[name]
    if any(other != token for other in all_beyond(buffer, broken, name)):
        return None
    end = broken.value_end
    if broken.error is None or name != broken.property or end is None or has_ended(buffer, end):
        return _identity(text_of(token), id_property)
    return None if seems_cut(buffer, end) else _identity(text_of(token), id_property, MAY_GO_ON)


def _identity(text: str | None, id_property: IdProperty, caution: str = "") -> Identity | None:
    if not text:
        return None
    return Identity(text, id_property.name, id_property.because, not id_property.certain, caution)


def _damaged(buffer: Buffer, broken: Broken, kind: FaultKind) -> str | None:
    """An id with a quotation mark too many or too few, as far as it can be told."""
    if kind is FaultKind.quotation_mark:
        found = _TO_ITS_END.match(buffer, broken.value_at, broken.end)
        # Where a name stands in it, it is more than the id.
        return found[2].decode("utf-8", "replace") if found and not _A_NAME.search(found[2]) else None
    # What was read as its end is the next name's quotation mark: comma and brackets before it are not the id's.
    token = broken.members.get(broken.property or "")
    text = text_of(token) if token else None
    return text.rstrip(" \t\r\n,{}[]") if text else None


def _records_behind(buffer: Buffer, end: int) -> Iterator[Record]:
    """The whole records behind a broken one, until the next that is broken."""
    at = skip_blank(buffer, end)
    while buffer[at : at + 1] == b",":
        at = skip_blank(buffer, at + 1)
        record = read_broken(buffer, at)
        if record.error is not None:
            return
        yield Record(0, at, b"", record.members)
        at = skip_blank(buffer, record.end)


_STRING = r"""(?: "[^"\\\n]{0,200}+" | '[^'\\\n]{0,200}+' )"""
_STRAY = r"[\x00-\x20,]*+"
# The file's end; a bracket that something of JSON follows; ,"City": or ,City: with commas too many or none
_ENDED = re.compile(
    rf"""
    {_STRAY} (?:
        \Z
        | [}}\]] \s*+ (?: [,{{}}\]] | \Z )
        | \{{? \s*+ {_STRING} \s*+ :
        | (?<=,) [A-Za-z_$][A-Za-z0-9_$]*+ \s*+ :
    )
    """.encode(),
    re.VERBOSE,
)
# ","@contoso.com", as it stands behind "ada, where these marks are in the text
_CUT = re.compile(rf"{_STRAY} {_STRING} \s*+ [,}}\]]".encode(), re.VERBOSE)
_RECORD = re.compile(rf"\{{ \s*+ (?: \}} | {_STRING} \s*+ : )".encode(), re.VERBOSE)


def has_ended(buffer: Buffer, end: int) -> bool:
    """Whether the value that was read up to ``end`` is followed by a member, a bracket or the end of the file.

    Else the quotation mark before ``end`` may be one of the text, and the text go on.
    """
    return _ENDED.match(buffer, end) is not None


def seems_cut(buffer: Buffer, end: int) -> bool:
    """Whether the value that was read up to ``end`` is likely but the beginning: a text that names nothing follows."""
    return _CUT.match(buffer, end) is not None


def record_has_ended(buffer: Buffer, offset: int) -> bool:
    """Whether another record, or nothing, stands at ``offset``, where a comma is missing behind a record."""
    return offset >= len(buffer) or _RECORD.match(buffer, offset) is not None
