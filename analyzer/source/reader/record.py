"""One record of the source file's list, as a span of its bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from analyzer.source.model import GrammarError
from analyzer.source.reader.tolerant import read_object, unquote

if TYPE_CHECKING:
    from analyzer.source.reader.json_text import Buffer

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


def record_at(buffer: Buffer, at: int, position: int) -> tuple[Record, int]:
    """The record at an offset, and where it ends.

    Raises:
        GrammarError: it isn't valid JSON even by what the service tolerates; it tells the record.
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
