"""Read a source file with faults; see the package for what is certain after a fault."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analyzer.source.model import GrammarError, Shape, Trouble
from analyzer.source.reader.json_text import after_mark, opened
from analyzer.source.reader.other_formats import several_in, shown_value
from analyzer.source.reader.records import begin, finish, format_error, list_at
from analyzer.source.reader.tolerant import Record, record_at, skip_blank
from analyzer.source.salvage.array import ArrayReader
from analyzer.source.salvage.model import Corrected, Lines, Repaired, Unreadable, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from analyzer.source.reader.json_text import Buffer

__all__ = ["Corrected", "Lines", "Record", "Repaired", "Unreadable", "check_shape", "salvage", "salvage_of"]

_JUNK = 1 << 12
"""Bytes that are searched for the start of the file's object."""
_STRAY = re.compile(rb"[\s,]*+")
# ]}{ or ]},{ between concatenated files
_JOINED = re.compile(rb"\]\s*+\}\s*+,?\s*+\{")


def check_shape(path: Path, *, repair: bool) -> None:
    """Refuses a file of another shape, in which records are looked for in vain.

    Args:
        path: the source file.
        repair: whether a shape is passed whose records are certain.

    Raises:
        InputError: the file cannot be read.
        NotImportFormatError: it is of such a shape.
    """
    with opened(path) as buffer:
        try:
            begin(buffer, skip_blank(buffer, after_mark(buffer)))
        except GrammarError as error:
            if error.shape is not None and not (repair and error.shape.pieces):
                raise format_error(path, buffer, error) from error


def salvage(path: Path, *, repair: bool = False) -> Iterator[Record | Unreadable | Corrected]:
    """Records and unreadable stretches of a source file, in their order.

    Args:
        path: the source file.
        repair: whether a record whose only fault is backslashes is a record (``Repaired``), and a file of another shape
            is read where its records are certain.

    Raises:
        InputError: the file cannot be read.
    """
    with opened(path) as buffer:
        yield from salvage_of(buffer, repair=repair)


def salvage_of(
    buffer: Buffer, *, repair: bool = False, commas: bool = False
) -> Iterator[Record | Unreadable | Corrected]:
    """Yield records and unreadable stretches of an open source file.

    Args:
        buffer: the file's UTF-8.
        repair: as in ``salvage``.
        commas: whether a record whose only fault is a comma too many or a missing one is a record (``Repaired``).
    """
    start = skip_blank(buffer, after_mark(buffer))
    shape = _other_shape(buffer, start) if repair else None
    if shape is not None and shape.pieces:
        yield Corrected(shape.kind.value, shown_value(buffer, shape.offset), "", shape=shape)
        yield from _pieces(buffer, shape)
        return
    for item in _read_from(buffer, start, repair=repair, commas=commas):
        yield (_correction(buffer, item) if isinstance(item, Unreadable) else None) or item


def _other_shape(buffer: Buffer, start: int) -> Shape | None:
    try:
        at = begin(buffer, start)
        return several_in(buffer, start) if _JOINED.search(buffer, at) else None
    except GrammarError as error:
        return error.shape


def _pieces(buffer: Buffer, shape: Shape) -> Iterator[Record]:
    position = 0
    for piece in shape.pieces:
        if buffer[piece : piece + 1] == b"[":
            for record in list_at(buffer, piece, position=position):
                yield record
                position += 1
        else:
            yield record_at(buffer, piece, position)[0]
            position += 1


def _correction(buffer: Buffer, item: Unreadable) -> Corrected | None:
    """Return the correction of a stretch outside of records; None if it would be a guess."""
    if item.position is not None:
        return None
    if item.error.trouble is Trouble.unclosed:
        return _closed(buffer, item)
    if item.error.trouble is Trouble.brackets:
        return _without_brackets(buffer, item)
    # What follows the record before is a record: else both were doubtful.
    stretch = bytes(buffer[item.offset : item.end])
    if item.error.trouble is Trouble.after_value and not stretch.strip():
        return Corrected("no comma between two records", "", ",", item.offset, item.offset, b",")
    if not stretch.strip(b" \t\r\n,") and buffer[item.end : item.end + 1] == b"{":
        kept = stretch.replace(b",", b"")
        return Corrected("a comma too many between two records", ",", "", item.offset, item.end, kept)
    return None


def _closed(buffer: Buffer, item: Unreadable) -> Corrected:
    """Close the list after its last record, or the object after its list."""
    stray = _STRAY.match(buffer, item.offset)
    at = stray.end() if stray else item.offset
    if skip_blank(buffer, at) >= len(buffer):
        return Corrected(item.words, "", "}", item.offset, item.offset, b"}")
    blank = bytes(buffer[item.offset : at]).replace(b",", b"")
    return Corrected(item.words, "", "]", item.offset, at, b"]" + blank)


def _without_brackets(buffer: Buffer, item: Unreadable) -> Corrected:
    """Leave out closing brackets; in place of those after the list, write the object's."""
    start = item.error.offset
    stretch = bytes(buffer[start:]).rstrip()
    within = skip_blank(buffer, item.offset) == start
    text = b"}" if within else b""
    return Corrected(item.words, stretch.decode("utf-8", "replace"), text.decode(), start, start + len(stretch), text)


def _read_from(buffer: Buffer, start: int, *, repair: bool, commas: bool) -> Iterator[Record | Unreadable]:
    reader = ArrayReader(buffer, repair=repair, commas=commas)
    try:
        finish(buffer, (yield from reader.items(begin(buffer, start))))
    except GrammarError as error:
        if reader.gave_up:
            return
        # Of the object before its array, or after it.
        late = None if reader.begun else _begins_late(buffer, start)
        yield unreadable(buffer, None, reader.end or start, len(buffer) if late is None else late, error)
        if late is not None:
            yield from _read_from(buffer, late, repair=repair, commas=commas)


def _begins_late(buffer: Buffer, start: int) -> int | None:
    """Where the object begins, where the first bracket in the file is its own and something stands before it."""
    head = bytes(buffer[start : start + _JUNK])
    found = head.find(b"{")
    begun = head[found:].replace(b" ", b"").replace(b"\r", b"").replace(b"\n", b"").startswith(b'{"value":[')
    return start + found if found > 0 and begun else None
