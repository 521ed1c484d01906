"""Who failed and why: the entries of jobs counted by code, by property and by user.

Each function takes the entries as ``analysis.naming`` gives them; text that is no entry does not count.
"""

from __future__ import annotations

import polars as pl

_USERS = pl.col("key").filter("names").n_unique().cast(pl.UInt32)


def by_code(named: pl.DataFrame) -> pl.DataFrame:
    """Columns ``code`` String, ``entries`` UInt32, ``users`` UInt32 (distinct, named); most entries first."""
    return (
        _coded(named)
        .group_by("code")
        .agg(entries=pl.len(), users=_USERS)
        .sort("entries", "code", descending=[True, False])
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
