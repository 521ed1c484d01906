"""Who failed and why: count the entries of jobs by code, property and user.

Each function takes entries as ``analysis.naming`` returns them; text that is no entry doesn't count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable

_USERS = pl.col("key").filter("names").n_unique().cast(pl.UInt32)


def by_code(named: pl.DataFrame) -> pl.DataFrame:
    """Count entries by code, most entries first.

    Returns:
        Columns ``code`` String, ``entries`` UInt32, ``users`` UInt32 (distinct, named).
    """
    return (
        _coded(named)
        .group_by("code")
        .agg(entries=pl.len(), users=_USERS)
        .sort("entries", "code", descending=[True, False])
    )


def by_pattern(
    named: pl.DataFrame, pattern_of: Callable[[str, str, str], str | None], says_nothing: str
) -> pl.DataFrame:
    """Count the entries of each code by what their messages mean.

    Args:
        named: entries.
        pattern_of: returns the name of the pattern that a code, message and detail match, None for none; called once
            for equal ones, as a log can hold 100,000 failures of one kind.
        says_nothing: a regular expression for what differs from detail to detail; it is removed from them.

    Returns:
        Columns ``code`` String, ``pattern`` String (null for none), ``entries`` UInt32, ``users`` UInt32; in each code
        most users first, then most entries.
    """
    coded = _coded(named).with_columns(pl.col("detail").fill_null("").str.replace_all(says_nothing, ""))
    distinct = coded.select("code", "message", "detail").unique()
    patterns = pl.Series("pattern", [pattern_of(*row) for row in distinct.iter_rows()], dtype=pl.String)
    return (
        coded.join(distinct.with_columns(patterns), on=distinct.columns, how="left")
        .group_by("code", "pattern")
        .agg(entries=pl.len(), users=_USERS)
        .sort("code", "users", "entries", "pattern", descending=[False, True, True, False], nulls_last=True)
    )


def by_property(named: pl.DataFrame) -> pl.DataFrame:
    """Count entries by property and code, most entries first.

    Returns:
        Columns ``property`` String, ``code`` String, ``entries`` UInt32, ``users`` UInt32.
    """
    return (
        _coded(named)
        .filter(pl.col("property").is_not_null())
        .group_by("property", "code")
        .agg(entries=pl.len(), users=_USERS)
        .sort("entries", "property", "code", descending=[True, False, False])
    )


def by_user(named: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each job and named user, in the order of the logs.

    Returns:
        Columns ``job_id``, ``key``, ``identity`` (as the log first spells it) String, ``codes`` List(String),
        ``entries`` UInt32.
    """
    return (
        named.filter("names")
        .group_by("job_id", "key", maintain_order=True)
        .agg(identity=pl.col("identity").first(), codes=pl.col("code").unique(maintain_order=True), entries=pl.len())
    )


def without_user(named: pl.DataFrame) -> pl.DataFrame:
    """Return the entries that have a code but name no user; columns as in ``named``."""
    return _coded(named).filter(~pl.col("names"))


def _coded(named: pl.DataFrame) -> pl.DataFrame:
    return named.filter(pl.col("code").is_not_null())
