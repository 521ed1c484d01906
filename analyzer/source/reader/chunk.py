"""Decode a chunk of a source file's array at once: the IDs of its records, and where the records are.

A chunk begins where a record begins. It decodes only if it ends where one ends: in a string the string would not end,
in a nested value a bracket would be left over.

Comments and commas too many are blanked before, so that every other byte keeps its place. Only what decodes as strict
JSON afterwards is believed, and that makes counting quotation marks enough: as long as the count is right, so is what
was blanked; what would make it wrong, a single quote or a backslash outside of a string, is left, and isn't valid JSON.
A comma is taken for one too many in a string as well; that alters the string and nothing else, so that IDs with a
bracket in them need another look.
"""

from __future__ import annotations

import contextlib
import re
from itertools import accumulate
from operator import add, attrgetter
from typing import TYPE_CHECKING, Any

import msgspec

from analyzer.model.identity import identity_keys
from analyzer.source.reader.tolerant import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_members = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_raw_records = msgspec.json.Decoder(list[msgspec.Raw])
# Escaped in JSON, or a bracket: a comma before one is taken for one too many in a name as well (``Blanker``)
_HARD_TO_TELL = re.compile(r'["\\\x00-\x1f}\]]')
_ID = attrgetter("id")
# The quotation mark tells a border from most text that looks like one: in a string it would be escaped.
BORDER = re.compile(rb"""\}[ \t\r\n]*,[ \t\r\n]*(?=\{[ \t\r\n]*"|/[/*])""")
"""What looks like the border of two records."""
_SHORT = 1000
"""Bytes of a record."""

_ESCAPED = re.compile(rb'\\[\\"]')
_COMMENT = re.compile(rb"/[/*]")
_LINE_END = re.compile(rb"[\r\n]")
_COMMA_TOO_MANY = re.compile(rb",[ \t\r\n]*[}\]]")
_CLOSES = re.compile(rb"[ \t\r\n]*[}\]]")
_EMPTY_OBJECT = re.compile(rb"\{[ \t\r\n]+\}")
_EMPTY_ARRAY = re.compile(rb"\[[ \t\r\n]+\]")
_MOST_SPELLINGS = 8


class ChunkDecoder:
    """Decode chunks of one source file."""

    def __init__(self, id_property: str) -> None:
        """Prepare for the records of a file.

        Args:
            id_property: the name of the property with the IDs; of several in a record the last counts.
        """
        self._texts = _decoder(id_property, str | None)
        self._tokens = _decoder(id_property, msgspec.Raw)

    def keys(self, chunk: bytes) -> Sequence[str] | None:
        """Return the key (``identity_key``) of each record's ID, empty where it has none.

        Returns:
            None where the chunk isn't strict JSON from a record's beginning to a record's end.
        """
        array = b"[%b]" % chunk
        try:
            return identity_keys(list(map(_ID, self._texts(array))))
        except msgspec.ValidationError:
            return self._keys_of_any_type(array)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    def _keys_of_any_type(self, array: bytes) -> Sequence[str] | None:
        """As ``keys``, where an ID isn't a string."""
        try:
            tokens = [None if one.id is None else text_of(bytes(one.id)) for one in self._tokens(array)]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return identity_keys(tokens)


def names_of(chunk: bytes) -> list[int] | None:
    """Return how many names each record of a chunk has; None where the chunk does not decode."""
    try:
        return list(map(len, _members.decode(b"[%b]" % chunk)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def spans_in(chunk: bytes, count: int, wanted: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return where some records of a chunk that decodes begin and end.

    Args:
        chunk: begins where a record begins.
        count: of its records.
        wanted: their numbers, from 0, in their order; at least one.
    """
    if len(chunk) >= _SHORT * count:
        starts, ends = _spans_of_long(chunk, wanted[-1] + 1, count)
    elif chunk.count(b"{") == count and chunk.count(b"}") == count:
        return _spans_of_flat(chunk, wanted)
    else:
        starts, ends = _spans_of_short(chunk)
    return [starts[number] for number in wanted], [ends[number] for number in wanted]


def _spans_of_flat(chunk: bytes, wanted: Sequence[int]) -> tuple[list[int], list[int]]:
    """The wanted ones, where each record has one bracket that opens and one that closes, be it in a string."""
    pieces = chunk.split(b"{")
    # A piece ends before a bracket; the first one is before the first record.
    opened = list(accumulate(map(len, pieces)))
    starts = [opened[number] + number for number in wanted]
    return starts, [start + 2 + pieces[number + 1].rindex(b"}") for start, number in zip(starts, wanted, strict=True)]


def _spans_of_short(chunk: bytes) -> tuple[list[int], list[int]]:
    """All of them, where bytes cost little; none is looked for where the same is between all records."""
    records = list(map(bytes, _raw_records.decode(b"[%b]" % chunk)))
    first = chunk.index(b"{")
    second = chunk.find(b"{", first + len(records[0]))
    between = chunk[first + len(records[0]) : second] if second >= 0 else b""
    if between.join(records) != chunk[first:]:
        return _one_by_one(chunk, map(len, records))
    lengths = list(map(len, records))
    starts = list(accumulate((length + len(between) for length in lengths[:-1]), initial=first))
    return starts, list(map(add, starts, lengths))


def _spans_of_long(chunk: bytes, needed: int, count: int) -> tuple[list[int], list[int]]:
    """The first ones, as many as are needed or more."""
    records: list[msgspec.Raw] = []
    # What decodes up to a border ends where a record ends, as the chunk does.
    border = BORDER.search(chunk, len(chunk) * needed // count) if needed < count else None
    if border:
        with contextlib.suppress(msgspec.DecodeError):
            records = _raw_records.decode(b"[%b]" % chunk[: border.start() + 1])
    if len(records) < needed:
        records = _raw_records.decode(b"[%b]" % chunk)
    return _one_by_one(chunk, (memoryview(record).nbytes for record in records))


def _one_by_one(chunk: bytes, lengths: Iterable[int]) -> tuple[list[int], list[int]]:
    starts, ends = [], []
    end = 0
    for length in lengths:
        # Between two records there is nothing but blanks and a comma.
        starts.append(chunk.index(b"{", end))
        end = starts[-1] + length
        ends.append(end)
    return starts, ends


def _refuse(_array: bytes) -> list[Any]:
    raise msgspec.DecodeError


def _decoder(id_property: str, kind: object) -> Callable[[bytes], list[Any]]:
    if _HARD_TO_TELL.search(id_property):
        return _refuse  # the records are read one by one
    record = msgspec.defstruct("Record", [("id", kind, None)], rename={"id": id_property}, gc=False)
    return msgspec.json.Decoder(list[record]).decode  # type: ignore[valid-type]


class CutCommentError(Exception):
    """A comment that does not end within the piece.

    Attributes:
        start: where it begins in the piece.
        block: whether it is one that ends with ``*/`` and not with its line.
    """

    def __init__(self, start: int, *, block: bool) -> None:
        super().__init__(start, block)
        self.start = start
        self.block = block


class Blanker:
    """Blank commas in pieces of one file, which has the same few ways to write one too many throughout."""

    def __init__(self) -> None:
        """Begin with the shortest way."""
        self._spellings = [b",}"]

    def blanked(self, plain: bytes) -> bytes:
        """Blank commas too many, in the ways that were met so far, in a piece without comments."""
        return _blanked(plain, self._spellings)

    def further(self, plain: bytes) -> bytes | None:
        """Blank all commas too many in a piece without comments; None where ``blanked`` found them all."""
        found = set(_COMMA_TOO_MANY.findall(plain))
        if found <= set(self._spellings):
            return None
        self._spellings += sorted(found.difference(self._spellings))[: _MOST_SPELLINGS - len(self._spellings)]
        return _blanked(plain, found)


def _blanked(plain: bytes, spellings: Iterable[bytes]) -> bytes:
    # The longest first, so that of two commas only the last one goes: two are one too many for the service as well.
    for spelling in sorted(spellings, key=len, reverse=True):
        plain = plain.replace(spelling, b" " + spelling[1:])
    return plain


def may_have_begun_with_a_comma(chunk: bytes) -> bool:
    """Whether an object or array may be empty for a comma that was blanked, which is an error to the service."""
    return _EMPTY_OBJECT.search(chunk) is not None or _EMPTY_ARRAY.search(chunk) is not None


def without_comments(piece: bytes) -> bytes:
    """Blank comments in a piece, and a comma too many before one.

    Args:
        piece: begins outside of a string and of a comment.

    Raises:
        CutCommentError: the piece ends within a comment.
    """
    if b"/" not in piece:
        return piece
    # Without escapes, each quotation mark begins or ends a string.
    plain = _ESCAPED.sub(b"  ", piece)
    out: bytearray | None = None
    outside = 0
    found = _COMMENT.search(plain)
    while found:
        start = found.start()
        if plain.count(b'"', outside, start) % 2:
            outside = plain.find(b'"', start) + 1 or len(plain)
        else:
            outside = _end_of_comment(piece, start)
            out = out or bytearray(piece)
            out[start:outside] = b" " * (outside - start)
            if _CLOSES.match(plain, outside):
                _blank_comma_before(out, start)
        found = _COMMENT.search(plain, outside)
    return piece if out is None else bytes(out)


def _blank_comma_before(out: bytearray, at: int) -> None:
    """Blank the comma before a comment, and so before a closing bracket, if there is one after a value."""
    comma = _last_sign_before(out, at)
    if out[comma : comma + 1] == b"," and out[_last_sign_before(out, comma)] not in b",{[":
        out[comma] = ord(" ")


def _last_sign_before(out: bytearray, at: int) -> int:
    """Where the last byte before a place is that isn't blank; 0 where there is none."""
    while at > 0 and out[at - 1] in b" \t\r\n":
        at -= 1
    return max(0, at - 1)


def _end_of_comment(piece: bytes, start: int) -> int:
    if piece[start + 1 : start + 2] == b"*":
        end = piece.find(b"*/", start + 2)
        if end < 0:
            raise CutCommentError(start, block=True)
        return end + 2
    line_end = _LINE_END.search(piece, start)
    if line_end is None:
        raise CutCommentError(start, block=False)
    return line_end.start()
