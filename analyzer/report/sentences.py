"""What happened to a job's users, in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.analysis.failures import naming_nobody
from analyzer.analysis.outcomes import STUCK_AFTER
from analyzer.history.job_facts import ranked_codes
from analyzer.model.outcome import Outcome
from analyzer.model.service import JobError, State
from analyzer.model.text import count
from analyzer.report.causes import error_explained, reason
from analyzer.report.times import minute_text
from analyzer.report.toll import Toll, toll_of

if TYPE_CHECKING:
    from analyzer.report.view import Run, View


def job_sentence(view: View, run: Run) -> str:
    """The blast radius: how many users were not updated, how many of them are new, and why."""
    match run.outcome:
        case Outcome.succeeded:
            return _succeeded(run)
        case Outcome.partial:
            return _partial(view, run)
        case Outcome.aborted:
            return _aborted(view, run)
        case Outcome.unknown:
            return f"Who was updated is unknown: {_failure(view, run)}."
        case Outcome.running:
            return f"The job has not ended: it was {run.state} {_last_looked(view)}."
        case Outcome.stuck:
            hours = f"{STUCK_AFTER.total_seconds() / 3600:.0f} hours"
            why = f"it has been watched for over {hours}, or a later run of its feed has ended"
            return f"The job seems stuck: it was still {run.state} {_last_looked(view)}, and {why}."


def failing(toll: Toll, users: int | None) -> str:
    """``214 of 90,012 users were not updated``; ``at least`` where the number is a lower bound.

    Where there are fewer users than that, our copy of the source file is not what the job read: they are left out.
    """
    least = "" if toll.exact else "At least "
    number = toll.number or 0
    who = count(number, "user") if users is None or users < number else f"{number:,} of {count(users, 'user')}"
    return f"{least}{who} {'was' if toll.number == 1 else 'were'} not updated"


def new_among(view: View, run: Run) -> tuple[int, int] | None:
    """How many of a job's named users are new, and how many not; None where there is no run to compare with."""
    users = view.users.get(run.job_id)
    if users is None or users["new"].null_count():
        return None
    new = int(users["new"].sum())
    return new, users.height - new


def newness(new: tuple[int, int] | None) -> str:
    """A clause on how many are new; empty where that is unknown or there are none."""
    if new is None or not sum(new):
        return ""
    fresh, old = new
    if not old:
        return "; all of them are new" if fresh > 1 else "; that one is new"
    if not fresh:
        return "; none of them is new" if old > 1 else "; that one is not new"
    return f"; {fresh:,} of them {'is' if fresh == 1 else 'are'} new"


def _succeeded(run: Run) -> str:
    everybody = "Everybody was updated" if run.users is None else _all_updated(run.users)
    return f"{everybody}, but {_named(run)} in the log all the same." if run.named_users else f"{everybody}."


def _all_updated(users: int) -> str:
    if not users:
        return "The source file has no users"
    return "The one user was updated" if users == 1 else f"All {users:,} users were updated"


def _partial(view: View, run: Run) -> str:
    toll, nameless = toll_of(run), nameless_words(view, run)
    if not run.log_found:
        return "Some users were not updated; who is unknown: there is no log."
    if toll.number is None:
        return f"Some users were not updated; who is unknown: {nameless or 'the log has no entries'}."
    failed, new = failing(toll, run.users), new_among(view, run)
    if nameless:
        # Whether these are new is unknown.
        whose = f"; of {count(sum(new), 'user')} named {new[0]:,} {'is' if new[0] == 1 else 'are'} new" if new else ""
        return f"{failed}{whose}; {nameless}."
    return f"{failed}{newness(new)}{_why(view, run)}."


def nameless_words(view: View, run: Run) -> str:
    """What the log's entries without a user tell of: records without an ID where these explain them; may be empty."""
    nameless = naming_nobody(view.entries_of(run)).height
    if not nameless:
        return ""
    if run.outcome is Outcome.partial and run.not_updated is not None:
        return count(nameless, "record has no ID", "records have no ID")
    return count(nameless, "entry doesn't identify a user", "entries don't identify a user")


def _why(view: View, run: Run) -> str:
    codes = ranked_codes(run.outcome, view.entries_of(run))
    if not codes:
        return ""
    return f"; {'most' if len(codes) > 1 else 'all'} because {reason(view, run)}"


def _aborted(view: View, run: Run) -> str:
    aborted = f"the import was aborted because {reason(view, run)}"
    if run.users is None:
        return f"Nobody was updated: {aborted}. The number of users is unknown."
    named = f" The log names {count(run.named_users, 'user')}." if run.named_users else ""
    who = "The one user was not" if run.users == 1 else f"None of {run.users:,} users was"
    return f"{who} updated: {aborted}.{named}"


def _named(run: Run) -> str:
    return f"{count(run.named_users, 'user')} {'is' if run.named_users == 1 else 'are'} named"


def _failure(view: View, run: Run) -> str:
    if run.state not in {State.Error.name, State.Succeeded.name}:
        return f"the service gives its state as {run.state}"
    if run.error == JobError.NoError.name:
        return "the service reports an end in error, but no error"
    known = error_explained(view, run)
    if not known.known:
        return f"the service reports {run.error}, an unknown error"
    return f"{known.title} ({run.error})"


def _last_looked(view: View) -> str:
    as_of = view.tables.as_of
    return f"when last looked at, on {minute_text(as_of, view.zone)}" if as_of else "when the job list was saved"
