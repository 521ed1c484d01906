"""What the formats share: a checked file, its findings in groups, and text without what a format can't hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from analyzer.catalogue.check_findings import FINDING_KINDS
from analyzer.catalogue.finding_kind import FindingKind, Severity
from analyzer.model.text import count

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePath
    from typing import Any

    import polars as pl

EFFECTS = {
    Severity.aborts: "aborts the import",
    Severity.fails: "fails the user",
    Severity.harm: "writes a wrong value",
    Severity.note: "note",
}
"""What a fault does, in words."""


@dataclass(frozen=True)
class CheckedFile:
    """One file of a check.

    Attributes:
        path: absolute.
        findings: columns ``FINDINGS``, the worst first.
        counts: number of findings by kind and property, also of those that ``findings`` doesn't list.
        records: number of records in the file.
        summary: a sentence about the file.
    """

    path: PurePath
    findings: pl.DataFrame
    counts: Mapping[tuple[str, str], int]
    records: int
    summary: str

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The findings by kind and property, the worst kind first, then by number."""
        order = {name: place for place, name in enumerate(FINDING_KINDS)}
        listed = {
            (kind, name or ""): rows
            for (kind, name), rows in self.findings.partition_by("kind", "property", as_dict=True).items()
        }
        counts = sorted(self.counts.items(), key=lambda item: (order[item[0][0]], -item[1], item[0][1]))
        return tuple(
            Group(FINDING_KINDS[kind], name, number, listed.get((kind, name), self.findings.clear()))
            for (kind, name), number in counts
            if number
        )


@dataclass(frozen=True)
class Group:
    """The findings of one kind about one property of a file.

    Attributes:
        kind: their kind.
        property_name: as in the file; empty if they aren't about one.
        number: how many there are.
        rows: columns ``FINDINGS``; may be fewer than ``number``.
    """

    kind: FindingKind
    property_name: str
    number: int
    rows: pl.DataFrame

    @property
    def is_about_the_file(self) -> bool:
        """Whether the findings are about the file, not about records."""
        return self.rows["record"].null_count() == self.rows.height

    @property
    def sentence(self) -> str:
        """What is wrong with how many records: ``3 records have a property that the map lacks (Floor)``."""
        which = f" ({self.property_name})" if self.property_name else ""
        if self.is_about_the_file:
            return f"The file {self.kind.one}{which}"
        return f"{count(self.number, 'record')} {self.kind.one if self.number == 1 else self.kind.many}{which}"

    @property
    def remedy(self) -> str:
        """What to do."""
        return str(self.rows["remedy"][0]) if self.rows.height else self.kind.remedy


def place(row: Mapping[str, Any]) -> str:
    """Return where a finding is: ``Record 17 (ada@contoso.com), line 3, column 5``; empty if it is about the file."""
    identity = f" ({row['identity']})" if row["identity"] else ""
    words = [f"record {row['record']:,}{identity}"] if row["record"] is not None else []
    words += [f"{name} {row[name]:,}" for name in ("line", "column") if row[name] is not None]
    return ", ".join(words)


def finding_text(row: Mapping[str, Any]) -> str:
    """Return a finding as a text: its place, what is wrong, and a suggestion."""
    where = place(row)
    suggestion = f" (suggestion: {row['suggestion']})" if row["suggestion"] else ""
    return f"{where[:1].upper()}{where[1:]}{': ' if where else ''}{row['message']}{suggestion}"


# Control characters but tab and line end, halves of surrogate pairs, and two that XML doesn't allow
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_LINE_ENDS = re.compile("[\t\n\r\u2028\u2029]")
_PICTURES = 0x2400


def visible(text: str) -> str:
    """Return a text from a file on one line: symbols for control characters, U+FFFD for what no text can have."""
    return _LINE_ENDS.sub(" ", _NOT_TEXT.sub(_symbol, text))


def _symbol(found: re.Match[str]) -> str:
    return chr(_PICTURES + ord(found[0])) if found[0] < " " else "\ufffd"
