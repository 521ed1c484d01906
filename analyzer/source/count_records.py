"""Count records, values and damage of a source file."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from analyzer.model.service import GUID
from analyzer.source.damaged_values import DamageFinder, may_be_damaged
from analyzer.source.id_property import name_by_looks
from analyzer.source.reader.chunk import ChunkDecoder, members_of
from analyzer.source.reader.json_text import UTF_16, SourceFormatError, after_mark, recoded_from
from analyzer.source.reader.records import read_records, reading, records_of
from analyzer.source.scan import CHUNK, end_of_chunk, first_records
from analyzer.storage.files import cannot_read

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.source.damaged_values import Damage
    from analyzer.source.reader.json_text import Buffer
    from analyzer.source.reader.tolerant import Record

_FIRST = 200
"""Records from which the ID property is inferred."""


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """Counts of a source file.

    Attributes:
        source_bytes: size in bytes.
        users: number of records.
        property_values: number of values, without the IDs.
        guid_ids: whether the first record has a Guid, so that a Guid in the log may be a user's ID.
        without_id: number of records with a missing, null or blank ID; None if no property has values like IDs.
        damage: wrong values that an import writes without an error.
    """

    source_bytes: int
    users: int
    property_values: int
    guid_ids: bool = False
    without_id: int | None = None
    damage: tuple[Damage, ...] = ()


def measure(path: Path) -> SourceCounts:
    """Count a source file.

    Assumes that one property of each record is the ID, which need not be known.

    Raises:
        InputError: the file cannot be read.
        SourceFormatError: it isn't valid JSON, or not in the import format; an ``InputError`` too.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise cannot_read(path, error) from error
    with reading(path) as buffer:
        first = list(first_records(buffer, _FIRST))
        marked = after_mark(buffer) > 0 or recoded_from(path) == UTF_16
        counting = _Counting(buffer, name_by_looks(first), marked=marked)
        for record in records_of(buffer, others=True, taker=counting.take):
            counting.add(record)
    guid_ids = bool(first) and _has_guid(first[0])
    without_id = counting.without_id if counting.id_property else None
    return SourceCounts(size, counting.users, counting.values, guid_ids, without_id, counting.finder.found)


class _Counting:
    """Counts the records of an open source file, in chunks if none needs a closer look."""

    def __init__(self, buffer: Buffer, id_property: str, *, marked: bool) -> None:
        self._buffer = buffer
        self._decoder = ChunkDecoder(id_property)
        self._one_by_one = 0
        self.id_property = id_property
        self.finder = DamageFinder(marked=marked, id_property=id_property)
        self.users = self.values = self.without_id = 0

    def take(self, at: int, position: int) -> tuple[int, int] | None:
        """Count a chunk of records; see ``reader.chunk`` for why a chunk that decodes is valid."""
        if at < self._one_by_one:
            return None
        border = end_of_chunk(self._buffer, at)
        if border is None:
            self._one_by_one = at + CHUNK
            return None
        chunk = bytes(self._buffer[at : border.end])
        members = None if may_be_damaged(chunk) else members_of(chunk)
        keys = self._decoder.keys(chunk) if members is not None else None
        if members is None or keys is None:
            self._one_by_one = border.start
            return None
        self.finder.check_mark(members, range(position, position + len(keys)), chunk)
        self.users += len(keys)
        self.values += sum(map(len, members)) - sum(map(bool, members))
        self.without_id += keys.count("")
        return len(keys), border.start

    def add(self, record: Record) -> None:
        """Count one record."""
        self.users += 1
        self.values += max(0, len(record.members) - 1)
        self.without_id += not _has_id(record, self.id_property)
        if self.finder.suspects(record.raw):
            self.finder.check(record)


def _has_id(record: Record, id_property: str) -> bool:
    token = record.members.get(id_property)
    if token is None:
        return False
    raw = bytes(token)
    # Most IDs begin with a letter or digit, which is visible without decoding.
    return (raw[:1] == b'"' and raw[1:2].isalnum()) or bool((record.text(id_property) or "").strip())


def has_guid_ids(path: Path) -> bool:
    """Return whether the first record has a Guid, so that a Guid in the log may be a user's ID.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        return any(_has_guid(record) for record in islice(read_records(path), 1))
    except SourceFormatError:
        return False  # reported when the whole file is read


def _has_guid(record: Record) -> bool:
    texts = (record.text(name) for name in record.members)
    return any(text is not None and GUID.fullmatch(text) is not None for text in texts)
