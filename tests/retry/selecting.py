"""Selections straight from a table of entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.analysis.named_users import NamedUsers
from analyzer.retry.selection.users_to_retry import select as select_users

if TYPE_CHECKING:
    import polars as pl

    from analyzer.model.job import Outcome
    from analyzer.retry.model import Selection


def select(outcome: Outcome, entries: pl.DataFrame, error: str = "", **further: Any) -> Selection:  # noqa: ANN401 - its options
    """As ``analyzer.retry.selection.users_to_retry.select``, of the entries."""
    return select_users(outcome, NamedUsers.in_table(entries), error, **further)
