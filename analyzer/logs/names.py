"""The entries of a block to whom they name and by which code: as much as telling users apart takes, and no table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.logs.entries import CODE, IDENTITY

if TYPE_CHECKING:
    from analyzer.logs.blocks import Block
    from analyzer.logs.entries import Entries, Parts


@dataclass(frozen=True, slots=True)
class Names:
    """Whom the entries with a code name.

    Attributes:
        codes: of each entry that has an identity.
        identities: theirs, as the log spells them.
        other_codes: of the entries without an identity.
    """

    codes: list[str]
    identities: list[str]
    other_codes: list[str]


def names_of(_block: Block, entries: Entries) -> Names:
    """Whom a block's entries name, in their order."""
    parts, data = entries.parts, entries.lines.data
    coded = parts[:, CODE] < parts[:, CODE + 1]
    named = parts[:, IDENTITY] < parts[:, IDENTITY + 1]
    with_identity = parts[coded & named]
    return Names(
        _texts(data, with_identity, CODE),
        _texts(data, with_identity, IDENTITY),
        _texts(data, parts[coded & ~named], CODE),
    )


def _texts(data: bytes, parts: Parts, place: int) -> list[str]:
    starts, stops = parts[:, place].tolist(), parts[:, place + 1].tolist()
    if not starts:
        return []
    # No field holds a line end.
    return b"\n".join(map(data.__getitem__, map(slice, starts, stops))).decode().split("\n")
