"""Write a repaired copy of a source file: only what is provable is changed, and everything else stays byte for byte.

A change is provable if no record can have been meant otherwise (see ``source.salvage`` for how that is known):

- the encoding and the byte order mark, and the shape of valid JSON whose records are certain;
- backslashes that begin no escape; commas and closing brackets outside of values;
- null in place of a record, and all but the first of records with the same ID and the same values;
- on request, properties that the map lacks.

Anything else that isn't valid JSON makes a copy impossible, because a record would be lost or guessed.
"""

from __future__ import annotations

import codecs
from array import array
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

import polars as pl

from analyzer.errors import OutputError, UsageError
from analyzer.imports.edits import ChangeKind, Changes, Edits
from analyzer.imports.fix_shape import SHAPE_AFTER, shape_before, wrap
from analyzer.imports.input_file import ONCE_WRITTEN
from analyzer.model.identity import identity_key
from analyzer.retry.writing.write import refuse_inputs
from analyzer.source.batches import BatchReader
from analyzer.source.model import NO_ID, GrammarError, ShapeKind, Trouble, mark_of
from analyzer.source.reader.json_text import WINDOWS_1252, after_mark, is_ascii, opened, position, recoded_from
from analyzer.source.reader.tolerant import Record, read_object, text_of, unquote
from analyzer.source.salvage.model import Repaired, Unreadable
from analyzer.source.salvage.read import salvage_of
from analyzer.source.same_values import same_values
from analyzer.source.strict_json import respell
from analyzer.source.without import spans_of, without
from analyzer.storage.file_set import FileSet
from analyzer.storage.files import cannot_write, check_unchanged, state_of
from analyzer.storage.table_files import csv_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from analyzer.imports.model import ImportPlan
    from analyzer.source.model import Shape
    from analyzer.source.reader.json_text import Buffer
    from analyzer.source.salvage.model import Corrected

_LOST = "\ufffd".encode()
_MOST_PROBLEMS = 1_000
"""Places that can't be repaired and are listed."""
_AROUND = 20
_MARK = "UTF-8 with a byte order mark"


@dataclass(frozen=True, slots=True)
class Problem:
    """A place that can't be repaired without guessing.

    Attributes:
        record: number of the record, from 1; None if it is in none.
        identity: its likely ID; empty if unknown.
        line: from 1.
        column: from 1, in characters.
        words: what is wrong there, a clause.
    """

    record: int | None
    identity: str
    line: int
    column: int
    words: str


@dataclass(frozen=True, slots=True)
class FixResult:
    """What was repaired.

    Attributes:
        path: the repaired file; None if none was written.
        changes_file: the list of changes beside it; None if no file was written.
        changes: what was changed, or would have been.
        records: number of records in the repaired file.
        problems: what can't be repaired, the first 1,000 places; then no file was written.
        further: number of such places beyond those.
    """

    path: Path | None
    changes_file: Path | None
    changes: Changes = field(compare=False)
    records: int = 0
    problems: tuple[Problem, ...] = ()
    further: int = 0


def fix(
    path: Path, target: Path, plan: ImportPlan, *, drop_unmapped: bool = False, inputs: Sequence[Path] = ()
) -> FixResult:
    """Write a repaired copy of a source file, and the list of its changes; neither if anything would be guessed.

    Args:
        path: the source file.
        target: path of the repaired file; replaced if it exists.
        plan: the ID property, by which duplicates are found, and the property map.
        drop_unmapped: whether properties that the map lacks are left out.
        inputs: further files that must not be replaced.

    Raises:
        InputError: the file can't be read, or changes while it is read.
        OutputError: a file can't be written, or is an input.
        UsageError: ``drop_unmapped`` without a map or an ID property.
    """
    if drop_unmapped and (plan.property_map is None or not plan.id_property):
        missing = "the property map" if plan.property_map is None else "the ID property"
        option = "--map or --feed" if plan.property_map is None else "--id-property"
        raise UsageError(f"--drop-unmapped needs {missing}", f"Specify it with {option}.")
    changes_file = changes_path(target)
    refuse_inputs([target, changes_file], [(one, "input file") for one in (path, *inputs)], "--fix")
    mapped = plan.property_map if drop_unmapped else None
    before = state_of(path)
    with opened(path) as buffer:
        fixer = _Fixer(path, buffer, plan.id_property, mapped)
        fixer.read()
        changes, records = fixer.changes, fixer.kept
        if fixer.problems:
            return FixResult(None, None, changes, records, tuple(fixer.problems), fixer.further)
        with FileSet() as files:
            _write(files, target, fixer.pieces())
            _verify(next(iter(files.beside)), target, records)
            check_unchanged(path, before, ONCE_WRITTEN)
            files.write(changes_file, csv_bytes(changes.table(), byte_order_mark=True))
            files.put_in_place([target, changes_file])
    return FixResult(target, changes_file, changes, records)


def changes_path(target: Path) -> Path:
    """Return the path of the list of changes beside a repaired file."""
    return target.with_name(f"{target.stem}.changes.csv")


def _write(files: FileSet, target: Path, pieces: Iterable[bytes]) -> None:
    stream = files.new(target)
    try:
        stream.writelines(pieces)
        stream.flush()
    except OSError as error:
        raise cannot_write(target, error) from error


def _verify(written: Path, target: Path, records: int) -> None:
    """Read the repaired file as a check does.

    Raises:
        OutputError: it isn't in the import format, or has another number of records.
    """
    with opened(written) as buffer:
        reader = BatchReader(buffer, "", lambda _batch: None)
        try:
            reader.read()
            found: int | str = reader.records
        except GrammarError as error:
            found = error.problem
    if found != records:
        raise OutputError(
            f"{target} would have {records:,} records, but a check of it found {found}",
            "No file was written. Correct the source file by hand, and report this.",
        )


class _Fixer:
    """Reads one open file, and collects what to change.

    Attributes:
        changes: what people read.
        problems: what can't be repaired.
        further: number of problems that aren't listed.
        kept: number of records in the repaired file.
    """

    def __init__(self, path: Path, buffer: Buffer, id_property: str, mapped: Mapping[str, str] | None) -> None:
        """Prepare to read.

        Args:
            path: the file.
            buffer: its UTF-8.
            id_property: the ID property; empty if unknown.
            mapped: the property map, if properties that it lacks are left out; else None.
        """
        self.changes = Changes(path.name)
        self.problems: list[Problem] = []
        self.further = self.kept = 0
        self._buffer = buffer
        self._id_property = id_property
        self._allowed = None if mapped is None else {id_property, *mapped}
        self._encoding = recoded_from(path)
        self._edits = Edits()
        self._starts = array("q")
        self._ends = array("q")
        self._marks = array("q")
        self._respelled: dict[int, bytes] = {}
        self._removed: set[int] = set()
        self._mark = b""

    def read(self) -> None:
        """Read the file."""
        self._fix_encoding()
        shape: Shape | None = None
        for item in salvage_of(self._buffer, repair=True, commas=True):
            if isinstance(item, Record):
                self._take(item)
            elif isinstance(item, Unreadable):
                self._take_unreadable(item)
            elif item.shape is not None:
                shape = item.shape
            else:
                self._correct(item)
        self.kept = len(self._starts)
        if self.problems:
            return
        self._remove_duplicates()
        self.kept -= len(self._removed)
        if self._removed and not self.kept:
            self._problem(None, "", after_mark(self._buffer), "no record would remain")
        if shape is not None:
            self.changes.add(ChangeKind.shape, shape_before(self._buffer, shape), SHAPE_AFTER)
            wrap(self._buffer, shape, self._starts, self._ends, self._edits)
        self._remove_elements()

    def pieces(self) -> Iterator[bytes]:
        """Yield the repaired file."""
        return chain([self._mark], self._edits.pieces(self._buffer, 0))

    def _fix_encoding(self) -> None:
        if self._encoding:
            self.changes.add(ChangeKind.encoding, self._encoding, _MARK)
            self._mark = codecs.BOM_UTF8
        elif not after_mark(self._buffer) and not is_ascii(self._buffer):
            self.changes.add(ChangeKind.mark, "UTF-8 without a byte order mark", _MARK)
            self._mark = codecs.BOM_UTF8

    def _take(self, record: Record) -> None:
        """Take a record, which may need changes."""
        index = len(self._starts)
        self._starts.append(record.offset)
        self._ends.append(record.offset + len(record.raw))
        identity = record.text(self._id_property) if self._id_property else None
        self._marks.append(mark_of(identity_key(identity)) if identity else NO_ID)
        if self._encoding == WINDOWS_1252 and _LOST in record.raw:
            self._problem(index + 1, identity or "", record.offset, "it has a byte that Windows-1252 doesn't define")
        unmapped = record.members.keys() - self._allowed if self._allowed is not None else frozenset()
        raw = record.raw
        if isinstance(record, Repaired):
            raw = self._respell(record, identity)
            for name in unmapped:
                raw = without(raw, name)
            self._respelled[index] = raw
            self._edits.add(record.offset, self._ends[-1], raw)
        elif unmapped:
            self._edits.remove(spans_of(raw, unmapped), record.offset)
        for name in record.members:  # in the file's order
            if name in unmapped:
                value = bytes(record.members[name])
                self.changes.add(ChangeKind.unmapped, value, "", record=index + 1, identity=identity, name=name)

    def _respell(self, record: Repaired, identity: str | None) -> bytes:
        """Return a record with its faults corrected, and list the changes."""
        number = record.position + 1
        if record.commas:
            before, after = _difference(record.raw, record.respelled)
            self.changes.add(ChangeKind.comma, before, after, record=number, identity=identity)
            return record.respelled
        result = respell(record.raw, repair=True)
        if result.raw is None or not same_values(record.raw, result.raw):
            words = ", ".join(result.uncertain[:3]) or "its values would change"
            self._problem(number, identity or "", record.offset, words)
            return record.raw
        for change in result.changes:
            self.changes.add(
                change.kind, change.before, change.after, record=number, identity=identity, name=change.name
            )
        return result.raw

    def _take_unreadable(self, item: Unreadable) -> None:
        """Leave out null in place of a record; note anything else."""
        if item.error.trouble is Trouble.no_record and self._buffer[item.offset : item.end] == b"null":
            self._removed.add(len(self._starts))
            self._starts.append(item.offset)
            self._ends.append(item.end)
            self._marks.append(NO_ID)
            self.changes.add(ChangeKind.null_record, "null", "", record=len(self._starts))
            return
        identity = item.identity(self._id_property) if self._id_property else None
        shape = item.error.shape
        words = shape.words if shape is not None and shape.kind is not ShapeKind.no_record else item.words
        record = None if item.position is None else item.position + 1
        self._problem(record, identity.text if identity else "", max(item.offset, item.error.offset), words)

    def _correct(self, item: Corrected) -> None:
        """Correct what is outside of records."""
        kind = ChangeKind.comma if "," in (item.before, item.after) else ChangeKind.bracket
        record = len(self._starts) or None
        start = item.start
        if item.text == b"," and self._ends:  # directly after the record, not before the next one
            start = self._ends[-1]
            self._edits.add(start, start, item.text)
        else:
            self._edits.add(start, item.end, item.text)
        self.changes.add(kind, item.before, item.after, record=record)

    def _problem(self, record: int | None, identity: str, offset: int, words: str) -> None:
        if len(self.problems) >= _MOST_PROBLEMS:
            self.further += 1
            return
        self.problems.append(Problem(record, identity, *position(self._buffer, offset), words))

    def _remove_duplicates(self) -> None:
        """Remove all but the first of records with the same ID and the same values."""
        known: dict[str, set[frozenset[tuple[str, object]]]] = {}
        for index in _repeated(self._marks):
            raw = self._respelled.get(index) or bytes(self._buffer[self._starts[index] : self._ends[index]])
            members = read_object(raw, 0).members
            identity = text_of(members[self._id_property]) or ""
            values = known.setdefault(identity_key(identity), set())
            own = self._values(members)
            if own in values:
                self._removed.add(index)
                self.changes.add(ChangeKind.duplicate, raw, "", record=index + 1, identity=identity)
            values.add(own)

    def _values(self, members: Mapping[str, bytes]) -> frozenset[tuple[str, object]]:
        """Return the values that are compared: texts without escapes, and other values as they are written."""
        return frozenset(
            (name, unquote(token) if token[:1] in (b'"', b"'") else token)
            for name, token in members.items()
            if name != self._id_property and (self._allowed is None or name in self._allowed)
        )

    def _remove_elements(self) -> None:
        """Remove elements of the list, each with the comma after it, or before it if it is the last one."""
        last = len(self._starts) - 1
        while last in self._removed:
            last -= 1
        for index in sorted(self._removed):
            if index < last:
                self._edits.add(self._starts[index], self._starts[index + 1])
        if last + 1 < len(self._starts) and last >= 0:
            self._edits.add(self._ends[last], self._ends[-1])


def _repeated(marks: array[int]) -> list[int]:
    """Return the indexes of records whose mark another record has, too."""
    frame = pl.DataFrame({"mark": pl.Series(marks, dtype=pl.Int64)}).with_row_index()
    repeated = frame.filter(pl.col("mark") != NO_ID).filter(pl.col("mark").is_duplicated())
    return repeated["index"].to_list()


def _difference(before: bytes, after: bytes) -> tuple[bytes, bytes]:
    """Return the text around the first difference, before and after."""
    at = next((at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), len(before))
    start = max(0, at - _AROUND)
    return before[start : at + _AROUND], after[start : at + _AROUND]
