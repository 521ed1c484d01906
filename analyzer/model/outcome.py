"""How a job ended, and how many users it did not update."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from analyzer.model.text import count


class Outcome(StrEnum):
    """How a job ended, by what it means for its users."""

    succeeded = "succeeded"
    partial = "partial"
    aborted = "aborted"
    unknown = "unknown"
    running = "running"
    stuck = "stuck"

    @property
    def ended(self) -> bool:
        """Whether the service is done with the job."""
        return self not in NOT_ENDED


FAILED = (Outcome.partial, Outcome.aborted, Outcome.unknown)
"""The outcomes after which there is somebody to retry."""

NOT_ENDED = (Outcome.running, Outcome.stuck)
"""The outcomes of jobs that the service has not ended."""


@dataclass(frozen=True, slots=True)
class NotUpdatedCount:
    """How many users a job did not update; a lower bound unless ``exact``, and None where unknown."""

    number: int | None
    exact: bool

    @staticmethod
    def of(outcome: Outcome, not_updated: int | None, named_users: int) -> NotUpdatedCount:
        """Take the number of the table ``jobs``, or where it has none, how many users the log names at least."""
        if not_updated is not None:
            return NotUpdatedCount(not_updated, exact=True)
        if outcome is Outcome.partial and named_users:
            return NotUpdatedCount(named_users, exact=False)
        return NotUpdatedCount(None, exact=False)

    def __str__(self) -> str:
        """``12``, ``at least 12`` or ``unknown``."""
        return "unknown" if self.number is None else f"{self._least}{self.number:,}"

    def users(self, total: int | None = None) -> str:
        """``12 of 295 users``, ``at least 1 user`` or ``an unknown number of users``.

        Where there are fewer users than that, our copy of the source file isn't what the job read: they are left out.
        """
        if self.number is None:
            return "an unknown number of users"
        if total is None or total < self.number:
            return f"{self._least}{count(self.number, 'user')}"
        return f"{self._least}{self.number:,} of {count(total, 'user')}"

    @property
    def _least(self) -> str:
        return "" if self.exact else "at least "


def not_updated_text(outcome: Outcome, not_updated: int | None, named_users: int, *, dash: str) -> str:
    """Return a job's users not updated as a cell of a table; ``dash`` for a job that has not ended."""
    if not outcome.ended:
        return dash
    if outcome is Outcome.aborted and not_updated is None:
        return "all"
    return str(NotUpdatedCount.of(outcome, not_updated, named_users))
