"""A walk through the whole records of a source file, up to the first fault or the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.source.model import GrammarError
from analyzer.source.reader.records import records_of

if TYPE_CHECKING:
    from analyzer.source.reader.json_text import Buffer
    from analyzer.source.reader.records import Record

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
