"""Infer which property of a source file holds the users' IDs, where it isn't given.

The service does not say with which ID property a job was queued, so it is inferred from the source file and the log.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from analyzer.errors import UsageError
from analyzer.model.identity import IdKind, MissingId, id_kinds, identity_key, looks_like_id
from analyzer.source.find import find_records
from analyzer.source.model import marks_of
from analyzer.source.reader.json_text import opened
from analyzer.source.reader.records import read_records
from analyzer.source.scan import CHUNK, border_from

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from analyzer.model.identity import IdKinds
    from analyzer.source.find import MatchedRecords
    from analyzer.source.reader.json_text import Buffer
    from analyzer.source.reader.tolerant import Record

_PLACES = 50
"""Places of a large file in which properties are looked for that its first records don't have."""
_SAMPLE = 10_000
"""Records by whose looks a property is judged."""
_SEVERAL = 5
_DISTINCT = 0.95
"""A source may have a few IDs twice: the service fails those."""
_UNKNOWN = "nothing speaks for any property"
# IdName, idName, ID, UserPrincipalName, mail, accountName
_NAMED_LIKE_AN_ID = re.compile(r"id(?:name)?$|^id|mail|upn|user_?principal|login|account", re.IGNORECASE)
_objects = msgspec.json.Decoder(list[dict[str, object]])


@dataclass(frozen=True, slots=True)
class IdProperty:
    """The ID property and how it is known.

    Attributes:
        name: as the source file spells it; empty where it is unknown.
        because: a clause, as "matches 212 of the 214 IDs in the log".
        certain: False where only the look of its values speaks for it.
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


@dataclass(frozen=True, slots=True)
class InferredIdProperty:
    """An ID property that was inferred.

    Attributes:
        id_property: with an empty name where it is unknown.
        found: the records with the IDs that were looked for, where they were.
    """

    id_property: IdProperty
    found: MatchedRecords | None


def infer_id_property(source: Path, identities: AbstractSet[str], *, some_lack_it: bool = False) -> IdProperty:
    """Infer the ID property as ``infer`` does, without the records."""
    return infer(source, marks_of(identities), some_lack_it=some_lack_it).id_property


def infer(source: Path, wanted: Mapping[str, int], *, some_lack_it: bool = False) -> InferredIdProperty:
    """Infer the property that has the log's IDs, else one whose values look like IDs and don't repeat.

    Args:
        source: the source file.
        wanted: marks of the IDs in the log, as ``marks_of`` gives them; may be empty.
        some_lack_it: the log has records without the ID, so a property that all records have is not it.

    Raises:
        UsageError: two properties hold different users under the log's IDs.
        InputError: the source file can't be read.
        NotJsonError: it isn't valid JSON.
    """
    records = read_records(source)
    columns, number = _columns_of(records if some_lack_it else islice(records, _SAMPLE), wanted.keys())
    found: dict[str, MatchedRecords] = {}
    if wanted:
        names = [name for name, column in columns.items() if column.like_ids or column.named]
        names += [name for name in _names_further_on(source) if name not in columns]
        found = {name: one for name in names or columns if len((one := find_records(source, name, wanted)).spans)}
    if not found:
        return InferredIdProperty(_by_looks(columns, number, some_lack_it=some_lack_it), None)
    users = {name: len(set(one.spans.marks)) for name, one in found.items()}
    best = _best(source, users, {name: one.spans.positions for name, one in found.items()})
    return InferredIdProperty(_known(best, users[best], len(wanted)), found[best])


def infer_from(
    source: Path, records: Iterable[Record], identities: AbstractSet[str], *, some_lack_it: bool = False
) -> IdProperty:
    """Infer the ID property as ``infer_id_property`` does, from records of the source file that were read already."""
    columns, number = _columns_of(records, identities)
    named = {name: column for name, column in columns.items() if column.named}
    if not named:
        return _by_looks(columns, number, some_lack_it=some_lack_it)
    users = {name: len(column.named) for name, column in named.items()}
    best = _best(source, users, {name: column.named_at for name, column in named.items()})
    return _known(best, users[best], len(identities))


def by_a_few(records: Iterable[Record]) -> IdProperty:
    """Infer the ID property from a few records; one that doesn't look like IDs has to differ in several."""
    columns, number = _columns_of(records, frozenset())
    found = _most_alike(columns, number, some_lack_it=False)
    if found.name and not columns[found.name].like_ids and number < _SEVERAL:
        return IdProperty("", _UNKNOWN, certain=False)
    return found


def name_by_looks(records: Iterable[Record]) -> str:
    """Return the name of the property whose values look like IDs; empty where none has such values."""
    columns, number = _columns_of(records, frozenset())
    name = _most_alike(columns, number, some_lack_it=False).name
    return name if name and columns[name].like_ids else ""


def _best(source: Path, users: Mapping[str, int], places: Mapping[str, object]) -> str:
    """Return the property that holds the most users; several such have to hold them in the same places."""
    best = max(users, key=users.__getitem__)
    rivals = [name for name in users if users[name] == users[best] and places[name] != places[best]]
    if rivals:
        raise UsageError(
            f"{source} has the log's IDs in more than one property: {', '.join([best, *rivals])}",
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
    """Names of properties with texts that look like IDs, at some places of a file."""
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


@dataclass(slots=True)
class _Column:
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
    # IDs are counted, not records: in a property such as the manager's many records have one ID.
    named: set[str] = field(default_factory=set)
    named_at: set[int] = field(default_factory=set)

    @property
    def sampled(self) -> int:
        """Records of the sample that have a text in it."""
        return min(_SAMPLE, self.records)

    def add(self, text: str | None, record: Record, identities: AbstractSet[str], *, sample: bool) -> None:
        """Add the value of one record."""
        if text is None or not text.strip():
            self.empty += 1
            return
        self.records += 1
        if sample:
            self.like_ids += looks_like_id(text)
            self.distinct.add(identity_key(text))
        key = identity_key(text) if identities else ""
        if key in identities:
            self.named.add(key)
            self.named_at.add(record.position)


def _columns_of(source: Iterable[Record], identities: AbstractSet[str]) -> tuple[dict[str, _Column], int]:
    """Return the properties of a source's records, and how many records these are.

    Args:
        source: the records.
        identities: keys (``identity_key``) of IDs to look for; may be empty.
    """
    columns: dict[str, _Column] = defaultdict(_Column)
    records = 0
    for record in source:
        records += 1
        for name in record.members:
            columns[name].add(record.text(name), record, identities, sample=records <= _SAMPLE)
    return columns, records


def _most_alike(columns: dict[str, _Column], records: int, *, some_lack_it: bool) -> IdProperty:
    """Return the property that looks most like the IDs, by a sample of the records."""
    able = {
        name: column
        for name, column in columns.items()
        if column.records and not (some_lack_it and column.records == records)
    }
    fitting = {name: one for name, one in able.items() if len(one.distinct) >= _DISTINCT * one.sampled}
    # In a short file one record is more than the few that may repeat. Of properties that look alike such a one is last.
    fitting |= {
        name: one
        for name, one in able.items()
        if name not in fitting and one.like_ids > 0 and len(one.distinct) == one.sampled - 1 > 1
    }
    if not fitting:
        return IdProperty("", _UNKNOWN, certain=False)
    # Of properties that look alike the first wins, as max gives it.
    best = max(fitting, key=lambda name: fitting[name].like_ids / fitting[name].sampled)
    because = "its values look like IDs" if fitting[best].like_ids else "it is the first whose values don't repeat"
    return IdProperty(best, because, certain=False)


def _by_looks(columns: dict[str, _Column], records: int, *, some_lack_it: bool) -> IdProperty:
    """As ``_most_alike``; where no property that some records lack looks like the IDs, all of them lack it."""
    found = _most_alike(columns, records, some_lack_it=some_lack_it)
    if some_lack_it and records and not (found.name and columns[found.name].like_ids):
        return _missing_everywhere(columns, records)
    return found


def _missing_everywhere(columns: dict[str, _Column], records: int) -> IdProperty:
    """Say what the records have instead, where the service missed the ID in each of them.

    A property that looks like the IDs was queued by another name: names of properties are case-sensitive to the
    service. Without one, a property that is null or empty throughout may be the ID's. Without that, too, the feed
    has lost it.
    """
    like = _most_alike(
        {name: column for name, column in columns.items() if column.like_ids}, records, some_lack_it=False
    )
    whole = like.name if like.name and columns[like.name].records == records else ""
    kinds = id_kinds(columns[whole].distinct) if whole else None
    empty = [name for name, column in columns.items() if column.empty == records]
    vacant = next((name for name in empty if _NAMED_LIKE_AN_ID.search(name)), empty[0] if len(empty) == 1 else "")
    # Graph gives each user an object ID, whether the feed wants one or not.
    if kinds and not (vacant and kinds.most is IdKind.object_id):
        return replace(like, missing=MissingId.other_name, kinds=kinds)
    if vacant:
        return IdProperty(vacant, "no record has an ID in it", certain=False, missing=MissingId.empty)
    return IdProperty("", _UNKNOWN, certain=False, missing=MissingId.dropped)
