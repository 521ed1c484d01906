"""How many users a job left without an update: exactly, at least, or not to be said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.analysis.outcome import Outcome
from analyzer.report.times import DASH

if TYPE_CHECKING:
    from analyzer.report.view import Run

NOBODY_KNOWS = "nobody can say"


@dataclass(frozen=True, slots=True)
class Toll:
    """Users not updated; ``number`` is a lower bound unless ``exact``, and None where nobody can say."""

    number: int | None
    exact: bool


def toll_of(run: Run) -> Toll:
    """What the outcome says, and where it cannot say, how many the log names at the least."""
    if run.not_updated is not None:
        return Toll(run.not_updated, exact=True)
    if run.outcome is Outcome.partial and run.named_users:
        return Toll(run.named_users, exact=False)
    return Toll(None, exact=False)


def toll_text(run: Run) -> str:
    """A job's users not updated in a cell of a table."""
    if not run.ended:
        return DASH
    toll = toll_of(run)
    if toll.number is None:
        return f"all; {NOBODY_KNOWS} how many" if run.outcome is Outcome.aborted else NOBODY_KNOWS
    return f"{toll.number:,}" if toll.exact else f"{NOBODY_KNOWS}; at least {toll.number:,}"
