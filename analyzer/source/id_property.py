"""Which property of the source file holds the users' ids, when nobody told us.

The service does not say with which id property a job was queued, so it is inferred from the source file and the log.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from analyzer.errors import UsageError
from analyzer.model.id_kinds import IdKind, MissingId, id_kinds
from analyzer.model.identity import identity_key
from analyzer.model.service import GUID
from analyzer.source.find import find_records
from analyzer.source.model import marks_of
from analyzer.source.reader.json_text import opened
from analyzer.source.reader.records import read_records
from analyzer.source.scan import CHUNK, border_from

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from analyzer.model.id_kinds import IdKinds
    from analyzer.source.find import MatchedRecords
    from analyzer.source.reader.json_text import Buffer
    from analyzer.source.reader.tolerant import Record


__all__ = ["IdProperty", "Inferred", "infer", "infer_from", "infer_id_property"]

_PLACES = 50
"""Places of a large file in which properties are looked for that its first records do not have."""
_objects = msgspec.json.Decoder(list[dict[str, object]])


@dataclass(frozen=True, slots=True)
class Inferred:
    """An id property that was inferred.

    Attributes:
        id_property: with an empty name where nothing speaks for any.
        found: the records with the ids that were looked for, where they were.
    """

    id_property: IdProperty
    found: MatchedRecords | None


def infer_id_property(source: Path, identities: AbstractSet[str], *, some_lack_it: bool = False) -> IdProperty:
    """Finds the property in which the log's ids stand, else one whose values look like ids and do not repeat.

    As ``infer``, of which it gives the property alone.
    """
    return infer(source, marks_of(identities), some_lack_it=some_lack_it).id_property


def infer(source: Path, wanted: Mapping[str, int], *, some_lack_it: bool = False) -> Inferred:
    """Finds the property in which the log's ids stand, else one whose values look like ids and do not repeat.

    Args:
        source: the source file.
        wanted: marks of the ids that the log names, as ``marks_of`` gives them; may be empty.
        some_lack_it: the log tells of records without the id, so a property that all records have is not it.

    Raises:
        UsageError: two properties hold different users under the log's ids.
        InputError: the source file cannot be read.
        NotJsonError: it isn't valid JSON.
    """
    records = read_records(source)
    columns, number = columns_of(records if some_lack_it else islice(records, SAMPLE), wanted.keys())
    found: dict[str, MatchedRecords] = {}
    if wanted:
        names = [name for name, column in columns.items() if may_hold(column)]
        names += [name for name in _names_further_on(source) if name not in columns]
        found = {name: one for name in names or columns if len((one := find_records(source, name, wanted)).spans)}
    if not found:
        return Inferred(_by_looks(columns, number, some_lack_it=some_lack_it), None)
    users = {name: len(set(one.spans.marks)) for name, one in found.items()}
    best = _best(source, users, {name: one.spans.positions for name, one in found.items()})
    return Inferred(_known(best, users[best], len(wanted)), found[best])


def infer_from(
    source: Path, records: Iterable[Record], identities: AbstractSet[str], *, some_lack_it: bool = False
) -> IdProperty:
    """As ``infer_id_property``, from records that somebody has read of a source file."""
    columns, number = columns_of(records, identities)
    named = {name: column for name, column in columns.items() if column.named}
    if not named:
        return _by_looks(columns, number, some_lack_it=some_lack_it)
    users = {name: len(column.named) for name, column in named.items()}
    best = _best(source, users, {name: column.named_at for name, column in named.items()})
    return _known(best, users[best], len(identities))


def _by_looks(columns: dict[str, Column], records: int, *, some_lack_it: bool) -> IdProperty:
    """As ``looks.by_looks``; where no property that some records lack looks like the IDs, all of them lack it."""
    found = by_looks(columns, records, some_lack_it=some_lack_it)
    if some_lack_it and records and not (found.name and columns[found.name].like_ids):
        return missing_everywhere(columns, records)
    return found


def _best(source: Path, users: Mapping[str, int], places: Mapping[str, object]) -> str:
    """The property that holds the most of the users; of several those have to hold them in the same places."""
    best = max(users, key=users.__getitem__)
    rivals = [name for name in users if users[name] == users[best] and places[name] != places[best]]
    if rivals:
        raise UsageError(
            f"{source} has the log's ids in more than one property: {', '.join([best, *rivals])}",
            "Say which one the job was queued with: --id-property NAME.",
        )
    return best


def _known(name: str, users: int, wanted: int) -> IdProperty:
    if wanted == 1:
        because = "matches the one ID in the log"
    elif users == wanted:
        because = f"matches all {wanted:,} IDs in the log"
    else:
        because = f"matches {users:,} of the {wanted:,} IDs in the log"
    return IdProperty(name, because, certain=True)


def _names_further_on(source: Path) -> list[str]:
    """Names of properties with texts that look like ids, here and there in a file."""
    with opened(source) as buffer:
        return list(dict.fromkeys(_names_in(buffer)))


def _names_in(buffer: Buffer) -> Iterator[str]:
    for place in range(_PLACES):
        first = border_from(buffer, len(buffer) * place // _PLACES)
        last = border_from(buffer, first.start + CHUNK) if first else None
        if first is None or last is None:
            continue
        try:
            records = _objects.decode(b"[%b]" % buffer[first.start : last.end])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue  # no more than a sample
        for record in records:
            yield from (name for name, text in record.items() if isinstance(text, str) and "@" in text)


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
