"""How much of a file may be read more than once, so that a file made to be slow is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.source.model import Trouble

if TYPE_CHECKING:
    from analyzer.source.model import GrammarError
    from analyzer.source.reader.json_text import Buffer

_TIMES = 2
_AT_LEAST = 1 << 21


class Patience:
    """Bytes that may still be read again."""

    def __init__(self, buffer: Buffer) -> None:
        self._left = _TIMES * len(buffer) + _AT_LEAST

    @property
    def ended(self) -> bool:
        """Whether nothing may be read again."""
        return self._left < 0

    def spend(self, number: int) -> None:
        """Counts bytes that are read again."""
        self._left -= max(0, number)


def reached(buffer: Buffer, error: GrammarError) -> int:
    """Up to where was looked before the fault was found."""
    endless = error.trouble in (Trouble.endless, Trouble.ended) or buffer[error.offset : error.offset + 2] == b"/*"
    return len(buffer) if endless else error.offset
