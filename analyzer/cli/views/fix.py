"""The repaired file of ``check --fix`` for the terminal and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from analyzer.cli.terminal.output import Column
from analyzer.imports.summary import summary
from analyzer.model.text import count

if TYPE_CHECKING:
    from analyzer.cli.terminal.output import Terminal
    from analyzer.imports.checker import Fixed
    from analyzer.imports.fix import Problem

_COLUMNS = (
    Column("record", right=True),
    Column("identity", fold=True),
    Column("property", least=2),
    Column("change", least=1),
    Column("before", fold=True),
    Column("after", fold=True),
)
_SHOWN = 30
_SHOWN_PROBLEMS = 5


def print_fix(terminal: Terminal, fixed: Fixed) -> None:
    """Print what was changed and what a check of the repaired file finds, or why no file was written."""
    result = fixed.result
    terminal.prose(sentence(fixed))
    for problem in result.problems[:_SHOWN_PROBLEMS]:
        terminal.prose(f"{place_of(problem)}: {problem.words}.", indent="  ")
    if fixed.after is None:
        return
    changes = result.changes.table()
    if not changes.is_empty():
        shown = changes.head(_SHOWN) if terminal.interactive else changes
        terminal.table(_COLUMNS, [_cells(row) for row in shown.iter_rows(named=True)])
        if shown.height < result.changes.total:
            terminal.show(f"Showing {shown.height:,} of {result.changes.total:,}; see {result.changes_file}.")
    terminal.prose(f"{fixed.target.name}: {summary(fixed.after)}")


def sentence(fixed: Fixed) -> str:
    """Return what was written, or why nothing was."""
    result = fixed.result
    if fixed.after is None:
        number = count(len(result.problems) + result.further, "place")
        return (
            f"No repaired file was written: {number} can't be repaired without guessing. Correct the feed there, and"
            " check again."
        )
    counts = ", ".join(f"{kind} {number:,}" for kind, number in result.changes.counts.items())
    records = count(result.records, "record")
    if not counts:
        return f"Wrote {fixed.target}: {records}, nothing to repair."
    changes = count(result.changes.total, "change")
    return f"Wrote {fixed.target}: {records}, {changes} ({counts}), listed in {result.changes_file}."


def place_of(problem: Problem) -> str:
    """Return where a problem is, such as ``Record 4 (ada@contoso.com), line 1, column 137``."""
    place = f"line {problem.line:,}, column {problem.column:,}"
    if problem.record is None:
        return place.capitalize()
    return f"Record {problem.record:,}{f' ({problem.identity})' if problem.identity else ''}, {place}"


def fix_json(fixed: Fixed) -> dict[str, Any]:
    """Return the same as a JSON object."""
    result = fixed.result
    changes = result.changes.table()
    return {
        "file": str(result.path) if result.path else None,
        "changes_file": str(result.changes_file) if result.changes_file else None,
        "records": result.records if result.path else None,
        "changes": changes.drop("file").to_dicts(),
        "changes_not_listed": result.changes.total - changes.height,
        "problems": [asdict(problem) for problem in result.problems],
        "problems_not_listed": result.further,
        "summary": summary(fixed.after) if fixed.after else None,
        "findings": fixed.after.findings.table().drop("file").to_dicts() if fixed.after else None,
    }


def _cells(row: dict[str, Any]) -> list[str]:
    record = f"{row['record']:,}" if row["record"] else "-"
    return [record, row["identity"] or "-", row["property"] or "-", row["kind"], row["before"], row["after"]]
