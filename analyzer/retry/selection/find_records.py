"""Find the records of a selection in the source file, even if it isn't valid JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from analyzer.errors import InputError
from analyzer.model.identity import identity_key
from analyzer.model.job import Outcome
from analyzer.retry.model import Mismatch, Reason, Repair, shown_places
from analyzer.source.find import MatchedRecords, find_records
from analyzer.source.model import NO_ID, GrammarError, Spans, Trouble, mark_in, mark_of
from analyzer.source.reader.json_text import SourceFormatError, opened
from analyzer.source.reader.other_formats import shown_value
from analyzer.source.reader.records import reading
from analyzer.source.reader.tolerant import record_at
from analyzer.source.strict_json import doubled_in_record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from analyzer.retry.model import RetryRequest
    from analyzer.source.reader.json_text import Buffer
    from analyzer.source.salvage.model import Unreadable
    from analyzer.source.salvage.read import Lines


_AFTER_A_FAULT = "it is in a part that begins with a fault and can't be read"


@dataclass(slots=True)
class LookupResult:
    """The records of a selection, and what else the source file contains.

    Attributes:
        found: the selection's records.
        unmatched: records that can't be read, and values that aren't records.
        repairs: repairs outside of records.
    """

    found: MatchedRecords
    unmatched: list[Mismatch] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)


def find_selected(request: RetryRequest) -> LookupResult:
    """Find the selection's records.

    Raises:
        InputError: the source file can't be read, or isn't of the same job as the log.
        NotJsonError: it isn't valid JSON.
        NotImportFormatError: it isn't in the import format. If the import ran, the service read the list anyway, and
            values that aren't records are only listed.
    """
    selection = request.selection
    wanted = None if selection.all_records else selection.identities.marks
    found = request.found or _find_strictly(request, wanted)
    if found is None:
        lookup = _find_around_faults(request, wanted)
    else:
        lookup = LookupResult(found)
        if found.other is not None:
            if selection.outcome is not Outcome.partial and not request.options.reads_around_faults:
                raise found.other
            lookup.unmatched += _no_records(request.source, found)
    if selection.all_records and request.named and not request.options.force:
        marks = set(map(mark_of, request.named))
        if marks.isdisjoint(lookup.found.spans.marks):
            where = f" in {request.id_property.name!r}" if request.id_property.name else ""
            raise InputError(
                f"no record of {request.source} has one of the IDs in the log{where}",
                "Check that source and log belong to the same job, and --id-property; --force skips this check.",
            )
    return lookup


def find_all(request: RetryRequest) -> Spans:
    """Find all records of the source file.

    Raises:
        InputError: the source file can't be read.
        NotJsonError: it isn't valid JSON, and isn't read around its faults.
    """
    found = _find_strictly(request, None)
    return (found or _find_around_faults(request, None).found).spans


def _find_strictly(request: RetryRequest, wanted: Mapping[str, int] | None) -> MatchedRecords | None:
    """Find records without tolerating faults; return None if there are faults and the options read around them."""
    try:
        return find_records(request.source, request.id_property.name, wanted)
    except SourceFormatError:
        if not request.options.reads_around_faults:
            raise
        return None


def _find_around_faults(request: RetryRequest, wanted: Mapping[str, int] | None) -> LookupResult:
    from analyzer.source.salvage.read import Corrected, Lines, Unreadable, salvage_of

    spans = Spans()
    lookup = LookupResult(MatchedRecords(0, spans))
    name = request.id_property.name
    records = 0
    with opened(request.source) as buffer:
        lines = Lines(buffer)
        for item in salvage_of(buffer, repair=request.options.repair):
            if isinstance(item, Corrected):
                if request.options.repair:
                    lookup.repairs.append(Repair(None, "", item.kind, item.before, item.after))
                continue
            records += 1
            if isinstance(item, Unreadable):
                lookup.unmatched += _list_unreadable(item, name, lines, wanted)
                continue
            mark = mark_in(wanted, identity_key(item.text(name) or ""))
            if mark is not None:
                spans.add(item.offset, item.offset + len(item.raw), item.position, mark)
    lookup.found = MatchedRecords(records, spans)
    return lookup


def _no_records(source: Path, found: MatchedRecords) -> list[Mismatch]:
    """List the values that aren't records, one row for equal ones."""
    places: dict[str, list[int]] = {}
    with reading(source) as buffer:
        for position, offset in zip(found.others, found.other_offsets, strict=True):
            places.setdefault(shown_value(buffer, offset), []).append(position)
    return [Mismatch("", Reason.no_record, shown_places(where), shown, len(where)) for shown, where in places.items()]


def _list_unreadable(item: Unreadable, name: str, lines: Lines, wanted: Mapping[str, int] | None) -> list[Mismatch]:
    """List an unreadable record, unless its user isn't wanted, and the other users in the part that can't be read.

    After a fault, that part may contain further records.
    """
    whose = item.identity(name) if name else None
    line, column = lines.at(item.offset)
    place = "" if item.position is None else str(item.position + 1)
    identity = whose.text if whose else ""
    key = identity_key(identity)
    keys = {identity_key(one): one for one in item.identities(name)} if name else {}
    further = [one for other, one in keys.items() if other and other != key and (wanted is None or other in wanted)]
    listed = [
        Mismatch(one, Reason.unreadable, "", f"line {line:,}, column {column:,}: {_AFTER_A_FAULT}") for one in further
    ]
    if wanted is not None and whose and not whose.caution and key not in wanted:
        return listed
    if item.error.trouble is Trouble.no_record and not keys:
        return [Mismatch("", Reason.no_record, place, item.words)]
    return [Mismatch(identity, Reason.unreadable, place, f"line {line:,}, column {column:,}: {item.words}"), *listed]


def marks_in(spans: Spans) -> NDArray[np.int64]:
    """Return the marks of records as an array, without a copy."""
    return np.frombuffer(spans.marks, np.int64) if len(spans) else np.zeros(0, np.int64)


def find_duplicates(marks: NDArray[np.int64], chosen: NDArray[np.bool_], records: Records) -> dict[str, list[int]]:
    """Return the numbers of the chosen records of users who have several, by user key."""
    ordered = marks[chosen]
    ordered.sort()
    several = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(several):
        return {}
    users: dict[str, list[int]] = {}
    for number in np.flatnonzero(chosen & (marks != NO_ID) & np.isin(marks, several)).tolist():
        users.setdefault(identity_key(records.identity(number)), []).append(number)
    return {key: numbers for key, numbers in users.items() if len(numbers) > 1}


def record_places(spans: Spans, numbers: list[int]) -> str:
    """Format the records' positions in the source, from 1."""
    return ", ".join(str(spans.positions[number] + 1) for number in numbers)


class Records:
    """The records of an open source file, by their number among spans."""

    def __init__(self, buffer: Buffer, spans: Spans, id_property: str) -> None:
        """Store the file, the spans of its records, and the name of the ID property."""
        self._buffer = buffer
        self._spans = spans
        self.id_property = id_property

    def raw(self, number: int) -> bytes:
        """Return a record's bytes."""
        return bytes(self._buffer[self._spans.starts[number] : self._spans.ends[number]])

    def identity(self, number: int) -> str:
        """Return a record's ID; empty if it has none."""
        raw = self.raw(number)
        try:
            record, _ = record_at(raw, 0, 0)
        except GrammarError:  # one that can be repaired
            record, _ = record_at(doubled_in_record(raw)[0], 0, 0)
        return record.text(self.id_property) or ""
