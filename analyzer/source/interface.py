"""What passes between the parts of the reader: what is wrong with a source file, and where."""

from __future__ import annotations

from enum import StrEnum, auto


class Trouble(StrEnum):
    """What kind of thing the grammar does not allow."""

    escape = auto()
    """A backslash that begins no escape."""
    endless = auto()
    """A quotation mark whose other one is missing."""
    ended = auto()
    """The file ends too early."""
    no_value = auto()
    """A word that is neither a number nor one of JSON's."""
    after_value = auto()
    """Neither a comma nor the closing bracket after a value."""
    unexpected = auto()
    """Something else than what has to stand there."""
    no_format = auto()
    """JSON, but not the import format."""


class GrammarError(Exception):
    """A byte that even the tolerated grammar does not allow.

    Attributes:
        offset: of the offending byte.
        problem: what is wrong, in plain words.
        trouble: which kind of thing that is.
        record: in which record of the array, from 1, where it is in one.
        start: where that record begins.
    """

    def __init__(self, offset: int, problem: str, trouble: Trouble = Trouble.unexpected) -> None:
        super().__init__(offset, problem, trouble)
        self.offset = offset
        self.problem = problem
        self.trouble = trouble
        self.record: int | None = None
        self.start: int | None = None
