"""Where records stand in a source file: a few numbers for each, as there may be millions."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

NO_ID = 0
"""The mark of a record without an id."""


def marks_of(keys: Iterable[str]) -> dict[str, int]:
    """Marks for the users with these keys: 1, 2, 3, …; an empty key is nobody's."""
    return {key: mark for mark, key in enumerate(filter(None, keys), start=1)}


def _numbers() -> array[int]:
    return array("q")


@dataclass(slots=True)
class Spans:
    """Records of a source file in their order: four numbers for each.

    Attributes:
        starts: where each record begins, in bytes of the file's UTF-8.
        ends: where it ends.
        positions: its place in the array, from 0.
        marks: what tells whose it is: equal for the records of one user, ``NO_ID`` for those of nobody.
    """

    starts: array[int] = field(default_factory=_numbers)
    ends: array[int] = field(default_factory=_numbers)
    positions: array[int] = field(default_factory=_numbers)
    marks: array[int] = field(default_factory=_numbers)

    def __len__(self) -> int:
        return len(self.starts)

    def add(self, start: int, end: int, position: int, mark: int) -> None:
        """Adds one record."""
        self.starts.append(start)
        self.ends.append(end)
        self.positions.append(position)
        self.marks.append(mark)

    def extend(self, others: Spans, *, records_before: int) -> None:
        """Adds records whose positions were counted from a later one on."""
        self.starts.extend(others.starts)
        self.ends.extend(others.ends)
        self.positions.extend(position + records_before for position in others.positions)
        self.marks.extend(others.marks)

    def columns(self) -> Iterable[array[int]]:
        """The numbers, attribute by attribute."""
        return self.starts, self.ends, self.positions, self.marks
