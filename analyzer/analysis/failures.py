"""Who failed and why: the entries of jobs counted by code, by property and by user.

Each function takes the entries as ``analysis.naming`` gives them; text that is no entry does not count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from analyzer.facts import UNRESOLVABLE
from analyzer.id_kinds import id_kinds

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.id_kinds import IdKinds

_SEVERAL = 2
_USERS = pl.col("key").filter("names").n_unique().cast(pl.UInt32)


def by_code(named: pl.DataFrame) -> pl.DataFrame:
    """Columns ``code`` String, ``entries`` UInt32, ``users`` UInt32 (distinct, named); most entries first."""
    return (
        _coded(named)
        .group_by("code")
        .agg(entries=pl.len(), users=_USERS)
        .sort("entries", "code", descending=[True, False])
    )


def by_pattern(
    named: pl.DataFrame, pattern_of: Callable[[str, str, str], str | None], says_nothing: str
) -> pl.DataFrame:
    """The entries of each code by what their messages mean.

    Args:
        named: entries.
        pattern_of: the name of the pattern that a code's message and detail match, None for none; asked once for those
            that are the same, as a log can hold 100,000 failures of one kind.
        says_nothing: an expression for what differs from detail to detail and is left out of them.

    Returns:
        Columns ``code`` String, ``pattern`` String (null for none), ``entries`` UInt32, ``users`` UInt32; in each code
        most users first, then most entries.
    """
    said = _coded(named).with_columns(pl.col("detail").fill_null("").str.replace_all(says_nothing, ""))
    distinct = said.select("code", "message", "detail").unique()
    patterns = pl.Series("pattern", [pattern_of(*row) for row in distinct.iter_rows()], dtype=pl.String)
    return (
        said.join(distinct.with_columns(patterns), on=distinct.columns, how="left")
        .group_by("code", "pattern")
        .agg(entries=pl.len(), users=_USERS)
        .sort("code", "users", "entries", "pattern", descending=[False, True, True, False], nulls_last=True)
    )


def by_property(named: pl.DataFrame) -> pl.DataFrame:
    """Columns ``property`` String, ``code`` String, ``entries`` UInt32, ``users`` UInt32; most entries first."""
    return (
        _coded(named)
        .filter(pl.col("property").is_not_null())
        .group_by("property", "code")
        .agg(entries=pl.len(), users=_USERS)
        .sort("entries", "property", "code", descending=[True, False, False])
    )


def by_user(named: pl.DataFrame) -> pl.DataFrame:
    """One row a job and named user, in the logs' order.

    Columns ``job_id``, ``key``, ``identity`` (as the log first spells it) String, ``codes`` List(String), ``entries``
    UInt32.
    """
    return (
        named.filter("names")
        .group_by("job_id", "key", maintain_order=True)
        .agg(
            identity=pl.col("identity").first(),
            codes=pl.col("code").unique(maintain_order=True),
            entries=pl.len(),
        )
    )


def naming_nobody(named: pl.DataFrame) -> pl.DataFrame:
    """The entries that have a code but name no user, with the columns of ``named``."""
    return _coded(named).filter(~pl.col("names"))


def _coded(named: pl.DataFrame) -> pl.DataFrame:
    return named.filter(pl.col("code").is_not_null())


def all_unresolvable(named: pl.DataFrame, users: int | None, without_id: int = 0) -> IdKinds | None:
    """Tell the kinds of the IDs where the service could resolve none of a job's users.

    That points at the ID type that the job was queued with and not at the users. Of a single user it points at nothing.

    Args:
        named: the entries of one job.
        users: records of its source file; None where that isn't known.
        without_id: records among them without an ID.

    Returns:
        None where some were resolved, or that isn't known.
    """
    if users is None:
        return None
    unresolved = named.filter("names", pl.col("code") == UNRESOLVABLE).unique("key")
    if len(unresolved) < max(_SEVERAL, users - without_id):
        return None
    return id_kinds(unresolved["identity"])
