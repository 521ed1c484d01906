"""Selections straight from a table of entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.retry.select import select as select_by_told
from analyzer.retry.told import Told

if TYPE_CHECKING:
    import polars as pl

    from analyzer.analysis.outcome import Outcome
    from analyzer.retry.interface import Selection


def select(outcome: Outcome, entries: pl.DataFrame, error: str = "", **further: Any) -> Selection:  # noqa: ANN401 - its options
    """As ``analyzer.retry.select.select``, of the entries."""
    return select_by_told(outcome, Told.by_table(entries), error, **further)
