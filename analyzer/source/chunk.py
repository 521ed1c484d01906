"""A chunk of a source file's array decoded at once: the ids of its records, and where these stand.

A chunk begins where a record begins. It decodes only if it ends where one ends: in a string the string would not end,
in a nested value a bracket would be left over.
"""

from __future__ import annotations

import re
import unicodedata
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec

from analyzer.identity import identity_key
from analyzer.source.records import text_of

if TYPE_CHECKING:
    from collections.abc import Callable

_raw_records = msgspec.json.Decoder(list[msgspec.Raw])
_ESCAPED_IN_JSON = re.compile(r'["\\\x00-\x1f]')
_SEPARATOR = "|"
"""It keeps letters from changing one another over the border of two ids: no mark composes with it, and no letter's
small form depends on it."""
_ID = attrgetter("id")


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
            return _keys(list(map(_ID, self._texts(array))))
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


def spans_in(chunk: bytes) -> list[tuple[int, int]]:
    """Where each record of a chunk that decodes begins and ends."""
    spans: list[tuple[int, int]] = []
    end = 0
    for raw in _raw_records.decode(b"[%b]" % chunk):
        # Between two records there is nothing but blanks and a comma.
        start = chunk.index(b"{", end)
        end = start + len(bytes(raw))
        spans.append((start, end))
    return spans


def _refuse(_array: bytes) -> list[Any]:
    raise msgspec.DecodeError


def _decoder(id_property: str, kind: object) -> Callable[[bytes], list[Any]]:
    if _ESCAPED_IN_JSON.search(id_property):
        return _refuse  # the decoder has no fields of such names; the records are read one by one
    record = msgspec.defstruct("Record", [("id", kind, None)], rename={"id": id_property}, gc=False)
    return msgspec.json.Decoder(list[record]).decode  # type: ignore[valid-type]


def _keys(ids: list[str | None]) -> list[str]:
    """The keys of ids; plain ones, which are the most, all at once."""
    try:
        text = _SEPARATOR.join(ids)  # type: ignore[arg-type]  # the exception tells
    except TypeError:
        return [identity_key(one or "") for one in ids]
    # The separator also begins what goes of a claims prefix, and blanks but the space are not printable.
    if text.count(_SEPARATOR) == len(ids) - 1 and " " not in text and text.isprintable():
        lowered = text.lower()
        return (lowered if lowered.isascii() else unicodedata.normalize("NFC", lowered)).split(_SEPARATOR)
    return [identity_key(one or "") for one in ids]
