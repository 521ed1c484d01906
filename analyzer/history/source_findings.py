"""Examine the source file of a failed job: facts that explain the failures, and what the users who failed share.

Records are examined in chunks, a property after the other: record by record, it takes four times as long.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass
from itertools import chain, compress
from typing import TYPE_CHECKING, TypeAlias

from analyzer.analysis.failures import Traits
from analyzer.catalogue.model import SourceFacts
from analyzer.errors import InputError, UsageError
from analyzer.model.identity import IdKind, IdKinds, identity_keys, kind_of
from analyzer.source.id_property import IdProperty, infer_id_property
from analyzer.source.model import GrammarError, Trouble
from analyzer.source.reader.chunk import members_of, spans_in
from analyzer.source.reader.fault import BACKSLASH_AT_END, way_around
from analyzer.source.reader.json_text import NotImportFormatError, NotJsonError, recoded_from
from analyzer.source.reader.records import reading, records_of
from analyzer.source.reader.tolerant import texts_of
from analyzer.source.scan import CHUNK, end_of_chunk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    import msgspec

    from analyzer.analysis.failures import SharedTrait
    from analyzer.source.reader.json_text import Buffer
    from analyzer.source.reader.tolerant import Record

_Members: TypeAlias = "Mapping[str, msgspec.Raw | bytes]"

_OFTEN_MISNAMED: Mapping[str | Trouble, tuple[str, str]] = {
    BACKSLASH_AT_END: (
        "A value ends in a single backslash",
        r"Have the feed write each backslash in a value twice: Sales\\.",
    ),
    Trouble.unclosed: ('The list\'s "]" is missing', "Have the feed close the list: the file has to end with ]}."),
    Trouble.brackets: ("There are too many closing brackets", "Have the feed write ]} once, at the end of the file."),
}
"""Faults for which the service's message is misleading: what is wrong, and what to do."""

MOST_RECORDS = 100_000
"""How many records of a source file are read, which takes half a second."""

_PARTS = 10
"""Parts of equal size of the source file in which failures are counted."""

_FEWEST_FAILED = 3
_NESTED = (b"[", b"{")
_NUMBERS_KEPT = 20
_LONGEST_VALUE = 80
DOMAIN, KIND, PLACE, PROPERTY = "domain", "kind of ID", "place", "property "
"""Traits by which failures are compared; the name of a property follows the last one."""


@dataclass(frozen=True, slots=True)
class SourceFindings:
    """The facts of a source file, and what the users who failed have in common."""

    facts: SourceFacts
    shared: tuple[SharedTrait, ...] = ()


def examine_source(
    source: Path, failed: AbstractSet[str], *, proven: str = "", some_lack_it: bool = False, most: int = MOST_RECORDS
) -> SourceFindings:
    """Read a source file for facts that explain a job's failures.

    Args:
        source: the file.
        failed: keys (``identity_key``) of the users in the log.
        proven: its ID property, if that was already inferred from these users.
        some_lack_it: whether the log reports records without an ID, so that the property is inferred from all records.
        most: the maximum number of records to read.
    """
    try:
        if proven and not some_lack_it:
            id_property = IdProperty(proven, "matches IDs in the log", certain=True)
        else:
            id_property = infer_id_property(source, failed, some_lack_it=some_lack_it)
        with reading(source) as buffer:
            examination = _Examination(buffer, source.stat().st_size, id_property.name, failed, most)
            examination.read()
    except UsageError:  # two properties contain the log's IDs; which one counts is unknown
        return SourceFindings(SourceFacts())
    except InputError as error:
        return SourceFindings(_unreadable(error, source))
    return SourceFindings(examination.facts(id_property, recoded_from(source)), examination.shared())


def _unreadable(error: InputError, source: Path) -> SourceFacts:
    """Return what is wrong with a file that can't be read, what to do, and how to make a retry file anyway."""
    problem, fault = error.what.replace(str(source), source.name), error.__cause__
    if isinstance(error, NotImportFormatError):
        return SourceFacts(problem=problem, remedy=error.advice or "", way_around=way_around(error))
    if isinstance(error, NotJsonError) and isinstance(fault, GrammarError):
        misnamed, remedy = _OFTEN_MISNAMED.get(error.problem) or _OFTEN_MISNAMED.get(fault.trouble) or ("", "")
        return SourceFacts(problem=problem, remedy=remedy, misnamed=misnamed, way_around=way_around(error))
    return SourceFacts(problem=problem)


def traits_of(record: Record, key: str, text: str, id_property: str, place: str) -> dict[str, str]:
    """Return the traits of a record by which failures are compared; ``place`` is its part of the file."""
    names = [name for name in record.members if name != id_property]
    return {
        **traits_of_id(key, text),
        PLACE: place,
        **{PROPERTY + name: (record.text(name) or "")[:_LONGEST_VALUE] for name in names},
    }


def traits_of_id(key: str, text: str) -> dict[str, str]:
    """Return the traits of an ID: of its key, and as it is spelled."""
    return {DOMAIN: _domain_of(key), KIND: kind_of(text.strip() or text)}


def _domain_of(key: str) -> str:
    return key.rpartition("@")[2] if "@" in key else ""


class _Examination:
    """Collects the facts of a source file and the traits of its users, chunk by chunk."""

    def __init__(self, buffer: Buffer, size: int, id_property: str, failed: AbstractSet[str], most: int) -> None:
        self._buffer, self._size, self._most = buffer, max(1, size), most
        self._id_property, self._failed = id_property, failed
        self._compares = len(failed) >= _FEWEST_FAILED
        self._one_by_one = 0
        self._is_whole = True
        self._traits = Traits()
        self._places: dict[str, tuple[int, int]] = {}
        """First and last record of each part of the file."""
        self._records = self._without_id = 0
        self._numbers: list[int] = []
        self._kinds: Counter[IdKind] = Counter()
        self._first: dict[str, int] = {}
        self._duplicates: list[tuple[int, int]] = []
        self._not_records: list[int] = []
        self._next = 1
        self._properties: dict[str, None] = {}
        self._multi_value: dict[str, None] = {}

    def read(self) -> None:
        """Read the records.

        Raises:
            GrammarError: a fault in one of them.
        """
        for record in records_of(self._buffer, others=True, taker=self._take):
            if self._records >= self._most:
                self._is_whole = False
                return
            self._add([record.members], [record.offset], record.position + 1)

    def facts(self, id_property: IdProperty, encoding: str) -> SourceFacts:
        """Return the facts."""
        strangers = self._failed - self._first.keys() if self._is_whole and id_property.name else ()
        return SourceFacts(
            encoding=encoding,
            id_property=id_property.name,
            missing=id_property.missing,
            records=self._records,
            without_id=tuple(self._numbers),
            without_id_count=self._without_id,
            ids=IdKinds(dict(self._kinds.most_common())),
            duplicates=tuple(self._duplicates),
            multi_value=tuple(self._multi_value),
            not_records=tuple(self._not_records[:_NUMBERS_KEPT]),
            properties=tuple(self._properties),
            strangers=tuple(sorted(strangers)),
            whole=self._is_whole,
        )

    def shared(self) -> tuple[SharedTrait, ...]:
        """Return what the users who failed have in common."""
        return tuple(
            dataclasses.replace(one, value="{:,} to {:,}".format(*self._places[one.value]))
            if one.trait == PLACE
            else one
            for one in self._traits.shared()
        )

    def _take(self, at: int, position: int) -> tuple[int, int] | None:
        """Examine a chunk of records, as a ``Taker``; see ``reader.chunk`` for why a chunk that decodes is valid."""
        border = end_of_chunk(self._buffer, at) if at >= self._one_by_one else None
        chunk = bytes(self._buffer[at : border.end]) if border else b""
        records = members_of(chunk) if chunk else None
        if border is None or not records or self._records + len(records) > self._most:
            self._one_by_one = max(self._one_by_one, border.start if border else at + CHUNK)
            return None
        starts, _ = spans_in(chunk, len(records), range(len(records)))
        self._add(records, [at + start for start in starts], position + 1)
        return len(records), border.start

    def _add(self, records: Sequence[_Members], offsets: Sequence[int], first: int) -> None:
        """Add records that are side by side, with their offsets and the number of the first one."""
        self._not_records += range(self._next, min(first, self._next + _NUMBERS_KEPT))
        self._next = first + len(records)
        numbers: Sequence[int] = range(first, self._next)
        self._records += len(records)
        self._add_properties(records)
        name = self._id_property
        texts = _texts_of([record.get(name, b"null") for record in records]) if name else [""] * len(records)
        keys = identity_keys(texts)
        if "" in keys:
            without = [number for number, key in zip(numbers, keys, strict=True) if not key]
            self._without_id += len(without)
            self._numbers += without[: _NUMBERS_KEPT - len(self._numbers)]
            records, offsets = list(compress(records, keys)), list(compress(offsets, keys))
            numbers, texts = list(compress(numbers, keys)), list(compress(texts, keys))
            keys = list(filter(None, keys))
        kinds = [kind_of(text.strip()) for text in texts]
        self._kinds.update(kinds)
        for key, number in zip(keys, numbers, strict=True):
            known = self._first.setdefault(key, number)
            if known != number and len(self._duplicates) < _NUMBERS_KEPT:
                self._duplicates.append((known, number))
        if self._compares:
            self._compare(records, offsets, numbers, keys, kinds)

    def _add_properties(self, records: Sequence[_Members]) -> None:
        self._properties.update(dict.fromkeys(chain.from_iterable(records)))
        self._properties.pop(self._id_property, None)
        for record in records:
            for name, token in record.items():
                if bytes(token)[:1] in _NESTED:
                    self._multi_value[name] = None

    def _compare(
        self,
        records: Sequence[_Members],
        offsets: Sequence[int],
        numbers: Sequence[int],
        keys: Sequence[str],
        kinds: Sequence[IdKind],
    ) -> None:
        """Add users to those that are compared."""
        places = [str(offset * _PARTS // self._size) for offset in offsets]
        for place, number in zip(places, numbers, strict=True):
            self._places[place] = (self._places.get(place, (number, 0))[0], number)
        values: dict[str, Sequence[str | None]] = {DOMAIN: list(map(_domain_of, keys)), KIND: kinds, PLACE: places}
        for name in dict.fromkeys(chain.from_iterable(records)):
            trait = PROPERTY + name
            if name != self._id_property and not self._traits.has_too_many(trait):
                tokens = [record.get(name) for record in records]
                texts = iter(_texts_of([token for token in tokens if token is not None]))
                values[trait] = [None if token is None else next(texts)[:_LONGEST_VALUE] for token in tokens]
        self._traits.add_all(values, [key in self._failed for key in keys])


def _texts_of(tokens: Sequence[msgspec.Raw | bytes]) -> list[str]:
    return [text or "" for text in texts_of(tokens)]
