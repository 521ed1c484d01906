"""Types of this package: what is known of an import, and the checks that read its records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from analyzer.source.batches import Batch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from analyzer.imports.findings import Findings
    from analyzer.model.service import IdType

__all__ = ["Batch", "ImportPlan", "RecordCheck", "Table", "column_name"]


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


@dataclass(slots=True)
class Table:
    """A table that is being read.

    Attributes:
        name: the file's name.
        headings: the text of each cell of the heading.
        rows: place of each row after the heading, from 1, and its cells; as many as there are headings.
        remarks: what isn't taken as it is written; complete after the last row.
        row_word: what a row's place is called: ``line`` or ``row``.
    """

    name: str
    headings: Sequence[str]
    rows: Iterable[tuple[int, Sequence[str]]]
    remarks: list[str]
    row_word: str


def column_name(index: int) -> str:
    """Return the name of a column as spreadsheets show it.

    >>> [column_name(index) for index in (0, 25, 26, 701, 702)]
    ['A', 'Z', 'AA', 'ZZ', 'AAA']
    """
    name = ""
    index += 1
    while index:
        index, letter = divmod(index - 1, 26)
        name = chr(ord("A") + letter) + name
    return name
