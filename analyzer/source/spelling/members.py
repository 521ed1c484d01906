"""The members of records that are valid JSON as they stand, which most are."""

from __future__ import annotations

import msgspec

_strict = msgspec.json.Decoder(dict[str, msgspec.Raw])
_strict_all = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])


def strict_members(raw: bytes) -> dict[str, msgspec.Raw] | None:
    """A record's spelled values by name; None where it is not valid JSON in UTF-8 for certain."""
    if not is_utf8(raw):
        return None
    try:
        return _strict.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def strict_members_of(joined: bytes) -> list[dict[str, msgspec.Raw]] | None:
    """As ``strict_members``, of several records that the tolerant reader takes; None where one of them is not such.

    Args:
        joined: the records, with a comma between two of them.
    """
    if not is_utf8(joined):
        return None
    try:
        # The first token that is no strict JSON ends it, so that none can be taken for a part of another.
        return _strict_all.decode(b"[%b]" % joined)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def is_utf8(raw: bytes) -> bool:
    """Whether bytes are UTF-8."""
    try:
        return raw.isascii() or bool(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return False
