"""Collect the findings of a check as a table, which may have hundreds of thousands of rows."""

from __future__ import annotations

from collections import Counter
from itertools import repeat
from typing import TYPE_CHECKING, Any

import polars as pl

from analyzer.catalogue.check_findings import FINDING_KINDS
from analyzer.catalogue.finding_kind import Severity
from analyzer.model.tables import FINDINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analyzer.catalogue.finding_kind import FindingKind

MOST_LISTED = 1_000_000
"""Findings of one file that are listed; further ones are only counted. A file that the service accepts has fewer."""
_PIECE = 20_000
_COLUMNS = ("kind", "record", "identity", "property", "line", "column", "message", "suggestion", "remedy")


class Findings:
    """The findings of one file.

    Attributes:
        counts: number of findings by kind and property (empty if it isn't about one).
        records: number of records in the file so far.
        remarks: what couldn't be checked, sentences.
        place_word: what ``line`` in the table is: ``line``, or ``row`` of a workbook.
    """

    def __init__(self, file: str = "", most: int = MOST_LISTED) -> None:
        """Start without findings.

        Args:
            file: the file's name, for the table.
            most: number of findings that are listed.
        """
        self.counts: Counter[tuple[str, str]] = Counter()
        self.records = 0
        self.remarks: list[str] = []
        self.place_word = "line"
        self._places: Sequence[int] | None = None
        self._file = file
        self._left = most
        self._rows: list[tuple[object, ...]] = []
        self._pieces: list[pl.DataFrame] = []
        self._remedies: dict[str, str] = {}
        self._table: pl.DataFrame | None = None

    @property
    def unlisted(self) -> int:
        """The number of findings that aren't in the table."""
        return max(0, -self._left)

    @property
    def worst(self) -> Severity | None:
        """The worst severity of the findings; None without findings."""
        found = {FINDING_KINDS[name].severity for name, _ in self.counts}
        return next((severity for severity in Severity if severity in found), None)

    def add(  # noqa: PLR0913 - the columns of the table
        self,
        kind: FindingKind,
        message: str,
        *,
        record: int | None = None,
        identity: str | None = None,
        property_name: str = "",
        line: int | None = None,
        column: int | None = None,
        suggestion: str | None = None,
        remedy: str = "",
    ) -> None:
        """Add one finding.

        Args:
            kind: its kind.
            message: what is wrong, a clause with the value, such as ``Floor isn't in the property map``.
            record: number of the record, from 1; None if it is about the file.
            identity: the record's ID.
            property_name: the property; empty if it isn't about one.
            line: the line in the file, from 1.
            column: the column in characters, from 1.
            suggestion: a value that may be right.
            remedy: what to do, if the data tells more than ``kind.remedy``.
        """
        row = (record, identity, line, column, message, suggestion, remedy)
        self._extend(kind, property_name, [row])

    def add_records(  # noqa: PLR0913 - the columns of the table
        self,
        kind: FindingKind,
        messages: Iterable[str] | str,
        records: Sequence[int],
        identities: Iterable[str | None],
        property_name: str = "",
        *,
        suggestions: Iterable[str | None] = repeat(None),
    ) -> None:
        """Add a finding for each of several records, which may share a message."""
        texts = repeat(messages) if isinstance(messages, str) else messages
        rows = [
            (record, identity, None, None, text, suggestion, "")
            for record, identity, text, suggestion in zip(records, identities, texts, suggestions, strict=False)
        ]
        self._extend(kind, property_name, rows)

    def advise(self, kind: FindingKind, remedy: str) -> None:
        """Set the remedy of a kind, if the data tells more than ``kind.remedy``; for findings without their own."""
        self._remedies[kind.name] = remedy
        self._table = None

    def remedy(self, kind: FindingKind) -> str:
        """Return the remedy of a kind."""
        return self._remedies.get(kind.name, kind.remedy)

    def count(self, kind: FindingKind) -> int:
        """Return the number of findings of a kind."""
        return sum(number for (name, _), number in self.counts.items() if name == kind.name)

    def place_in_table(self, places: Sequence[int], word: str) -> None:
        """Set the row of each record in the table from which the file was made, and what a row is called."""
        self._places, self.place_word = places, word
        self._table = None

    def table(self) -> pl.DataFrame:
        """Return the findings as a table ``FINDINGS``: the worst first, then by record."""
        if self._table is None:
            self._table = self._made()
        return self._table

    def _made(self) -> pl.DataFrame:
        self._flush()
        kinds = list(FINDING_KINDS.values())
        of_kind = pl.DataFrame(
            {
                "kind": [kind.name for kind in kinds],
                "code": [kind.code or None for kind in kinds],
                "severity": [str(kind.severity) for kind in kinds],
                "certainty": [str(kind.certainty) for kind in kinds],
                "usual_remedy": [self.remedy(kind) for kind in kinds],
                "order": range(len(kinds)),
            }
        )
        rows = pl.concat([pl.DataFrame(schema=_SCHEMA), *self._pieces])
        if self._places is not None:
            line = pl.Series("line", self._places, pl.UInt32)
            places = pl.DataFrame([pl.Series("record", range(1, len(line) + 1), pl.UInt32), line])
            rows = rows.drop("line").join(places, on="record", how="left", maintain_order="left")
            rows = rows.with_columns(column=pl.lit(None, pl.UInt32))
        return (
            rows.join(of_kind, on="kind", how="left")
            .sort("order", "record", "property", nulls_last=True, maintain_order=True)
            .with_columns(
                pl.lit(self._file).alias("file"),
                pl.coalesce(pl.col("remedy").replace("", None), "usual_remedy").alias("remedy"),
            )
            .select(pl.col(name).cast(dtype) for name, dtype in FINDINGS.items())
        )

    def _extend(self, kind: FindingKind, property_name: str, rows: list[tuple[Any, ...]]) -> None:
        if not rows:
            return
        self._table = None
        self.counts[kind.name, property_name] += len(rows)
        fitting = rows[: max(0, self._left)]
        self._left -= len(rows)
        name = property_name or None
        self._rows += [(kind.name, record, identity, name, *others) for record, identity, *others in fitting]
        if len(self._rows) >= _PIECE:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._pieces.append(pl.DataFrame(self._rows, schema=_SCHEMA, orient="row"))
            self._rows = []


_SCHEMA: dict[str, Any] = {name: FINDINGS[name] for name in _COLUMNS}
