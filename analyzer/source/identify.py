"""Which property of the source file holds the users' ids, when nobody told us.

The service does not say with which id property a job was queued, so it is inferred from the source file and the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.errors import UsageError
from analyzer.source.looks import IdProperty, by_looks, columns_of
from analyzer.source.records import read_records

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from pathlib import Path

__all__ = ["IdProperty", "infer_id_property"]


def infer_id_property(source: Path, identities: AbstractSet[str], *, some_lack_it: bool = False) -> IdProperty:
    """Finds the property in which the log's ids stand, else one whose values look like ids and do not repeat.

    Args:
        source: the source file.
        identities: the keys (``identity_key``) of the ids that the log names; may be empty.
        some_lack_it: the log tells of records without the id, so a property that all records have is not it.

    Returns:
        The id property; with an empty name where nothing speaks for any.

    Raises:
        UsageError: two properties hold different users under the log's ids.
        NotJsonError: the source file is none.
    """
    columns, records = columns_of(read_records(source), identities)
    found = {name: column for name, column in columns.items() if column.named}
    if not found:
        return by_looks(columns, records, some_lack_it=some_lack_it)
    best = max(found, key=lambda name: len(found[name].named))
    count = len(found[best].named)
    rivals = [
        name for name, column in found.items() if len(column.named) == count and column.named_at != found[best].named_at
    ]
    if rivals:
        raise UsageError(
            f"{source} has the log's ids in more than one property: {', '.join([best, *rivals])}",
            "Say which one the job was queued with: --id-property NAME.",
        )
    return IdProperty(best, f"{count:,} of the log's {len(identities):,} ids stand in it", certain=True)
