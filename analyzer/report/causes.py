"""Why users were not updated: codes counted, explained and ordered, the worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.analysis.failures import by_code, by_property
from analyzer.analysis.outcomes import Outcome
from analyzer.facts import JobError
from analyzer.logs.catalogue import LOG_CODES, explain
from analyzer.report.rows import Cause, Grid
from analyzer.retry.select import ABORTING_CODES
from analyzer.words import count, listed

if TYPE_CHECKING:
    import polars as pl

    from analyzer.logs.catalogue import Explanation
    from analyzer.report.view import Run

NOT_KNOWN = explain("").known_from
"""Where the catalogue says that its knowledge comes from when it has none."""

_PROPERTIES_NAMED = 3


def ranked_codes(run: Run, entries: pl.DataFrame) -> list[tuple[str, int, int]]:
    """Code, entries and named users of a job's log: what aborted it first, then by users and entries."""
    aborting = ABORTING_CODES if run.outcome is Outcome.aborted else frozenset[str]()
    rows = by_code(entries).select("code", "entries", "users").rows()
    return sorted(rows, key=lambda row: (row[0] not in aborting, -row[2], -row[1], row[0]))


def causes_of(run: Run, entries: pl.DataFrame) -> tuple[Cause, ...]:
    """The codes of a job's log, explained by the catalogue."""
    ranked = ranked_codes(run, entries)
    return tuple(_cause(code, f"{_entries(lines)}, {_users(users)}") for code, lines, users in ranked)


def said_by_service(run: Run) -> Cause | None:
    """The job's own error, explained; None for ``NoError``."""
    return None if run.error == JobError.NoError.name else _cause(run.error, "")


def reason(run: Run, entries: pl.DataFrame) -> str:
    """The worst cause as a clause behind "because"; the job's own error where the log has no code."""
    ranked = ranked_codes(run, entries)
    if not ranked:
        return f"{explain(run.error).title} ({run.error})"
    return clause(ranked[0][0], entries)


def clause(code: str, entries: pl.DataFrame) -> str:
    """A code as a clause: with the property where it is one that is not mapped."""
    if code == "InvalidProperty":
        names = by_property(entries).filter(code=code)["property"].to_list()
        if len(names) == 1:
            return f"the property {names[0]} is not mapped"
        if names:
            further = len(names) - _PROPERTIES_NAMED
            shown = [*names[:_PROPERTIES_NAMED], *([f"{further:,} more"] if further > 0 else [])]
            return f"the properties {listed(shown)} are not mapped"
    return explain(code).title if code in LOG_CODES else f"the log says {code}, a code that is not known"


def properties_of(entries: pl.DataFrame) -> Grid | None:
    """The properties that the log names, most entries first; None where it names none."""
    rows = by_property(entries).select("property", "code", "entries", "users").rows()
    shown = tuple((name, code, f"{lines:,}", f"{users:,}") for name, code, lines, users in rows)
    return Grid(("Property", "Code", "Entries", "Users named"), shown) if shown else None


def _cause(code: str, counted: str) -> Cause:
    known = explain(code)
    return Cause(
        code=code,
        title=known.title[:1].upper() + known.title[1:],
        counted=counted,
        meaning=known.meaning,
        causes=known.causes,
        remedies=known.remedies,
        who=known.who,
        retry=_retry_helps(known),
        known_from=known.known_from,
    )


def _retry_helps(known: Explanation) -> str:
    if known.known_from == NOT_KNOWN:
        return "Whether importing the same records unchanged helps is not known."
    helps = "can help" if known.retry_helps else "does not help"
    return f"Importing the same records unchanged {helps}."


def _entries(number: int) -> str:
    return count(number, "entry", "entries")


def _users(number: int) -> str:
    return f"{count(number, 'user')} named" if number else "no user named"
