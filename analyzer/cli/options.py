"""The options that several commands share, and how their values are read."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.errors import UsageError
from analyzer.tenant.model import PATIENCE

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


LibraryOption = Annotated[
    Path | None,
    typer.Option("--library", metavar="DIR", help="Use this library folder instead of the configured tenant's."),
]
SinceOption = Annotated[
    str, typer.Option("--since", metavar="DATE", help="Only jobs that ran on or after this day, such as 2026-11-23.")
]
JobsOption = Annotated[
    list[str] | None, typer.Option("--job", metavar="ID", help="Only the job with this ID. Repeatable.")
]


class FailOn(StrEnum):
    """``--fail-on``: the jobs after which the exit code is 1."""

    never = "never"
    new = "new"
    partial = "partial"
    aborted = "aborted"
    any = "any"

    def met_by(self, outcome: str, new: int | None, *, is_retry: bool) -> bool:
        """Whether a job matches.

        Args:
            outcome: how it ended.
            new: how many of its failed users are new; None if there is no run to compare with.
            is_retry: whether it imported a retry file.
        """
        match self:
            case FailOn.never:
                return False
            case FailOn.any:
                return outcome in {"partial", "aborted", "unknown", "stuck"}
            case FailOn.new:
                # Without a run to compare with, they may all be new.
                return not is_retry and (outcome in {"aborted", "unknown"} or (outcome == "partial" and new != 0))
            case _:
                return outcome == self.value


PatienceOption = Annotated[
    str, typer.Option("--patience", metavar="TIME", help="Maximum total wait when the tenant throttles: 90s, 15m, 2h.")
]
DEFAULT_PATIENCE = f"{PATIENCE / 60:g}m"
FailOnOption = Annotated[
    FailOn,
    typer.Option(
        "--fail-on",
        metavar="OUTCOME",
        help="Exit with code 1 if a job ended as partial, aborted, any (partial, aborted, unknown, or stuck), or new"
        " (users failed who didn't before).",
    ),
]
FeedOption = Annotated[
    str, typer.Option("--feed", metavar="NAME", help="Only feeds with this in their names. * matches any text.")
]


_UNITS = {"s": 1, "m": 60, "h": 3600}
_DURATION = re.compile(r"(?P<number>\d{1,6}(?:\.\d{1,3})?)(?P<unit>[smh])")


def parse_duration(text: str) -> float:
    """Return the seconds of ``90s``, ``15m``, or ``2h``.

    Raises:
        UsageError: it isn't one of these.
    """
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None:
        raise UsageError(f"--patience {text!r} isn't a time span", "Specify a time such as 90s, 15m, or 2h.")
    return float(found["number"]) * _UNITS[found["unit"]]


def parse_day(text: str, zone: ZoneInfo | None, option: str = "--since") -> datetime | None:
    """Return the start of a day, or a moment, in the tenant's zone, as UTC; None for an empty text.

    Raises:
        UsageError: it isn't a date; ``option`` is the option with it.
    """
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=zone or UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{option} {text!r} isn't a date", "Specify a date such as 2026-11-23.") from error
