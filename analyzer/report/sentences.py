"""What happened to a job's users, why, and what became of them since, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.analysis.outcomes import STUCK_AFTER
from analyzer.history.job_facts import ranked_codes
from analyzer.history.sentences import headline, retry_clause, still_open_clause
from analyzer.model.job import FAILED, NotUpdatedCount, Outcome
from analyzer.model.service import JobError, State
from analyzer.model.text import SHORT_ID, capitalised, count
from analyzer.report.causes import error_explained, reason
from analyzer.report.model import Note
from analyzer.report.texts import minute_text, on_text, when_text
from analyzer.report.view import page_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.catalogue.model import JobFacts
    from analyzer.report.view import Run, View


def job_sentence(view: View, run: Run, facts: JobFacts | None = None) -> str:
    """Return the headline that the terminal shows too, with the cause, or the time for which it holds."""
    facts = facts or view.facts_of(run)
    return f"{capitalised(headline(facts))}{_because(view, run, facts)}."


def feed_sentence(view: View, run: Run) -> str:
    """Say how a feed's latest run went, or where it was repaired since, how many users are still open."""
    retries = view.retries.get(run.job_id, ())
    if run.open is None or run.open == run.not_updated or run.outcome not in FAILED:
        sentences = [job_sentence(view, run), *(_retried(view, retry) for retry in retries)]
        return " ".join([*sentences, _still_open(run)] if retries else sentences)
    users = f"{run.open:,} of {count(run.users, 'user')}" if run.users else count(run.open, "user")
    if run.not_updated is None:
        return f"{users} open after {_repaired_by(view, run)}."
    updated = run.not_updated - run.open
    if updated == run.not_updated == 1:
        return f"{users} open (1 not updated, since updated by {_repaired_by(view, run)})."
    these = "all" if not run.open else f"{updated:,}"
    return f"{users} open ({run.not_updated:,} not updated, {these} updated by {_repaired_by(view, run)})."


def open_count(view: View, run: Run) -> NotUpdatedCount:
    """Count the users of a run who are open."""
    if run.open is not None:
        return NotUpdatedCount(run.open, exact=True)
    return NotUpdatedCount(None, exact=False) if view.retries.get(run.job_id) else run.not_updated_count


def marks_of(view: View, run: Run) -> Iterator[Note]:
    """Return what the list of jobs shows beside a job's name."""
    if run.retry_of is not None:
        yield Note(f"Retry of {_short(view, run.retry_of)}", _href(view, run.retry_of))
    later = view.tables.superseded_by(run.job_id)
    if later:
        yield Note(f"Superseded by {_short(view, later)}", _href(view, later))
    if view.retries.get(run.job_id) and run.open is not None:
        yield Note(f"Retried, {still_open_clause(run.open)}")
    if run.gone:
        yield Note("No longer listed by the tenant")


def history_of(view: View, run: Run) -> Iterator[Note]:
    """Say what became of a job since it ended: its retries, who is still open, and the run that superseded it."""
    if run.retry_of is not None:
        repaired = view.by_id.get(run.retry_of)
        which = f"{repaired.feed}, {when_text(repaired, view.zone)}" if repaired else "not in this report"
        text = f"This job imports a retry file of the job {_short(view, run.retry_of)} ({which})."
        yield Note(text, _href(view, run.retry_of))
    retries = view.retries.get(run.job_id, ())
    for retry in retries:
        yield Note(_retried(view, retry), _href(view, retry.job_id))
    if retries:
        yield Note(_still_open(run))
    later = view.tables.superseded_by(run.job_id)
    if later:
        run_later = view.by_id.get(later)
        which = f"{_short(view, later)}, {when_text(run_later, view.zone)}" if run_later else _short(view, later)
        yield Note(f"Superseded: a later full run of the feed has ended ({which}).", _href(view, later))
    elif run.outcome in FAILED and run.open == 0 and not retries:
        yield Note("0 still open: later imports have updated every user.")


def _because(view: View, run: Run, facts: JobFacts) -> str:
    """Return what follows the headline: the cause of a failure, or when a job that has not ended was last seen."""
    match run.outcome:
        case Outcome.succeeded:
            return ""
        case Outcome.partial if facts.not_updated is None and not facts.failed:
            nothing = "the log has no entries" if run.log_found else "there is no log"
            return f": {_nameless_words(facts) or nothing}"
        case Outcome.partial:
            codes = ranked_codes(run.outcome, view.entries_of(run))
            most = f"{'most' if len(codes) > 1 else 'all'} because {reason(view, run)}" if codes else ""
            return f"; {_nameless_words(facts) or most}".removesuffix("; ")
        case Outcome.aborted:
            named = f". The log names {count(facts.failed, 'user')}" if facts.failed else ""
            return f": {reason(view, run)}{named}"
        case Outcome.unknown:
            return f": {_failure(view, run)}"
    as_of = view.tables.as_of
    since = minute_text(as_of, view.zone) if as_of else "when the job list was saved"
    hours = f"{STUCK_AFTER.total_seconds() / 3600:.0f} hours"
    stuck = f". It has been watched for over {hours}, or a later run of its feed has ended"
    return f", as of {since}{stuck if run.outcome is Outcome.stuck else ''}"


def _nameless_words(facts: JobFacts) -> str:
    """Count the log's entries without a user, or the records without an ID that explain them; may be empty."""
    nameless = sum(facts.nameless.values())
    if not nameless:
        return ""
    if facts.not_updated is not None:
        return count(nameless, "record has no ID", "records have no ID")
    return count(nameless, "entry doesn't identify a user", "entries don't identify a user")


def _failure(view: View, run: Run) -> str:
    if run.state not in {State.Error.name, State.Succeeded.name}:
        return f"the service reports the state {run.state}"
    if run.error == JobError.NoError.name:
        return "the service reports that the job failed, but no error"
    known = error_explained(view, run)
    return known.title if known.known else "the service reports an unknown error"


def _repaired_by(view: View, run: Run) -> str:
    """Name the imports that repaired a run, as far as the report knows them."""
    retries = view.retries.get(run.job_id, ())
    if not retries:
        return "a later import"
    when = on_text(retries[-1], view.zone)
    if len(retries) == 1:
        return f"a retry {when}".rstrip()
    return f"{len(retries)} retries, the last {when}" if when else f"{len(retries)} retries"


def _retried(view: View, retry: Run) -> str:
    when = when_text(retry, view.zone) if retry.ran else ""
    return f"{capitalised(retry_clause(retry.outcome, retry.users, retry.not_updated, when))}."


def _still_open(run: Run) -> str:
    return f"{capitalised(still_open_clause(run.open))}."


def _short(view: View, job_id: str) -> str:
    return view.short.get(job_id, job_id[:SHORT_ID])


def _href(view: View, job_id: str) -> str:
    """Return the address of a job's page from the index; empty where the report has none."""
    return f"jobs/{page_name(job_id)}" if job_id in view.by_id else ""
