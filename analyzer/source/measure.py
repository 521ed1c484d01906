"""How much a source file holds."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

from analyzer.facts import GUID
from analyzer.files import cannot_read
from analyzer.source.damage import DamageFinder
from analyzer.source.json_text import UTF_16, SourceFormatError, after_mark, recoded_from
from analyzer.source.looks import by_looks, columns_of
from analyzer.source.records import read_records, reading, records_of

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.source.damage import Damage
    from analyzer.source.records import Record

_FIRST = 1_000
"""Records by which the ID property is told."""


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """What a source file holds.

    Attributes:
        source_bytes: its size.
        users: its records.
        property_values: its values but the ids.
        guid_ids: whether the first record has a Guid, so that a Guid in the log can be a user's id.
        without_id: records whose ID is missing, null, or blank, in the property whose values look like IDs; None where
            no property has such values.
        damage: values that an import writes without an error, and that are wrong.
    """

    source_bytes: int
    users: int
    property_values: int
    guid_ids: bool = False
    without_id: int | None = None
    damage: tuple[Damage, ...] = ()


def measure(path: Path) -> SourceCounts:
    """Counts a source file.

    Every record is taken to spend one property on the id, so the id property need not be known.

    Raises:
        InputError: the file cannot be read.
        SourceFormatError: it isn't valid JSON, or not in the import format; an ``InputError`` too.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise cannot_read(path, error) from error
    users = values = without_id = 0
    with reading(path) as buffer:
        records = records_of(buffer, others=True)
        first = list(islice(records, _FIRST))
        id_property = _id_property(first)
        marked = after_mark(buffer) > 0 or recoded_from(path) == UTF_16
        finder = DamageFinder(marked=marked, id_property=id_property)
        for record in chain(first, records):
            users += 1
            values += max(0, len(record.members) - 1)
            without_id += not _has_id(record, id_property)
            if finder.suspects(record.raw):
                finder.look(record)
    guid_ids = bool(first) and _has_guid(first[0])
    return SourceCounts(size, users, values, guid_ids, without_id if id_property else None, finder.found)


def _id_property(records: list[Record]) -> str:
    """The property whose values look like IDs; empty where none has such values."""
    columns, number = columns_of(records, frozenset())
    name = by_looks(columns, number, some_lack_it=False).name
    return name if name and columns[name].like_ids else ""


def _has_id(record: Record, id_property: str) -> bool:
    token = record.members.get(id_property)
    if token is None:
        return False
    raw = bytes(token)
    # Most IDs begin with a letter or a digit, which is seen without decoding them.
    return (raw[:1] == b'"' and raw[1:2].isalnum()) or bool((record.text(id_property) or "").strip())


def has_guid_ids(path: Path) -> bool:
    """Whether the first record has a Guid, so that a Guid in the log can be a user's id; False where there is none.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        return any(_has_guid(record) for record in islice(read_records(path), 1))
    except SourceFormatError:
        return False  # said where all of it is read


def _has_guid(record: Record) -> bool:
    texts = (record.text(name) for name in record.members)
    return any(text is not None and GUID.fullmatch(text) is not None for text in texts)
