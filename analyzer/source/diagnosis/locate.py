"""What stands at a place of a source file, also where it isn't valid JSON: which record, whose, and what is wrong.

The place is what the service's message names. It counts as confirmed where our own reader has to stop in the same
record; what the position means to a few characters is inferred (``docs/reference/facts.md``), so nothing hangs on them.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.model.text import count
from analyzer.source.diagnosis.broken import (
    BETWEEN,
    MAY_GO_ON,
    id_property_by,
    identity_in,
    identity_in_broken,
    read_broken,
    record_has_ended,
    without_beginning,
)
from analyzer.source.id_property import IdProperty
from analyzer.source.model import GrammarError, Place, Spot, Sure, Trouble
from analyzer.source.reader.fault import NOT_KNOWN, NOTHING_WRONG, Fault, FaultKind, fault_of
from analyzer.source.reader.json_text import excerpt, offset_of, opened, position
from analyzer.source.reader.records import records_of
from analyzer.source.reader.tolerant import skip_blank

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from analyzer.source.diagnosis.broken import Broken, Identity
    from analyzer.source.reader.json_text import Buffer
    from analyzer.source.reader.tolerant import Record


_NEAR = 8
"""Bytes by which a position may be off and still be the same place."""
_BACK = 1 << 16
_RECORD_BEGINS = re.compile(rb"""(?<=[}\[])\s*+,?\s*+(?=\{\s*+["'}])""")
_NO_PLACE = Place("", None, None, None, None)
_UNNAMED = "the log's message names no place; this is the first fault in the source file"


def locate(path: Path, place: Place | None, id_property: str | None = None) -> Spot | None:
    """Looks up a place that the service named.

    Args:
        path: the source file; need not be JSON.
        place: as the message names it; None where it names none, for the first fault that our reader finds.
        id_property: the name of the id property; None to tell it by the look of the whole records.

    Returns:
        None where there is neither a place nor a fault.

    Raises:
        InputError: the file cannot be read.
    """
    with opened(path) as buffer:
        wanted, target = place or _NO_PLACE, None
        if wanted.line is not None and wanted.position is not None:
            target = offset_of(buffer, max(1, wanted.line), wanted.position)
        walked = walk(buffer, wanted.record, target, wanted.property)
        looker = _Looker(buffer, walked, target, id_property)
        if place is None:
            return looker.at_fault(None) if walked.error else None
        return looker.at_fault(place) if looker.confirms(place.record) else looker.at_record(place)


class _Looker:
    """Looks at one place; what a walk through the file brought is known."""

    def __init__(self, buffer: Buffer, walked: Walk, target: int | None, id_property: str | None) -> None:
        self._buffer = buffer
        self._walk = walked
        self._target = target
        self._known = IdProperty(id_property, "you said so", certain=True) if id_property else None

    def confirms(self, record: int | None) -> bool:
        """Whether our reader has to stop where a path that names this record says that the service did."""
        error, whole = self._walk.error, self._walk.records
        if error is None:
            return False
        if record is None:
            return self._walk.behind
        # Between two records the service has counted the first one or, where it took a value for one, the second.
        return record == whole + 1 or (self._walk.behind and record == whole)

    def at_fault(self, place: Place | None) -> Spot:
        """The place where our reader has to stop; that is where the service did, unless there are doubts."""
        error = self._walk.error
        assert error is not None  # noqa: S101 - asked only when the walk ended so
        fault = fault_of(self._buffer, error)
        if self._walk.behind or error.start is None:
            named = place.record if place else None
            where = between(self._buffer, self._walk, error, named, self._id_property())
            begin, end = sorted((error.offset, error.offset if error.stopped is None else error.stopped))
        else:
            broken = read_broken(self._buffer, error.start)
            identity = identity_in_broken(self._buffer, broken, fault.kind, self._id_property(broken))
            where = Where(error.record, identity=identity, property=broken.property)
            begin, end = error.start, broken.end
        if place is None:
            return self._spot(where, error.offset, fault, Sure.likely, _UNNAMED)
        if error.trouble is Trouble.endless:
            # The service notices that a text has no end where the file ends.
            begin, end = error.offset, len(self._buffer)
        reach = range(begin - _NEAR, end + _NEAR + 1)
        remarks = tuple(doubts(place, self._target, where, error, reach))
        return self._spot(where, error.offset, fault, Sure.likely if remarks else Sure.sure, *remarks)

    def at_record(self, place: Place) -> Spot:
        """The record that a path names, where our reader does not have to stop in it."""
        remark, record = self._disagreement(), self._walk.wanted
        if record is not None:
            where = Where(place.record, identity=self._whose(record), property=place.property)
            inside = self._target is not None and self._walk.holding == place.record
            offset = self._target if inside and self._target is not None else record.offset
            nested = _nested(record, place.property, self._walk.multi_values)
            if nested is not None and inside:
                remarks = (OTHER_FAULT,) if place.escape else ()
                return self._spot(where, offset, nested, Sure.likely if remarks else Sure.sure, *remarks)
            fault = nested or NOTHING_WRONG
            if inside or self._target is None:
                return self._spot(where, offset, fault, Sure.likely, remark)
            elsewhere = "the position in the log's message does not stand in this record"
            return self._spot(where, offset, fault, Sure.unsure, elsewhere, remark)
        if place.record is not None and self._walk.error is None:
            remark = f"the source file has only {count(self._walk.records, 'record')}"
        return self._by_position(place, remark)

    def _by_position(self, place: Place, remark: str) -> Spot:
        """What stands at the position, where records could not be counted up to there."""
        where, fault = Where(place.record, property=place.property), NOT_KNOWN
        offset = len(self._buffer) if self._target is None else self._target
        start = _record_before(self._buffer, offset) if self._walk.error and place.record else None
        if start is not None:
            broken = read_broken(self._buffer, start)
            fault = fault_of(self._buffer, broken.error) if broken.error else NOTHING_WRONG
            identity = identity_in_broken(self._buffer, broken, fault.kind, self._id_property(broken))
            where = dataclasses.replace(where, identity=identity)
            offset = broken.error.offset if broken.error else offset
        return self._spot(where, offset, fault, Sure.unsure, remark)

    def _disagreement(self) -> str:
        """Why the service's place is doubted, by what our reader found."""
        error = self._walk.error
        if error is None:
            return "our reader finds no fault in the source file: it was corrected, or it is not what the job read"
        where = f"record {self._walk.records + 1:,}"
        if self._walk.behind:
            where = f"the text after record {self._walk.records:,}" if self._walk.records else "the beginning"
        words = fault_of(self._buffer, error).words
        return f"the first fault that our reader finds is in {where} ({words}): it may not be what the job read"

    def _id_property(self, broken: Broken | None = None) -> IdProperty:
        return self._known or id_property_by(self._buffer, self._walk.sample, broken)

    def _whose(self, record: Record) -> Identity | None:
        return identity_in(record, self._id_property())

    def _spot(self, where: Where, offset: int, fault: Fault, sure: Sure, *remarks: str) -> Spot:
        line, column = position(self._buffer, offset)
        return Spot(
            record=where.record,
            behind=where.behind,
            identity=where.identity,
            property=where.property,
            line=line,
            column=column,
            excerpt=excerpt(self._buffer, offset),
            fault=fault,
            sure=sure,
            remarks=remarks,
        )


def _nested(record: Record, name: str | None, number: int) -> Fault | None:
    """A list or an object as the property's value; ``number`` records have one."""
    token = bytes(record.members.get(name or "", b""))
    if token[:1] not in (b"{", b"["):
        return None
    records = count(number, "record has", "records have")
    words = f"a list or an object as a value, and an import takes no multi-value property; {records} one in {name}"
    return Fault(FaultKind.nested_value, words)


def _record_before(buffer: Buffer, offset: int) -> int | None:
    """Where the record seems to begin in which an offset lies."""
    start = None
    for found in _RECORD_BEGINS.finditer(buffer, max(0, offset - _BACK), min(offset + 1, len(buffer))):
        start = found.end()
    return start


_OF_FILE = frozenset({Trouble.unclosed, Trouble.brackets})
"""Faults of no record: all records are whole."""


@dataclass(frozen=True, slots=True)
class Where:
    """Which record, whose, and which property, as in ``Spot``."""

    record: int | None
    behind: bool = False
    identity: Identity | None = None
    property: str | None = None


def between(buffer: Buffer, walk: Walk, error: GrammarError, named: int | None, id_property: IdProperty) -> Where:
    """The record beside a fault that is in none.

    Args:
        buffer: the source file.
        walk: through its records, which ended behind the last whole one.
        error: the fault.
        named: the record that the service names, from 1.
        id_property: which property holds the id.

    Returns:
        The next record, where the service names it; else behind the last one. No record where the fault does not
        follow on one.
    """
    if error.trouble in _OF_FILE:
        return Where(None)
    end = walk.last.offset + len(walk.last.raw) if walk.last else None
    if named == walk.records + 1 and _in_list(buffer, error, end):
        broken = without_beginning(buffer, error.offset - 1 if end is None else end, error)
        return Where(named, identity=identity_in_broken(buffer, broken, None, id_property))
    if walk.last is None or not _in_list(buffer, error, end):
        return Where(None)
    # Behind a comma it may be the next record's, and without one this one's that a bracket in a text has ended.
    sure = error.start is None and record_has_ended(buffer, error.offset)
    identity = identity_in(walk.last, id_property, "" if sure else BETWEEN)
    return Where(walk.records, behind=True, identity=identity)


def _in_list(buffer: Buffer, error: GrammarError, end: int | None) -> bool:
    """Whether the fault follows on a record, or stands where one should begin."""
    if error.start is not None:
        return True
    return end is not None and error.trouble is not Trouble.no_format and skip_blank(buffer, end) >= error.offset


OTHER_FAULT = "the log's message tells of another fault"


def doubts(place: Place, target: int | None, where: Where, error: GrammarError, reach: range) -> Iterator[str]:
    """Compares what the service says with what was found, as remarks; none where they agree.

    Args:
        place: as the service names it, a record that fits.
        target: the offset that its line and position mean; None where the file has none such.
        where: what was found.
        error: the fault.
        reach: the offsets that are the same place.
    """
    if place.line is None or place.position is None:
        yield "the log's message names no position: it was cut off, or has another form"
    elif target is None or target not in reach:
        yield "the position in the log's message is elsewhere in the file"
    if place.property is not None and place.property != where.property:
        yield f"the log's message names {place.property}, and our reader's first fault is elsewhere"
    if place.escape is not None and place.escape is not (error.trouble is Trouble.escape):
        yield OTHER_FAULT
    caution = where.identity.caution if where.identity else ""
    if caution == MAY_GO_ON:
        yield "the fault is directly after the ID"
    if caution == BETWEEN:
        yield "the fault is between two records"


_SAMPLE = 200
"""Whole records by which the id property is told, where nobody named it."""

_NESTED = (b"{", b"[")


@dataclass(slots=True)
class Walk:
    """What a walk brought.

    Attributes:
        records: how many whole records there are before the fault.
        sample: the first of them.
        last: the last of them.
        wanted: the one that was asked for.
        holding: the number of the one in which the target lies, from 1.
        multi_values: in how many of them the property that was asked for holds a list or an object.
        error: the fault; None where the file is whole.
    """

    records: int = 0
    sample: list[Record] = field(default_factory=list)
    last: Record | None = None
    wanted: Record | None = None
    holding: int | None = None
    multi_values: int = 0
    error: GrammarError | None = None

    @property
    def behind(self) -> bool:
        """Whether the fault is in no record: between two, or where something else than one begins."""
        return self.error is not None and (self.error.record is None or self.error.offset == self.error.start)


def walk(buffer: Buffer, wanted: int | None, target: int | None, name: str | None = None) -> Walk:
    """Walks through the records.

    Args:
        buffer: the source file.
        wanted: the number of a record, from 1.
        target: an offset.
        name: of a property.
    """
    walked = Walk()
    try:
        for number, record in enumerate(records_of(buffer), 1):
            walked.records, walked.last = number, record
            if number <= _SAMPLE:
                walked.sample.append(record)
            if number == wanted:
                walked.wanted = record
            if name is not None and bytes(record.members.get(name, b""))[:1] in _NESTED:
                walked.multi_values += 1
            if target is not None and record.offset <= target <= record.offset + len(record.raw):
                walked.holding = number
    except GrammarError as error:
        walked.error = error
    return walked
