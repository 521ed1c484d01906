"""Elements of the array that follow on one another without a fault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.source.model import GrammarError
from analyzer.source.reader.records import after_record
from analyzer.source.salvage.boundary import array_ends
from analyzer.source.salvage.element import element_at

if TYPE_CHECKING:
    from collections.abc import Generator

    from analyzer.source.reader.json_text import Buffer
    from analyzer.source.salvage.element import How
    from analyzer.source.salvage.unreadable import Item

ENOUGH = 1 << 20
"""Bytes of records that no text holds unescaped."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a stretch ended.

    Attributes:
        at: behind the array; else where an element or a comma should be.
        error: the fault; None where the array ended.
        held: the elements before the fault for whose ends nothing speaks.
        position: of the next element.
        comma_missing: what is wrong is what stands behind the last element.
        beside: the fault in the keys beside the array, where that is what is wrong.
    """

    at: int
    error: GrammarError | None
    held: list[Item]
    position: int
    comma_missing: bool = False
    beside: GrammarError | None = None


def stretch(buffer: Buffer, at: int, position: int, how: How) -> Generator[Item, None, Stop]:
    """Yields the elements from ``at`` on, each once the next was read; returns where they end.

    The next one speaks for the end of the one before, unless its names stand in other quotation marks than the
    file's: then both may be pieces of a text.
    """
    held: list[Item] = []
    end = at
    try:
        while buffer[at : at + 1] != b"]":
            item, end = element_at(buffer, at, position, how)
            if held and (_speaks(buffer, at, how.mark) or end - held[0].offset > ENOUGH):
                yield from held
                held.clear()
            held.append(item)
            position += 1
            at = after_record(buffer, end)
            end = at
        beside = array_ends(buffer, at + 1)
    except GrammarError as error:
        # ``at`` is moved on once what stands behind the element was read.
        missing = end > at
        return Stop(error.offset if missing else at, error, held, position, missing)
    if beside is not None:
        return Stop(at + 1, None, held, position, beside=beside)
    yield from held
    return Stop(at + 1, None, [], position)


def _speaks(buffer: Buffer, at: int, mark: bytes) -> bool:
    if buffer[at + 1 : at + 2] == mark:
        return True
    opening = bytes(buffer[at : at + 64])
    return opening[:1] != b"{" or opening[1:].lstrip()[:1] == mark
