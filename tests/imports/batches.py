"""Records as batches, and what checks find in them."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from analyzer.imports.findings import Findings
from analyzer.imports.model import Batch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analyzer.imports.model import RecordCheck


def batches(records: Sequence[Mapping[str, Any]], id_property: str = "IdName") -> list[Batch]:
    """Records as they follow each other, those with the same properties in one batch."""
    numbered = enumerate(records, 1)
    made = []
    for names, group in groupby(numbered, key=lambda pair: tuple(pair[1])):
        members = list(group)
        columns = tuple([record[name] for _, record in members] for name in names)
        ids = [None if (value := record.get(id_property)) is None else str(value) for _, record in members]
        made.append(Batch(names, [number for number, _ in members], columns, ids))
    return made


def found(check: RecordCheck, records: Sequence[Mapping[str, Any]]) -> list[tuple[str, int | None, str | None, str]]:
    """Kind, record, property, and message of each finding, in the order of the table."""
    findings = Findings()
    for batch in batches(records):
        check.take(batch, findings)
    check.finish(findings)
    return findings.table().select("kind", "record", "property", "message").rows()
