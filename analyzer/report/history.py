"""What became of a job since: its retries, who is still open, and the later run that superseded it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.history.sentences import retry_clause, still_open_clause
from analyzer.model.outcome import FAILED, NotUpdatedCount
from analyzer.model.text import SHORT_ID, capitalised, count
from analyzer.report.rows import Note
from analyzer.report.sentences import job_sentence
from analyzer.report.times import on_text, when_text
from analyzer.report.view import page_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.report.view import Run, View


def marks_of(view: View, run: Run) -> tuple[Note, ...]:
    """What a row of the list of jobs says beside the job's name."""
    return tuple(_marks(view, run))


def history_of(view: View, run: Run) -> tuple[Note, ...]:
    """What became of a job since it ended, a sentence each."""
    return tuple(_history(view, run))


def open_of(view: View, run: Run) -> NotUpdatedCount:
    """How many users of a run are open."""
    if run.open is not None:
        return NotUpdatedCount(run.open, exact=True)
    return NotUpdatedCount(None, exact=False) if view.retries.get(run.job_id) else run.not_updated_count


def feed_sentence(view: View, run: Run) -> str:
    """How a feed's latest run went, or where it was repaired since, who is still open."""
    retries = view.retries.get(run.job_id, ())
    if run.open is None or run.open == run.not_updated or run.outcome not in FAILED:
        sentences = [job_sentence(view, run), *(_retried(view, retry) for retry in retries)]
        return " ".join([*sentences, _still_open(run)] if retries else sentences)
    users = f"{run.open:,} of {count(run.users, 'user')}" if run.users else count(run.open, "user")
    if run.not_updated is None:
        return f"{users} open after {_by(view, run)}."
    updated = run.not_updated - run.open
    these = "all" if not run.open else f"{updated:,}"
    if updated == run.not_updated == 1:
        return f"{users} open (1 not updated, since updated by {_by(view, run)})."
    return f"{users} open ({run.not_updated:,} not updated, {these} updated by {_by(view, run)})."


def _by(view: View, run: Run) -> str:
    """The imports that repaired a run, as far as the report knows them."""
    retries = view.retries.get(run.job_id, ())
    if not retries:
        return "a later import"
    when = on_text(retries[-1], view.zone)
    if len(retries) == 1:
        return f"a retry {when}".rstrip()
    return f"{len(retries)} retries, the last {when}" if when else f"{len(retries)} retries"


def _marks(view: View, run: Run) -> Iterator[Note]:
    if run.retry_of is not None:
        yield Note(f"Retry of {_short(view, run.retry_of)}", _href(view, run.retry_of))
    later = view.tables.superseded_by(run.job_id)
    if later:
        yield Note(f"Superseded by {_short(view, later)}", _href(view, later))
    retries = view.retries.get(run.job_id, ())
    if retries and run.open is not None:
        yield Note(f"Retried, {run.open:,} still open")
    if run.gone:
        yield Note("no longer listed by the tenant")


def _history(view: View, run: Run) -> Iterator[Note]:
    if run.retry_of is not None:
        repaired = view.run_of(run.retry_of)
        which = f"{repaired.feed}, {when_text(repaired, view.zone)}" if repaired else "not in this report"
        text = f"This job imports a retry file of the job {_short(view, run.retry_of)} ({which})."
        yield Note(text, _href(view, run.retry_of))
    for retry in view.retries.get(run.job_id, ()):
        yield Note(_retried(view, retry), _href(view, retry.job_id))
    if view.retries.get(run.job_id):
        yield Note(_still_open(run))
    later = view.tables.superseded_by(run.job_id)
    if later:
        run_later = view.run_of(later)
        which = f"{_short(view, later)}, {when_text(run_later, view.zone)}" if run_later else _short(view, later)
        text = f"Superseded: a later full run of the feed has ended ({which})."
        yield Note(text, _href(view, later))
    elif run.outcome in FAILED and run.open == 0 and not view.retries.get(run.job_id):
        yield Note("0 still open: later imports have updated every user.")


def _retried(view: View, retry: Run) -> str:
    when = when_text(retry, view.zone) if retry.ran else ""
    return f"{capitalised(retry_clause(retry.outcome, retry.users, retry.not_updated, when))}."


def _still_open(run: Run) -> str:
    return f"{capitalised(still_open_clause(run.open))}."


def _short(view: View, job_id: str) -> str:
    return view.short.get(job_id, job_id[:SHORT_ID])


def _href(view: View, job_id: str) -> str:
    """Of a job's page, from the index; empty where the report has none."""
    return f"jobs/{page_name(job_id)}" if view.run_of(job_id) else ""
