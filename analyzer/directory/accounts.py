"""Find the account names of users by IDs of another type in a directory export."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from analyzer.directory.model import LOOKED_UP
from analyzer.directory.users import guids_of, keys_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.directory.model import Directory
    from analyzer.model.service import IdType


def principal_names(identities: Sequence[str], directory: Directory, id_type: IdType | None) -> dict[str, str]:
    """Return the user principal names of the users with these IDs.

    An ID that several users have, or only a deleted one, is left out.

    Args:
        identities: the IDs.
        directory: the export.
        id_type: of the IDs; None if unknown.
    """
    kinds = [int(kind) for kind in LOOKED_UP[id_type]]
    users = directory.users.with_row_index("user").filter(~pl.col("deleted"), pl.col("principal_name").is_not_null())
    asked = pl.DataFrame({"identity": identities, "key": keys_of(pl.Series("key", identities, pl.String))})
    found = (
        asked.with_columns(key=guids_of(pl.col("key")))
        .join(directory.keys.filter(pl.col("kind").is_in(kinds)), on="key")
        .join(users.select("user", "principal_name"), on="user")
        .select("identity", "user", "principal_name")
        .unique()
    )
    single = found.filter(pl.len().over("identity") == 1)
    return dict(single.select("identity", "principal_name").iter_rows())
