"""The findings of ``check`` for the terminal and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.cli.terminal.output import Column
from analyzer.imports.summary import kind_sentences, summary
from analyzer.model.text import count

if TYPE_CHECKING:
    import polars as pl

    from analyzer.catalogue.finding_kind import FindingKind
    from analyzer.cli.terminal.output import Terminal
    from analyzer.imports.check import CheckResult
    from analyzer.imports.findings import Findings

_COLUMNS = (
    Column("record", right=True),
    Column("identity", fold=True),
    Column("property", least=2),
    Column("what is wrong", fold=True),
    Column("place", least=4),
    Column("code", least=3),
    Column("severity", least=1),
)
_SHOWN = 30
"""Findings of a file that a terminal shows."""
_FEW = 3
"""Remedies of findings of one kind that are shown."""


def print_check(terminal: Terminal, result: CheckResult) -> None:
    """Print what a check found: the answer, the findings, and what to do about each kind."""
    terminal.prose(f"{result.path.name}: {summary(result)}")
    for remark in remarks(result):
        terminal.say(remark)
    table = result.findings.table()
    if table.is_empty():
        return
    shown = table.head(_SHOWN) if terminal.interactive else table
    terminal.table(_COLUMNS, [_cells(row, result.findings.place_word) for row in shown.iter_rows(named=True)])
    if shown.height < table.height:
        terminal.show(f"Showing {shown.height:,} of {table.height:,}; --json and -o FILE have every finding.")
    if result.findings.unlisted:
        terminal.show(f"{count(result.findings.unlisted, 'more finding')} of this file aren't listed.")
    print_kinds(terminal, result)


def print_kinds(terminal: Terminal, result: CheckResult) -> None:
    """Print a sentence on each kind of finding, and what to do about it."""
    table = result.findings.table()
    for kind, sentence in kind_sentences(result):
        terminal.prose(f"{sentence} {_remedies(kind, result.findings, table)}", indent="  ")


def _remedies(kind: FindingKind, findings: Findings, table: pl.DataFrame) -> str:
    """Return what to do about the findings of a kind: their own remedies if these are few, else the kind's."""
    own = table.filter(kind=kind.name)["remedy"].unique(maintain_order=True)
    return " ".join(own) if 0 < len(own) <= _FEW else findings.remedy(kind)


def check_json(result: CheckResult) -> dict[str, Any]:
    """Return what a check found as a JSON object."""
    plan, findings, foretold = result.plan, result.findings, result.foretold()
    return {
        "file": str(result.path),
        "summary": summary(result),
        "severity": str(findings.worst) if findings.worst else None,
        "ending": str(foretold.ending),
        "error": foretold.error.name if foretold.error is not None else None,
        "failing": foretold.failing_users,
        "records": result.records,
        "property_values": result.values,
        "id_type": plan.id_type.name if plan.id_type is not None else None,
        "id_property": result.id_property.name or None,
        "id_property_inferred": not result.id_property.certain,
        "property_map": dict(plan.property_map) if plan.property_map is not None else None,
        "remarks": remarks(result),
        "kinds": [
            {
                "kind": kind.name,
                "severity": str(kind.severity),
                "certainty": str(kind.certainty),
                "known_from": kind.known_from,
                "findings": findings.count(kind),
                "sentence": sentence,
                "remedy": findings.remedy(kind),
                "who": kind.who,
            }
            for kind, sentence in kind_sentences(result)
        ],
        "findings": findings.table().drop("file").to_dicts(),
        "not_listed": findings.unlisted,
    }


def remarks(result: CheckResult) -> list[str]:
    """Return what was assumed, and what couldn't be checked because it isn't known."""
    found = []
    if result.id_property.name and not result.id_property.certain:
        found.append(f"Using {result.id_property.name} as the ID property ({result.id_property.because}).")
    if result.plan.property_map is None:
        found.append(
            "The property map isn't known, so properties weren't compared with it. Specify --map, or properties in"
            " [tenants.NAME.feeds.FEED]."
        )
    if result.plan.id_type is None:
        compared = (
            "any user principal name, mail address, and object ID counts as found"
            if result.looked_up
            else "IDs were only compared with one another"
        )
        found.append(f"The ID type isn't known, so {compared}. Specify --id-type.")
    return found + result.findings.remarks


def rows_of(results: list[CheckResult]) -> pl.LazyFrame:
    """Return the findings of several files as one table ``FINDINGS``."""
    import polars as pl

    return pl.concat([result.findings.table() for result in results]).lazy()


def _cells(row: dict[str, Any], place_word: str) -> list[str]:
    place = f"{place_word} {row['line']:,}" if row["line"] else "-"
    record = f"{row['record']:,}" if row["record"] else "-"
    return [
        record,
        row["identity"] or "-",
        row["property"] or "-",
        row["message"],
        place,
        row["code"] or "-",
        row["severity"],
    ]
