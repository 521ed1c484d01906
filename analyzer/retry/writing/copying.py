"""Copy the chosen records of a source file: byte for byte, except what isn't valid JSON."""

from __future__ import annotations

import contextlib
import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from analyzer.errors import OutputError, UsageError
from analyzer.model.identity import IdCounter
from analyzer.model.text import did_you_mean, listed
from analyzer.retry.model import IDENTICAL, MOST_PLACES, Mismatch, Reason, Repair, shown_places
from analyzer.retry.selection.records import Records, places
from analyzer.retry.writing.parts import BETWEEN
from analyzer.source.damage import DamageFinder
from analyzer.source.model import NO_ID, GrammarError
from analyzer.source.reader.json_text import UTF_16, WINDOWS_1252, after_mark, recoded_from
from analyzer.source.reader.tolerant import Record, read_object, record_at
from analyzer.source.respell import respell, strict_members, strict_members_of, without

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import msgspec
    from numpy.typing import NDArray

    from analyzer.retry.model import RetryRequest
    from analyzer.retry.selection.matching import ChosenRecords
    from analyzer.retry.writing.parts import Parts
    from analyzer.source.damage import Damage
    from analyzer.source.reader.json_text import Buffer

_AT_ONCE = 64
"""Records."""
_NUMBERS_AT_ONCE = 10_000
_BYTES_AT_ONCE = 1 << 18
_SHAPES = 10_000
"""Sets of property names that are remembered."""
_LOST = "\ufffd".encode()
"""The replacement for a byte that an encoding does not define."""
_NAMED = 5
"""Properties."""
_NESTED = (b"{", b"[")
_NESTED_VALUE = re.compile(rb":[ \t\r\n]*[\[{]")
"""Occurs where a record has a list or an object as a value; it may occur in a text, too."""
_SHOWN = 200
"""Characters of a token in the list of repairs."""


@dataclass(slots=True)
class CopyResult:
    """The result of a copy.

    Attributes:
        records: written.
        without_id: of them without an ID.
        respelled: of them not valid JSON in the source.
        unmatched: what could not be written.
        repairs: what was corrected, where that was wanted.
        properties: of the written records except the ID, in the order of their first occurrence.
        ids: the kinds of their IDs.
        damage: values of the written records that are wrong.
    """

    records: int = 0
    without_id: int = 0
    respelled: int = 0
    unmatched: list[Mismatch] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)
    properties: dict[str, None] = field(default_factory=dict)
    ids: IdCounter = field(default_factory=IdCounter)
    damage: tuple[Damage, ...] = ()


def copy(request: RetryRequest, chosen_records: ChosenRecords, buffer: Buffer, parts: Parts) -> CopyResult:
    """Write the chosen records.

    Raises:
        OutputError: they cannot be written.
        UsageError: a property that is to be dropped is in no record, or one record is beyond the limits.
    """
    copier = _Copier(request, chosen_records, buffer, parts)
    copier.keep_one_of_duplicates()
    for numbers in _batches(chosen_records):
        copier.take_all(numbers)
    parts.finish()
    copier.note_damage()
    copier.list_multi_values()
    if copier.copied.records:
        copier.check_dropped()
    return copier.copied


def _batches(chosen_records: ChosenRecords) -> Iterator[list[int]]:
    """Yield the numbers of the chosen records, a few at a time and of large records fewer."""
    batch: list[int] = []
    length = 0
    for number in _numbers(np.flatnonzero(chosen_records.chosen)):
        batch.append(number)
        length += chosen_records.spans.ends[number] - chosen_records.spans.starts[number]
        if len(batch) == _AT_ONCE or length > _BYTES_AT_ONCE:
            yield batch
            batch, length = [], 0
    yield batch


def _numbers(array: NDArray[np.int64]) -> Iterator[int]:
    """Yield Python's numbers, some at a time: they take four times the memory."""
    for start in range(0, len(array), _NUMBERS_AT_ONCE):
        yield from array[start : start + _NUMBERS_AT_ONCE].tolist()


@dataclass(slots=True)
class _MultiValue:
    """A property with lists or objects as values: how many records have one, where, and an example."""

    identity: str
    example: str
    count: int = 0
    positions: list[int] = field(default_factory=list)


class _Copier:
    """Copies the records of one request."""

    def __init__(self, request: RetryRequest, chosen_records: ChosenRecords, buffer: Buffer, parts: Parts) -> None:
        self.copied = CopyResult()
        self._manner = request.options
        self._id_property = request.id_property.name
        self._gathered = chosen_records
        self._records = Records(buffer, chosen_records.spans, self._id_property)
        self._parts = parts
        self._not_dropped = set(request.options.drop_properties)
        self._names: set[str] = set()
        self._shapes: set[tuple[str, ...]] = set()
        self._multi_values: dict[str, _MultiValue] = {}
        encoding = recoded_from(request.source)
        self._loses_bytes = encoding == WINDOWS_1252
        marked = after_mark(buffer) > 0 or encoding == UTF_16
        self._finder = DamageFinder(marked=marked, id_property=self._id_property)

    def keep_one_of_duplicates(self) -> None:
        """List the users with several records; with ``repair``, keep one of equal records."""
        for numbers in self._gathered.twice.values():
            identity = self._records.identity(numbers[0])
            raw = self._records.raw(numbers[0])
            if self._manner.repair and all(self._records.raw(number) == raw for number in numbers[1:]):
                self._gathered.chosen[numbers[0]] = True
                for number in numbers[1:]:
                    record = self._gathered.spans.positions[number] + 1
                    self.copied.repairs.append(Repair(record, identity, "the same record once more", _shown(raw), ""))
            else:
                places_of = places(self._gathered.spans, numbers)
                detail = _differences([raw, *map(self._records.raw, numbers[1:])], self._id_property)
                self.copied.unmatched.append(Mismatch(identity, Reason.twice, places_of, detail))

    def take_all(self, numbers: list[int]) -> None:
        """Write some records at once where they are valid JSON, else one by one."""
        raws = [self._records.raw(number) for number in numbers]
        joined = BETWEEN.join(raws)
        one_by_one = self._manner.drop_properties or self._loses_bytes
        members = None if one_by_one else strict_members_of(joined)
        if self._finder.suspects(joined):
            self._look(numbers, raws, members, joined)
        if members is None:
            for number in numbers:
                self.take(number)
            return
        self._note(members)
        if _NESTED_VALUE.search(joined):
            for number, record in zip(numbers, members, strict=True):
                self._note_multi_values(number, record)
        spelled = [self._id_property in names for names in members]
        values = [len(names) - with_id for names, with_id in zip(members, spelled, strict=True)]
        spans = self._gathered.spans
        self._parts.add_all(raws, joined, values, [spans.positions[number] for number in numbers])
        self.copied.records += len(raws)
        with_id = (mark and spans.marks[number] != NO_ID for mark, number in zip(spelled, numbers, strict=True))
        self.copied.without_id += len(raws) - sum(with_id)

    def take(self, number: int) -> None:
        """Write a record, or list why it cannot be written."""
        raw = self._records.raw(number)
        if self._loses_bytes and _LOST in raw:
            self._list(number, Reason.uncertain, "a byte that Windows-1252 leaves open")
            return
        members: Mapping[str, Buffer] | None = strict_members(raw)
        if members is None:
            respelled = self._respelled(number, raw)
            if respelled is None:
                return
            raw = respelled
            members = read_object(raw, 0).members
        if self._manner.drop_properties:
            raw, members = self._without_dropped(raw, members)
        self._note([members])
        self._note_multi_values(number, members)
        spelled = self._id_property in members
        self._parts.add(raw, len(members) - spelled, self._gathered.spans.positions[number])
        self.copied.records += 1
        self.copied.without_id += not spelled or self._gathered.spans.marks[number] == NO_ID

    def _note(self, records: Sequence[Mapping[str, Buffer]]) -> None:
        """Note the properties of written records, and the kinds of their IDs."""
        shapes = set(map(tuple, records)) - self._shapes
        if shapes:
            if len(self._shapes) > _SHAPES:  # the file's choice
                self._shapes.clear()
            self._shapes |= shapes
            # Once more in their order, which a set does not keep.
            for names in records:
                self.copied.properties |= dict.fromkeys(names)
            self.copied.properties.pop(self._id_property, None)
        name = self._id_property
        self.copied.ids.add([bytes(names[name]) for names in records if name in names])

    def check_dropped(self) -> None:
        """Refuse a property to drop that no record has: it may be misspelled.

        Raises:
            UsageError: that is so.
        """
        for name in sorted(self._not_dropped):
            advice = did_you_mean(name, self._names, "Write it as the source file does.")
            raise UsageError(f"no record that is to be retried has a property {name!r}", advice)

    def list_multi_values(self) -> None:
        """List the properties with lists or objects as values."""
        for name, one in self._multi_values.items():
            detail = f"{name}: {one.example}"
            places_of = shown_places(one.positions, one.count)
            self.copied.unmatched.append(Mismatch(one.identity, Reason.multi_value, places_of, detail, one.count, name))

    def _note_multi_values(self, number: int, members: Mapping[str, Buffer]) -> None:
        for name, token in members.items():
            if memoryview(token)[:1].tobytes() in _NESTED:
                known = self._multi_values.get(name)
                if known is None:
                    known = _MultiValue(self._records.identity(number), _shown(bytes(memoryview(token)[: 4 * _SHOWN])))
                    self._multi_values[name] = known
                known.count += 1
                if len(known.positions) < MOST_PLACES:
                    known.positions.append(self._gathered.spans.positions[number])

    def _respelled(self, number: int, raw: bytes) -> bytes | None:
        """Return a record in JSON; None, and listed, where there is no certain spelling."""
        result = respell(raw, repair=self._manner.repair)
        if result.raw is None:
            self._list(number, Reason.uncertain, ", ".join(result.uncertain[:3]))
            return None
        if result.raw != raw:
            self.copied.respelled += 1
            self._check_same(number, raw, result.raw)
        if self._manner.repair:
            place = self._gathered.spans.positions[number] + 1
            identity = self._records.identity(number)
            self.copied.repairs += [
                Repair(place, identity, change.kind.value, _shown(change.before), _shown(change.after))
                for change in result.changes
            ]
        return result.raw

    def _check_same(self, number: int, before: bytes, after: bytes) -> None:
        """Refuse a record that has other values than in the source: a wrong one would change a profile.

        Raises:
            OutputError: that is so.
        """
        from analyzer.source.same_values import same_values

        if not same_values(before, after):
            identity = self._records.identity(number)
            place = self._gathered.spans.positions[number] + 1
            raise OutputError(
                f"record {place:,}{f' ({identity})' if identity else ''} would have other values when written as JSON",
                "Write this record as JSON in the source file. No retry file was made.",
            )

    def note_damage(self) -> None:
        """Note which of the written properties have values that are wrong."""
        dropped = self._manner.drop_properties
        self.copied.damage = tuple(one for one in self._finder.found if one.property not in dropped)

    def _look(
        self, numbers: list[int], raws: list[bytes], members: list[dict[str, msgspec.Raw]] | None, joined: bytes
    ) -> None:
        """Look for damaged values in some records; ``members`` where they are valid JSON."""
        places_of = [self._gathered.spans.positions[number] for number in numbers]
        if members is not None:
            self._finder.look_at_all(list(map(Record, places_of, itertools.repeat(0), raws, members)), joined)
            return
        for place, raw in zip(places_of, raws, strict=True):
            if self._finder.suspects(raw):
                with contextlib.suppress(GrammarError):  # one that is listed, or repaired
                    self._finder.look(record_at(raw, 0, place)[0])

    def _list(self, number: int, reason: Reason, detail: str) -> None:
        """List a record that is not written."""
        identity = self._records.identity(number)
        self.copied.unmatched.append(Mismatch(identity, reason, places(self._gathered.spans, [number]), detail))

    def _without_dropped(self, raw: bytes, members: Mapping[str, Buffer]) -> tuple[bytes, Mapping[str, Buffer]]:
        self._names |= members.keys()
        dropped = members.keys() & set(self._manner.drop_properties)
        for name in dropped:
            raw = without(raw, name)
        self._not_dropped -= dropped
        return raw, {name: value for name, value in members.items() if name not in dropped}


def _differences(raws: Sequence[bytes], id_property: str) -> str:
    """Say how the records of one user differ except in the ID, a clause; empty where that is unknown."""
    if len(set(raws)) == 1:
        return IDENTICAL
    try:
        members = [{name: bytes(token) for name, token in read_object(raw, 0).members.items()} for raw in raws]
    except GrammarError:
        return ""
    names = dict.fromkeys(name for one in members for name in one if name != id_property)
    different = [name for name in names if len({one.get(name) for one in members}) > 1]
    return f"they differ in {listed(different[:_NAMED])}" if different else "they differ in nothing but spelling"


def _shown(token: bytes) -> str:
    text = token[: 4 * _SHOWN].decode("utf-8", "replace")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
