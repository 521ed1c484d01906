"""The source file record by record, as spans of its bytes; never whole in memory.

The import format is ``{"value": [{ID_PROPERTY: id, PROPERTY: value, …}, …]}`` (the vendor's article); further keys
beside ``value`` are passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import msgspec

from analyzer.source.interface import GrammarError, Trouble
from analyzer.source.json_text import NotJsonError, after_mark, opened
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
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from analyzer.source.json_text import Buffer

# A record without nested values and comments, found in one step; whether it is JSON the decoder says. Its repetitions
# have an end since the expression keeps each until it is done; a record beyond them goes to the slow reader.
FLAT = re.compile(
    rb"""\{[^{}\[\]"'/]*+(?:"[^"\\]*+(?:"|(?:\\.[^"\\]*+){1,5000}")[^{}\[\]"'/]*+){0,5000}\}""", re.DOTALL
)
Item = TypeVar("Item")
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
    with opened(path) as buffer:
        try:
            yield from records_of(buffer)
        except GrammarError as error:
            whereabouts = f", in record {error.record:,}" if error.record else ""
            raise NotJsonError(str(path), buffer, error.offset, error.problem, whereabouts) from error


def records_of(buffer: Buffer) -> Iterator[Record]:
    """The records of a source file that is open.

    Raises:
        GrammarError: it is no JSON even by what the service tolerates, or not in the import format.
    """
    yield from members_of(buffer, skip_blank(buffer, after_mark(buffer)), _array)


def members_of(
    buffer: Buffer, offset: int, array: Callable[[Buffer, int], Generator[Item, None, int]]
) -> Iterator[Item]:
    """What a reader of arrays yields for the list of users in the object at ``offset``.

    Args:
        buffer: the source file.
        offset: of the object's bracket.
        array: yields of the array at an offset, and returns where that ends.

    Raises:
        GrammarError: as ``records_of``.
    """
    at = skip_blank(buffer, expect(buffer, offset, b"{"))
    seen = False
    while buffer[at : at + 1] != b"}":
        name, at = read_key(buffer, at)
        if name == "value" and not seen:
            seen = True
            at = yield from array(buffer, at)
        else:
            at = skip_value(buffer, at)
        at = behind_value(buffer, at, b"}")
    at = skip_blank(buffer, at + 1)
    if not seen:
        raise GrammarError(at, 'there is no "value" with the list of users', Trouble.no_format)
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
    """The record that begins at ``at``, and where it ends.

    Raises:
        GrammarError: as ``records_of``.
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
