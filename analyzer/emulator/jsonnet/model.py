"""What passes between the parts of the reader: tokens, faults, the reader's own error."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, auto
from typing import TypeAlias

Scalar: TypeAlias = str | int | float | bool | None
"""A value of a record; ``null`` and ``undefined`` are None."""

# char.IsWhiteSpace; and NUL, which Json.NET passes over between tokens.
BLANK = r"\0\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""The inside of a character class: what may stand between tokens."""

UNEXPECTED_END = "Unexpected end when reading JSON."


class Token(StrEnum):
    """``JsonToken``; some messages have its name."""

    Comment = "Comment"
    StartObject = "StartObject"
    EndObject = "EndObject"
    StartArray = "StartArray"
    EndArray = "EndArray"
    StartConstructor = "StartConstructor"
    EndConstructor = "EndConstructor"
    PropertyName = "PropertyName"
    String = "String"
    Integer = "Integer"
    Float = "Float"
    Boolean = "Boolean"
    Null = "Null"
    Undefined = "Undefined"


class Kind(StrEnum):
    """``JsonContainerType``: what can be open; None is the name that messages give to nothing being open."""

    Nothing = "None"
    Object = "Object"
    Array = "Array"
    Constructor = "Constructor"


class State(StrEnum):
    """What the reader has just read, hence what may follow, and whether a path names the innermost container."""

    Start = auto()
    Property = auto()
    ObjectStart = auto()
    Object = auto()
    ArrayStart = auto()
    Array = auto()
    ConstructorStart = auto()
    Constructor = auto()
    PostValue = auto()
    Finished = auto()


@dataclass(slots=True)
class Container:
    """An object, array or constructor that is open.

    Attributes:
        index: of the value that was begun last in an array or a constructor; -1 before the first.
        name: of the property that was read last in an object.
    """

    kind: Kind
    index: int = -1
    name: str = ""


class Fault(Exception):  # noqa: N818 - no error yet: the reader makes one of it
    """What a scanner found wrong; the reader adds path, line and position.

    Attributes:
        problem: Json.NET's sentence.
        offset: in the text, of what is wrong.
        beyond: how many UTF-16 units behind ``offset`` Json.NET stood when it noticed.
    """

    def __init__(self, problem: str, offset: int, beyond: int = 0) -> None:
        super().__init__(problem, offset, beyond)
        self.problem = problem
        self.offset = offset
        self.beyond = beyond


class JsonReaderError(Exception):
    """``JsonReaderException``: the text is not what Json.NET reads, or not what a source file is.

    Attributes:
        path: where in the document, as ``value[3].City``.
        line: from 1; 0 when not even the first token could be read.
        position: UTF-16 units since the line's start.
    """

    def __init__(self, problem: str, path: str, line: int, position: int) -> None:
        sentence = problem if problem.endswith(".") else f"{problem}."
        super().__init__(f"{sentence} Path '{path}', line {line}, position {position}.")
        self.path = path
        self.line = line
        self.position = position


def shown(text: str, offset: int) -> str:
    """The UTF-16 unit at ``offset`` as a message shows it: NUL at the end, half a surrogate pair as U+FFFD."""
    character = text[offset : offset + 1] or "\0"
    return character if character <= "\uffff" else "\ufffd"
