"""Split a source file that is over the service's limits into parts, each a source file within them.

A part becomes a job of its own. The service refuses two records of one user within a file, and would write both if they
were in two files. All records of a user stay in one part, so that a split doesn't change what is written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analyzer.errors import UsageError
from analyzer.imports.record_file import EMPTY_FILE, LIMITS, Limits, RecordFile, blocks, raw_records
from analyzer.retry.writing.parts import BETWEEN
from analyzer.source.find import find_records
from analyzer.source.model import NO_ID
from analyzer.source.reader.records import reading
from analyzer.source.reader.tolerant import read_object
from analyzer.source.strict_json import strict_members_of
from analyzer.storage.file_set import FileSet
from analyzer.storage.files import check_unchanged, sha256_of, state_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from analyzer.source.model import Spans
    from analyzer.source.reader.json_text import Buffer

_CHANGED = "Wait until the feed has written it, and try again."


@dataclass(frozen=True, slots=True)
class SplitPart:
    """A file within the limits.

    Attributes:
        path: the file; the source file itself if that is within the limits.
        bytes: its length.
        sha256: of its content.
        records: number of records.
        users: number of distinct users; None if unknown.
        property_values: number of values, without IDs.
    """

    path: Path
    bytes: int
    sha256: str
    records: int
    users: int | None
    property_values: int


def split_file(
    source: Path, folder: Path, names: Iterator[str], id_property: str, limits: Limits = LIMITS
) -> list[SplitPart]:
    """Write the parts of a source file that is over the limits; a file within them isn't copied.

    Each record is in one part, byte for byte, and a part's records have the order of the source. Parts are as few as
    possible, and of about the same size. The same file always has the same parts. They are UTF-8 with a byte order
    mark, whatever the source is.

    Args:
        source: the file; ``check`` has read it as a whole.
        folder: for the parts; it is made if it is missing.
        names: gives a name for each part; none is taken for a file within the limits.
        id_property: the property with the IDs.
        limits: of each part.

    Raises:
        InputError: the source can't be read, or changes while it is read.
        OutputError: a part can't be written; there is none then.
        UsageError: the records of one user exceed the limits by themselves.
    """
    before = state_of(source)
    spans = find_records(source, id_property, None).spans
    with reading(source) as buffer:
        records = _Records.of(buffer, spans, id_property)
        total = int(records.values.sum())
        if before[1] <= limits.bytes and total <= limits.values:
            parts = [
                SplitPart(source, before[1], sha256_of(source), len(spans), _number_of_users(records.users), total)
            ]
        else:
            parts = _write(buffer, records, _parts_of(records, limits), folder, names)
    check_unchanged(source, before, _CHANGED)
    return parts


@dataclass(frozen=True, slots=True)
class _Records:
    """All records of a file in order.

    Attributes:
        starts, ends: offsets.
        values: number of values, without the ID.
        users: marks of the users; ``NO_ID`` without an ID.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    values: NDArray[np.int64]
    users: NDArray[np.int64]

    @staticmethod
    def of(buffer: Buffer, spans: Spans, id_property: str) -> _Records:
        """Count the values of the records of an open file."""
        starts, ends, users = (np.array(column, np.int64) for column in (spans.starts, spans.ends, spans.marks))
        values = np.empty(len(starts), np.int64)
        for at, end in blocks(ends - starts):
            raws = raw_records(buffer, starts[at:end], ends[at:end])
            members: Sequence[Mapping[str, object]] | None = strict_members_of(BETWEEN.join(raws))
            if members is None:
                members = [read_object(raw, 0).members for raw in raws]
            values[at:end] = [len(names) - (id_property in names) for names in members]
        return _Records(starts, ends, values, users)


def _parts_of(records: _Records, limits: Limits) -> list[NDArray[np.int64]]:
    """Return the indexes of each part's records, ascending.

    Raises:
        UsageError: the records of one user exceed the limits.
    """
    # All records of a user count where the first one is.
    first = np.arange(len(records.starts))
    with_id = np.flatnonzero(records.users != NO_ID)
    _, found, user = np.unique(records.users[with_id], return_index=True, return_inverse=True)
    first[with_id] = with_id[found[user]]
    records_of, weights = len(first), records.ends - records.starts + len(BETWEEN)
    lengths, values = (np.bincount(first, each, records_of).astype(np.int64) for each in (weights, records.values))
    room = Limits(limits.bytes - EMPTY_FILE + len(BETWEEN), limits.values)
    too_large = np.flatnonzero((lengths > room.bytes) | (values > room.values))
    if len(too_large):
        at = int(too_large[0])
        raise UsageError(
            f"record {at + 1:,} alone is over the service's limits: its user has {lengths[at]:,} bytes and"
            f" {values[at]:,} values",
            "Have the feed write fewer or shorter values for this user.",
        )
    part = _filled(lengths, values, room)
    number = int(part[-1]) + 1
    balanced = _filled(lengths, values, _even(lengths, values, room, number))
    if balanced[-1] < number:
        part = balanced
    return [np.flatnonzero(part[first] == one) for one in range(number)]


def _even(lengths: NDArray[np.int64], values: NDArray[np.int64], room: Limits, number: int) -> Limits:
    """Return limits for so many parts that are alike in the measure of which the file has most."""
    if lengths.sum() / room.bytes > values.sum() / room.values:
        return replace(room, bytes=min(room.bytes, -(-int(lengths.sum()) // number) + int(lengths.max())))
    return replace(room, values=min(room.values, -(-int(values.sum()) // number) + int(values.max())))


def _filled(lengths: NDArray[np.int64], values: NDArray[np.int64], room: Limits) -> NDArray[np.int64]:
    """Return the part of each record, from 0, if each part takes as many as it has room for."""
    part = np.empty(len(lengths), np.int64)
    sums = [(lengths.cumsum(), room.bytes), (values.cumsum(), room.values)]
    at = number = 0
    while at < len(part):
        ends = [until.searchsorted((until[at - 1] if at else 0) + most, "right") for until, most in sums]
        end = int(min(ends))
        part[at:end] = number
        at, number = end, number + 1
    return part


def _write(
    buffer: Buffer, records: _Records, parts: list[NDArray[np.int64]], folder: Path, names: Iterator[str]
) -> list[SplitPart]:
    """Write all parts or none.

    Raises:
        OutputError: one can't be written.
    """
    written: list[SplitPart] = []
    with FileSet() as files:
        for at in parts:
            path, file = folder / next(names), RecordFile()
            files.write(path, file.writer(buffer, records.starts[at], records.ends[at]))
            users, values = _number_of_users(records.users[at]), int(records.values[at].sum())
            written.append(SplitPart(path, file.length, file.digest, len(at), users, values))
        files.put_in_place([part.path for part in written])
    return written


def _number_of_users(users: NDArray[np.int64]) -> int:
    return len(np.unique(users[users != NO_ID]))
