"""Find the lines and columns of some records of a source file, in one pass that stops at the last of them."""

from __future__ import annotations

import bisect
import contextlib
from typing import TYPE_CHECKING

import msgspec

from analyzer.errors import InputError
from analyzer.source.model import GrammarError
from analyzer.source.reader.chunk import spans_in
from analyzer.source.reader.json_text import opened
from analyzer.source.reader.records import records_of
from analyzer.source.salvage.model import Lines
from analyzer.source.scan import CHUNK, border_from

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from analyzer.source.reader.json_text import Buffer

_raw_records = msgspec.json.Decoder(list[msgspec.Raw])


def record_places(path: Path, numbers: Collection[int]) -> dict[int, tuple[int, int]]:
    """Return line and column of records by their number.

    Args:
        path: a source file. If it can't be read, or from a fault on, no record is found.
        numbers: from 1, also counting values in the list that aren't records.

    Returns:
        Line and column from 1, the column in characters, as ``Lines`` counts them.
    """
    wanted = sorted(numbers)
    places: dict[int, tuple[int, int]] = {}
    with contextlib.suppress(InputError), opened(path) as buffer:
        offsets = _Offsets(buffer, wanted)
        with contextlib.suppress(GrammarError):
            for record in records_of(buffer, others=True, taker=offsets.take):
                offsets.add(record.position, record.offset)
                if record.position + 1 >= wanted[-1]:
                    break
        lines = Lines(buffer)
        places = {number: lines.at(offset) for number, offset in offsets.found.items()}
    return places


class _Offsets:
    """Collects the offsets of wanted records by their number, in order."""

    def __init__(self, buffer: Buffer, wanted: Sequence[int]) -> None:
        self.found: dict[int, int] = {}
        self._buffer = buffer
        self._wanted = wanted
        self._one_by_one = 0

    def add(self, position: int, offset: int) -> None:
        if self._between(position, position + 1):
            self.found[position + 1] = offset

    def take(self, at: int, position: int) -> tuple[int, int] | None:
        """Take a chunk of records; see ``reader.chunk`` for why a chunk that decodes is valid."""
        if at < self._one_by_one:
            return None
        border = border_from(self._buffer, at + CHUNK)
        if border is None:
            self._one_by_one = at + CHUNK
            return None
        chunk = bytes(self._buffer[at : border.end])
        try:
            count = len(_raw_records.decode(b"[%b]" % chunk))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._one_by_one = border.start
            return None
        if inside := self._between(position, position + count):
            starts, _ = spans_in(chunk, count, [number - 1 - position for number in inside])
            self.found.update(zip(inside, (at + start for start in starts), strict=True))
        return count, border.start

    def _between(self, first: int, end: int) -> Sequence[int]:
        """Return the wanted numbers of the records from position ``first`` to before ``end``."""
        return self._wanted[bisect.bisect_right(self._wanted, first) : bisect.bisect_right(self._wanted, end)]
