"""How much a source file holds."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from analyzer.facts import GUID
from analyzer.files import cannot_read
from analyzer.source.json_text import SourceFormatError
from analyzer.source.records import read_records

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.source.records import Record


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """What a source file holds.

    Attributes:
        source_bytes: its size.
        users: its records.
        property_values: its values but the ids.
        guid_ids: whether the first record has a Guid, so that a Guid in the log can be a user's id.
    """

    source_bytes: int
    users: int
    property_values: int
    guid_ids: bool = False


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
    users = values = 0
    guid_ids = False
    for record in read_records(path):
        if not users:
            guid_ids = _has_guid(record)
        users += 1
        values += max(0, len(record.members) - 1)
    return SourceCounts(size, users, values, guid_ids)


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
