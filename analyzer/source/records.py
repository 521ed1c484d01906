"""The source file record by record, as spans of its bytes; never whole in memory.

The import format is ``{"value": [{ID_PROPERTY: id, PROPERTY: value, …}, …]}`` (the vendor's article); further keys
beside ``value`` are passed over.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from analyzer.source.interface import GrammarError, Trouble
from analyzer.source.json_text import NotJsonError, after_mark, opened, position
from analyzer.source.tolerant import (
    behind_value,
    expect,
    read_key,
    read_object,
    skip_blank,
    skip_value,
    unquote,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from analyzer.source.json_text import Buffer

# A record without nested values and comments, found in one step; whether it is JSON the decoder says. Its repetitions
# have an end since the expression keeps each until it is done; a record beyond them goes to the slow reader.
FLAT = re.compile(
    rb"""\{[^{}\[\]"'/]*+(?:"[^"\\]*+(?:"|(?:\\.[^"\\]*+){1,5000}")[^{}\[\]"'/]*+){0,5000}\}""", re.DOTALL
)
_strict = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Record:
    """One user's record.

    Attributes:
        position: its place in the array, from 0, as in ``value[1672]``.
        offset: where it begins in the file's UTF-8.
        raw: its bytes (UTF-8) as they stand in the source file.
        members: the spelled values by name; of a name that occurs twice the last counts.
    """

    position: int
    offset: int
    raw: bytes
    members: dict[str, msgspec.Raw] | dict[str, bytes]

    def text(self, name: str) -> str | None:
        """A member's value as the service reads it as text; None where it is missing, null or empty."""
        token = self.members.get(name)
        return text_of(bytes(token)) if token is not None else None


def text_of(token: bytes) -> str | None:
    """A spelled value as text; None for null and for an empty string."""
    if token[:1] in (b'"', b"'"):
        return unquote(token) or None
    return None if token in (b"null", b"undefined") else token.decode("utf-8", "replace")


def read_records(path: Path) -> Iterator[Record]:
    """The records of a source file, in their order.

    Raises:
        InputError: the file cannot be read.
        NotJsonError: it is no JSON even by what the service tolerates, or not in the import format.
    """
    with reading(path) as buffer:
        yield from records_of(buffer)


@contextlib.contextmanager
def reading(path: Path) -> Iterator[Buffer]:
    """Opens a source file; a fault of its grammar found meanwhile becomes the error for people.

    Raises:
        InputError: the file cannot be read.
        NotJsonError: it is no JSON even by what the service tolerates, or not in the import format.
    """
    with opened(path) as buffer:
        try:
            yield buffer
        except GrammarError as error:
            whereabouts = f", in record {error.record:,}" if error.record else ""
            raise NotJsonError(str(path), buffer, error.offset, error.problem, whereabouts) from error


def records_of(buffer: Buffer) -> Iterator[Record]:
    """The records of a source file that is open.

    Raises:
        GrammarError: it is no JSON even by what the service tolerates, or not in the import format.
    """
    at = yield from _array(buffer, begin(buffer, skip_blank(buffer, after_mark(buffer))))
    finish(buffer, at)


def begin(buffer: Buffer, offset: int) -> int:
    """Where the array with the records begins, at its bracket, in the object whose bracket is at ``offset``.

    Raises:
        GrammarError: no such array is found before the first fault.
    """
    at = skip_blank(buffer, expect(buffer, offset, b"{"))
    while buffer[at : at + 1] != b"}":
        name, at = read_key(buffer, at)
        if name == "value":
            expect(buffer, at, b"[")
            return at
        at = behind_value(buffer, skip_value(buffer, at), b"}")
    at = skip_blank(buffer, at + 1)
    raise GrammarError(at, 'there is no "value" with the list of users', Trouble.no_format)


def finish(buffer: Buffer, offset: int) -> None:
    """Reads what stands behind the array, whose end is at ``offset``: further keys, which are passed over.

    Raises:
        GrammarError: it is no JSON even by what the service tolerates, or has a second array with records.
    """
    at = behind_value(buffer, offset, b"}")
    while buffer[at : at + 1] != b"}":
        name, value = read_key(buffer, at)
        if name == "value":
            line, column = position(buffer, begin(buffer, skip_blank(buffer, after_mark(buffer))))
            problem = (
                f'there is a second "value" (the list of the first begins in line {line:,}, column {column:,}), and'
                " nobody can say which one counts: put all records into one"
            )
            raise GrammarError(at, problem, Trouble.no_format)
        at = behind_value(buffer, skip_value(buffer, value), b"}")
    at = skip_blank(buffer, at + 1)
    if at < len(buffer):
        raise GrammarError(at, "text behind the end of the JSON", Trouble.no_format)


def _array(buffer: Buffer, offset: int) -> Generator[Record, None, int]:
    """Yields the records of the array at ``offset``; returns (to ``yield from``) where it ends."""
    at = skip_blank(buffer, expect(buffer, offset, b"["))
    position = 0
    while buffer[at : at + 1] != b"]":
        record, at = record_at(buffer, at, position)
        yield record
        position += 1
        at = behind_value(buffer, at, b"]")
    return at + 1


def record_at(buffer: Buffer, at: int, position: int) -> tuple[Record, int]:
    """The record at an offset, and where it ends.

    Raises:
        GrammarError: it is no JSON even by what the service tolerates; it tells the record.
    """
    found = FLAT.match(buffer, at)
    if found is not None:
        try:
            return Record(position, at, found[0], _strict.decode(found[0])), found.end()
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass  # tolerated spellings, names that are no UTF-8, or an error whose place the slow reader finds
    try:
        tolerated = read_object(buffer, at)
    except GrammarError as error:
        error.record, error.start = position + 1, at
        raise
    return Record(position, at, bytes(buffer[at : tolerated.end]), tolerated.members), tolerated.end
