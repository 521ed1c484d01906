"""Scan a source file for the records of some users, or for everybody's: chunks decoded at once, at C's speed.

The array is cut into chunks at what looks like the border of two records. A chunk that begins where a record begins
and decodes ends where one ends (``reader.chunk``); one that does not decode, nor without comments and commas too many,
is read record by record, as ``reader.records`` does it. So both give the same records, and stop at the same faults.
"""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, field
from itertools import compress, repeat
from typing import TYPE_CHECKING

from analyzer.model.identity import identity_key
from analyzer.source.model import Spans, mark_in, mark_of
from analyzer.source.reader.chunk import (
    BORDER,
    Blanker,
    ChunkDecoder,
    CutCommentError,
    may_have_begun_with_a_comma,
    spans_in,
    without_comments,
)
from analyzer.source.reader.records import after_record, end_of_other, no_record_at
from analyzer.source.reader.tolerant import record_at, skip_blank

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analyzer.source.model import GrammarError
    from analyzer.source.reader.json_text import Buffer

CHUNK = 1 << 15
"""Bytes: with its records it stays in the processor's cache. Of long records a chunk is larger, up to ``_LARGEST``."""
_LARGEST = 1 << 19
_RECORDS = 8
"""Looking for a chunk's end costs half a record, which is little beside so many; with more, more chunks hold a record
that is wanted, and are decoded once more."""
_LONGEST = 1 << 20
"""Bytes; where no record ends within them, records are read one by one."""
_LINE_END = re.compile(rb"[\r\n]")


@dataclass(slots=True)
class ScanState:
    """How far a scan is, and what it found.

    Attributes:
        end: after the last record and the comma that follows it, or at the array's bracket.
        records: how many records it went through, values that aren't objects among them.
        others: the positions, from 0, of values in the array that aren't objects.
        other_offsets: where these begin.
        first_other: the error of the first of them.
        spans: those that were wanted.
        ended: whether it reached the array's bracket.
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
    """A place between two records, true or guessed: where the one ends, and where the next begins."""

    end: int
    start: int


def border_from(buffer: Buffer, offset: int) -> Border | None:
    """Return the next place that looks like a border of two records, if there is one within a megabyte."""
    found = BORDER.search(buffer, offset, offset + _LONGEST)
    return Border(found.start() + 1, found.end()) if found else None


class Scanner:
    """Scan the array of one source file for one set of users."""

    def __init__(self, buffer: Buffer, id_property: str, wanted: Mapping[str, int] | None) -> None:
        """Prepare for a scan.

        Args:
            buffer: the source file.
            id_property: the name of the property with the IDs.
            wanted: the marks of the users that are wanted, by key; None for every record, with ``mark_of`` its key.
        """
        _have_freed_memory_kept()
        self._buffer = buffer
        self.id_property = id_property
        self._wanted = wanted
        self._decoder = ChunkDecoder(id_property)
        self._blanker = Blanker()
        self._lenient = False
        self._size = CHUNK

    def scan(self, scanned: ScanState, stop: Border | None = None) -> None:
        """Continue a scan, up to another border.

        Args:
            scanned: what was scanned so far; grows.
            stop: a guessed border further on, beyond which the scan ends if it isn't one; None for the array's end.

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
        """Take the chunk up to a border; False where it has to be read record by record."""
        if border.end - scanned.end > _LONGEST + CHUNK:
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
        self._size = min(max(CHUNK, _RECORDS * len(piece) // len(keys)), _LARGEST)
        scanned.end = border.start
        return True

    def _border_after_comment(self, offset: int, *, block: bool) -> Border | None:
        if block:
            end = self._buffer.find(b"*/", offset, offset + _LONGEST)
            return border_from(self._buffer, end) if end >= 0 else None
        line_end = _LINE_END.search(self._buffer, offset, offset + _LONGEST)
        return border_from(self._buffer, line_end.start()) if line_end else None

    def _take(self, scanned: ScanState, keys: Sequence[str], chunk: bytes) -> None:
        """Count a chunk's records, and note those that are wanted."""
        wanted = self._wanted
        numbers: Sequence[int]
        if wanted is None:
            marks = list(map(mark_of, keys))
            numbers = range(len(keys))
        else:
            # Marks of users that are wanted count from 1.
            marks = [] if wanted.keys().isdisjoint(keys) else list(map(wanted.get, keys, repeat(0)))
            numbers = list(compress(range(len(keys)), marks))
        if numbers:
            starts, ends = spans_in(chunk, len(keys), numbers)
            spans = scanned.spans
            spans.starts.extend([scanned.end + start for start in starts])
            spans.ends.extend([scanned.end + end for end in ends])
            spans.positions.extend([scanned.records + number for number in numbers])
            spans.marks.extend([marks[number] for number in numbers])
        scanned.records += len(keys)

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


def _have_freed_memory_kept() -> None:
    """Let the C library keep what chunks give back instead of asking the system for each anew.

    glibc keeps pieces as large as the largest that was ever given back (``mallopt(3)``, M_MMAP_THRESHOLD). In a process
    that has done nothing else the scan takes twice as long without it. The piece is never touched, so it costs nothing.
    """
    bytes(_LARGEST << 4)


def _may_be_altered(keys: Sequence[str]) -> bool:
    """Whether an ID may have lost a comma that was taken for one too many."""
    return any("}" in key or "]" in key for key in keys)
