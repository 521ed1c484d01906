"""Decode records with the same properties as columns, a tuple of values for each property.

Most files have the same properties in each record. After one such chunk, msgspec decodes the next ones as structures
with these properties, which takes half as long as making dictionaries, and knows that a property has only texts. A
chunk that has other properties or types than the last one is decoded as dictionaries.
"""

from __future__ import annotations

import functools
import re
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_objects = msgspec.json.Decoder(list[dict[str, object]])
_TEXT = frozenset({str})
_UNSUPPORTED_NAME = re.compile(r'["\\\x00-\x1f]')
"""Characters that msgspec doesn't take in names of fields, because JSON escapes them."""


class Columns(NamedTuple):
    """Records of a chunk that have the same properties.

    Attributes:
        names: the properties.
        numbers: the number of each record in the file, from 1, ascending.
        values: for each property its values, one a record.
        types: for each property the types of its values.
    """

    names: tuple[str, ...]
    numbers: Sequence[int]
    values: tuple[Sequence[object], ...]
    types: tuple[frozenset[type], ...]


class ColumnDecoder:
    """Decodes chunks of one source file."""

    def __init__(self) -> None:
        """Start without knowing what records have."""
        self._alike: _AlikeDecoder | None = None
        self._not_only_texts: set[str] = set()

    def decode(self, chunk: bytes, first: int) -> list[Columns]:
        """Decode a list of at least one record; of a repeated property, the last value counts.

        Args:
            chunk: the list.
            first: the number of its first record in the file.

        Raises:
            msgspec.DecodeError: it isn't strict JSON, or has a value that isn't an object.
            UnicodeDecodeError: it isn't UTF-8.
            RecursionError: a value is nested too deeply.
        """
        if self._alike is not None:
            with suppress(msgspec.ValidationError):
                return [self._alike.decode(chunk, first)]
        objects = _objects.decode(chunk)
        shapes: dict[tuple[str, ...], list[int]] = {}
        for number, names in enumerate(map(tuple, objects), first):
            shapes.setdefault(names, []).append(number)
        found = [
            columns_of(names, numbers, [objects[number - first].values() for number in numbers])
            for names, numbers in shapes.items()
        ]
        self._alike = self._decoder_of(found[0]) if len(found) == 1 else None
        return found

    def _decoder_of(self, columns: Columns) -> _AlikeDecoder | None:
        """Return a decoder for records as these; None if msgspec can't have one."""
        if not columns.names or any(map(_UNSUPPORTED_NAME.search, columns.names)):
            return None
        texts = [types == _TEXT for types in columns.types]
        # Types that change would have each chunk decoded twice.
        self._not_only_texts.update(name for name, text in zip(columns.names, texts, strict=True) if not text)
        return _alike_decoder(columns.names, tuple(name not in self._not_only_texts for name in columns.names))


@functools.lru_cache(maxsize=16)  # making one takes half as long as decoding a chunk
def _alike_decoder(names: tuple[str, ...], texts: tuple[bool, ...]) -> _AlikeDecoder:
    return _AlikeDecoder(names, texts)


class _AlikeDecoder:
    """Decodes records that all have the same properties, in any order."""

    def __init__(self, names: tuple[str, ...], texts: Sequence[bool]) -> None:
        self._names = names
        self._texts = texts
        fields = {f"field_{index}": str if text else object for index, text in enumerate(texts)}
        record = msgspec.defstruct(
            "Record",
            fields.items(),
            rename=dict(zip(fields, names, strict=True)),
            forbid_unknown_fields=True,
            gc=False,
        )
        self._decode = msgspec.json.Decoder(list[record]).decode  # type: ignore[valid-type]

    def decode(self, chunk: bytes, first: int) -> Columns:
        """Decode a list of records, of which the first one has this number.

        Raises:
            msgspec.ValidationError: a record has other properties, or another value in place of a text.
        """
        records = self._decode(chunk)
        values = tuple(zip(*map(msgspec.structs.astuple, records), strict=True))
        types = [_TEXT if text else types_of(column) for text, column in zip(self._texts, values, strict=True)]
        return Columns(self._names, range(first, first + len(records)), values, tuple(types))


def columns_of(names: tuple[str, ...], numbers: Sequence[int], rows: Iterable[Iterable[object]]) -> Columns:
    """Return the columns of records with these properties and numbers, of which ``rows`` has the values."""
    values = tuple(zip(*rows, strict=True))
    return Columns(names, numbers, values, tuple(map(types_of, values)))


def types_of(column: Sequence[object]) -> frozenset[type]:
    """Return the types of values."""
    return frozenset(map(type, column))
