"""Which property of the source file holds the users' ids, when nobody told us.

The service does not say with which id property a job was queued, so it is inferred from the source file and the log.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.errors import UsageError
from analyzer.identity import identity_key
from analyzer.source.records import read_records

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class IdProperty:
    """The id property and how we know it.

    Attributes:
        name: as the source file spells it.
        because: a clause, as "212 of the log's 214 ids stand in it".
        certain: False where nothing but its place speaks for it.
    """

    name: str
    because: str
    certain: bool


def infer_id_property(source: Path, identities: AbstractSet[str]) -> IdProperty:
    """Finds the property in which the log's ids stand, else takes the first property of the first record.

    Args:
        source: the source file.
        identities: the keys (``identity_key``) of the ids that the log names; may be empty.

    Raises:
        UsageError: two properties hold different users under the log's ids.
        NotJsonError: the source file is none.
    """
    first: str | None = None
    records_of: dict[str, set[int]] = defaultdict(set)
    # Ids and not records are counted: in a property such as the manager's one id stands in many records.
    found: dict[str, set[str]] = defaultdict(set)
    for record in read_records(source):
        first = first or next(iter(record.members), None)
        for name in record.members if identities else ():
            text = record.text(name)
            key = "" if text is None else identity_key(text)
            if key in identities:
                found[name].add(key)
                records_of[name].add(record.position)
    if not found:
        return IdProperty(first or "", "it is the first property of the first record", certain=False)
    best = max(found, key=lambda name: len(found[name]))
    count = len(found[best])
    rivals = [name for name in found if len(found[name]) == count and records_of[name] != records_of[best]]
    if rivals:
        raise UsageError(
            f"{source} has the log's ids in more than one property: {', '.join([best, *rivals])}",
            "Say which one the job was queued with: --id-property NAME.",
        )
    return IdProperty(best, f"{count:,} of the log's {len(identities):,} ids stand in it", certain=True)
