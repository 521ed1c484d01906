"""A chunk of a source file's array decoded at once: the ids of its records, and where these stand.

A chunk begins where a record begins. It decodes only if it ends where one ends: in a string the string would not end,
in a nested value a bracket would be left over.
"""

from __future__ import annotations

import re
from itertools import accumulate
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec

from analyzer.identity import identity_key, identity_keys
from analyzer.source.records import text_of

if TYPE_CHECKING:
    from collections.abc import Callable

_raw_records = msgspec.json.Decoder(list[msgspec.Raw])
# Escaped in JSON, or a bracket: a comma before one is taken for one too many in a name as well (``blanked``)
_HARD_TO_TELL = re.compile(r'["\\\x00-\x1f}\]]')
_ID = attrgetter("id")
_SHORT = 1000
"""Bytes of a record."""


class ChunkDecoder:
    """Decodes chunks of one source file."""

    def __init__(self, id_property: str) -> None:
        """Prepares for the records of a file.

        Args:
            id_property: the name of the property with the ids; of records the last one of that name counts.
        """
        self._texts = _decoder(id_property, str | None)
        self._tokens = _decoder(id_property, msgspec.Raw)

    def keys(self, chunk: bytes) -> list[str] | None:
        """The key (``identity_key``) of each record's id, empty where it has none.

        Returns:
            None where the chunk is no strict JSON from a record's beginning to a record's end.
        """
        array = b"[%b]" % chunk
        try:
            return identity_keys(list(map(_ID, self._texts(array))))
        except msgspec.ValidationError:
            return self._keys_of_any_type(array)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    def _keys_of_any_type(self, array: bytes) -> list[str] | None:
        """As ``keys``, where an id is no string."""
        try:
            tokens = [None if one.id is None else text_of(bytes(one.id)) for one in self._tokens(array)]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return [identity_key(text or "") for text in tokens]


def spans_in(chunk: bytes) -> tuple[list[int], list[int]]:
    """Where the records of a chunk that decodes begin, and how long they are."""
    records = _raw_records.decode(b"[%b]" % chunk)
    if len(chunk) < _SHORT * len(records):
        return _spans_of_short(chunk, list(map(bytes, records)))
    return _spans_by_length(chunk, [memoryview(record).nbytes for record in records])


def _spans_of_short(chunk: bytes, records: list[bytes]) -> tuple[list[int], list[int]]:
    """The same where bytes cost little: where the same stands between all records, none is looked for."""
    lengths = list(map(len, records))
    first = chunk.index(b"{")
    second = chunk.find(b"{", first + lengths[0])
    between = chunk[first + lengths[0] : second] if second >= 0 else b""
    if between.join(records) == chunk[first:]:
        return list(accumulate((length + len(between) for length in lengths[:-1]), initial=first)), lengths
    return _spans_by_length(chunk, lengths)


def _spans_by_length(chunk: bytes, lengths: list[int]) -> tuple[list[int], list[int]]:
    starts = []
    end = 0
    for length in lengths:
        # Between two records there is nothing but blanks and a comma.
        starts.append(chunk.index(b"{", end))
        end = starts[-1] + length
    return starts, lengths


def _refuse(_array: bytes) -> list[Any]:
    raise msgspec.DecodeError


def _decoder(id_property: str, kind: object) -> Callable[[bytes], list[Any]]:
    if _HARD_TO_TELL.search(id_property):
        return _refuse  # the records are read one by one
    record = msgspec.defstruct("Record", [("id", kind, None)], rename={"id": id_property}, gc=False)
    return msgspec.json.Decoder(list[record]).decode  # type: ignore[valid-type]
