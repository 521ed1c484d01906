"""A job's failures by code and by pattern, on the terminal and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from analyzer.cli.terminal import Terminal
    from analyzer.logs.catalogue import Catalogue
    from analyzer.report.patterns import Counted


@dataclass(frozen=True, slots=True)
class Failure:
    """A code of a job's log, and the patterns that its messages match; none where no message matches one."""

    code: str
    entries: int
    users: int
    patterns: tuple[Counted, ...]


def failures_of(entries: pl.DataFrame, catalogue: Catalogue) -> list[Failure]:
    """The codes of a log, most entries first; of each the patterns, the worst first."""
    from analyzer.analysis.failures import by_code
    from analyzer.report.patterns import patterns_in

    patterns = patterns_in(entries, catalogue)
    return [
        Failure(code, lines, users, _told_apart(patterns.get(code, [])))
        for code, lines, users in by_code(entries).rows()
    ]


def _told_apart(patterns: list[Counted]) -> tuple[Counted, ...]:
    return tuple(patterns) if any(one.name for one in patterns) else ()


def failures_json(failures: list[Failure]) -> list[dict[str, Any]]:
    """The same for machines; a pattern's ``name`` is null for messages that match none."""
    return [asdict(failure) for failure in failures]


def print_failures(terminal: Terminal, failures: list[Failure], catalogue: Catalogue) -> None:
    """A table of codes and, below each, of its patterns; then the first thing to do about each of them."""
    from analyzer.cli.layout import Column

    rows: list[list[str]] = []
    told: list[tuple[str, str]] = []
    for failure in failures:
        rows.append([failure.code, f"{failure.entries:,}", f"{failure.users:,}"])
        for one in failure.patterns:
            name = (one.name or "").rpartition("/")[2] or "other messages"
            rows.append([f"  {name}", f"{one.entries:,}", f"{one.users:,}"])
        for explained in [one.name or failure.code for one in failure.patterns] or [failure.code]:
            told.extend((explained, remedy) for remedy in catalogue.explain(explained).remedies[:1])
    terminal.table((Column("code"), Column("entries", right=True), Column("users", right=True)), rows)
    terminal.show()
    for explained, remedy in told:
        terminal.prose(f"{explained}: {remedy}", indent="  ")
