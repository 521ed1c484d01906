"""Types of this package: faults and their locations, spans and marks of records."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from enum import StrEnum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Trouble(StrEnum):
    """The kind of grammar error."""

    escape = auto()
    """A backslash without a valid escape sequence."""
    endless = auto()
    """A string without an end."""
    ended = auto()
    """The file ends too early."""
    no_value = auto()
    """A word that is neither a number nor a JSON literal."""
    after_value = auto()
    """No comma or closing bracket after a value."""
    unexpected = auto()
    """Any other unexpected character."""
    no_format = auto()
    """Valid JSON, but not in the import format."""
    no_record = auto()
    """A value in the list that isn't an object."""
    unclosed = auto()
    """Only the closing bracket of the list or of the object is missing at the end."""
    brackets = auto()
    """Extra closing brackets at the end."""


class ShapeKind(StrEnum):
    """How valid JSON differs from the import format; ``--repair`` lists the value."""

    one_object = "one record without a list around it"
    wrapper = "a list one level too deep"
    bare_list = "a list without an object around it"
    key_case = 'the name of "value" in other letters'
    several = "several JSON texts one after another"
    empty = "no users"
    texts = "texts in place of records"
    no_record = "a value that is no record"
    other = "another shape"


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of a source file that is valid JSON, but not in the import format.

    Attributes:
        kind: the kind of difference.
        offset: offset of the difference.
        words: description, a clause.
        advice: what to change in the feed, a sentence.
        pieces: offsets of lists of records, or of records without a list, if these certainly are all records; else
            empty.
    """

    kind: ShapeKind
    offset: int
    words: str
    advice: str
    pieces: tuple[int, ...] = ()


class GrammarError(Exception):
    """A byte that even the tolerated grammar does not allow.

    Attributes:
        offset: offset of the byte.
        problem: what is wrong, a clause.
        trouble: the kind of error.
        record: number of the record, from 1; None outside of records.
        start: offset of that record.
        shape: the file's shape, if it is valid JSON.
        stopped: where reading stopped, if ``offset`` is that of the shape.
    """

    def __init__(self, offset: int, problem: str, trouble: Trouble = Trouble.unexpected) -> None:
        super().__init__(offset, problem, trouble)
        self.offset = offset
        self.problem = problem
        self.trouble = trouble
        self.record: int | None = None
        self.start: int | None = None
        self.shape: Shape | None = None
        self.stopped: int | None = None

    def of_shape(self, shape: Shape | None) -> GrammarError:
        """Set the file's shape, if known, and its offset; return this error."""
        if shape is not None:
            self.shape, self.stopped, self.offset = shape, self.offset, shape.offset
        return self


class FaultKind(StrEnum):
    """The kind of fault; its name is used in JSON output."""

    backslash = auto()
    quotation_mark = auto()
    quotation_mark_missing = auto()
    typographic_quotation_mark = auto()
    comma_too_many = auto()
    comma_missing = auto()
    colon_missing = auto()
    value_missing = auto()
    wrong_bracket = auto()
    control_character = auto()
    no_value = auto()
    nested_value = auto()
    cut_off = auto()
    not_closed = auto()
    beginning = auto()
    import_format = auto()
    not_known = auto()


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault: its kind, and a description as a clause."""

    kind: FaultKind
    words: str


@dataclass(frozen=True, slots=True)
class Identity:
    """The ID of a record.

    Attributes:
        text: the ID as in the source file.
        property: the ID property.
        because: how the ID property is known, a clause.
        inferred: whether the ID property was inferred.
        caution: why the ID is less certain than that of a valid record, a clause; empty if it isn't.
    """

    text: str
    property: str
    because: str
    inferred: bool
    caution: str = ""


@dataclass(frozen=True, slots=True)
class ReportedPlace:
    """The place at which the service stopped reading, as reported in its message.

    Attributes:
        path: as in the message, ``value[1672].Department``; empty for the document itself.
        record: number of the record, from 1: 1,673 for ``value[1672]``; None if the path has none. The service may
            have stopped after it.
        property: the record's property; None if the path has none, or was cut off.
        line: from 1; 0 if the first token could not be read; None if the message was cut off.
        position: UTF-16 units since the line's start, without a byte order mark; None if the message was cut off.
        escape: whether the message is about an escape sequence; None if unknown.
    """

    path: str
    record: int | None
    property: str | None
    line: int | None
    position: int | None
    escape: bool | None = None


class Certainty(StrEnum):
    """How certain it is that the service stopped at this record."""

    sure = "sure"
    likely = "likely"
    unsure = "unsure"


@dataclass(frozen=True, slots=True)
class FaultLocation:
    """The location of a fault in a source file.

    Attributes:
        record: number of the record, from 1; None if the fault is in no record.
        after: whether the fault is after that record, before the next one.
        identity: the ID of the record; None if unknown.
        property: the property in or after which the fault is; None if there is none.
        line: from 1.
        column: from 1, in characters.
        excerpt: the text around the fault, on one line.
        fault: the fault.
        sure: the certainty of the location.
        remarks: doubts and notes, as clauses.
    """

    record: int | None
    after: bool
    identity: Identity | None
    property: str | None
    line: int
    column: int
    excerpt: str
    fault: Fault
    sure: Certainty
    remarks: tuple[str, ...] = ()


NO_ID = 0
"""The mark of a record without an ID."""


def marks_of(keys: Iterable[str]) -> dict[str, int]:
    """Number the users with these keys from 1, without empty keys."""
    return {key: mark for mark, key in enumerate(filter(None, keys), start=1)}


def mark_of(key: str) -> int:
    """Return the mark of a key if all users are wanted; it is valid in this process only."""
    return (hash(key) or 1) if key else NO_ID


def mark_in(wanted: Mapping[str, int] | None, key: str) -> int | None:
    """Return the mark of a key in ``wanted`` (None for all users); None if it isn't wanted."""
    return mark_of(key) if wanted is None else wanted.get(key)


def _numbers() -> array[int]:
    return array("q")


@dataclass(slots=True)
class Spans:
    """Records of a source file in order, as arrays of numbers, as there may be millions.

    Attributes:
        starts: start of each record, in bytes of the file's UTF-8.
        ends: end of each record.
        positions: positions in the array, from 0.
        marks: marks of the users: equal for records of the same user, ``NO_ID`` without an ID.
    """

    starts: array[int] = field(default_factory=_numbers)
    ends: array[int] = field(default_factory=_numbers)
    positions: array[int] = field(default_factory=_numbers)
    marks: array[int] = field(default_factory=_numbers)

    def __len__(self) -> int:
        return len(self.starts)

    def add(self, start: int, end: int, position: int, mark: int) -> None:
        """Add one record."""
        self.starts.append(start)
        self.ends.append(end)
        self.positions.append(position)
        self.marks.append(mark)

    def extend(self, others: Spans, *, records_before: int) -> None:
        """Add records with positions relative to ``records_before``."""
        self.starts.extend(others.starts)
        self.ends.extend(others.ends)
        self.positions.extend(position + records_before for position in others.positions)
        self.marks.extend(others.marks)

    def columns(self) -> Iterable[array[int]]:
        """Return the four arrays."""
        return self.starts, self.ends, self.positions, self.marks
