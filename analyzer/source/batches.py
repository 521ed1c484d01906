"""Read a source file in batches of records with the same properties, whose values are columns.

A check of a large file must not run Python for each value. Chunks of records are decoded by msgspec, as in ``scan``
(``reader.chunk`` explains why a chunk that decodes ends at a record); a chunk that doesn't decode, or has an ID that
isn't text, is read record by record.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from analyzer.source.columns import ColumnDecoder, columns_of, types_of
from analyzer.source.reader.records import records_of
from analyzer.source.reader.tolerant import text_of
from analyzer.source.scan import border_from
from analyzer.source.strict_json import number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from analyzer.source.columns import Columns
    from analyzer.source.reader.json_text import Buffer
    from analyzer.source.reader.tolerant import Record

_value = msgspec.json.Decoder()
CHUNK = 1 << 17
"""Bytes of a chunk: with fewer, a file of long records spends its time on the calls for each chunk."""
_MOST_PENDING = 1_000
_NUMBER_BEGINS = re.compile(rb"[-+.]?[0-9.]")
_TEXT_OR_NULL = frozenset({str, type(None)})


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of a source file that have the same properties.

    Attributes:
        names: the properties.
        numbers: the number of each record in the file, from 1, ascending.
        columns: for each property its values, one a record, as JSON has them: texts, numbers, Booleans, None, lists,
            and dictionaries.
        identities: the ID of each record as text; None if the record has none, or null.
        types: the types of each property's values.
    """

    names: tuple[str, ...]
    numbers: Sequence[int]
    columns: tuple[Sequence[object], ...]
    identities: Sequence[str | None]
    types: tuple[frozenset[type], ...] = ()

    def __post_init__(self) -> None:
        """Find the types of the values once for all checks, if they aren't known."""
        if not self.types:
            object.__setattr__(self, "types", tuple(map(types_of, self.columns)))

    def __len__(self) -> int:
        return len(self.numbers)


class RefusedNumber(NamedTuple):
    """A number that the service can't read.

    Attributes:
        offset: in the file's UTF-8.
        record: the number of its record, from 1.
        identity: the record's ID; None if it has none.
        name: the property.
        text: the number, as it is written.
    """

    offset: int
    record: int
    identity: str | None
    name: str
    text: str


class BatchReader:
    """Reads the records of an open source file as batches.

    Attributes:
        records: number of values in the list so far, including those that aren't records.
        values: number of property values so far, without IDs.
        others: for each value in the list that isn't an object its number, from 1, and its offset.
        refused: numbers that Json.NET can't read, such as 09 and 1e999: it refuses the file.
    """

    def __init__(self, buffer: Buffer, id_property: str, take: Callable[[Batch], None]) -> None:
        """Prepare to read.

        Args:
            buffer: the file's UTF-8.
            id_property: the ID property; empty if there is none.
            take: called with each batch.
        """
        self.records = 0
        self.values = 0
        self.others: list[tuple[int, int]] = []
        self.refused: list[RefusedNumber] = []
        self._buffer = buffer
        self._id_property = id_property
        self._take = take
        self._decoder = ColumnDecoder()
        self._one_by_one = 0
        self._pending: list[Record] = []

    def read(self) -> None:
        """Read the whole file.

        Raises:
            GrammarError: a fault; the records before it were taken.
        """
        try:
            for record in records_of(self._buffer, others=True, taker=self._chunk, on_other=self._note_other):
                self.add(record)
        finally:
            self.flush()

    def add(self, record: Record) -> None:
        """Add one record, at or after the position of the last one."""
        self.records = record.position + 1
        self._pending.append(record)
        if len(self._pending) >= _MOST_PENDING:
            self.flush()

    def flush(self) -> None:
        """Pass on the records that were read one by one."""
        pending, self._pending = self._pending, []
        shapes: dict[tuple[str, ...], list[Record]] = {}
        for record in pending:
            shapes.setdefault(tuple(record.members), []).append(record)
        for names, alike in shapes.items():
            rows = [[decoded(bytes(token)) for token in record.members.values()] for record in alike]
            identities = [_identity(record, self._id_property) for record in alike]
            numbers = [record.position + 1 for record in alike]
            self._note_refused(alike, identities)
            self._pass_on(columns_of(names, numbers, rows), identities)

    def _note_refused(self, records: Sequence[Record], identities: Sequence[str | None]) -> None:
        """Note numbers that can't be read. msgspec refuses them, too, so that their records are read one by one."""
        for record, identity in zip(records, identities, strict=True):
            for name, token in record.members.items():
                raw = bytes(token)
                if _NUMBER_BEGINS.match(raw) and number(raw) is None:
                    within = re.search(rb":\s*+%b" % re.escape(raw), record.raw)
                    offset = record.offset + (within.end() - len(raw) if within else 0)
                    self.refused.append(RefusedNumber(offset, record.position + 1, identity, name, raw.decode()))

    def _note_other(self, offset: int, position: int) -> None:
        self.records = position + 1
        self.others.append((position + 1, offset))

    def _chunk(self, at: int, position: int) -> tuple[int, int] | None:
        """Take a chunk of records at once; None if they must be read one by one."""
        if at < self._one_by_one:
            return None
        border = border_from(self._buffer, at + CHUNK)
        if border is None:
            self._one_by_one = at + CHUNK
            return None
        try:
            chunk = b"".join((b"[", memoryview(self._buffer)[at : border.end], b"]"))
            groups = self._decoder.decode(chunk, position + 1)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._one_by_one = border.start
            return None
        ids = [self._plain_ids(columns) for columns in groups]
        if None in ids:
            self._one_by_one = border.start
            return None
        self.flush()
        for columns, identities in zip(groups, ids, strict=True):
            self._pass_on(columns, identities or [None] * len(columns.numbers))
        records = sum(len(columns.numbers) for columns in groups)
        self.records = position + records
        return records, border.start

    def _plain_ids(self, columns: Columns) -> Sequence[str | None] | None:
        """Return the IDs of records, none if they lack the property; None if one is neither a text nor null."""
        if self._id_property not in columns.names:
            return ()
        at = columns.names.index(self._id_property)
        return columns.values[at] if _TEXT_OR_NULL.issuperset(columns.types[at]) else None  # type: ignore[return-value]  # checked

    def _pass_on(self, columns: Columns, identities: Sequence[str | None]) -> None:
        names, numbers, values, types = columns
        self.values += len(numbers) * (len(names) - (self._id_property in names))
        self._take(Batch(names, numbers, values, identities, types))


def _identity(record: Record, id_property: str) -> str | None:
    """Return a record's ID as the service reads it; null and a missing ID are None, an empty one is empty."""
    token = record.members.get(id_property)
    if token is None:
        return None
    raw = bytes(token)
    return text_of(raw) if raw[:1] in (b"[", b"{") else as_written(decoded(raw))


def as_written(value: object) -> str | None:
    """Return a value as the service writes it as text (.NET, ``Convert.ToString``); None for null, lists, and objects.

    >>> [as_written(value) for value in ("Oslo", 7, 1.50, True, None, [])]
    ['Oslo', '7', '1.5', 'True', None, None]
    """
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.15G}" if value else "0"
    return str(value) if isinstance(value, int) else None


def decoded(token: bytes) -> object:
    """Return the value of a token, also if it is spelled in a way that only the service tolerates."""
    try:
        return _value.decode(token)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    if token[:1] == b"[":
        return [token.decode("utf-8", "replace")]
    if token[:1] == b"{":
        return {"": token.decode("utf-8", "replace")}
    spelled = number(token)
    if spelled is not None:
        return _value.decode(spelled)
    text = text_of(token)
    return "" if text is None and token[:1] in (b'"', b"'") else text
