"""Remember the values of a file's users as numbers of eight bytes, to compare two files in bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from analyzer.model.identity import identity_keys
from analyzer.source.model import NO_ID, mark_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from analyzer.source.batches import Batch

USER = "\0user"
"""The column with the users: no property has such a name."""
EMPTY = hash("")
"""The mark of an empty text."""
NULL = hash(None)
"""The mark of null."""
MOST_VALUES = 2_000_000
"""Values that are remembered, four times as many as the service takes; of a larger file, those of some users."""
_TEXT_OR_NULL = frozenset({str, type(None)})


class ValueMarks:
    """The values of a file's users: a mark for each, which is equal for equal texts in this process.

    Attributes:
        records: number of records with an ID.
        mask: only users are remembered in whose mark these bits are 0; so that two files have the same users.
    """

    def __init__(self, is_wanted: Callable[[str], bool], most: int = MOST_VALUES) -> None:
        """Start without records.

        Args:
            is_wanted: whether a property is remembered.
            most: maximum number of values.
        """
        self.records = 0
        self.mask = 0
        self._is_wanted = is_wanted
        self._left = self._most = most
        self._shapes: dict[tuple[str, ...], list[list[NDArray[np.int64]]]] = {}

    def take(self, batch: Batch) -> NDArray[np.int64]:
        """Remember some records; return the marks of their users, also of those that aren't remembered."""
        users = _marks(list(map(mark_of, identity_keys(batch.identities))))
        self.records += int(np.count_nonzero(users))
        at = [index for index, name in enumerate(batch.names) if self._is_wanted(name)]
        names = tuple(batch.names[index] for index in at)
        columns = [batch.columns[index] for index in at]
        is_kept = (users & self.mask == 0) & (users != NO_ID)
        kept = users[is_kept]
        if len(kept) < len(users):
            indexes = np.flatnonzero(is_kept).tolist()
            columns = [[column[index] for index in indexes] for column in columns]
        pieces = self._shapes.setdefault(names, [[] for _ in range(len(names) + 1)])
        for piece, marks in zip(pieces, [kept, *map(value_marks, columns)], strict=True):
            piece.append(marks)
        self._left -= len(kept) * (len(names) + 1)
        while self._left < 0:
            self.restrict(self.mask * 2 + 1)
        return users

    def restrict(self, mask: int) -> None:
        """Forget all users but those in whose mark these bits are 0."""
        if mask == self.mask:
            return
        self.mask, self._left = mask, self._most
        for names, pieces in self._shapes.items():
            joined = [np.concatenate(piece) for piece in pieces]
            kept = joined[0] & mask == 0
            self._shapes[names] = [[marks[kept]] for marks in joined]
            self._left -= int(np.count_nonzero(kept)) * (len(names) + 1)

    def table(self) -> pl.DataFrame:
        """Return the marks: column ``USER`` and one for each property (Int64); null where a record lacks it.

        Of a user with several records, only one counts.
        """
        frames = [
            pl.DataFrame(
                {name: np.concatenate(piece) for name, piece in zip((USER, *names), pieces, strict=True)},
                schema=dict.fromkeys((USER, *names), pl.Int64),
            )
            for names, pieces in self._shapes.items()
        ]
        table = pl.concat([pl.DataFrame(schema={USER: pl.Int64}), *frames], how="diagonal")
        return table.unique(USER, keep="first")


def value_marks(column: Sequence[object]) -> NDArray[np.int64]:
    """Return the marks of values; a number has that of its text."""
    if _TEXT_OR_NULL.issuperset(map(type, column)):
        return _marks(list(map(hash, column)))
    return _marks([hash(one) if one is None else hash(str(one)) for one in column])


def _marks(marks: list[int]) -> NDArray[np.int64]:
    found: NDArray[Any] = np.array(marks, dtype=np.int64)
    return found
