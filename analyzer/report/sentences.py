"""What happened to a job's users, and why, in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.analysis.outcomes import STUCK_AFTER
from analyzer.history.job_facts import ranked_codes
from analyzer.history.sentences import headline
from analyzer.model.outcome import Outcome
from analyzer.model.service import JobError, State
from analyzer.model.text import capitalised, count
from analyzer.report.causes import error_explained, reason
from analyzer.report.times import minute_text

if TYPE_CHECKING:
    from analyzer.catalogue.advice import JobFacts
    from analyzer.report.view import Run, View


def job_sentence(view: View, run: Run, facts: JobFacts | None = None) -> str:
    """Return the headline that the terminal shows too, with the cause, or since when it is known."""
    facts = facts or view.facts_of(run)
    return f"{capitalised(headline(facts))}{_because(view, run, facts)}."


def nameless_words(facts: JobFacts) -> str:
    """Count the log's entries without a user, or the records without an ID that explain them; may be empty."""
    nameless = sum(facts.nameless.values())
    if not nameless:
        return ""
    if facts.outcome is Outcome.partial and facts.not_updated is not None:
        return count(nameless, "record has no ID", "records have no ID")
    return count(nameless, "entry doesn't identify a user", "entries don't identify a user")


def _because(view: View, run: Run, facts: JobFacts) -> str:
    match run.outcome:
        case Outcome.partial if facts.not_updated is None and not facts.failed:
            nothing = "the log has no entries" if run.log_found else "there is no log"
            return f": {nameless_words(facts) or nothing}"
        case Outcome.partial:
            return f"; {nameless_words(facts) or _most(view, run)}".removesuffix("; ")
        case Outcome.aborted:
            named = f". The log names {count(facts.failed, 'user')}" if facts.failed else ""
            return f": {reason(view, run)}{named}"
        case Outcome.unknown:
            return _failure(view, run)
        case _ if not run.outcome.ended:
            hours = f"{STUCK_AFTER.total_seconds() / 3600:.0f} hours"
            stuck = f". It has been watched for over {hours}, or a later run of its feed has ended"
            as_of = view.tables.as_of
            since = minute_text(as_of, view.zone) if as_of else "when the job list was saved"
            return f", as of {since}{stuck if run.outcome is Outcome.stuck else ''}"
        case _:
            return ""


def _most(view: View, run: Run) -> str:
    codes = ranked_codes(run.outcome, view.entries_of(run))
    return f"{'most' if len(codes) > 1 else 'all'} because {reason(view, run)}" if codes else ""


def _failure(view: View, run: Run) -> str:
    if run.state not in {State.Error.name, State.Succeeded.name}:
        return f": the service reports the state {run.state}"
    if run.error == JobError.NoError.name:
        return ": the service reports that the job failed, but no error"
    known = error_explained(view, run)
    return f": {known.title}" if known.known else ": the service reports an unknown error"
