"""Decode a chunk of a source file's array: the IDs of its records, and their spans.

A chunk begins at a record. It decodes only if it ends at the end of a record: otherwise, a string would not end, or a
bracket would be unmatched.

Comments and extra commas are blanked first, so that all other bytes keep their offsets. Only strict JSON is accepted
afterward, so it is sufficient to count quotation marks: what makes the count wrong (a single quote, or a backslash
outside of a string) is kept and isn't strict JSON. A comma before a bracket in a string is also blanked. That alters
only the string, so IDs with brackets are checked again.
"""

from __future__ import annotations

import contextlib
import functools
import re
from itertools import accumulate
from operator import add, attrgetter
from typing import TYPE_CHECKING, Any

import msgspec

from analyzer.model.identity import identity_keys
from analyzer.source.reader.tolerant import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

_members = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_raw_records = msgspec.json.Decoder(list[msgspec.Raw])
# Characters that are escaped in JSON, and brackets, before which ``Blanker`` would blank a comma in a name
_UNSUPPORTED_NAME = re.compile(r'["\\\x00-\x1f}\]]')
_ID = attrgetter("id")
# The quotation mark excludes most text inside strings, where it would be escaped.
BORDER = re.compile(rb"""\}[ \t\r\n]*,[ \t\r\n]*(?=\{[ \t\r\n]*"|/[/*])""")
"""A likely border of two records."""
_SHORT_RECORD = 1000
"""Bytes of a record for which decoding all records is cheap."""

_ESCAPED = re.compile(rb'\\[\\"]')
_COMMENT = re.compile(rb"/[/*]")
_LINE_END = re.compile(rb"[\r\n]")
_COMMA_TOO_MANY = re.compile(rb",[ \t\r\n]*[}\]]")
_CLOSES = re.compile(rb"[ \t\r\n]*[}\]]")
_EMPTY_OBJECT = re.compile(rb"\{[ \t\r\n]+\}")
_EMPTY_ARRAY = re.compile(rb"\[[ \t\r\n]+\]")
_MAX_SPELLINGS = 8


class ChunkDecoder:
    """Decode chunks of one source file."""

    def __init__(self, id_property: str) -> None:
        """Prepare for the records of a file.

        Args:
            id_property: name of the ID property; the last one in a record counts.
        """
        self._texts = _decoder(id_property, str | None)
        self._tokens = _decoder(id_property, msgspec.Raw)

    def keys(self, chunk: bytes) -> Sequence[str] | None:
        """Return the key (``identity_key``) of each record's ID, empty if it has none.

        Returns:
            The keys; None if the chunk isn't strict JSON from the start of a record to the end of a record.
        """
        array = b"[%b]" % chunk
        try:
            return identity_keys(list(map(_ID, self._texts(array))))
        except msgspec.ValidationError:
            return self._keys_of_any_type(array)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    def _keys_of_any_type(self, array: bytes) -> Sequence[str] | None:
        """Return keys as ``keys`` does, for IDs that may not be strings."""
        try:
            tokens = [None if one.id is None else text_of(bytes(one.id)) for one in self._tokens(array)]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return identity_keys(tokens)


def members_of(chunk: bytes) -> list[dict[str, msgspec.Raw]] | None:
    """Return the raw values of each record by name; None if the chunk does not decode."""
    try:
        return _members.decode(b"[%b]" % chunk)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def spans_in(chunk: bytes, count: int, wanted: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return the starts and ends of some records of a chunk that decodes.

    Args:
        chunk: the chunk; begins at a record.
        count: number of its records.
        wanted: indexes of the records, in order; at least one.
    """
    if len(chunk) >= _SHORT_RECORD * count:
        starts, ends = _spans_of_long(chunk, wanted[-1] + 1, count)
    elif chunk.count(b"{") == count and chunk.count(b"}") == count:
        return _spans_of_flat(chunk, wanted)
    else:
        starts, ends = _spans_of_short(chunk)
    return [starts[number] for number in wanted], [ends[number] for number in wanted]


def flat_spans(chunk: bytes, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Return the starts and ends of all records of a chunk as ``spans_in`` does; None unless each has two brackets."""
    import numpy as np

    starts, ends = (_places(chunk, sign, count) for sign in (b"{", b"}"))
    if len(starts) != count or len(ends) != count:
        return None
    return np.asarray(starts), np.asarray(ends) + 1


def _places(chunk: bytes, sign: bytes, count: int) -> NDArray[np.int64] | list[int]:
    """Return where a sign is in a chunk of so many records; of more signs than records, at least one too many."""
    import numpy as np

    if len(chunk) < _SHORT_RECORD * count:
        return np.flatnonzero(np.frombuffer(chunk, np.uint8) == ord(sign))
    places: list[int] = []
    at = chunk.find(sign)
    while at >= 0 and len(places) <= count:
        places.append(at)
        at = chunk.find(sign, at + 1)
    return places


def _spans_of_flat(chunk: bytes, wanted: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return spans of the wanted records, if each record has one opening and one closing bracket."""
    pieces = chunk.split(b"{")
    # Each piece ends before a bracket; the first one precedes the first record.
    opened = list(accumulate(map(len, pieces)))
    starts = [opened[number] + number for number in wanted]
    return starts, [start + 2 + pieces[number + 1].rindex(b"}") for start, number in zip(starts, wanted, strict=True)]


def _spans_of_short(chunk: bytes) -> tuple[list[int], list[int]]:
    """Return spans of all records; if all separators are equal, without searching."""
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
    """Return spans of at least the first ``needed`` records."""
    records: list[msgspec.Raw] = []
    # A part that decodes up to a border ends at a record, as the chunk does.
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
        # Only blanks and a comma separate two records.
        starts.append(chunk.index(b"{", end))
        end = starts[-1] + length
        ends.append(end)
    return starts, ends


def _fail(_array: bytes) -> list[Any]:
    raise msgspec.DecodeError


@functools.lru_cache(maxsize=16)  # the source files of a feed have the same ID property
def _decoder(id_property: str, kind: object) -> Callable[[bytes], list[Any]]:
    if _UNSUPPORTED_NAME.search(id_property):
        return _fail  # the records are read one by one
    record = msgspec.defstruct("Record", [("id", kind, None)], rename={"id": id_property}, gc=False)
    return msgspec.json.Decoder(list[record]).decode  # type: ignore[valid-type]


class CutCommentError(Exception):
    """A comment that does not end within the piece.

    Attributes:
        start: offset in the piece.
        block: whether it ends with ``*/`` rather than with its line.
    """

    def __init__(self, start: int, *, block: bool) -> None:
        super().__init__(start, block)
        self.start = start
        self.block = block


class Blanker:
    """Blanks extra commas in pieces of a file, which usually has only a few spellings of them."""

    def __init__(self) -> None:
        """Start with the shortest spelling."""
        self._spellings = [b",}"]

    def blanked(self, plain: bytes) -> bytes:
        """Blank extra commas of known spellings in a piece without comments."""
        return _blanked(plain, self._spellings)

    def further(self, plain: bytes) -> bytes | None:
        """Blank all extra commas in a piece without comments; return None if ``blanked`` did so already."""
        spellings = set(_COMMA_TOO_MANY.findall(plain))
        if spellings <= set(self._spellings):
            return None
        self._spellings += sorted(spellings.difference(self._spellings))[: _MAX_SPELLINGS - len(self._spellings)]
        return _blanked(plain, spellings)


def _blanked(plain: bytes, spellings: Iterable[bytes]) -> bytes:
    # Longest first, so that only the last of two commas is blanked: the service also accepts only one.
    for spelling in sorted(spellings, key=len, reverse=True):
        plain = plain.replace(spelling, b" " + spelling[1:])
    return plain


def may_have_begun_with_a_comma(chunk: bytes) -> bool:
    """Return whether an object or array may have had only a comma, which the service rejects."""
    return _EMPTY_OBJECT.search(chunk) is not None or _EMPTY_ARRAY.search(chunk) is not None


def without_comments(piece: bytes) -> bytes:
    """Blank comments in a piece, and an extra comma before one.

    Args:
        piece: the piece; begins outside of strings and comments.

    Raises:
        CutCommentError: the piece ends within a comment.
    """
    if b"/" not in piece:
        return piece
    # After blanking escapes, each quotation mark begins or ends a string.
    plain = _ESCAPED.sub(b"  ", piece)
    out: bytearray | None = None
    outside = 0
    comment = _COMMENT.search(plain)
    while comment:
        start = comment.start()
        if plain.count(b'"', outside, start) % 2:
            outside = plain.find(b'"', start) + 1 or len(plain)
        else:
            outside = _end_of_comment(piece, start)
            out = out or bytearray(piece)
            out[start:outside] = b" " * (outside - start)
            if _CLOSES.match(plain, outside):
                _blank_comma_before(out, start)
        comment = _COMMENT.search(plain, outside)
    return piece if out is None else bytes(out)


def _blank_comma_before(out: bytearray, at: int) -> None:
    """Blank a comma between a value and a comment that precedes a closing bracket."""
    comma = _last_nonblank_before(out, at)
    if out[comma : comma + 1] == b"," and out[_last_nonblank_before(out, comma)] not in b",{[":
        out[comma] = ord(" ")


def _last_nonblank_before(out: bytearray, at: int) -> int:
    """Return the offset of the last nonblank byte before an offset; 0 if there is none."""
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
