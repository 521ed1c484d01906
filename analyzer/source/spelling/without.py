"""A record without one of its members, every other byte the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from analyzer.source.reader.tolerant import after_value, expect, read_key, skip_blank, skip_value

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Member(NamedTuple):
    """A member's place: where its name begins, where its value ends, and where the comma behind it stands, if any."""

    name: str
    start: int
    end: int
    comma: int | None


def without(raw: bytes, name: str) -> bytes:
    """The record without the members of a name, however it is spelled; each goes with one comma, and nothing else.

    The comma behind the member goes; where there is none, the one before it. White space and comments around stay.

    Args:
        raw: a record that the tolerant reader takes.
        name: its escapes resolved; case counts, as it does for the service.

    Raises:
        GrammarError: the record is none that the tolerant reader takes.
    """
    if b"\\" not in raw and name.encode("utf-8", "replace") not in raw:
        return raw
    gone: list[tuple[int, int]] = []
    left: int | None = None
    for member in _members(raw):
        if member.name != name:
            left = member.comma
            continue
        gone.append((member.start, member.end))
        comma = left if member.comma is None else member.comma
        if comma is not None:
            gone.append((comma, comma + 1))
    return _cut(raw, sorted(gone))


def _members(raw: bytes) -> Iterator[_Member]:
    at = skip_blank(raw, expect(raw, 0, b"{"))
    while raw[at : at + 1] != b"}":
        name, value = read_key(raw, at)
        end = skip_value(raw, value)
        comma = skip_blank(raw, end)
        yield _Member(name, at, end, comma if raw[comma : comma + 1] == b"," else None)
        at = after_value(raw, end, b"}")


def _cut(raw: bytes, gone: list[tuple[int, int]]) -> bytes:
    kept = bytearray()
    at = 0
    for start, end in gone:
        kept += raw[at:start]
        at = end
    return bytes(kept + raw[at:])
