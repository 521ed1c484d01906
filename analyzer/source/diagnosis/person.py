"""Whose record it is that cannot be read: its id, and how we know it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from analyzer.source.diagnosis.beside import has_ended, seems_cut
from analyzer.source.identity.looks import IdProperty, by_a_few
from analyzer.source.reader.broken import all_beyond, read_beyond, read_broken
from analyzer.source.reader.fault import FaultKind
from analyzer.source.reader.records import Record, text_of
from analyzer.source.reader.tolerant import skip_blank

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analyzer.source.reader.broken import Broken
    from analyzer.source.reader.json_text import Buffer

MAY_GO_ON = "the ID may go on after the fault"
BETWEEN = "whether the fault is this record's or the next one's, is not known"
_INSIDE = "the fault is in the id itself"
_BEHIND = "the ID was read after the fault"
_ENOUGH = 20
"""Whole records by which the id property is told without those behind the fault."""

# "O"Hara@contoso.com", as far as the quotation mark that a comma or a bracket follows
_TO_ITS_END = re.compile(rb"""(["'])([^\r\n]{0,500}?)\1\s*+(?=[,}])""")
_A_NAME = re.compile(rb"""["']\s*+:""")


@dataclass(frozen=True, slots=True)
class Identity:
    """The id in a record.

    Attributes:
        text: as the source file spells it.
        property: the id property.
        because: how the id property is known, a clause.
        inferred: whether nobody named the id property.
        caution: why the id is not as sure as one of a whole record, a clause; empty where it is.
    """

    text: str
    property: str
    because: str
    inferred: bool
    caution: str = ""


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
