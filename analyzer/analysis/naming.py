"""Which entries name a user, and which spellings are one user."""

from __future__ import annotations

import polars as pl

from analyzer.model.identity import identity_keys
from analyzer.model.service import GUID, LogCode
from analyzer.model.tables import ENTRIES

_AT_ONCE = 100_000
"""Entries."""

SOURCE_IDS = {"job_id": pl.String, "guid_ids": pl.Boolean}
"""What ``naming`` takes of each job's source file: whether its ids can be Guids; null where nobody knows."""


NAMED = {name: ENTRIES[name] for name in ("job_id", "code", "identity", "property", "message", "detail")}
"""Columns of the table ``entries`` that tell who failed and why."""


def naming(entries: pl.DataFrame, source_ids: pl.DataFrame) -> pl.DataFrame:
    """Says of each entry whether it names a user.

    A Guid in a ``GenericError`` need not be anybody's id (seen): it names a user only where the job's ids are Guids,
    by its source file or by its other entries.

    Args:
        entries: the table ``entries``, or its columns ``NAMED``.
        source_ids: columns ``SOURCE_IDS``.

    Returns:
        The table ``entries`` with two more columns: ``key`` String, equal for one user's ids, null without an
        identity, or with one that is nothing but a claims prefix; and ``names`` Boolean, never null.
    """
    named = entries.with_columns(key=_keys(entries["identity"]))
    guid = pl.col("key").str.contains(f"^{GUID.pattern}$").fill_null(value=False)
    generic = (pl.col("code") == LogCode.GenericError).fill_null(value=False)
    told = [source_ids.filter("guid_ids")["job_id"], named.filter(guid & ~generic)["job_id"]]
    # Bare files may not tell their job: those without one belong together.
    guids_are_ids = pl.col("job_id").is_in(pl.concat(told).unique().implode(), nulls_equal=True)
    return named.with_columns(
        names=pl.col("code").is_not_null() & pl.col("key").is_not_null() & (~(guid & generic) | guids_are_ids)
    )


def _keys(identities: pl.Series) -> pl.Series:
    """The keys of a column of ids, some at a time, as Python's texts take much more room than the table's."""
    pieces = [identities.slice(start, _AT_ONCE) for start in range(0, len(identities), _AT_ONCE)]
    keys = pl.concat(
        [pl.Series(identity_keys(piece.to_list()), dtype=pl.String) for piece in [identities[:0], *pieces]]
    )
    return keys.set(keys == "", None)
