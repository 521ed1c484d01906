"""Which entries name a user, and which spellings are one user."""

from __future__ import annotations

import polars as pl

from analyzer.facts import GUID
from analyzer.identity import identity_keys

SOURCE_IDS = {"job_id": pl.String, "guid_ids": pl.Boolean}
"""What ``naming`` takes of each job's source file: whether its ids can be Guids; null where nobody knows."""


def naming(entries: pl.DataFrame, source_ids: pl.DataFrame) -> pl.DataFrame:
    """Says of each entry whether it names a user.

    A Guid in a ``GenericError`` need not be anybody's id (seen): it names a user only where the job's ids are Guids,
    by its source file or by its other entries.

    Args:
        entries: the table ``entries``.
        source_ids: columns ``SOURCE_IDS``.

    Returns:
        The table ``entries`` with two more columns: ``key`` String, equal for one user's ids, null without an
        identity; and ``names`` Boolean, never null.
    """
    identities = entries["identity"].drop_nulls().unique()
    keys = pl.Series(identity_keys(identities.to_list()), dtype=pl.String)
    guid = pl.col("key").str.contains(f"^{GUID.pattern}$").fill_null(value=False)
    generic = (pl.col("code") == "GenericError").fill_null(value=False)
    guids_are_ids = pl.col("guid_ids").fill_null(value=False) | (guid & ~generic).any().over("job_id")
    return (
        # Bare files may not tell their job: those without one belong together.
        entries.join(source_ids.select(*SOURCE_IDS), on="job_id", how="left", maintain_order="left", nulls_equal=True)
        .with_columns(key=pl.col("identity").replace_strict(identities, keys, return_dtype=pl.String, default=None))
        .with_columns(
            names=pl.col("code").is_not_null() & pl.col("key").is_not_null() & (~(guid & generic) | guids_are_ids)
        )
        .drop("guid_ids")
    )
