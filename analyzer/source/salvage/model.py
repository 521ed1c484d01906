"""Types of a broken source file: repaired records, unreadable stretches, and corrections."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from analyzer.source.diagnosis.broken_record import identity_in_broken, read_broken, without_beginning
from analyzer.source.id_property import IdProperty
from analyzer.source.model import Fault, FaultKind, Trouble
from analyzer.source.reader.fault import NAME_FOLLOWS, fault_of
from analyzer.source.reader.json_text import after_mark
from analyzer.source.reader.tolerant import Record, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.source.model import GrammarError, Identity, Shape
    from analyzer.source.reader.json_text import Buffer

Item: TypeAlias = "Record | Unreadable"

DOUBTFUL = Fault(FaultKind.not_known, "it is beside a fault, and may be part of another record")
_CAUTION = "the record is beside a fault, and may be part of another one"
_LINE_END = re.compile(rb"\r\n|\n|\r")
_GAP = rb"(?:\s|\xc2[\x85\xa0]|/\*.{0,1000}?\*/|//[^\r\n]{0,1000}[\r\n])*+"
_SHORT_TEXT = rb"""("(?:[^"\\\r\n]|\\.){1,1000}"|'(?:[^'\\\r\n]|\\.){1,1000}')"""
_NEAR = 1 << 8
_PIECE = 1 << 20
_CONTINUED = bytes(range(0x80, 0xC0))


@dataclass(frozen=True, slots=True)
class Repaired(Record):
    """A record whose only faults are backslashes that begin no escape, or only commas; ``raw`` is unchanged.

    Attributes:
        respelled: the record without these faults, also in ``members``.
        commas: whether its commas were corrected.
    """

    respelled: bytes
    commas: bool = False


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A stretch of the array that isn't a record, or not certainly one.

    Attributes:
        position: position in the array, from 0, if it can be counted; None outside of records.
        offset: start in the file's UTF-8.
        end: end of the stretch.
        fault: the fault.
        error: the grammar error.
        doubtful: whether it is valid, but may be part of another record.
    """

    position: int | None
    offset: int
    end: int
    fault: Fault
    error: GrammarError = field(compare=False)
    doubtful: bool = False
    _buffer: Buffer = field(default=b"", repr=False, compare=False)

    @property
    def words(self) -> str:
        """The fault as a clause."""
        return self.fault.words

    @property
    def property_name(self) -> str:
        """The property in or after which the fault is; empty if unknown.

        Read it while the file is open, before the next item is read.
        """
        if self.position is None or self._buffer[self.offset : self.offset + 1] != b"{":
            return ""
        return read_broken(self._buffer, self.offset).property or ""

    def identity(self, name: str) -> Identity | None:
        """Return the likely ID, by the named ID property.

        Call it while the file is open, before the next item is read.
        """
        if self.position is None:
            return None
        known = IdProperty(name, "", certain=True)
        if self._buffer[self.offset : self.offset + 1] == b"{":
            broken = read_broken(self._buffer, self.offset)
        elif NAME_FOLLOWS.match(self._buffer, self.offset):
            # Start at the comma or bracket before the name
            near = max(0, self.offset - _NEAR)
            start = max(self._buffer.rfind(sign, near, self.offset) for sign in (b",", b"["))
            broken = without_beginning(self._buffer, max(start, near), self.error)
        else:
            return None
        identity = identity_in_broken(self._buffer, broken, self.fault.kind if broken.error else None, known)
        return dataclasses.replace(identity, caution=_CAUTION) if identity and self.doubtful else identity

    def identities(self, name: str) -> Iterator[str]:
        """Yield all values of the named ID property, as a stretch may have several records.

        Call it while the file is open, before the next item is read.
        """
        quoted = re.escape(name.encode("utf-8", "surrogatepass"))
        spelled = rb"""(?:["']%b["']|(?<=[\s{,/])%b)%b:%b%b""" % (quoted, quoted, _GAP, _GAP, _SHORT_TEXT)
        for match in re.finditer(spelled, self._buffer[self.offset : self.end], re.DOTALL):
            yield text_of(match[1]) or ""


@dataclass(frozen=True, slots=True)
class Corrected:
    """A corrected fault outside of records, so that no record changes and none is missing.

    Attributes:
        kind: the fault, in a few words.
        before: the original text.
        after: the corrected text.
        start: start of the stretch to replace, in the file's UTF-8.
        end: end of the stretch.
        text: what to write in its place.
        shape: the file's shape, if that is what is corrected; it needs more than one replacement.
    """

    kind: str
    before: str
    after: str
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)
    text: bytes = field(default=b"", compare=False)
    shape: Shape | None = field(default=None, compare=False)


def unreadable(buffer: Buffer, position: int | None, offset: int, end: int, error: GrammarError) -> Unreadable:
    """Return an unreadable stretch with the fault of a grammar error."""
    return Unreadable(position, offset, end, fault_of(buffer, error), error, _buffer=buffer)


def doubtful(buffer: Buffer, position: int, offset: int, end: int, error: GrammarError) -> Unreadable:
    """Return a readable stretch that may be part of another record, because of a fault next to it."""
    return Unreadable(position, offset, end, DOUBTFUL, error, doubtful=True, _buffer=buffer)


class ReadBudget:
    """The limit of bytes that are read again, so that the time for a hostile file stays linear."""

    def __init__(self, buffer: Buffer) -> None:
        self._left = 2 * len(buffer) + (1 << 21)

    @property
    def spent(self) -> bool:
        """Whether the limit was reached."""
        return self._left < 0

    def spend(self, number: int) -> None:
        """Count bytes that are read again."""
        self._left -= max(0, number)


def read_up_to(buffer: Buffer, error: GrammarError) -> int:
    """Return how far was read before the fault was found."""
    endless = error.trouble in (Trouble.endless, Trouble.ended) or buffer[error.offset : error.offset + 2] == b"/*"
    return len(buffer) if endless else error.offset


def end_of(item: Item) -> int:
    """Return where a record or a stretch ends."""
    return item.offset + len(item.raw) if isinstance(item, Record) else item.end


class Lines:
    """Lines and columns of ascending offsets, each byte counted once."""

    def __init__(self, buffer: Buffer) -> None:
        self._buffer = buffer
        self._at = after_mark(buffer)
        self._line = 1
        self._column = 1

    def at(self, offset: int) -> tuple[int, int]:
        """Return line and column, as ``position`` does for UTF-8 without damaged bytes.

        Raises:
            ValueError: it is before the offset of the last call.
        """
        offset = max(offset, after_mark(self._buffer))
        if offset < self._at:
            raise ValueError(offset)
        for found in _LINE_END.finditer(self._buffer, self._at, offset):
            self._line, self._column, self._at = self._line + 1, 1, found.end()
        for at in range(self._at, offset, _PIECE):
            self._column += len(bytes(self._buffer[at : min(at + _PIECE, offset)]).translate(None, _CONTINUED))
        self._at = offset
        return self._line, self._column
