"""Bring valid JSON whose records are certain into the import format, with each record as it is written."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from analyzer.source.model import ShapeKind
from analyzer.source.reader.json_text import after_mark
from analyzer.source.reader.other_formats import shown_value
from analyzer.source.reader.tolerant import after_value, expect, read_key, skip_blank, skip_value

if TYPE_CHECKING:
    from array import array

    from analyzer.imports.edits import Edits
    from analyzer.source.model import Shape
    from analyzer.source.reader.json_text import Buffer

SHAPE_AFTER: Final = '{"value":[…]}'
_HEAD = b'{"value":'
_BETWEEN = b",\n"


def shape_before(buffer: Buffer, shape: Shape) -> str:
    """Return how a file differs from the import format, and the text there, for the list of changes."""
    return f"{shape.kind.value}: {shown_value(buffer, shape.offset)}"


def wrap(buffer: Buffer, shape: Shape, starts: array[int], ends: array[int], edits: Edits) -> None:
    """Add the edits that turn a file's ``pieces`` into the import format.

    Args:
        buffer: the file's UTF-8.
        shape: the file's shape, with pieces.
        starts: the starts of all records.
        ends: the ends of all records.
        edits: where the edits are added.
    """
    start = skip_blank(buffer, after_mark(buffer))
    pieces = shape.pieces
    if shape.kind is ShapeKind.key_case:
        key = _key_of(buffer, start, pieces[0])
        edits.add(key, pieces[0], b'"value":')
        return
    one_list = len(pieces) == 1 and buffer[pieces[0] : pieces[0] + 1] == b"["
    if one_list:
        first, last, head, tail = pieces[0], skip_value(buffer, pieces[0]), _HEAD, b"}"
    else:
        first, last, head, tail = starts[0], ends[-1], _HEAD + b"[", b"]}"
    edits.add(start, first, head)
    edits.add(last, _end(buffer, last), tail)
    for piece in () if one_list else pieces[1:]:
        # The first record of the piece; an empty list has none, and then it is that of the next piece.
        following = bisect_left(starts, piece)
        if 0 < following < len(starts):
            edits.add(ends[following - 1], starts[following], _BETWEEN)


def _key_of(buffer: Buffer, start: int, value: int) -> int:
    """Return the offset of the name of the member whose value is at ``value``, in the object at ``start``."""
    at = skip_blank(buffer, expect(buffer, start, b"{"))
    while (found := read_key(buffer, at)[1]) != value:
        at = after_value(buffer, skip_value(buffer, found), b"}")
    return at


def _end(buffer: Buffer, at: int) -> int:
    """Return the end of the text after ``at``, without blanks at the file's end."""
    return at + len(bytes(buffer[at:]).rstrip())
