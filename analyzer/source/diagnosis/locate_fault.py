"""Locate a fault in a source file, valid JSON or not: the record, its user, and the fault.

A place reported by the service is confirmed if our reader stops in the same record. The exact meaning of its position
is inferred (``docs/reference/facts.md``), so a difference of a few characters is ignored.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.model.text import count
from analyzer.source.diagnosis.broken_record import (
    BETWEEN,
    MAY_CONTINUE,
    id_property_by,
    identity_in,
    identity_in_broken,
    read_broken,
    record_has_ended,
    without_beginning,
)
from analyzer.source.id_property import IdProperty
from analyzer.source.model import Certainty, Fault, FaultKind, FaultLocation, GrammarError, ReportedPlace, Trouble
from analyzer.source.reader.fault import NOT_KNOWN, NOTHING_WRONG, fault_of
from analyzer.source.reader.json_text import excerpt, offset_of, opened, position
from analyzer.source.reader.records import records_of
from analyzer.source.reader.tolerant import skip_blank

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from analyzer.source.diagnosis.broken_record import BrokenRecord
    from analyzer.source.model import Identity
    from analyzer.source.reader.json_text import Buffer
    from analyzer.source.reader.tolerant import Record

_NEAR = 8
"""Tolerance of a position in bytes."""
_BACK = 1 << 16
_SAMPLE = 200
"""Valid records from which the ID property is inferred."""
_RECORD_BEGINS = re.compile(rb"""(?<=[}\[])\s*+,?\s*+(?=\{\s*+["'}])""")
_NESTED = (b"{", b"[")
_OF_FILE = frozenset({Trouble.unclosed, Trouble.brackets})
"""Faults of the file, with only valid records."""
_NO_PLACE = ReportedPlace("", None, None, None, None)
_NO_PLACE_REPORTED = "the log's message names no place; this is the first fault in the source file"
_OTHER_FAULT = "the log's message reports another fault"


def locate(path: Path, place: ReportedPlace | None, id_property: str | None = None) -> FaultLocation | None:
    """Locate the fault at a place that the service reported.

    Args:
        path: the source file; need not be valid JSON.
        place: the place in the message; None for the first fault that our reader finds.
        id_property: name of the ID property; None to infer it from the valid records.

    Returns:
        The location; None if there is neither a place nor a fault.

    Raises:
        InputError: the file can't be read.
    """
    with opened(path) as buffer:
        wanted, target = place or _NO_PLACE, None
        if wanted.line is not None and wanted.position is not None:
            target = offset_of(buffer, max(1, wanted.line), wanted.position)
        locator = _Locator(buffer, _walk(buffer, wanted, target), target, id_property)
        if place is None:
            return locator.at_fault(None) if locator.walk.error else None
        return locator.at_fault(place) if locator.confirms(place.record) else locator.at_record(place)


@dataclass(slots=True)
class _Walk:
    """Results of reading the records of a source file up to the first fault or the end.

    Attributes:
        records: number of valid records before the fault.
        sample: the first of them.
        last: the last of them.
        wanted: the one that the service reported.
        holding: number of the one at the target offset, from 1.
        multi_values: number of records with a list or an object in the reported property.
        error: the fault; None if the file is valid.
    """

    records: int = 0
    sample: list[Record] = field(default_factory=list)
    last: Record | None = None
    wanted: Record | None = None
    holding: int | None = None
    multi_values: int = 0
    error: GrammarError | None = None

    @property
    def between_records(self) -> bool:
        """Whether the fault is outside of records: between two, or at something that isn't a record."""
        return self.error is not None and (self.error.record is None or self.error.offset == self.error.start)


def _walk(buffer: Buffer, place: ReportedPlace, target: int | None) -> _Walk:
    walked, name = _Walk(), place.property
    try:
        for number, record in enumerate(records_of(buffer), 1):
            walked.records, walked.last = number, record
            if number <= _SAMPLE:
                walked.sample.append(record)
            if number == place.record:
                walked.wanted = record
            if name is not None and bytes(record.members.get(name, b""))[:1] in _NESTED:
                walked.multi_values += 1
            if target is not None and record.offset <= target <= record.offset + len(record.raw):
                walked.holding = number
    except GrammarError as error:
        walked.error = error
    return walked


@dataclass(frozen=True, slots=True)
class _Whereabouts:
    """A record, its ID and property, as in ``FaultLocation``."""

    record: int | None
    after: bool = False
    identity: Identity | None = None
    property: str | None = None


class _Locator:
    """Locates one place in a file that was read."""

    def __init__(self, buffer: Buffer, walk: _Walk, target: int | None, id_property: str | None) -> None:
        self._buffer = buffer
        self.walk = walk
        self._target = target
        self._known = IdProperty(id_property, "you specified it", certain=True) if id_property else None

    def confirms(self, record: int | None) -> bool:
        """Return whether our reader stops at the record at which the service reports that it stopped."""
        error, whole = self.walk.error, self.walk.records
        if error is None:
            return False
        if record is None:
            return self.walk.between_records
        # Between two records, the service may report either record.
        return record == whole + 1 or (self.walk.between_records and record == whole)

    def at_fault(self, place: ReportedPlace | None) -> FaultLocation:
        """Locate the fault at which our reader stops, with remarks if the service may have stopped elsewhere."""
        error = self.walk.error
        assert error is not None  # noqa: S101 - callers check this
        fault = fault_of(self._buffer, error)
        if self.walk.between_records or error.start is None:
            where = self._between(error, place.record if place else None)
            begin, end = sorted((error.offset, error.offset if error.stopped is None else error.stopped))
        else:
            broken = read_broken(self._buffer, error.start)
            identity = identity_in_broken(self._buffer, broken, fault.kind, self._id_property(broken))
            where = _Whereabouts(error.record, identity=identity, property=broken.property)
            begin, end = error.start, broken.end
        if place is None:
            return self._location(where, error.offset, fault, Certainty.likely, _NO_PLACE_REPORTED)
        if error.trouble is Trouble.endless:
            # The service reports a string without an end at the end of the file.
            begin, end = error.offset, len(self._buffer)
        reach = range(begin - _NEAR, end + _NEAR + 1)
        remarks = tuple(_doubts(place, self._target, where, error, reach))
        return self._location(where, error.offset, fault, _certainty(remarks), *remarks)

    def at_record(self, place: ReportedPlace) -> FaultLocation:
        """Locate the reported record, in which our reader finds no fault."""
        remark, record = self._disagreement(), self.walk.wanted
        if record is not None:
            identity = identity_in(record, self._id_property())
            where = _Whereabouts(place.record, identity=identity, property=place.property)
            inside = self._target is not None and self.walk.holding == place.record
            offset = self._target if inside and self._target is not None else record.offset
            nested = _nested(record, place.property, self.walk.multi_values)
            if nested is not None and inside:
                remarks = (_OTHER_FAULT,) if place.escape else ()
                return self._location(where, offset, nested, _certainty(remarks), *remarks)
            fault = nested or NOTHING_WRONG
            if inside or self._target is None:
                return self._location(where, offset, fault, Certainty.likely, remark)
            elsewhere = "the position in the log's message isn't in this record"
            return self._location(where, offset, fault, Certainty.unsure, elsewhere, remark)
        if place.record is not None and self.walk.error is None:
            remark = f"the source file has only {count(self.walk.records, 'record')}"
        return self._by_position(place, remark)

    def _by_position(self, place: ReportedPlace, remark: str) -> FaultLocation:
        """Locate the reported position, if records could not be counted up to it."""
        where, fault = _Whereabouts(place.record, property=place.property), NOT_KNOWN
        offset = len(self._buffer) if self._target is None else self._target
        start = _record_before(self._buffer, offset) if self.walk.error and place.record else None
        if start is not None:
            broken = read_broken(self._buffer, start)
            fault = fault_of(self._buffer, broken.error) if broken.error else NOTHING_WRONG
            identity = identity_in_broken(self._buffer, broken, fault.kind, self._id_property(broken))
            where = dataclasses.replace(where, identity=identity)
            offset = broken.error.offset if broken.error else offset
        return self._location(where, offset, fault, Certainty.unsure, remark)

    def _between(self, error: GrammarError, reported: int | None) -> _Whereabouts:
        """Return the record next to a fault outside of records.

        It is the next record if the service reports that, else the last valid one, or none if the fault does not
        follow a record.
        """
        if error.trouble in _OF_FILE:
            return _Whereabouts(None)
        last = self.walk.last
        end = last.offset + len(last.raw) if last else None
        in_list = _follows_record(self._buffer, error, end)
        if reported == self.walk.records + 1 and in_list:
            broken = without_beginning(self._buffer, error.offset - 1 if end is None else end, error)
            return _Whereabouts(reported, identity=identity_in_broken(self._buffer, broken, None, self._id_property()))
        if last is None or not in_list:
            return _Whereabouts(None)
        # After a comma, the fault may be the next record's; else it may be this one's, ended by a bracket in a text.
        sure = error.start is None and record_has_ended(self._buffer, error.offset)
        identity = identity_in(last, self._id_property(), "" if sure else BETWEEN)
        return _Whereabouts(self.walk.records, after=True, identity=identity)

    def _disagreement(self) -> str:
        """Return a remark on the difference between the reported place and our reader's result."""
        error = self.walk.error
        if error is None:
            return "our reader finds no fault in the source file: it was corrected, or it is not what the job read"
        where = f"record {self.walk.records + 1:,}"
        if self.walk.between_records:
            where = f"the text after record {self.walk.records:,}" if self.walk.records else "the beginning"
        words = fault_of(self._buffer, error).words
        return f"the first fault that our reader finds is in {where} ({words}): it may not be what the job read"

    def _id_property(self, broken: BrokenRecord | None = None) -> IdProperty:
        return self._known or id_property_by(self._buffer, self.walk.sample, broken)

    def _location(
        self, where: _Whereabouts, offset: int, fault: Fault, sure: Certainty, *remarks: str
    ) -> FaultLocation:
        line, column = position(self._buffer, offset)
        return FaultLocation(
            record=where.record,
            after=where.after,
            identity=where.identity,
            property=where.property,
            line=line,
            column=column,
            excerpt=excerpt(self._buffer, offset),
            fault=fault,
            sure=sure,
            remarks=remarks,
        )


def _certainty(doubts: tuple[str, ...]) -> Certainty:
    return Certainty.likely if doubts else Certainty.sure


def _doubts(
    place: ReportedPlace, target: int | None, where: _Whereabouts, error: GrammarError, reach: range
) -> Iterator[str]:
    """Yield remarks on differences between the reported place and the fault.

    Args:
        place: the reported place, with a record that fits.
        target: the offset of its line and position; None if the file is shorter.
        where: the record of the fault.
        error: the fault.
        reach: offsets that count as the same place.
    """
    if place.line is None or place.position is None:
        yield "the log's message names no position: it was cut off, or has another form"
    elif target is None or target not in reach:
        yield "the position in the log's message is elsewhere in the file"
    if place.property is not None and place.property != where.property:
        yield f"the log's message names {place.property}, and our reader's first fault is elsewhere"
    if place.escape is not None and place.escape is not (error.trouble is Trouble.escape):
        yield _OTHER_FAULT
    caution = where.identity.caution if where.identity else ""
    if caution == MAY_CONTINUE:
        yield "the fault is directly after the ID"
    if caution == BETWEEN:
        yield "the fault is between two records"


def _nested(record: Record, name: str | None, number: int) -> Fault | None:
    """Return the fault of a list or an object as a property's value; ``number`` is the number of such records."""
    token = bytes(record.members.get(name or "", b""))
    if token[:1] not in _NESTED:
        return None
    records = count(number, "record has", "records have")
    words = f"a list or an object as a value, and an import takes no multi-value property; {records} one in {name}"
    return Fault(FaultKind.nested_value, words)


def _record_before(buffer: Buffer, offset: int) -> int | None:
    """Return the likely start of the record at an offset."""
    start = None
    for border in _RECORD_BEGINS.finditer(buffer, max(0, offset - _BACK), min(offset + 1, len(buffer))):
        start = border.end()
    return start


def _follows_record(buffer: Buffer, error: GrammarError, end: int | None) -> bool:
    """Return whether the fault follows a record that ends at ``end``, or is at the start of a record."""
    if error.start is not None:
        return True
    return end is not None and error.trouble is not Trouble.no_format and skip_blank(buffer, end) >= error.offset
