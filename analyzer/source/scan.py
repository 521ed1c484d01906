"""Scan a source file for the records of some or all users, by decoding chunks of records with msgspec.

The array is divided into chunks at likely borders of two records. A chunk that begins at a record and decodes also ends
at one (``reader.chunk``). A chunk that does not decode, even without comments and extra commas, is read record by
record, as in ``reader.records``. Therefore, both find the same records and the same faults.
"""

from __future__ import annotations

import functools
import re
from array import array
from dataclasses import dataclass, field
from itertools import compress, islice, repeat
from typing import TYPE_CHECKING

from analyzer.model.identity import identity_key
from analyzer.source.model import Spans, mark_in, mark_of
from analyzer.source.reader.chunk import (
    BORDER,
    Blanker,
    ChunkDecoder,
    CutCommentError,
    flat_spans,
    may_have_begun_with_a_comma,
    members_of,
    spans_in,
    without_comments,
)
from analyzer.source.reader.json_text import after_mark
from analyzer.source.reader.records import after_record, begin, end_of_other, no_record_at, records_of
from analyzer.source.reader.tolerant import Record, record_at, skip_blank

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from analyzer.source.model import GrammarError
    from analyzer.source.reader.json_text import Buffer

CHUNK = 1 << 15
"""Bytes of a chunk, which fits in the processor's cache. Chunks of long records have up to ``_MAX_CHUNK`` bytes."""
_TIMES_FOR_ALL = 4
"""How many times as large chunks are if all users are wanted: more calls for each chunk, and none is decoded again."""
_MAX_CHUNK = 1 << 19
_MIN_RECORDS = 8
"""Records per chunk: with fewer, finding the end takes too long; with more, too many chunks have a wanted record, and
are decoded again."""
_MAX_RECORD = 1 << 20
"""Bytes; longer records are read one by one."""
_LINE_END = re.compile(rb"[\r\n]")


@dataclass(slots=True)
class ScanState:
    """Progress and results of a scan.

    Attributes:
        end: offset after the last record and its comma, or of the array's closing bracket.
        records: number of records so far, including values that aren't objects.
        spans: the wanted records.
        ended: whether the closing bracket was reached.
        others: positions, from 0, of values in the array that aren't objects.
        other_offsets: offsets of these values.
        first_other: the error of the first of them.
    """

    end: int
    records: int = 0
    spans: Spans = field(default_factory=Spans)
    ended: bool = False
    others: array[int] = field(default_factory=lambda: array("q"))
    other_offsets: array[int] = field(default_factory=lambda: array("q"))
    first_other: GrammarError | None = None


@dataclass(frozen=True, slots=True)
class Border:
    """A border of two records, known or guessed: the end of one, and the start of the next."""

    end: int
    start: int


def border_from(buffer: Buffer, offset: int) -> Border | None:
    """Return the next likely border of two records within a megabyte, if any."""
    found = BORDER.search(buffer, offset, offset + _MAX_RECORD)
    return Border(found.start() + 1, found.end()) if found else None


def end_of_chunk(buffer: Buffer, at: int) -> Border | None:
    """Return the likely end of a chunk that begins at a record, if any; for the last chunk, that of the list."""
    if len(buffer) - at > 2 * CHUNK:
        return border_from(buffer, at + CHUNK)
    end = buffer.rfind(b"]", at)
    return Border(end, end) if end > at else None


def first_records(buffer: Buffer, number: int) -> Iterator[Record]:
    """Yield the first records of an open source file as ``records_of`` does; those of a chunk lack their bytes.

    Raises:
        GrammarError: a fault before or in them.
    """
    start = begin(buffer, skip_blank(buffer, after_mark(buffer)))
    at = skip_blank(buffer, start + 1)
    border = end_of_chunk(buffer, at)
    members = members_of(bytes(buffer[at : border.end])) if border else None
    if members is None or len(members) < number:
        return islice(records_of(buffer, others=True), number)
    return (Record(position, at, b"", names) for position, names in enumerate(members[:number]))


class Scanner:
    """Scans the array of a source file for the records of some or all users."""

    def __init__(self, buffer: Buffer, id_property: str, wanted: Mapping[str, int] | None) -> None:
        """Prepare for a scan.

        Args:
            buffer: the source file.
            id_property: name of the ID property.
            wanted: marks of the wanted users by key; None for all users, with marks from ``mark_of``.
        """
        _keep_freed_memory()
        self._buffer = buffer
        self.id_property = id_property
        self._wanted = wanted
        self._decoder = ChunkDecoder(id_property)
        self._blanker = Blanker()
        self._lenient = False
        self._size = self._least = CHUNK * (_TIMES_FOR_ALL if wanted is None else 1)

    def scan(self, scanned: ScanState, stop: Border | None = None) -> None:
        """Continue a scan, up to another border.

        Args:
            scanned: the state so far; updated.
            stop: a guessed border at which to stop, or after which if it isn't one; None for the array's end.

        Raises:
            GrammarError: a fault in a record or between two; its record is counted from where the scan began.
        """
        while not scanned.ended and (stop is None or scanned.end < stop.start):
            border = border_from(self._buffer, scanned.end + self._size)
            if border and stop and border.start > stop.start:
                border = stop
            if border is None or not self._chunk(scanned, border):
                self._walk(scanned, border.start if border else scanned.end + CHUNK)

    def _chunk(self, scanned: ScanState, border: Border) -> bool:
        """Scan the chunk up to a border; return False if it must be read record by record."""
        if border.end - scanned.end > _MAX_RECORD + CHUNK:
            return False
        piece = self._buffer[scanned.end : border.end]
        keys = None if self._lenient else self._decoder.keys(piece)
        if keys is None:
            try:
                plain = without_comments(piece)
            except CutCommentError as cut:
                further = self._border_after_comment(scanned.end + cut.start, block=cut.block)
                return further is not None and further.end > border.end and self._chunk(scanned, further)
            chunk = self._blanker.blanked(plain)
            keys = self._decoder.keys(chunk)
            if keys is None and (thoroughly := self._blanker.further(plain)) is not None:
                chunk = thoroughly
                keys = self._decoder.keys(chunk)
            if keys is None or _may_be_altered(keys) or (chunk != piece and may_have_begun_with_a_comma(chunk)):
                return False
            self._lenient = chunk != piece
            piece = chunk
        self._take(scanned, keys, piece)
        self._size = min(max(self._least, _MIN_RECORDS * len(piece) // len(keys)), _MAX_CHUNK)
        scanned.end = border.start
        return True

    def _border_after_comment(self, offset: int, *, block: bool) -> Border | None:
        if block:
            end = self._buffer.find(b"*/", offset, offset + _MAX_RECORD)
            return border_from(self._buffer, end) if end >= 0 else None
        line_end = _LINE_END.search(self._buffer, offset, offset + _MAX_RECORD)
        return border_from(self._buffer, line_end.start()) if line_end else None

    def _take(self, scanned: ScanState, keys: Sequence[str], chunk: bytes) -> None:
        """Count a chunk's records, and add the wanted ones."""
        wanted = self._wanted
        if wanted is None:
            self._take_all(scanned, keys, chunk)
        # Marks of wanted users start at 1.
        elif not wanted.keys().isdisjoint(keys):
            marks = list(map(wanted.get, keys, repeat(0)))
            numbers = list(compress(range(len(keys)), marks))
            starts, ends = spans_in(chunk, len(keys), numbers)
            spans = scanned.spans
            spans.starts.extend([scanned.end + start for start in starts])
            spans.ends.extend([scanned.end + end for end in ends])
            spans.positions.extend([scanned.records + number for number in numbers])
            spans.marks.extend([marks[number] for number in numbers])
        scanned.records += len(keys)

    def _take_all(self, scanned: ScanState, keys: Sequence[str], chunk: bytes) -> None:
        """Add all records of a chunk, by numpy: there may be millions."""
        import numpy as np  # other processes that scan don't need it

        found = flat_spans(chunk, len(keys)) or spans_in(chunk, len(keys), range(len(keys)))
        numbers = np.arange(scanned.records, scanned.records + len(keys), dtype=np.int64)
        marks = np.fromiter(map(hash, keys), np.int64, len(keys))  # as mark_of, except for a hash of 0
        if not marks.all():
            marks = np.fromiter(map(mark_of, keys), np.int64, len(keys))
        columns = *(np.asarray(offsets, np.int64) + scanned.end for offsets in found), numbers, marks
        for column, values in zip(scanned.spans.columns(), columns, strict=True):
            column.frombytes(values.tobytes())

    def _note(self, scanned: ScanState, start: int, end: int, position: int, key: str) -> None:
        mark = mark_in(self._wanted, key)
        if mark is not None:
            scanned.spans.add(start, end, position, mark)

    def _walk(self, scanned: ScanState, until: int) -> None:
        """Read record by record up to the first one that begins at ``until`` or later, or to the array's end."""
        at = skip_blank(self._buffer, scanned.end)
        while at < until and self._buffer[at : at + 1] != b"]":
            end = end_of_other(self._buffer, at)
            if end is None:
                record, end = record_at(self._buffer, at, scanned.records)
                self._note(scanned, at, end, scanned.records, identity_key(record.text(self.id_property) or ""))
            else:
                scanned.others.append(scanned.records)
                scanned.other_offsets.append(at)
                scanned.first_other = scanned.first_other or no_record_at(self._buffer, at, scanned.records)
            scanned.records += 1
            at = after_record(self._buffer, end)
        scanned.end = at
        scanned.ended = self._buffer[at : at + 1] == b"]"


@functools.cache
def _keep_freed_memory() -> None:
    """Make the C library reuse the memory of chunks instead of returning it to the system, in this process.

    glibc reuses blocks up to the size of the largest that was freed (``mallopt(3)``, M_MMAP_THRESHOLD). Without this, a
    scan in a new process takes twice as long. The memory is never written, so it costs nothing.
    """
    bytes(_MAX_CHUNK << 4)


def _may_be_altered(keys: Sequence[str]) -> bool:
    """Return whether blanking extra commas may have altered an ID."""
    return any("}" in key or "]" in key for key in keys)
