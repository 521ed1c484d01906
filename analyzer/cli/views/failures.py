"""A job's failures by code and by pattern, as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from analyzer.history.job_facts import Counted


@dataclass(frozen=True, slots=True)
class Failure:
    """A code of a job's log, and the patterns that its messages match; none where no message matches one."""

    code: str
    entries: int
    users: int
    patterns: tuple[Counted, ...]


def failures_of(entries: pl.DataFrame, patterns: Mapping[str, list[Counted]]) -> list[Failure]:
    """The codes of a log, most entries first; of each the patterns, the worst first (``job_facts.patterns_in``)."""
    from analyzer.analysis.failures import by_code

    return [
        Failure(code, lines, users, _told_apart(patterns.get(code, [])))
        for code, lines, users in by_code(entries).rows()
    ]


def _told_apart(patterns: list[Counted]) -> tuple[Counted, ...]:
    return tuple(patterns) if any(one.name for one in patterns) else ()


def failures_json(failures: list[Failure]) -> list[dict[str, Any]]:
    """The same for machines; a pattern's ``name`` is null for messages that match none."""
    return [asdict(failure) for failure in failures]
