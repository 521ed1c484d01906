"""The entries of a block to whom they name and by which code: as much as telling users apart takes, and no table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analyzer.logs.entries import CODE, IDENTITY
from analyzer.model.service import LogCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.logs.entries import Entries, Flags, Parts
    from analyzer.logs.model import Block

_GENERIC = LogCode.GenericError.encode()


@dataclass(frozen=True, slots=True)
class Names:
    """Whom the entries with a code name.

    Attributes:
        identities: of those that have one, as the log spells them.
        generic: which of these are of ``GenericError``.
        without: how many have no identity.
        codes: of all of them.
    """

    identities: list[str]
    generic: Flags
    without: int
    codes: set[str]


def names_of(_block: Block, entries: Entries) -> Names:
    """Whom a block's entries name, in their order."""
    parts, data = entries.parts, entries.lines.data
    coded = parts[:, CODE] < parts[:, CODE + 1]
    named = parts[:, IDENTITY] < parts[:, IDENTITY + 1]
    with_identity = parts[coded & named]
    # No field holds a line end.
    identities = b"\n".join(_fields(data, with_identity, IDENTITY)).decode().split("\n")
    return Names(
        identities if len(with_identity) else [],
        _are_generic(data, with_identity),
        int(np.count_nonzero(coded & ~named)),
        {code.decode() for code in set(_fields(data, parts[coded], CODE))},
    )


def _are_generic(data: bytes, parts: Parts) -> Flags:
    flags: Flags = parts[:, CODE + 1] - parts[:, CODE] == len(_GENERIC)
    flags[flags] = [code == _GENERIC for code in _fields(data, parts[flags], CODE)]
    return flags


def _fields(data: bytes, parts: Parts, place: int) -> Iterator[bytes]:
    return map(data.__getitem__, map(slice, parts[:, place].tolist(), parts[:, place + 1].tolist()))
