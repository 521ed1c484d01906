"""Types of this package: what is known of an import, batches of records, and the checks that read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analyzer.imports.findings import Findings
    from analyzer.model.service import IdType


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What a file is to be queued with.

    Attributes:
        id_type: the kind of ID; None if unknown.
        id_property: the property of the source file with the IDs; empty if unknown.
        property_map: profile property by property of the source file; None if unknown.
    """

    id_type: IdType | None = None
    id_property: str = ""
    property_map: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of a source file that have the same properties in the same order.

    Attributes:
        names: the properties.
        numbers: the number of each record in the file, from 1, ascending.
        columns: for each property its values, one a record, as JSON has them: texts, numbers, Booleans, None, lists,
            and dictionaries.
        identities: the ID of each record as text; None if the record has none, or null.
    """

    names: tuple[str, ...]
    numbers: Sequence[int]
    columns: tuple[Sequence[object], ...]
    identities: Sequence[str | None]


class RecordCheck(Protocol):
    """Looks at every record of a file."""

    def take(self, batch: Batch, findings: Findings) -> None:
        """Look at some records. Batches of different shapes may interleave; each batch is in the file's order."""

    def finish(self, findings: Findings) -> None:
        """Add what is known only after the last record."""
