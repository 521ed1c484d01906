"""How many users a job left without an update: exactly, at least, or unknown; the same words everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.model.outcome import STILL_OPEN, Outcome
from analyzer.report.times import DASH

if TYPE_CHECKING:
    from analyzer.report.view import Run

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Toll:
    """Users not updated; ``number`` is a lower bound unless ``exact``, and None where it is unknown."""

    number: int | None
    exact: bool


def toll_of(run: Run) -> Toll:
    """What the outcome says, and where it cannot say, how many the log names at the least."""
    return toll(run.outcome, run.not_updated, run.named_users)


def toll(outcome: Outcome, not_updated: int | None, named_users: int) -> Toll:
    """The same of a job's row in the table ``jobs``."""
    if not_updated is not None:
        return Toll(not_updated, exact=True)
    if outcome is Outcome.partial and named_users:
        return Toll(named_users, exact=False)
    return Toll(None, exact=False)


def retried(outcome: Outcome, users: int | None, not_updated: int | None, when: str) -> str:
    """Say what a retry made of the run that it repairs, a sentence.

    Args:
        outcome: the retry's.
        users: in its file; None where unknown.
        not_updated: likewise.
        when: it ran, as it is shown; empty where unknown.
    """
    if outcome in STILL_OPEN:
        result = f"the retry is {outcome.value}"
    elif users is None or not_updated is None or not_updated > users:
        result = f"{outcome.value}; how many were updated is unknown"
    else:
        result = f"{users - not_updated:,} of {users:,} updated"
    return f"Retried{f' {when}' if when else ''}: {result}."


def still_open(number: int | None) -> str:
    """Say how many users of a run its retries left open, a sentence."""
    return "How many are still open is unknown." if number is None else f"{number:,} still open."


def toll_text(outcome: Outcome, not_updated: int | None, named_users: int) -> str:
    """A job's users not updated in a cell of a table."""
    if outcome in STILL_OPEN:
        return DASH
    found = toll(outcome, not_updated, named_users)
    if found.number is None:
        return "all" if outcome is Outcome.aborted else UNKNOWN
    return f"{found.number:,}" if found.exact else f"at least {found.number:,}"
