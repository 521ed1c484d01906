"""The users that a job is said to have updated, and a random sample of them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analyzer.source.batches import decoded
from analyzer.source.find import find_records
from analyzer.source.model import NO_ID, mark_of
from analyzer.source.reader.records import reading
from analyzer.source.reader.tolerant import record_at

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from analyzer.source.reader.tolerant import Record


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A user's record in a source file.

    Attributes:
        identity: the ID as written.
        values: by property, as JSON has them; without null, which changes nothing.
    """

    identity: str
    values: Mapping[str, object]

    @staticmethod
    def of(record: Record, id_property: str) -> SourceRecord:
        """Return the values of a record that was read."""
        values = {name: decoded(bytes(token)) for name, token in record.members.items()}
        given = {name: value for name, value in values.items() if value is not None}
        return SourceRecord(record.text(id_property) or "", given)


@dataclass(frozen=True, slots=True)
class UpdatedUsers:
    """The users that a job is said to have updated: those of its source file that its log doesn't name.

    Attributes:
        path: the source file.
        id_property: its ID property.
        starts: offset of each user's record in the file's UTF-8, in the file's order.
        duplicates: number of users with several records, who are left out: it is unknown which record was written.
    """

    path: Path
    id_property: str
    starts: NDArray[np.int64]
    duplicates: int

    @staticmethod
    def of(path: Path, id_property: str, failed: Collection[str]) -> UpdatedUsers:
        """Find the users of a source file.

        Args:
            path: the source file.
            id_property: its ID property.
            failed: keys (``identity_key``) of the users that the log names.

        Raises:
            InputError: it can't be read, or isn't valid.
        """
        spans = find_records(path, id_property, None).spans
        starts, marks = np.array(spans.starts, np.int64), np.array(spans.marks, np.int64)
        left_out = np.fromiter((NO_ID, *map(mark_of, failed)), np.int64)
        _, place, times = np.unique(marks, return_inverse=True, return_counts=True)
        is_single, is_updated = times[place] == 1, ~np.isin(marks, left_out)
        duplicates = len(np.unique(marks[is_updated & ~is_single]))
        return UpdatedUsers(path, id_property, starts[is_single & is_updated], duplicates)

    def __len__(self) -> int:
        """Return the number of users."""
        return len(self.starts)

    def sample(self, number: int | None, seed: int) -> Iterator[SourceRecord]:
        """Yield the records of a random sample in random order, so that its beginning is a random sample, too.

        Args:
            number: of users; None for all.
            seed: the same seed and file give the same sample.
        """
        size = len(self) if number is None else min(number, len(self))
        chosen = random.Random(seed).sample(range(len(self)), size)  # noqa: S311 - a sample, no secret
        with reading(self.path) as buffer:
            for index in chosen:
                record, _ = record_at(buffer, int(self.starts[index]), 0)
                yield SourceRecord.of(record, self.id_property)


def records_of_users(path: Path, id_property: str, wanted: Mapping[str, int]) -> Iterator[tuple[int, SourceRecord]]:
    """Yield the records of some users with their marks.

    Args:
        path: a source file.
        id_property: its ID property.
        wanted: marks of the users, from 1, by key (``identity_key``).

    Raises:
        InputError: it can't be read, or isn't valid.
    """
    spans = find_records(path, id_property, wanted).spans
    with reading(path) as buffer:
        for start, mark in zip(spans.starts, spans.marks, strict=True):
            yield mark, SourceRecord.of(record_at(buffer, start, 0)[0], id_property)
