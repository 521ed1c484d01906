"""The changes to a file: which stretches are replaced, and the list of changes for people."""

from __future__ import annotations

from array import array
from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

import polars as pl

from analyzer.model.tables import CHANGES
from analyzer.model.text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analyzer.source.reader.json_text import Buffer

MOST_LISTED = 1_000_000
"""Changes of one file that are listed; further ones are only counted."""
_ROWS = 20_000
_PIECE = 1 << 20
_SHOWN = 200
"""Characters of a text that are shown."""


class ChangeKind(StrEnum):
    """The kinds of changes that are not within a value; for those see ``source.strict_json``."""

    encoding = "encoding"
    mark = "byte_order_mark"
    shape = "shape"
    bracket = "bracket"
    comma = "comma"
    null_record = "null_record"
    duplicate = "duplicate"
    unmapped = "unmapped_property"


class Edits:
    """Stretches of a file that are replaced; of two that overlap, the one that begins first and ends last counts."""

    def __init__(self) -> None:
        """Start without edits."""
        self._starts = array("q")
        self._ends = array("q")
        self._texts: dict[int, bytes] = {}

    def __len__(self) -> int:
        return len(self._starts)

    def add(self, start: int, end: int, text: bytes = b"") -> None:
        """Replace the bytes from ``start`` to ``end``."""
        if text:
            self._texts[len(self._starts)] = text
        self._starts.append(start)
        self._ends.append(end)

    def remove(self, spans: Iterable[tuple[int, int]], offset: int) -> None:
        """Remove spans that are relative to ``offset``."""
        for start, end in spans:
            self.add(offset + start, offset + end)

    def pieces(self, buffer: Buffer, start: int) -> Iterator[bytes]:
        """Yield the file from ``start`` on with all replacements, in pieces of a mebibyte or less."""
        at = start
        for index in self._order():
            begin, end = self._starts[index], self._ends[index]
            if begin < at:
                continue
            yield from _copied(buffer, at, begin)
            if index in self._texts:
                yield self._texts[index]
            at = end
        yield from _copied(buffer, at, len(buffer))

    def _order(self) -> list[int]:
        order = pl.DataFrame(
            {"start": pl.Series(self._starts, dtype=pl.Int64), "end": pl.Series(self._ends, dtype=pl.Int64)}
        ).select(pl.arg_sort_by("start", "end", descending=[False, True], maintain_order=True))
        return order.to_series().to_list()


def _copied(buffer: Buffer, start: int, end: int) -> Iterator[bytes]:
    for at in range(start, end, _PIECE):
        yield bytes(buffer[at : min(at + _PIECE, end)])


class Changes:
    """The changes of one file, as a table that may have hundreds of thousands of rows.

    Attributes:
        counts: number of changes by kind.
    """

    def __init__(self, file: str) -> None:
        """Start without changes; ``file`` is the file's name, for the table."""
        self.counts: Counter[str] = Counter()
        self._file = file
        self._left = MOST_LISTED
        self._rows: list[tuple[object, ...]] = []
        self._pieces: list[pl.DataFrame] = []

    @property
    def total(self) -> int:
        """Number of changes, including those that aren't listed."""
        return self.counts.total()

    def add(  # noqa: PLR0913 - the columns of the table
        self,
        kind: str,
        before: str | bytes,
        after: str | bytes,
        *,
        record: int | None = None,
        identity: str | None = None,
        name: str = "",
    ) -> None:
        """Add one change.

        Args:
            kind: its kind.
            before: the text before it.
            after: the text after it; empty if it was removed.
            record: number of the record in the original file, from 1; None if it is in none.
            identity: the record's ID.
            name: the property; empty if it isn't in one.
        """
        self.counts[kind] += 1
        self._left -= 1
        if self._left < 0:
            return
        self._rows.append((self._file, record, identity, name or None, kind, _shown(before), _shown(after)))
        if len(self._rows) >= _ROWS:
            self._flush()

    def table(self) -> pl.DataFrame:
        """Return the changes as a table ``CHANGES``, those in no record first, then by record."""
        self._flush()
        rows = pl.concat([pl.DataFrame(schema=CHANGES), *self._pieces])
        return rows.sort("record", nulls_last=False, maintain_order=True)

    def _flush(self) -> None:
        if self._rows:
            self._pieces.append(pl.DataFrame(self._rows, schema=CHANGES, orient="row"))
            self._rows = []


def _shown(text: str | bytes) -> str:
    whole = text[: 4 * _SHOWN]
    return shortened(whole.decode("utf-8", "replace") if isinstance(whole, bytes) else whole, _SHOWN)
