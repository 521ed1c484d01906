"""Between which records of the source file an entry's record lies that names nobody.

That the service writes its log in the order of the source's records is not known. It is looked at anew for each log:
where the entries that name somebody stand in that order, the others are taken to stand in it as well.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass

import polars as pl

POSITIONS = {"key": pl.String, "record": pl.UInt32}
"""What ``bounds`` takes of the source file: the records (from 1) of ids, by their key; a row a record."""

BOUNDS = {
    "log_file": pl.String,
    "line": pl.UInt32,
    "after_record": pl.UInt32,
    "after_identity": pl.String,
    "before_record": pl.UInt32,
    "before_identity": pl.String,
}
"""An entry that names nobody, and the named ones around it; null where there is none on that side."""

FEWEST = 5
"""Records that have to stand in order before anything is said: by chance that many do once in 120 logs."""

MOST = 0.9
"""Share in order below which nothing is said. Of a shuffled log of ten, nine stand in order once in 44,000 times; half
of it would be nothing, as chance alone gives that to logs of six."""


@dataclass(frozen=True, slots=True)
class Order:
    """In how far a log's named entries stand in the order of the source's records.

    Attributes:
        compared: how many of them have a record that can be told: their id stands in exactly one.
        in_order: the most of them that do not go back.
        records: how many different records these are of.
    """

    compared: int
    in_order: int
    records: int

    @property
    def sure(self) -> str | None:
        """``likely`` where all stand in order, ``unsure`` where most do; None where nothing can be said."""
        if self.records < FEWEST or self.in_order < MOST * self.compared:
            return None
        return "likely" if self.in_order == self.compared else "unsure"


def bounds(named: pl.DataFrame, positions: pl.DataFrame) -> tuple[pl.DataFrame, Order]:
    """Bounds for the entries of one job that name nobody, and what they rest on.

    An id that stands in no record, or in several, tells no place and is left out. A job's log files are taken in the
    order of their entries in the table, as one log.

    Args:
        named: one job's entries as ``analysis.naming`` gives them.
        positions: columns ``POSITIONS``.

    Returns:
        Columns ``BOUNDS``, a row an entry in the log's order, none where nothing can be said; and the order.
    """
    alone = positions.filter(pl.len().over("key") == 1)
    coded = named.filter(pl.col("code").is_not_null()).join(alone, on="key", how="left", maintain_order="left")
    coded = coded.with_columns(record=pl.when("names").then("record"))
    records: list[int | None] = coded["record"].to_list()
    compared = [record for record in records if record is not None]
    kept = _kept(records)
    order = Order(len(compared), len(kept), len({records[at] for at in kept}))
    if order.sure is None:
        return pl.DataFrame(schema=BOUNDS), order
    anchored = coded.with_row_index("at").with_columns(anchor=pl.col("at").is_in(kept))
    anchors = pl.struct("record", "identity")
    around = anchored.with_columns(
        after=pl.when("anchor").then(anchors).forward_fill(), before=pl.when("anchor").then(anchors).backward_fill()
    )
    found = around.filter(~pl.col("names")).select(
        "log_file",
        "line",
        after_record=pl.col("after").struct.field("record"),
        after_identity=pl.col("after").struct.field("identity"),
        before_record=pl.col("before").struct.field("record"),
        before_identity=pl.col("before").struct.field("identity"),
    )
    return found.cast(BOUNDS), order  # type: ignore[arg-type]


def _kept(records: list[int | None]) -> list[int]:
    """The places in the list of a longest run of records that never goes back, gaps and nulls passed over."""
    lasts: list[int] = []  # the smallest last record of a run of each length
    ends: list[int] = []  # where in the list that stands
    before: dict[int, int | None] = {}
    for at, record in enumerate(records):
        if record is None:
            continue
        length = bisect.bisect_right(lasts, record)
        before[at] = ends[length - 1] if length else None
        lasts[length : length + 1] = [record]
        ends[length : length + 1] = [at]
    kept: list[int] = []
    at_end = ends[-1] if ends else None
    while at_end is not None:
        kept.append(at_end)
        at_end = before[at_end]
    return kept[::-1]
