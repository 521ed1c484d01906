"""Leave members out of a record, or replace their values, byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.source.reader.tolerant import after_value, expect, read_key, skip_blank, skip_value

if TYPE_CHECKING:
    from collections.abc import Collection


def without(raw: bytes, name: str) -> bytes:
    """Return the record without the members of a name, however it is spelled; each goes with one comma.

    Args:
        raw: a record that the tolerant reader accepts.
        name: as in ``spans_of``.

    Raises:
        GrammarError: the tolerant reader does not accept the record.
    """
    if b"\\" not in raw and name.encode("utf-8", "replace") not in raw:
        return raw
    kept, copied = bytearray(), 0
    for start, end in spans_of(raw, {name}):
        kept += raw[copied:start]
        copied = end
    return bytes(kept + raw[copied:])


def spans_of(raw: bytes, names: Collection[str]) -> list[tuple[int, int]]:
    """Return the spans to take out of a record so that it has no members of some names, in their order.

    The comma after a member goes; where there is none, the one before it. White space and comments around stay.

    Args:
        raw: a record that the tolerant reader accepts.
        names: their escapes resolved; case counts, as it does for the service.

    Raises:
        GrammarError: the tolerant reader does not accept the record.
    """
    gone: list[tuple[int, int]] = []
    comma_before: int | None = None
    at = skip_blank(raw, expect(raw, 0, b"{"))
    while raw[at : at + 1] != b"}":
        member, value = read_key(raw, at)
        end = skip_value(raw, value)
        follows = skip_blank(raw, end)
        comma = follows if raw[follows : follows + 1] == b"," else None
        if member not in names:
            comma_before = comma
        else:
            gone.append((at, end))
            comma = comma_before if comma is None else comma
            if comma is not None:
                gone.append((comma, comma + 1))
        at = after_value(raw, end, b"}")
    return sorted(gone)


def with_value(raw: bytes, name: str, token: bytes) -> bytes:
    """Return the record with another value for each member of a name; all else stays.

    Args:
        raw: a record that the tolerant reader accepts.
        name: its escapes resolved.
        token: the value as JSON.

    Raises:
        GrammarError: the tolerant reader does not accept the record.
    """
    kept, copied = bytearray(), 0
    at = skip_blank(raw, expect(raw, 0, b"{"))
    while raw[at : at + 1] != b"}":
        member, value = read_key(raw, at)
        end = skip_value(raw, value)
        if member == name:
            kept += raw[copied:value] + token
            copied = end
        at = after_value(raw, end, b"}")
    return bytes(kept + raw[copied:])
