"""Infer the ID property of a source file.

The service does not return the ID property of a job, so it is inferred from the source file and the log.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from analyzer.errors import UsageError
from analyzer.model.identity import IdKind, MissingId, id_kinds, identity_keys, number_like_ids
from analyzer.source.find import find_records
from analyzer.source.model import marks_of
from analyzer.source.reader.json_text import opened
from analyzer.source.reader.records import read_records
from analyzer.source.reader.tolerant import texts_of
from analyzer.source.scan import CHUNK, border_from

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from analyzer.model.identity import IdKinds
    from analyzer.source.find import MatchedRecords
    from analyzer.source.reader.json_text import Buffer
    from analyzer.source.reader.tolerant import Record

_PLACES = 50
"""Places in a file that are searched for properties that its first records lack."""
_SAMPLE = 10_000
"""Records by which properties are compared."""
_BLOCK = 100
"""Records that are examined at once; ``_SAMPLE`` is a multiple of it. More of long records would take much memory."""
_SEVERAL = 5
_DISTINCT = 0.95
"""Minimum share of distinct values: a source file may have a few IDs twice, which the service rejects."""
_UNKNOWN = "nothing speaks for any property"
# IdName, idName, ID, UserPrincipalName, mail, accountName
_NAMED_LIKE_AN_ID = re.compile(r"id(?:name)?$|^id|mail|upn|user_?principal|login|account", re.IGNORECASE)
_objects = msgspec.json.Decoder(list[dict[str, object]])


@dataclass(frozen=True, slots=True)
class IdProperty:
    """The ID property and how it is known.

    Attributes:
        name: as in the source file; empty if unknown.
        because: a clause such as "matches 212 of the 214 IDs in the log".
        certain: False if inferred only from the form of its values.
        missing: what the records have instead, if the service found no ID in any record; else None.
        kinds: kinds of the values, if the property was queued under another name; else None.
    """

    name: str
    because: str
    certain: bool
    missing: MissingId | None = None
    kinds: IdKinds | None = None

    @property
    def without_ids(self) -> bool:
        """Whether no record has an ID under any name."""
        return self.missing in (MissingId.empty, MissingId.dropped)


@dataclass(frozen=True, slots=True)
class InferredIdProperty:
    """An ID property that was inferred.

    Attributes:
        id_property: the property; its name is empty if unknown.
        records: the records with the wanted IDs; None if there are none.
    """

    id_property: IdProperty
    records: MatchedRecords | None


def infer_id_property(source: Path, identities: AbstractSet[str], *, some_lack_it: bool = False) -> IdProperty:
    """Infer the ID property as ``infer`` does, without the records."""
    return infer(source, marks_of(identities), some_lack_it=some_lack_it).id_property


def infer(source: Path, wanted: Mapping[str, int], *, some_lack_it: bool = False) -> InferredIdProperty:
    """Infer the property with the log's IDs, else one whose values look like IDs and are distinct.

    Args:
        source: the source file.
        wanted: marks of the IDs in the log, from ``marks_of``; may be empty.
        some_lack_it: whether the log has records without an ID, which excludes properties that all records have.

    Raises:
        UsageError: two properties hold different users under the log's IDs.
        InputError: the source file can't be read.
        NotJsonError: it isn't valid JSON.
    """
    records = read_records(source)
    columns, total = _columns_of(records if some_lack_it else islice(records, _SAMPLE), wanted.keys())
    matches: dict[str, MatchedRecords] = {}
    if wanted:
        names = [name for name, column in columns.items() if column.like_ids or column.named]
        names += [name for name in _names_in_samples(source) if name not in columns]
        matches = {name: one for name in names or columns if len((one := find_records(source, name, wanted)).spans)}
    if not matches:
        return InferredIdProperty(_by_looks(columns, total, some_lack_it=some_lack_it), None)
    users = {name: len(set(one.spans.marks)) for name, one in matches.items()}
    best = _best(source, users, {name: one.spans.positions for name, one in matches.items()})
    return InferredIdProperty(_known(best, users[best], len(wanted)), matches[best])


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
    """Infer the ID property from a few records; values that don't look like IDs must be distinct in several records."""
    columns, number = _columns_of(records, frozenset())
    inferred = _best_by_looks(columns, number, some_lack_it=False)
    if inferred.name and not columns[inferred.name].like_ids and number < _SEVERAL:
        return IdProperty("", _UNKNOWN, certain=False)
    return inferred


def name_by_looks(records: Iterable[Record]) -> str:
    """Return the name of the property whose values look like IDs; empty if there is none."""
    columns, number = _columns_of(records, frozenset())
    name = _best_by_looks(columns, number, some_lack_it=False).name
    return name if name and columns[name].like_ids else ""


def _best(source: Path, users: Mapping[str, int], places: Mapping[str, object]) -> str:
    """Return the property with the most users; several such properties must have them in the same records."""
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


def _names_in_samples(source: Path) -> list[str]:
    """Return names of properties with texts that look like addresses, at some places of a file."""
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
            continue  # it is only a sample
        for record in records:
            yield from (name for name, text in record.items() if isinstance(text, str) and "@" in text)


_Value: TypeAlias = "tuple[int, msgspec.Raw | bytes]"
"""The position of a record, and one of its raw values."""


@dataclass(slots=True)
class _Column:
    """Statistics of a property's values.

    Attributes:
        records: number of records with a text.
        empty: number of records with null or an empty text.
        like_ids: number of texts in a sample that look like IDs.
        distinct: keys of the texts in the sample.
        named: keys of the wanted IDs.
        named_at: positions of their records.
    """

    records: int = 0
    empty: int = 0
    like_ids: int = 0
    distinct: set[str] = field(default_factory=set)
    # Count IDs, not records: in a property such as the manager, many records have the same ID.
    named: set[str] = field(default_factory=set)
    named_at: set[int] = field(default_factory=set)

    @property
    def sampled(self) -> int:
        """Number of records of the sample with a text."""
        return min(_SAMPLE, self.records)

    def add(self, values: Sequence[_Value], identities: AbstractSet[str], *, sample: bool) -> None:
        """Add the values of several records."""
        found = texts_of([token for _, token in values])
        texts = [text for text in found if text and text.strip()]
        self.empty += len(found) - len(texts)
        self.records += len(texts)
        keys = identity_keys(texts) if sample or identities else []
        if sample:
            self.like_ids += number_like_ids(texts)
            self.distinct.update(keys)
        if not identities.isdisjoint(keys):
            at = (position for (position, _), text in zip(values, found, strict=True) if text and text.strip())
            for position, key in zip(at, keys, strict=True):
                if key in identities:
                    self.named.add(key)
                    self.named_at.add(position)


def _columns_of(source: Iterable[Record], identities: AbstractSet[str]) -> tuple[dict[str, _Column], int]:
    """Return statistics by property, and the number of records.

    Args:
        source: the records.
        identities: keys (``identity_key``) of wanted IDs; may be empty.
    """
    columns: dict[str, _Column] = defaultdict(_Column)
    number = 0
    records = iter(source)
    while block := list(islice(records, _BLOCK)):
        values: dict[str, list[_Value]] = defaultdict(list)
        for record in block:
            for name, token in record.members.items():
                values[name].append((record.position, token))
        for name, of_name in values.items():
            columns[name].add(of_name, identities, sample=number < _SAMPLE)
        number += len(block)
    return columns, number


def _best_by_looks(columns: dict[str, _Column], records: int, *, some_lack_it: bool) -> IdProperty:
    """Return the property with distinct values that look most like IDs."""
    candidates = {
        name: column
        for name, column in columns.items()
        if column.records and not (some_lack_it and column.records == records)
    }
    fitting = {name: one for name, one in candidates.items() if len(one.distinct) >= _DISTINCT * one.sampled}
    # In a short file, one repeated value exceeds the share; such properties come last.
    fitting |= {
        name: one
        for name, one in candidates.items()
        if name not in fitting and one.like_ids > 0 and len(one.distinct) == one.sampled - 1 > 1
    }
    if not fitting:
        return IdProperty("", _UNKNOWN, certain=False)
    # max returns the first of equal properties.
    best = max(fitting, key=lambda name: fitting[name].like_ids / fitting[name].sampled)
    because = "its values look like IDs" if fitting[best].like_ids else "it is the first whose values don't repeat"
    return IdProperty(best, because, certain=False)


def _by_looks(columns: dict[str, _Column], records: int, *, some_lack_it: bool) -> IdProperty:
    """Return the best property by looks; if none fits and some records lack an ID, assume that all do."""
    inferred = _best_by_looks(columns, records, some_lack_it=some_lack_it)
    if some_lack_it and records and not (inferred.name and columns[inferred.name].like_ids):
        return _missing_everywhere(columns, records)
    return inferred


def _missing_everywhere(columns: dict[str, _Column], records: int) -> IdProperty:
    """Infer why the service found no ID in any record.

    If a property looks like the IDs, the job was queued with another name (the service compares case-sensitively).
    Else, a property that is always null or empty may be the ID property. Else, the feed omits it.
    """
    like = _best_by_looks(
        {name: column for name, column in columns.items() if column.like_ids}, records, some_lack_it=False
    )
    whole = like.name if like.name and columns[like.name].records == records else ""
    kinds = id_kinds(columns[whole].distinct) if whole else None
    empty = [name for name, column in columns.items() if column.empty == records]
    vacant = next((name for name in empty if _NAMED_LIKE_AN_ID.search(name)), empty[0] if len(empty) == 1 else "")
    # Graph always returns an object ID for each user.
    if kinds and not (vacant and kinds.most is IdKind.object_id):
        return replace(like, missing=MissingId.other_name, kinds=kinds)
    if vacant:
        return IdProperty(vacant, "no record has an ID in it", certain=False, missing=MissingId.empty)
    return IdProperty("", _UNKNOWN, certain=False, missing=MissingId.dropped)
