"""What a source file's properties look like, and which of them could hold the users' ids."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from analyzer.model.id_kinds import IdKind, MissingId, id_kinds
from analyzer.model.identity import identity_key
from analyzer.model.service import GUID

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from analyzer.model.id_kinds import IdKinds
    from analyzer.source.reader.records import Record

NOTHING_SPEAKS = "nothing speaks for any property"
SAMPLE = 10_000
"""Records by whose looks a property is judged."""
_SEVERAL = 5
_DISTINCT = 0.95
"""A few ids may stand twice in a source: the service fails those."""
# IdName, idName, ID, UserPrincipalName, mail, accountName
_NAMED_LIKE_AN_ID = re.compile(r"id(?:name)?$|^id|mail|upn|user_?principal|login|account", re.IGNORECASE)
# ada@contoso.com, CONTOSO\\ada, i:0#.f|membership|ada@contoso.com, a Guid
_LIKE_AN_ID = re.compile(rf"[@\\|]|{GUID.pattern}")


@dataclass(frozen=True, slots=True)
class IdProperty:
    """The id property and how we know it.

    Attributes:
        name: as the source file spells it; empty where it is not known.
        because: a clause, as "matches 212 of the 214 IDs in the log".
        certain: False where nothing but the look of its values speaks for it.
        missing: where the service missed the ID in every record, what the records have instead; None elsewhere.
        kinds: the kinds of the values of a property that was queued by another name; None elsewhere.
    """

    name: str
    because: str
    certain: bool
    missing: MissingId | None = None
    kinds: IdKinds | None = None

    @property
    def without_ids(self) -> bool:
        """Whether no record has an ID, under whatever name."""
        return self.missing in (MissingId.empty, MissingId.dropped)


@dataclass(slots=True)
class Column:
    """What one property's values look like.

    Attributes:
        records: have a text in it.
        empty: have it without one: null or an empty text.
        like_ids: of a sample, whose texts look like IDs.
        distinct: texts of the sample.
        named: keys of the IDs that were looked for.
        named_at: the positions of their records.
    """

    records: int = 0
    empty: int = 0
    like_ids: int = 0
    distinct: set[str] = field(default_factory=set)
    # Ids and not records are counted: in a property such as the manager's one id stands in many records.
    named: set[str] = field(default_factory=set)
    named_at: set[int] = field(default_factory=set)


def columns_of(source: Iterable[Record], identities: AbstractSet[str]) -> tuple[dict[str, Column], int]:
    """The properties of a source's records, and how many records these are.

    Args:
        source: the records.
        identities: keys (``identity_key``) of ids to look for; may be empty.
    """
    columns: dict[str, Column] = defaultdict(Column)
    records = 0
    for record in source:
        records += 1
        for name in record.members:
            text = record.text(name)
            column = columns[name]
            if text is None or not text.strip():
                column.empty += 1
                continue
            column.records += 1
            if records <= SAMPLE:
                column.like_ids += _LIKE_AN_ID.search(text) is not None
                column.distinct.add(identity_key(text))
            key = identity_key(text) if identities else ""
            if key in identities:
                column.named.add(key)
                column.named_at.add(record.position)
    return columns, records


def by_looks(columns: dict[str, Column], records: int, *, some_lack_it: bool) -> IdProperty:
    """The property that looks most like the ids, by a sample of the records."""
    able = {
        name: column
        for name, column in columns.items()
        if column.records and not (some_lack_it and column.records == records)
    }
    fitting = {name: column for name, column in able.items() if _hardly_repeats(column)}
    # Of a short file one record is more than the few that may repeat. Of properties that look alike such a one is last.
    fitting |= {name: column for name, column in able.items() if name not in fitting and _repeats_once(column)}
    if not fitting:
        return IdProperty("", NOTHING_SPEAKS, certain=False)
    # Of properties that look alike the first wins, as max gives it.
    best = max(fitting, key=lambda name: fitting[name].like_ids / min(SAMPLE, fitting[name].records))
    because = "its values look like IDs" if fitting[best].like_ids else "it is the first whose values don't repeat"
    return IdProperty(best, because, certain=False)


def missing_everywhere(columns: dict[str, Column], records: int) -> IdProperty:
    """Tell what the records have instead, where the service missed the ID in each of them.

    A property that looks like the IDs was queued by another name: names of properties are case-sensitive to the
    service. Without one, a property that is null or empty throughout may be the ID's. Where neither is there, the feed
    has lost it.
    """
    like = by_looks({name: column for name, column in columns.items() if column.like_ids}, records, some_lack_it=False)
    whole = like.name if like.name and columns[like.name].records == records else ""
    kinds = id_kinds(columns[whole].distinct) if whole else None
    empty = [name for name, column in columns.items() if column.empty == records]
    vacant = next((name for name in empty if _NAMED_LIKE_AN_ID.search(name)), empty[0] if len(empty) == 1 else "")
    # Graph gives each user an object ID, whether the feed wants one or not.
    if kinds and not (vacant and kinds.most is IdKind.object_id):
        return replace(like, missing=MissingId.other_name, kinds=kinds)
    if vacant:
        return IdProperty(vacant, "no record has an id in it", certain=False, missing=MissingId.empty)
    return IdProperty("", NOTHING_SPEAKS, certain=False, missing=MissingId.dropped)


def by_a_few(records: Iterable[Record]) -> IdProperty:
    """The property that looks like the ids in a few records; one without such looks has to differ in several."""
    columns, number = columns_of(records, frozenset())
    found = by_looks(columns, number, some_lack_it=False)
    if found.name and not columns[found.name].like_ids and number < _SEVERAL:
        return IdProperty("", NOTHING_SPEAKS, certain=False)
    return found


def may_hold(column: Column) -> bool:
    """Whether ids may stand in a property: some of its values look like ids, or are among those looked for."""
    return column.like_ids > 0 or bool(column.named)


def _repeats_once(column: Column) -> bool:
    return column.like_ids > 0 and len(column.distinct) == min(SAMPLE, column.records) - 1 > 1


def _hardly_repeats(column: Column) -> bool:
    return len(column.distinct) >= _DISTINCT * min(SAMPLE, column.records)
