"""The types that pass between the modules of the room: faults and where they are, spans and marks of records."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from enum import StrEnum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Trouble(StrEnum):
    """What kind of thing the grammar does not allow."""

    escape = auto()
    """A backslash that begins no escape."""
    endless = auto()
    """A quotation mark without its other one."""
    ended = auto()
    """The file ends too early."""
    no_value = auto()
    """A word that is neither a number nor one of JSON's."""
    after_value = auto()
    """Neither a comma nor the closing bracket after a value."""
    unexpected = auto()
    """Something else than what has to be there."""
    no_format = auto()
    """JSON, but not the import format."""
    no_record = auto()
    """A value in the list that isn't an object."""
    unclosed = auto()
    """The bracket of the list, or of the object, is all that is missing at the end."""
    brackets = auto()
    """Closing brackets after the end, and nothing else."""


class ShapeKind(StrEnum):
    """How a source file that is valid JSON differs from the import format; what ``--repair`` lists is its value."""

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
        kind: how it differs.
        offset: where it differs.
        words: what differs, a clause.
        advice: what to change in the program that writes the file, a sentence.
        pieces: where lists of records and records without a list begin, in their order, where it is certain that these
            are all the records; else empty.
    """

    kind: ShapeKind
    offset: int
    words: str
    advice: str
    pieces: tuple[int, ...] = ()


class GrammarError(Exception):
    """A byte that even the tolerated grammar does not allow.

    Attributes:
        offset: of the offending byte.
        problem: what is wrong, in plain words.
        trouble: which kind of thing that is.
        record: in which record of the array, from 1, where it is in one.
        start: where that record begins.
        shape: the file's, where it is valid JSON.
        stopped: where reading had to stop, if that is not where the shape differs.
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
        """The same error with the file's shape, where that is known, and at the place where it differs."""
        if shape is not None:
            self.shape, self.stopped, self.offset = shape, self.offset, shape.offset
        return self


class FaultKind(StrEnum):
    """What is wrong; its name is what JSON output says."""

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
    """What is wrong: its kind, and a clause."""

    kind: FaultKind
    words: str


@dataclass(frozen=True, slots=True)
class Identity:
    """The ID in a record.

    Attributes:
        text: as the source file spells it.
        property: the ID property.
        because: how the ID property is known, a clause.
        inferred: whether the ID property was inferred.
        caution: why the ID is less sure than one of a whole record, a clause; empty where it is as sure.
    """

    text: str
    property: str
    because: str
    inferred: bool
    caution: str = ""


@dataclass(frozen=True, slots=True)
class ReportedPlace:
    """Where the service could not read on, as its message reports it.

    Attributes:
        path: as written, ``value[1672].Department``; empty for the document itself.
        record: which record of the source file, from 1, so 1,673 for ``value[1672]``; None where the path names none.
            The service may have been after it.
        property: the record's property; None where the path names none, or was cut off.
        line: from 1; 0 where not even the first token could be read; None where the message was cut off.
        position: UTF-16 units since the line's start, a byte order mark not counted; None likewise.
        escape: whether the message complains of an escape sequence; None where its wording does not tell.
    """

    path: str
    record: int | None
    property: str | None
    line: int | None
    position: int | None
    escape: bool | None = None


class Certainty(StrEnum):
    """How sure it is that this is the record that the service stopped at."""

    sure = "sure"
    likely = "likely"
    unsure = "unsure"


@dataclass(frozen=True, slots=True)
class FaultLocation:
    """Where a fault is in a source file, and what is wrong there.

    Attributes:
        record: from 1; None where the fault is in no record.
        behind: the fault is after that record, before the next one.
        identity: whose record it is; None where that is unknown.
        property: the record's property in which, or after which, the fault is; None where it is in none.
        line: from 1.
        column: from 1, in characters; of the offending one.
        excerpt: the text around it, on one line.
        fault: what is wrong.
        sure: how sure it is that this is the place.
        remarks: what speaks against it, or has to be known; sentences without a full stop.
    """

    record: int | None
    behind: bool
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
    """Number the users with these keys from 1; an empty key is no user's."""
    return {key: mark for mark, key in enumerate(filter(None, keys), start=1)}


def mark_of(key: str) -> int:
    """Return the mark of a key where everybody is wanted; the same within one process only."""
    return (hash(key) or 1) if key else NO_ID


def mark_in(wanted: Mapping[str, int] | None, key: str) -> int | None:
    """Return the mark of a key among those that are wanted (None: everybody); None where it is not wanted."""
    return mark_of(key) if wanted is None else wanted.get(key)


def _numbers() -> array[int]:
    return array("q")


@dataclass(slots=True)
class Spans:
    """Records of a source file in their order: four numbers for each, as there may be millions.

    Attributes:
        starts: where each record begins, in bytes of the file's UTF-8.
        ends: where it ends.
        positions: its place in the array, from 0.
        marks: whose it is: equal for the records of one user, ``NO_ID`` without an ID.
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
        """Add records whose positions were counted from a later record on."""
        self.starts.extend(others.starts)
        self.ends.extend(others.ends)
        self.positions.extend(position + records_before for position in others.positions)
        self.marks.extend(others.marks)

    def columns(self) -> Iterable[array[int]]:
        """The numbers, attribute by attribute."""
        return self.starts, self.ends, self.positions, self.marks
