"""The records of a selection in the source file, even where that isn't valid JSON."""

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
from analyzer.source.reader.records import reading
from analyzer.source.reader.shape import shown_value
from analyzer.source.reader.tolerant import record_at
from analyzer.source.respell import doubled_in_record

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
    """The records of a selection, and what is beside them.

    Attributes:
        found: the selection's records.
        unmatched: what cannot be read, or is no record.
        repairs: what was corrected outside of records.
    """

    found: MatchedRecords
    unmatched: list[Mismatch] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)


def look_up(request: RetryRequest) -> LookupResult:
    """Find the selection's records.

    Raises:
        InputError: the source file cannot be read, or it and the log are not of one job.
        NotJsonError: it isn't valid JSON.
        NotImportFormatError: it is not in the import format. Where a job ran, the service read the list anyway, and
            values that are no records are only listed.
    """
    selection = request.selection
    wanted = None if selection.everybody else selection.identities.marks
    found = request.found or _found(request, wanted)
    if found is None:
        looked_up = _around_faults(request, wanted)
    else:
        looked_up = LookupResult(found)
        if found.other is not None:
            if selection.outcome is not Outcome.partial and not request.options.reads_around_faults:
                raise found.other
            looked_up.unmatched += _no_records(request.source, found)
    if selection.everybody and request.named and not request.options.force:
        marks = set(map(mark_of, request.named))
        if marks.isdisjoint(looked_up.found.spans.marks):
            where = f" in {request.id_property.name!r}" if request.id_property.name else ""
            raise InputError(
                f"no record of {request.source} has one of the IDs in the log{where}",
                "Check that source and log belong to the same job, and --id-property; --force takes them all the same.",
            )
    return looked_up


def everybody(request: RetryRequest) -> Spans:
    """Find all records of the source file.

    Raises:
        InputError: the source file cannot be read.
        NotJsonError: it isn't valid JSON, and is not read around its faults.
    """
    found = _found(request, None)
    return (found or _around_faults(request, None).found).spans


def _found(request: RetryRequest, wanted: Mapping[str, int] | None) -> MatchedRecords | None:
    """Find records without any tolerance for faults; None where there are faults that are to be read around.

    A file without faults is read so whatever the options: where nothing is wrong, nothing is doubtful.
    """
    try:
        return find_records(request.source, request.id_property.name, wanted)
    except SourceFormatError:
        if not request.options.reads_around_faults:
            raise
        return None


def _around_faults(request: RetryRequest, wanted: Mapping[str, int] | None) -> LookupResult:
    from analyzer.source.salvage.read import Corrected, Lines, Unreadable, salvage_of

    spans = Spans()
    looked_up = LookupResult(MatchedRecords(0, spans))
    name = request.id_property.name
    records = 0
    with opened(request.source) as buffer:
        lines = Lines(buffer)
        for item in salvage_of(buffer, repair=request.options.repair):
            if isinstance(item, Corrected):
                if request.options.repair:
                    looked_up.repairs.append(Repair(None, "", item.kind, item.before, item.after))
                continue
            records += 1
            if isinstance(item, Unreadable):
                looked_up.unmatched += _listed(item, name, lines, wanted)
                continue
            mark = mark_in(wanted, identity_key(item.text(name) or ""))
            if mark is not None:
                spans.add(item.offset, item.offset + len(item.raw), item.position, mark)
    looked_up.found = MatchedRecords(records, spans)
    return looked_up


def _no_records(source: Path, found: MatchedRecords) -> list[Mismatch]:
    """List the values in the list that are no records, one row for equal ones."""
    places: dict[str, list[int]] = {}
    with reading(source) as buffer:
        for position, offset in zip(found.others, found.other_offsets, strict=True):
            places.setdefault(shown_value(buffer, offset), []).append(position)
    return [Mismatch("", Reason.no_record, shown_places(where), shown, len(where)) for shown, where in places.items()]


def _listed(item: Unreadable, name: str, lines: Lines, wanted: Mapping[str, int] | None) -> list[Mismatch]:
    """List an unreadable record, unless it is of a user who is not wanted, and the users that follow in the same part.

    After a fault, what cannot be read may contain further records.
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


def repeated(marks: NDArray[np.int64], chosen: NDArray[np.bool_], records: Records) -> dict[str, list[int]]:
    """Return the numbers of the chosen records of users who have several, by the user's key."""
    ordered = marks[chosen]
    ordered.sort()
    several = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(several):
        return {}
    users: dict[str, list[int]] = {}
    for number in np.flatnonzero(chosen & (marks != NO_ID) & np.isin(marks, several)).tolist():
        users.setdefault(identity_key(records.identity(number)), []).append(number)
    return {key: numbers for key, numbers in users.items() if len(numbers) > 1}


def places(spans: Spans, numbers: list[int]) -> str:
    """Write the records' places in the source, from 1."""
    return ", ".join(str(spans.positions[number] + 1) for number in numbers)


class Records:
    """The records of an open source file, by their number among spans."""

    def __init__(self, buffer: Buffer, spans: Spans, id_property: str) -> None:
        """Take a file, the spans of its records, and the name of the property with their IDs."""
        self._buffer = buffer
        self._spans = spans
        self.id_property = id_property

    def raw(self, number: int) -> bytes:
        """Return a record's bytes."""
        return bytes(self._buffer[self._spans.starts[number] : self._spans.ends[number]])

    def identity(self, number: int) -> str:
        """Return a record's ID; empty where it has none."""
        raw = self.raw(number)
        try:
            record, _ = record_at(raw, 0, 0)
        except GrammarError:  # one that can be repaired
            record, _ = record_at(doubled_in_record(raw)[0], 0, 0)
        return record.text(self.id_property) or ""
