"""Which property of the source file holds the users' ids, when nobody told us.

The service does not say with which id property a job was queued, so it is inferred from the source file and the log.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.errors import UsageError
from analyzer.facts import GUID
from analyzer.identity import identity_key
from analyzer.source.records import read_records

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from pathlib import Path

_SAMPLE = 10_000
_DISTINCT = 0.95
"""A few ids may stand twice in a source: the service fails those."""
# ada@contoso.com, CONTOSO\\ada, i:0#.f|membership|ada@contoso.com, a Guid
_LIKE_AN_ID = re.compile(rf"[@\\|]|{GUID.pattern}")


@dataclass(frozen=True, slots=True)
class IdProperty:
    """The id property and how we know it.

    Attributes:
        name: as the source file spells it; empty where it is not known.
        because: a clause, as "212 of the log's 214 ids stand in it".
        certain: False where nothing but the look of its values speaks for it.
    """

    name: str
    because: str
    certain: bool


@dataclass(slots=True)
class _Column:
    """What one property's values look like."""

    records: int = 0
    like_ids: int = 0
    distinct: set[str] = field(default_factory=set)
    # Ids and not records are counted: in a property such as the manager's one id stands in many records.
    named: set[str] = field(default_factory=set)
    named_at: set[int] = field(default_factory=set)


def infer_id_property(source: Path, identities: AbstractSet[str], *, some_lack_it: bool = False) -> IdProperty:
    """Finds the property in which the log's ids stand, else one whose values look like ids and do not repeat.

    Args:
        source: the source file.
        identities: the keys (``identity_key``) of the ids that the log names; may be empty.
        some_lack_it: the log tells of records without the id, so a property that all records have is not it.

    Returns:
        The id property; with an empty name where nothing speaks for any.

    Raises:
        UsageError: two properties hold different users under the log's ids.
        NotJsonError: the source file is none.
    """
    columns, records = _columns(source, identities)
    found = {name: column for name, column in columns.items() if column.named}
    if not found:
        return _by_looks(columns, records, some_lack_it=some_lack_it)
    best = max(found, key=lambda name: len(found[name].named))
    count = len(found[best].named)
    rivals = [
        name for name, column in found.items() if len(column.named) == count and column.named_at != found[best].named_at
    ]
    if rivals:
        raise UsageError(
            f"{source} has the log's ids in more than one property: {', '.join([best, *rivals])}",
            "Say which one the job was queued with: --id-property NAME.",
        )
    return IdProperty(best, f"{count:,} of the log's {len(identities):,} ids stand in it", certain=True)


def _columns(source: Path, identities: AbstractSet[str]) -> tuple[dict[str, _Column], int]:
    columns: dict[str, _Column] = defaultdict(_Column)
    records = 0
    for record in read_records(source):
        records += 1
        for name in record.members:
            text = record.text(name)
            if text is None:
                continue
            column = columns[name]
            column.records += 1
            if records <= _SAMPLE:
                column.like_ids += _LIKE_AN_ID.search(text) is not None
                column.distinct.add(identity_key(text))
            key = identity_key(text) if identities else ""
            if key in identities:
                column.named.add(key)
                column.named_at.add(record.position)
    return columns, records


def _by_looks(columns: dict[str, _Column], records: int, *, some_lack_it: bool) -> IdProperty:
    """The property that looks most like the ids, by a sample of the records."""
    fitting = {
        name: column
        for name, column in columns.items()
        if _hardly_repeats(column) and not (some_lack_it and column.records == records)
    }
    if not fitting:
        return IdProperty("", "nothing speaks for any property", certain=False)
    # Of properties that look alike the first wins, as max gives it.
    best = max(fitting, key=lambda name: fitting[name].like_ids / min(_SAMPLE, fitting[name].records))
    because = "its values look like ids" if fitting[best].like_ids else "it is the first whose values do not repeat"
    return IdProperty(best, because, certain=False)


def _hardly_repeats(column: _Column) -> bool:
    return len(column.distinct) >= _DISTINCT * min(_SAMPLE, column.records)
