"""Copy the chosen records of a source file: byte for byte, except what isn't valid JSON."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from analyzer.errors import OutputError, UsageError
from analyzer.model.identity import IdCounter, identity_key
from analyzer.model.text import did_you_mean, listed, shortened
from analyzer.retry.corrections import CorrectedId
from analyzer.retry.model import IDENTICAL, MOST_PLACES, Mismatch, Reason, Repair, shown_places
from analyzer.retry.selection.find_records import Records, record_places
from analyzer.retry.writing.parts import BETWEEN
from analyzer.source.damaged_values import DamageFinder
from analyzer.source.model import NO_ID, GrammarError, mark_in
from analyzer.source.reader.json_text import UTF_16, WINDOWS_1252, after_mark, recoded_from
from analyzer.source.reader.tolerant import Record, read_object, record_at
from analyzer.source.strict_json import respell, strict_members, strict_members_of
from analyzer.source.without import with_value, without

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import msgspec
    from numpy.typing import NDArray

    from analyzer.retry.model import RetryRequest
    from analyzer.retry.selection.match_records import ChosenRecords
    from analyzer.retry.writing.parts import Parts
    from analyzer.source.damaged_values import Damage
    from analyzer.source.reader.json_text import Buffer

_AT_ONCE = 64
"""Records in one batch."""
_NUMBERS_AT_ONCE = 10_000
_BYTES_AT_ONCE = 1 << 18
_SHAPES = 10_000
"""Distinct sequences of property names that are remembered."""
_LOST = "\ufffd".encode()
"""The replacement for a byte that an encoding doesn't define."""
_NAMED = 5
"""Properties that are named in a sentence."""
_NESTED = (b"{", b"[")
_NESTED_VALUE = re.compile(rb":[ \t\r\n]*[\[{]")
"""Matches if a value is a list or an object; may also match inside a text."""
_SHOWN = 200
"""Characters of a token that are shown."""


@dataclass(slots=True)
class CopyResult:
    """The result of a copy.

    Attributes:
        records: number of written records.
        without_id: how many of them have no ID.
        respelled: how many of them aren't valid JSON in the source.
        unmatched: what couldn't be written.
        repairs: what was repaired.
        corrected: IDs that were written otherwise.
        properties: of the written records except the ID, in the order of their first occurrence.
        ids: counts the kinds of IDs.
        damage: wrong values in the written records.
    """

    records: int = 0
    without_id: int = 0
    respelled: int = 0
    unmatched: list[Mismatch] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)
    corrected: list[CorrectedId] = field(default_factory=list)
    properties: dict[str, None] = field(default_factory=dict)
    ids: IdCounter = field(default_factory=IdCounter)
    damage: tuple[Damage, ...] = ()


def copy(request: RetryRequest, chosen_records: ChosenRecords, buffer: Buffer, parts: Parts) -> CopyResult:
    """Write the chosen records.

    Raises:
        OutputError: they can't be written.
        UsageError: no record has a property that is to be dropped, or one record exceeds the limits.
    """
    copier = _Copier(request, chosen_records, buffer, parts)
    copier.keep_one_of_duplicates()
    for numbers in _batches(chosen_records):
        copier.copy_batch(numbers)
    parts.finish()
    copier.note_damage()
    copier.list_multi_values()
    if copier.result.records:
        copier.check_dropped()
    return copier.result


def _batches(chosen_records: ChosenRecords) -> Iterator[list[int]]:
    """Yield the numbers of the chosen records in batches, smaller ones for large records."""
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
    """Yield Python integers, converted in chunks: they take four times the memory."""
    for start in range(0, len(array), _NUMBERS_AT_ONCE):
        yield from array[start : start + _NUMBERS_AT_ONCE].tolist()


@dataclass(slots=True)
class _MultiValue:
    """A property with lists or objects as values: number of records, first positions, and an example."""

    identity: str
    example: str
    count: int = 0
    positions: list[int] = field(default_factory=list)


class _Copier:
    """Copies the records of one request."""

    def __init__(self, request: RetryRequest, chosen_records: ChosenRecords, buffer: Buffer, parts: Parts) -> None:
        self.result = CopyResult()
        self._options = request.options
        self._id_property = request.id_property.name
        self._chosen = chosen_records
        self._records = Records(buffer, chosen_records.spans, self._id_property)
        self._parts = parts
        self._not_dropped = set(request.options.drop_properties)
        self._names: set[str] = set()
        self._shapes: set[tuple[str, ...]] = set()
        self._multi_values: dict[str, _MultiValue] = {}
        encoding = recoded_from(request.source)
        self._loses_bytes = encoding == WINDOWS_1252
        self._corrections = request.corrections.by_key
        wanted = None if request.selection.all_records else request.selection.identities.marks
        self._to_correct = {mark for key in self._corrections if (mark := mark_in(wanted, key))}
        marked = after_mark(buffer) > 0 or encoding == UTF_16
        self._finder = DamageFinder(marked=marked, id_property=self._id_property)

    def keep_one_of_duplicates(self) -> None:
        """List the users with several records; with ``repair``, keep one of equal records."""
        for numbers in self._chosen.duplicates.values():
            identity = self._records.identity(numbers[0])
            raw = self._records.raw(numbers[0])
            if self._options.repair and all(self._records.raw(number) == raw for number in numbers[1:]):
                self._chosen.chosen[numbers[0]] = True
                for number in numbers[1:]:
                    record = self._chosen.spans.positions[number] + 1
                    self.result.repairs.append(Repair(record, identity, "the same record once more", _shorten(raw), ""))
            else:
                places_of = record_places(self._chosen.spans, numbers)
                detail = _differences([raw, *map(self._records.raw, numbers[1:])], self._id_property)
                self.result.unmatched.append(Mismatch(identity, Reason.duplicate, places_of, detail))

    def copy_batch(self, numbers: list[int]) -> None:
        """Write records at once if they are valid JSON, else one by one."""
        raws = [self._records.raw(number) for number in numbers]
        joined = BETWEEN.join(raws)
        one_by_one = self._options.drop_properties or self._loses_bytes or self._has_to_correct(numbers)
        members = None if one_by_one else strict_members_of(joined)
        if self._finder.suspects(joined):
            self._find_damage(numbers, raws, members, joined)
        if members is None:
            for number in numbers:
                self.copy_record(number)
            return
        self._note_properties(members)
        if _NESTED_VALUE.search(joined):
            for number, record in zip(numbers, members, strict=True):
                self._note_multi_values(number, record)
        spelled = [self._id_property in names for names in members]
        values = [len(names) - with_id for names, with_id in zip(members, spelled, strict=True)]
        spans = self._chosen.spans
        self._parts.add_all(raws, joined, values, [spans.positions[number] for number in numbers])
        self.result.records += len(raws)
        with_id = (mark and spans.marks[number] != NO_ID for mark, number in zip(spelled, numbers, strict=True))
        self.result.without_id += len(raws) - sum(with_id)

    def copy_record(self, number: int) -> None:
        """Write a record, or list why it can't be written."""
        raw = self._records.raw(number)
        if self._loses_bytes and _LOST in raw:
            self._list_unwritten(number, Reason.uncertain, "a byte that Windows-1252 doesn't define")
            return
        members: Mapping[str, Buffer] | None = strict_members(raw)
        if members is None:
            respelled = self._respelled(number, raw)
            if respelled is None:
                return
            raw = respelled
            members = read_object(raw, 0).members
        if self._chosen.spans.marks[number] in self._to_correct:
            raw, members = self._with_corrected_id(number, raw, members)
        if self._options.drop_properties:
            raw, members = self._without_dropped(raw, members)
        self._note_properties([members])
        self._note_multi_values(number, members)
        spelled = self._id_property in members
        self._parts.add(raw, len(members) - spelled, self._chosen.spans.positions[number])
        self.result.records += 1
        self.result.without_id += not spelled or self._chosen.spans.marks[number] == NO_ID

    def _has_to_correct(self, numbers: list[int]) -> bool:
        """Return whether one of some records may have an ID to correct."""
        marks = self._chosen.spans.marks
        return bool(self._to_correct) and not self._to_correct.isdisjoint(marks[number] for number in numbers)

    def _with_corrected_id(
        self, number: int, raw: bytes, members: Mapping[str, Buffer]
    ) -> tuple[bytes, Mapping[str, Buffer]]:
        """Return a record with the right ID; unchanged if it only shares the mark of a user with a wrong one."""
        identity = self._records.identity(number)
        found = self._corrections.get(identity_key(identity))
        if found is None:
            return raw, members
        token = json.dumps(found.corrected, ensure_ascii=False).encode()
        place = self._chosen.spans.positions[number] + 1
        self.result.corrected.append(CorrectedId(place, identity, found.corrected, found.proof))
        return with_value(raw, self._id_property, token), {**members, self._id_property: token}

    def _note_properties(self, records: Sequence[Mapping[str, Buffer]]) -> None:
        """Note the properties of written records, and the kinds of their IDs."""
        shapes = set(map(tuple, records)) - self._shapes
        if shapes:
            if len(self._shapes) > _SHAPES:  # the file's choice
                self._shapes.clear()
            self._shapes |= shapes
            # In their order, which a set doesn't keep.
            for names in records:
                self.result.properties |= dict.fromkeys(names)
            self.result.properties.pop(self._id_property, None)
        name = self._id_property
        self.result.ids.add([bytes(names[name]) for names in records if name in names])

    def check_dropped(self) -> None:
        """Refuse a property to drop that no record has.

        Raises:
            UsageError: there is one; it may be misspelled.
        """
        for name in sorted(self._not_dropped):
            advice = did_you_mean(name, self._names, "Write it as the source file does.")
            raise UsageError(f"no record that is to be retried has a property {name!r}", advice)

    def list_multi_values(self) -> None:
        """List the properties with lists or objects as values."""
        for name, one in self._multi_values.items():
            detail = f"{name}: {one.example}"
            places_of = shown_places(one.positions, one.count)
            self.result.unmatched.append(Mismatch(one.identity, Reason.multi_value, places_of, detail, one.count, name))

    def _note_multi_values(self, number: int, members: Mapping[str, Buffer]) -> None:
        for name, token in members.items():
            if memoryview(token)[:1].tobytes() in _NESTED:
                known = self._multi_values.get(name)
                if known is None:
                    known = _MultiValue(
                        self._records.identity(number), _shorten(bytes(memoryview(token)[: 4 * _SHOWN]))
                    )
                    self._multi_values[name] = known
                known.count += 1
                if len(known.positions) < MOST_PLACES:
                    known.positions.append(self._chosen.spans.positions[number])

    def _respelled(self, number: int, raw: bytes) -> bytes | None:
        """Return a record as valid JSON; list it and return None if its meaning is uncertain."""
        result = respell(raw, repair=self._options.repair)
        if result.raw is None:
            self._list_unwritten(number, Reason.uncertain, ", ".join(result.uncertain[:3]))
            return None
        if result.raw != raw:
            self.result.respelled += 1
            self._check_same(number, raw, result.raw)
        if self._options.repair:
            place = self._chosen.spans.positions[number] + 1
            identity = self._records.identity(number)
            self.result.repairs += [
                Repair(place, identity, change.kind.value, _shorten(change.before), _shorten(change.after))
                for change in result.changes
            ]
        return result.raw

    def _check_same(self, number: int, before: bytes, after: bytes) -> None:
        """Refuse a record whose values differ from the source: a wrong one would change a profile.

        Raises:
            OutputError: they differ.
        """
        from analyzer.source.same_values import same_values

        if not same_values(before, after):
            identity = self._records.identity(number)
            place = self._chosen.spans.positions[number] + 1
            raise OutputError(
                f"record {place:,}{f' ({identity})' if identity else ''} would have other values when written as JSON",
                "Write this record as JSON in the source file. No retry file was made.",
            )

    def note_damage(self) -> None:
        """Note which of the written properties have values that are wrong."""
        dropped = self._options.drop_properties
        self.result.damage = tuple(one for one in self._finder.found if one.property not in dropped)

    def _find_damage(
        self, numbers: list[int], raws: list[bytes], members: list[dict[str, msgspec.Raw]] | None, joined: bytes
    ) -> None:
        """Find damaged values in some records; ``members`` if they are valid JSON."""
        places_of = [self._chosen.spans.positions[number] for number in numbers]
        if members is not None:
            self._finder.check_all(list(map(Record, places_of, itertools.repeat(0), raws, members)), joined)
            return
        for place, raw in zip(places_of, raws, strict=True):
            if self._finder.suspects(raw):
                with contextlib.suppress(GrammarError):  # listed or repaired elsewhere
                    self._finder.check(record_at(raw, 0, place)[0])

    def _list_unwritten(self, number: int, reason: Reason, detail: str) -> None:
        """List a record that isn't written."""
        identity = self._records.identity(number)
        self.result.unmatched.append(Mismatch(identity, reason, record_places(self._chosen.spans, [number]), detail))

    def _without_dropped(self, raw: bytes, members: Mapping[str, Buffer]) -> tuple[bytes, Mapping[str, Buffer]]:
        self._names |= members.keys()
        dropped = members.keys() & set(self._options.drop_properties)
        for name in dropped:
            raw = without(raw, name)
        self._not_dropped -= dropped
        return raw, {name: value for name, value in members.items() if name not in dropped}


def _differences(raws: Sequence[bytes], id_property: str) -> str:
    """Return how the records of one user differ except in the ID, a clause; empty if unknown."""
    if len(set(raws)) == 1:
        return IDENTICAL
    try:
        members = [{name: bytes(token) for name, token in read_object(raw, 0).members.items()} for raw in raws]
    except GrammarError:
        return ""
    names = dict.fromkeys(name for one in members for name in one if name != id_property)
    different = [name for name in names if len({one.get(name) for one in members}) > 1]
    return f"they differ in {listed(different[:_NAMED])}" if different else "they differ only in spelling"


def _shorten(token: bytes) -> str:
    return shortened(token[: 4 * _SHOWN].decode("utf-8", "replace"), _SHOWN)
