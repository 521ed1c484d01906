"""Walk through two versions of a file side by side: most of a feed's records are where they were, byte for byte.

The bytes of many records are compared at once. Bytes that are equal from the start of a record on, in both files, have
the same records, so the earlier file isn't decoded. Where they differ, single records are read until users match again.
If they don't within a few records, the files have another order, and the rest is left to a join.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analyzer.model.identity import identity_key
from analyzer.source.model import Spans, mark_of
from analyzer.source.reader.json_text import after_mark
from analyzer.source.reader.records import after_record, begin, finish
from analyzer.source.reader.tolerant import record_at, skip_blank
from analyzer.source.scan import Scanner, ScanState

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from analyzer.source.reader.json_text import Buffer

UNMATCHED, SAME, DIFFERENT = range(3)
"""What is known of a record: not yet paired with one of the same user, equal to it, or not."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far two files are looked at at once.

    Attributes:
        least: bytes that are compared at once where the files differ.
        most: likewise where they are equal.
        window: records of each file among which the same user is looked for.
    """

    least: int = 1 << 12
    most: int = 1 << 17
    window: int = 64


REACH = Reach()


@dataclass(frozen=True, slots=True)
class RecordTable:
    """Records of a file in order.

    Attributes:
        starts: offsets.
        ends: offsets.
        users: marks of the users (``mark_of``).
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    users: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts)

    @staticmethod
    def of(spans: Spans) -> RecordTable:
        """Take the records of spans, without copying them."""
        return RecordTable(*(np.frombuffer(column, np.int64) for column in (spans.starts, spans.ends, spans.marks)))


def first_record(buffer: Buffer) -> int:
    """Return the offset of the first record of an open file, or of the end of its list.

    Raises:
        GrammarError: the file isn't in the import format.
    """
    return skip_blank(buffer, begin(buffer, skip_blank(buffer, after_mark(buffer))) + 1)


def rest_of(buffer: Buffer, at: int, id_property: str, spans: Spans) -> RecordTable:
    """Add all records from an offset on to spans, and return the spans as a table.

    Raises:
        GrammarError: the file isn't what the service reads.
    """
    scanned = ScanState(at, spans=spans)
    Scanner(buffer, id_property, None).scan(scanned)
    finish(buffer, scanned.end + 1)
    del spans.positions[:]  # a fourth of the memory, and not needed
    return RecordTable.of(spans)


class _Old(NamedTuple):
    """A record of the earlier file: its user's mark, its offsets, its bytes, and the offset of what follows it."""

    user: int
    start: int
    end: int
    raw: bytes
    next: int


@dataclass
class SideBySide:
    """Pairs the records of a file with those of an earlier one.

    Attributes:
        new: the file.
        records: its records.
        old: the earlier file.
        id_property: of the earlier file.
        is_same: whether two records that differ in their bytes have the same values: the new one, and the old one.
        reach: how far they are looked at at once.
        states: of each record of the file.
        passed: records of the earlier file that were passed over.
    """

    new: Buffer
    records: RecordTable
    old: Buffer
    id_property: str
    is_same: Callable[[bytes, bytes], bool]
    reach: Reach = REACH
    passed: Spans = field(default_factory=Spans)

    def __post_init__(self) -> None:
        """Start with unmatched records."""
        self.states = np.zeros(len(self.records), np.int8)

    def pair(self) -> RecordTable:
        """Pair the records; return those of the earlier file that weren't paired.

        Raises:
            GrammarError: the earlier file isn't what the service reads.
        """
        at = first_record(self.old)
        number, size = 0, self.reach.least
        while number < len(self.records) and self.old[at : at + 1] == b"{":
            equal, until, at = self._equal(number, at, size)
            self.states[number:equal] = SAME
            is_longer, number = equal == number, equal
            if until == size and not (is_longer and size == self.reach.most):
                size = min(size * 2, self.reach.most)
            elif number < len(self.records) and self.old[at : at + 1] == b"{":
                size = max(self.reach.least, until)
                found = self._single(number, at)
                if found is None:
                    break
                number, at = found
        return rest_of(self.old, at, self.id_property, self.passed)

    def _equal(self, number: int, at: int, size: int) -> tuple[int, int, int]:
        """Compare bytes from a record of both files on.

        Returns:
            The first record that isn't whole in the equal bytes, how many bytes are equal, and where the earlier file
            has the record in its place, or the end of its list.
        """
        starts, ends = self.records.starts, self.records.ends
        start = int(starts[number])
        now, then = self.new[start : start + size], self.old[at : at + size]
        until = size if now == then and len(now) == size else _first_difference(now, then)
        first = number + int(ends[number : number + until].searchsorted(start + until, "right"))
        if first < len(starts) and (offset := int(starts[first]) - start) < until:
            return first, until, at + offset
        return first, until, after_record(self.old, at + int(ends[first - 1]) - start)

    def _single(self, number: int, at: int) -> tuple[int, int] | None:
        """Pair one record, the next one that both files have.

        Returns:
            The record after it, and the offset of that after it in the earlier file; None if there is none nearby.
        """
        users = self.records.users
        old = self._read(at)
        if old.user != users[number]:
            window = {
                user: index for index, user in enumerate(users[number : number + self.reach.window].tolist(), number)
            }
            skipped = []
            while old.user not in window:
                skipped.append(old)
                if len(skipped) == self.reach.window or self.old[old.next : old.next + 1] != b"{":
                    return None
                old = self._read(old.next)
            for one in skipped:
                self.passed.add(one.start, one.end, 0, one.user)
            number = window[old.user]
        raw = bytes(self.new[self.records.starts[number] : self.records.ends[number]])
        self.states[number] = SAME if raw == old.raw or self.is_same(raw, old.raw) else DIFFERENT
        return number + 1, old.next

    def _read(self, at: int) -> _Old:
        record, end = record_at(self.old, at, 0)
        user = mark_of(identity_key(record.text(self.id_property) or ""))
        return _Old(user, at, end, record.raw, after_record(self.old, end))


def _first_difference(one: bytes, other: bytes) -> int:
    """Return the index of the first byte in which two texts differ; the shorter length if there is none."""
    least = min(len(one), len(other))
    differ = np.frombuffer(one, np.uint8, least) != np.frombuffer(other, np.uint8, least)
    first = int(differ.argmax()) if least else 0
    return first if least and differ[first] else least
