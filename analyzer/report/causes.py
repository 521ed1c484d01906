"""Why users were not updated: codes and patterns counted, explained and ordered, the worst first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analyzer.analysis.failures import by_property
from analyzer.history.job_facts import ranked_codes
from analyzer.model.service import JobError, LogCode
from analyzer.model.text import capitalised, count, listed_first
from analyzer.report.model import Cause, Grid

if TYPE_CHECKING:
    import polars as pl

    from analyzer.catalogue import Explanation
    from analyzer.report.view import Run, View

_PROPERTIES_NAMED = 3


def causes_of(view: View, run: Run) -> tuple[Cause, ...]:
    """Return the codes of a job's log, explained by the catalogue."""
    return tuple(
        _cause(view.catalogue.explain(code), _counted(lines, users), _by_pattern(view, run, code))
        for code, lines, users in ranked_codes(run.outcome, view.entries_of(run))
    )


def job_error_of(view: View, run: Run) -> Cause | None:
    """Return the job's own error, explained; None for ``NoError``."""
    if run.error == JobError.NoError.name:
        return None
    return _cause(error_explained(view, run), "")


def error_explained(view: View, run: Run) -> Explanation:
    """Explain a job's own error by the message with it, or by its name."""
    pattern = view.catalogue.pattern_of(run.error, run.error_message or "", None)
    return pattern or view.catalogue.explain(run.error)


def reason(view: View, run: Run) -> str:
    """Return the worst cause as a clause after "because"; the job's own error where the log has no code."""
    ranked = ranked_codes(run.outcome, view.entries_of(run))
    if not ranked:
        return f"{error_explained(view, run).title} ({run.error})"
    return clause(view, run, ranked[0][0])


def clause(view: View, run: Run, code: str) -> str:
    """Say a code of a job as a clause: with the property that is not mapped, by its pattern where there is only one."""
    if code == LogCode.InvalidProperty:
        names = by_property(view.entries_of(run)).filter(code=code)["property"].to_list()
        if len(names) == 1:
            return f"the property {names[0]} is not mapped"
        if names:
            return f"the properties {listed_first(names, _PROPERTIES_NAMED)} are not mapped"
    patterns = view.patterns_of(run, code)
    known = view.catalogue.explain(patterns[0].name or code if len(patterns) == 1 else code)
    return known.title if known.known else f"the log says {code}, an unknown code"


def properties_of(entries: pl.DataFrame) -> Grid | None:
    """Return the properties that the log names, most entries first; None where it names none."""
    rows = by_property(entries).select("property", "code", "entries", "users").rows()
    shown = tuple((name, code, f"{lines:,}", f"{users:,}") for name, code, lines, users in rows)
    return Grid(("Property", "Code", "Entries", "Users named"), shown) if shown else None


def _by_pattern(view: View, run: Run, code: str) -> tuple[Cause, ...]:
    """Return the patterns of a code's messages, and the others; empty where no message matches a pattern."""
    patterns, catalogue = view.patterns_of(run, code), view.catalogue
    if all(one.name is None for one in patterns):
        return ()
    return tuple(
        _cause(catalogue.explain(one.name), _counted(one.entries, one.users))
        if one.name
        else _others(catalogue.explain(code), _counted(one.entries, one.users))
        for one in patterns
    )


def _cause(known: Explanation, counted: str, patterns: tuple[Cause, ...] = ()) -> Cause:
    return Cause(
        code=known.code,
        title=capitalised(known.title),
        counted=counted,
        meaning=known.meaning,
        causes=() if patterns else known.causes,
        who="" if patterns else capitalised(known.who),
        retry="" if patterns else _retry_helps(known),
        known_from="" if patterns else known.known_from,
        patterns=patterns,
    )


def _others(known: Explanation, counted: str) -> Cause:
    cause = _cause(known, counted)
    return replace(cause, title="Other messages", meaning="The meaning of these messages is unknown.")


def _retry_helps(known: Explanation) -> str:
    if known.retry_helps is None:
        return "Whether importing the same records unchanged helps is unknown."
    helps = "can help" if known.retry_helps else "does not help"
    return f"Importing the same records unchanged {helps}."


def _counted(lines: int, users: int) -> str:
    named = f"{count(users, 'user')} named" if users else "no user named"
    return f"{count(lines, 'entry', 'entries')}, {named}"
