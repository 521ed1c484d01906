"""What cannot be read at a fault: where it begins, and what of the elements before it is whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.source.diagnosis.broken import read_broken
from analyzer.source.model import GrammarError, Trouble
from analyzer.source.reader.fault import NAME_FOLLOWS
from analyzer.source.reader.tolerant import Record
from analyzer.source.salvage.boundary import begins, behind_junk, behind_stray, first_name
from analyzer.source.salvage.patience import reached
from analyzer.source.salvage.trial import checked, first_names_of
from analyzer.source.salvage.unreadable import doubtful, end_of, unreadable

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from analyzer.source.reader.json_text import Buffer
    from analyzer.source.salvage.stretch import Stop
    from analyzer.source.salvage.unreadable import Item

_NEAR = 1 << 12
_NESTED = (b"{", b"[")


@dataclass(slots=True)
class Region:
    """What cannot be read.

    Attributes:
        start: where it begins.
        look: from where the next record is looked for.
        error: what is wrong.
        position: of the record that it seems to be; None where it is in none.
        next: the position of the record behind it.
        doubtful: nothing need be wrong with it but what stands before it.
        cost: bytes behind ``look`` that were read already.
    """

    start: int
    look: int
    error: GrammarError
    position: int | None
    next: int
    doubtful: bool = False
    cost: int = 0

    def closed(self, buffer: Buffer, end: int) -> Item:
        """The region as an item, once its end is known."""
        if self.doubtful and self.position is not None:
            return doubtful(buffer, self.position, self.start, end, self.error)
        return unreadable(buffer, self.position, self.start, end, self.error)


@dataclass(frozen=True, slots=True)
class Opening:
    """Where a stretch stopped at a fault.

    Attributes:
        buffer: the source file.
        mark: the quotation mark of the file's names.
        names: with which records begin.
    """

    buffer: Buffer
    mark: bytes
    names: set[str]

    def region(self, stop: Stop, error: GrammarError) -> Generator[Item, None, Region]:
        """Yields the elements before a fault that are whole or doubtful; returns what cannot be read."""
        buffer, at, held = self.buffer, stop.at, stop.held
        behind = behind_junk(buffer, at)
        if begins(buffer, behind, self.mark) and (stop.comma_missing or behind > at):
            yield from self._vouched(stop, behind, error)
            # A text between two commas has a place of its own.
            counted = not stop.comma_missing and b"," in bytes(buffer[at:behind]).lstrip(b" \t\r\n,")
            yield unreadable(buffer, stop.position if counted else None, at, behind, error)
            return Region(behind, behind, error, None, stop.position + counted)
        if not stop.comma_missing and _like_record(buffer, at):
            vouched = begins(buffer, at, self.mark)
            yield from (checked(buffer, item, error, self.mark, doubt=not vouched) for item in held)
            return broken_at(buffer, at, stop.position, error)
        end = end_of(held[-1]) if held else at
        if error.trouble is Trouble.unclosed:
            # No quotation mark follows, so the last record's bracket is in no text.
            yield from held
            return Region(end, end, error, None, stop.position)
        if behind_stray(buffer, at) >= len(buffer):
            hidden = b"/" in bytes(buffer[end : end + _NEAR])
            yield from (checked(buffer, item, error, self.mark, doubt=hidden) for item in held)
            # What a comment hid is looked at.
            return Region(end, end, error, None, stop.position)
        if not held:
            return broken_at(buffer, at, stop.position, error)
        first = held[0].position or 0
        return Region(held[0].offset, at, error, first, first + 1)

    def _vouched(self, stop: Stop, follows: int, error: GrammarError) -> Iterator[Item]:
        """The elements before a fault that another record follows on."""
        doubt = False
        if stop.comma_missing and stop.held:
            strange = first_name(self.buffer, follows, self.mark) not in self.names | first_names_of(stop.held)
            doubt = strange or _may_be_piece(self.buffer, stop.held[-1], stop.at)
        for item in stop.held:
            yield checked(self.buffer, item, error, self.mark, doubt=doubt)


def broken_at(buffer: Buffer, start: int, position: int, error: GrammarError) -> Region:
    """The record that begins at ``start`` and has a fault."""
    if buffer[start : start + 1] != b"{":
        return Region(start, start, error, position, position + 1)
    broken = read_broken(buffer, start)
    look = max(broken.value_at, start + 1)
    if broken.error is None:
        return Region(start, start + 1, error, position, position + 1, doubtful=True)
    if broken.value_end is not None and buffer[look : look + 1] in _NESTED:
        look = broken.value_end
    return Region(start, look, error, position, position + 1, cost=max(0, reached(buffer, broken.error) - look))


def _like_record(buffer: Buffer, at: int) -> bool:
    """Whether a record seems to begin, with a fault in its first name or without its bracket."""
    return buffer[at : at + 1] == b"{" or NAME_FOLLOWS.match(buffer, at) is not None


def _may_be_piece(buffer: Buffer, item: Item, follows: int) -> bool:
    """Whether a record without a comma behind it may be a piece.

    It may where it is empty, a comma stands before its bracket, or a comment stands behind it.
    """
    if not isinstance(item, Record) or b"/" in bytes(buffer[end_of(item) : follows]):
        return True
    return not item.members or item.raw[:-1].rstrip().endswith(b",")
