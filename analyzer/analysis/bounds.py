"""Find the record of an entry that names no user: between which records of the source file it is.

It is unknown whether the service writes its log in the order of the source's records. So this is tested for each log:
if the entries that name users are in that order, the others are assumed to be in it, too.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass

import polars as pl

POSITIONS = {"key": pl.String, "record": pl.UInt32}
"""The source file for ``bounds``: the key of the ID in each record (from 1); a row for each record."""

BOUNDS = {
    "log_file": pl.String,
    "line": pl.UInt32,
    "after_record": pl.UInt32,
    "after_identity": pl.String,
    "before_record": pl.UInt32,
    "before_identity": pl.String,
}
"""An entry that names no user, and the records of the named ones around it; null where there is none on that side."""

FEWEST = 5
"""Records that have to be in order for a conclusion; by chance so many are in one of 120 logs."""

MOST = 0.9
"""Share in order that is needed for a conclusion. In a shuffled log of ten, nine are in order once in 44,000 times;
half would prove nothing, as chance alone gives that to logs of six."""


@dataclass(frozen=True, slots=True)
class Order:
    """How far a log's named entries are in the order of the source's records.

    Attributes:
        compared: how many of them have a known record: their ID is in exactly one.
        in_order: the most of them that do not go back.
        records: how many different records these are of.
    """

    compared: int
    in_order: int
    records: int

    @property
    def sure(self) -> str | None:
        """``likely`` where all are in order, ``unsure`` where most are; None without a conclusion."""
        if self.records < FEWEST or self.in_order < MOST * self.compared:
            return None
        return "likely" if self.in_order == self.compared else "unsure"


def bounds(named: pl.DataFrame, positions: pl.DataFrame) -> tuple[pl.DataFrame, Order]:
    """Return bounds for the entries of one job that name no user, and the order that they rest on.

    An ID that is in no record, or in several, shows no place and is left out. A job's log files are taken as one log,
    in the order of their entries in the table.

    Args:
        named: one job's entries as ``analysis.naming`` returns them.
        positions: columns ``POSITIONS``.

    Returns:
        Columns ``BOUNDS``, a row for each entry in the log's order, none without a conclusion; and the order.
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
    """Return the places of a longest run of records that never goes back; gaps and nulls are skipped."""
    lasts: list[int] = []  # the smallest last record of a run of each length
    ends: list[int] = []  # and its place in the list
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
