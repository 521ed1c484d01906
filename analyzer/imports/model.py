"""Types of this package: what is known of an import, and the checks that read its records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from analyzer.source.batches import Batch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.imports.findings import Findings
    from analyzer.model.service import IdType

__all__ = ["Batch", "ImportPlan", "RecordCheck"]


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


class RecordCheck(Protocol):
    """Looks at every record of a file."""

    def take(self, batch: Batch, findings: Findings) -> None:
        """Look at some records. Batches of different shapes may interleave; each batch is in the file's order."""

    def finish(self, findings: Findings) -> None:
        """Add what is known only after the last record."""
