"""Read a record that isn't valid JSON, before and after its fault, and find its ID."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from analyzer.source.id_property import IdProperty, by_a_few
from analyzer.source.model import FaultKind, GrammarError, Identity
from analyzer.source.reader.tolerant import (
    Record,
    after_value,
    expect,
    name_of,
    read_key,
    skip_blank,
    skip_value,
    text_of,
)
from analyzer.source.strict_json import doubled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analyzer.source.reader.json_text import Buffer

_WINDOW = 1 << 16
"""Bytes after the fault that are searched for the end of the record."""
_MIN_RECORDS = 20
"""Valid records that suffice to infer the ID property without those after the fault."""

MAY_CONTINUE = "the ID may go on after the fault"
BETWEEN = "it is unknown whether the fault is this record's or the next one's"
_INSIDE = "the fault is in the ID itself"
_AFTER = "the ID was read after the fault"

# },{" or the rest of it if a bracket or the comma is missing; }] at the end
_RECORD_ENDS = re.compile(rb"""(?:[}\]]\s*+,?|["'0-9A-Za-z]\s*+,)\s*+\{\s*+["'}]|\}\s*+,?\s*+\]""")
# ,"IdName":"ada@contoso.com" up to the next comma or bracket. An escaped quotation mark doesn't begin a name, so
# correctly escaped JSON in a text doesn't match.
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

# "O"Hara@contoso.com", as far as the quotation mark before a comma or a bracket
_TO_ITS_END = re.compile(rb"""(["'])([^\r\n]{0,500}?)\1\s*+(?=[,}])""")
_A_NAME = re.compile(rb"""["']\s*+:""")

_STRING = r"""(?: "[^"\\\n]{0,200}+" | '[^'\\\n]{0,200}+' )"""
_STRAY = r"[\x00-\x20,]*+"
# After a complete value: the file's end; a bracket before JSON; ,"City": or ,City: with extra or missing commas
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
# ","@contoso.com", after "ada if a text contains unescaped quotation marks: a string that isn't a name
_CUT = re.compile(rf"{_STRAY} {_STRING} \s*+ [,}}\]]".encode(), re.VERBOSE)
_RECORD = re.compile(rf"\{{ \s*+ (?: \}} | {_STRING} \s*+ : )".encode(), re.VERBOSE)


@dataclass(frozen=True, slots=True)
class BrokenRecord:
    """A record that may not be valid JSON.

    Attributes:
        members: complete raw values by name.
        repeated: names with several different values.
        property: the last member, in or after which the fault is; None before the first.
        value_at: start of its value.
        value_end: end of its value; None if the fault is in it.
        end: end of the record, which is a guess after a fault.
        error: the fault; None if the record is valid JSON.
    """

    members: dict[str, bytes]
    repeated: frozenset[str]
    property: str | None
    value_at: int
    value_end: int | None
    end: int
    error: GrammarError | None


def read_broken(buffer: Buffer, start: int) -> BrokenRecord:
    """Read the record that begins at ``start`` as far as it goes."""
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
            at = after_value(buffer, end, b"}")
    except GrammarError as error:
        if end is None and name in members:
            repeated.add(name)
        seeming_end = _seeming_end(buffer, max(value_at, start + 1))
        return BrokenRecord(members, frozenset(repeated), name, value_at, end, seeming_end, error)
    return BrokenRecord(members, frozenset(repeated), name, value_at, end, at + 1, None)


def without_beginning(buffer: Buffer, start: int, error: GrammarError) -> BrokenRecord:
    """Return a record for a fault at which one should begin, as its bracket may be missing.

    Args:
        buffer: the source file.
        start: end of the previous record, or offset of the list's bracket.
        error: the fault.
    """
    return BrokenRecord({}, frozenset(), None, start, None, _seeming_end(buffer, error.offset), error)


def _seeming_end(buffer: Buffer, start: int) -> int:
    """Return the likely end of the record: before the next one, or before the end of the array."""
    last = min(len(buffer), start + _WINDOW)
    end = _RECORD_ENDS.search(buffer, start, last)
    return end.start() + 1 if end else last


def record_has_ended(buffer: Buffer, offset: int) -> bool:
    """Return whether another record or the end of the file follows at ``offset``, without a comma."""
    return offset >= len(buffer) or _RECORD.match(buffer, offset) is not None


def id_property_by(buffer: Buffer, whole: Sequence[Record], broken: BrokenRecord | None) -> IdProperty:
    """Infer the ID property from the valid records before the fault, and those after it if there are too few."""
    if len(whole) >= _MIN_RECORDS or broken is None:
        return by_a_few(whole)
    later = islice(_records_after(buffer, broken.end), _MIN_RECORDS)
    return by_a_few([*whole, Record(0, 0, b"", broken.members), *later])


def _records_after(buffer: Buffer, end: int) -> Iterator[Record]:
    """Yield the valid records between a broken one and the next broken one."""
    at = skip_blank(buffer, end)
    while buffer[at : at + 1] == b",":
        at = skip_blank(buffer, at + 1)
        record = read_broken(buffer, at)
        if record.error is not None:
            return
        yield Record(0, at, b"", record.members)
        at = skip_blank(buffer, record.end)


def identity_in(record: Record, id_property: IdProperty, caution: str = "") -> Identity | None:
    """Return the ID of a valid record."""
    return _identity(record.text(id_property.name) if id_property.name else None, id_property, caution)


def identity_in_broken(
    buffer: Buffer, broken: BrokenRecord, kind: FaultKind | None, id_property: IdProperty
) -> Identity | None:
    """Return the ID of a record that isn't valid JSON, from before, in or after the fault.

    Args:
        buffer: the source file.
        broken: the record.
        kind: kind of the fault; None if the record is valid.
        id_property: the ID property; its name may be empty.
    """
    name = id_property.name
    # A text with unescaped quotation marks may contain a second ID; which one is part of the text is unknown.
    if not name or name in broken.repeated:
        return None
    if name == broken.property and kind in (FaultKind.quotation_mark, FaultKind.quotation_mark_missing):
        return _identity(_damaged(buffer, broken, kind), id_property, _INSIDE)
    if name in broken.members:
        return _before(buffer, broken, id_property)
    token = _at_fault(buffer, broken, name) or _after(buffer, broken, name)
    caution = _INSIDE if name == broken.property else _AFTER
    return _identity(text_of(token), id_property, caution) if token is not None else None


def _before(buffer: Buffer, broken: BrokenRecord, id_property: IdProperty) -> Identity | None:
    """Return the complete ID before the fault, if there is no other after it."""
    name = id_property.name
    token = broken.members[name]
    if any(other != token for other in _all_after(buffer, broken, name)):
        return None
    end = broken.value_end
    # Otherwise, the quotation mark before ``end`` may be part of the text.
    if broken.error is None or name != broken.property or end is None or _ENDED.match(buffer, end):
        return _identity(text_of(token), id_property)
    return None if _CUT.match(buffer, end) else _identity(text_of(token), id_property, MAY_CONTINUE)


def _identity(text: str | None, id_property: IdProperty, caution: str = "") -> Identity | None:
    if not text:
        return None
    return Identity(text, id_property.name, id_property.because, not id_property.certain, caution)


def _damaged(buffer: Buffer, broken: BrokenRecord, kind: FaultKind) -> str | None:
    """Return the likely text of an ID with an extra or missing quotation mark."""
    if kind is FaultKind.quotation_mark:
        found = _TO_ITS_END.match(buffer, broken.value_at, broken.end)
        # A text with a name in it is more than the ID.
        return found[2].decode("utf-8", "replace") if found and not _A_NAME.search(found[2]) else None
    # It was read up to the next name's quotation mark: the comma and brackets before that aren't part of the ID.
    token = broken.members.get(broken.property or "")
    text = text_of(token) if token else None
    return text.rstrip(" \t\r\n,{}[]") if text else None


def _at_fault(buffer: Buffer, broken: BrokenRecord, name: str) -> bytes | None:
    """Return the raw value with the fault, if that is a backslash that isn't escaped."""
    if broken.property != name:
        return None
    member = _MEMBER.match(b",n:" + bytes(buffer[broken.value_at : broken.end]), 1)
    return doubled(bytes(member["value"]))[0] if member else None


def _after(buffer: Buffer, broken: BrokenRecord, name: str) -> bytes | None:
    """Return the raw value of a member after the fault, if exactly one in the record looks like it.

    It is unknown what is inside a text after a fault.
    """
    values = _all_after(buffer, broken, name)
    return values[0] if len(values) == 1 else None


def _all_after(buffer: Buffer, broken: BrokenRecord, name: str) -> list[bytes]:
    """Return the raw values of everything that looks like the member, from the last member on."""
    window = bytes(buffer[broken.value_at : broken.end])
    return [
        doubled(bytes(member["value"]))[0]
        for place in _EACH_PLACE.finditer(window)
        if (member := _MEMBER.match(window, place.end())) and name_of(member["name"]) == name
    ]
