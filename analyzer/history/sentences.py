"""What happened to a job's users, in the words of the report and of the terminal alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.model.job import NotUpdatedCount, Outcome
from analyzer.model.text import count

if TYPE_CHECKING:
    from analyzer.catalogue.model import JobFacts


def headline(facts: JobFacts) -> str:
    """Say how a job ended for its users, as a clause: ``12 of 295 users not updated, 4 new``."""
    users, outcome = facts.users, facts.outcome
    not_updated = NotUpdatedCount.of(outcome, facts.not_updated, facts.failed)
    match outcome:
        case Outcome.succeeded:
            named = f", but the log names {count(facts.failed, 'user')}" if facts.failed else ""
            everyone = f"all {count(users, 'user')} updated" if users and users > 1 else "all users updated"
            text = f"{'the source file has no users' if users == 0 else everyone}{named}"
        case Outcome.aborted | Outcome.unknown | Outcome.partial if users == 0:
            text = f"the source file has no users ({facts.error})"
        case Outcome.partial if not_updated.number:
            new = "" if facts.new is None else f", {facts.new:,} new"
            text = f"{not_updated.users(users)} not updated{new}"
        case Outcome.partial:
            who = "probably those with several records" if facts.repeated else "who is unknown"
            text = f"some users not updated; {who}"
        case Outcome.aborted:
            affected = f"none of {count(users, 'user')}" if users else "no user"
            text = f"the import was aborted, {affected} updated"
        case Outcome.unknown:
            text = f"who was updated is unknown ({facts.error if facts.error != 'NoError' else facts.state})"
        case Outcome.stuck:
            text = f"the job is stuck in {facts.state}"
        case Outcome.running:
            text = f"the job is still running ({facts.state})"
    return text


def retry_clause(outcome: Outcome, users: int | None, not_updated: int | None, when: str) -> str:
    """Say what a retry made of the run that it repairs: ``retried 28 Nov 09:10: 12 of 12 updated``.

    Args:
        outcome: the retry's.
        users: in its file; None where unknown.
        not_updated: likewise.
        when: it ran, as it is shown; empty where unknown.
    """
    if not outcome.ended:
        result = f"the retry is {outcome.value}"
    elif users is None or not_updated is None or not_updated > users:
        result = f"{outcome.value}; how many were updated is unknown"
    else:
        result = f"{users - not_updated:,} of {users:,} updated"
    return f"retried{f' {when}' if when else ''}: {result}"


def still_open_clause(number: int | None) -> str:
    """Say how many users of a run are open after its retries; None where unknown."""
    return "how many are still open is unknown" if number is None else f"{number:,} still open"
