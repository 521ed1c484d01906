"""The options that several commands share, those of ``retry``, and how their values are read."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.errors import UsageError
from analyzer.model.service import MAX_PROPERTY_VALUES
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
    """``--fail-on``: which jobs make exit code 1."""

    never = "never"
    new = "new"
    partial = "partial"
    aborted = "aborted"
    any = "any"

    def met_by(self, outcome: str, new: int | None, *, is_retry: bool) -> bool:
        """Whether a job is meant.

        Args:
            outcome: how it ended.
            new: how many of its failed users are new; None where there is nothing to compare with.
            is_retry: whether it imported a retry file.
        """
        match self:
            case FailOn.never:
                return False
            case FailOn.any:
                return outcome in {"partial", "aborted", "unknown", "stuck"}
            case FailOn.new:
                # Where there is nothing to compare with, they may all be new.
                return not is_retry and (outcome in {"aborted", "unknown"} or (outcome == "partial" and new != 0))
            case _:
                return outcome == self.value


PatienceOption = Annotated[
    str,
    typer.Option("--patience", metavar="TIME", help="Maximum total wait when the tenant throttles: 90s, 15m, 2h."),
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
    """Seconds of ``90s``, ``15m`` or ``2h``.

    Raises:
        UsageError: it isn't one of these.
    """
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None:
        raise UsageError(f"--patience {text!r} isn't a time span", "It looks like 90s, 15m or 2h.")
    return float(found["number"]) * _UNITS[found["unit"]]


def parse_day(text: str, zone: ZoneInfo | None, option: str = "--since") -> datetime | None:
    """The start of a day, or a moment, in the tenant's zone, as UTC; None of an empty text.

    Raises:
        UsageError: it isn't a date; ``option`` names where it was given.
    """
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=zone or UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{option} {text!r} isn't a date", "It looks like 2026-11-23.") from error


class JobOutcome(StrEnum):
    """``--outcome`` of ``retry``."""

    partial = "partial"
    aborted = "aborted"
    unknown = "unknown"


_WHICH = "Which job"
_WHOSE = "Which users"
_HOW = "Contents of the file"
_FILES = "Files"

JobArgument = Annotated[
    str,
    typer.Argument(
        help="ID of the job; its first eight characters are enough. Default: the newest job that needs a retry.",
        metavar="[JOB]",
    ),
]
RetryFeedOption = Annotated[
    str,
    typer.Option(
        "--feed", metavar="NAME", help="Use the newest job of this feed that needs a retry.", rich_help_panel=_WHICH
    ),
]
SourceOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        readable=False,
        help="Use this source file instead of JOB. Requires --log.",
        rich_help_panel=_WHICH,
    ),
]
LogOption = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="PATH", readable=False, help="Log file or folder of that import. Repeatable.", rich_help_panel=_WHICH
    ),
]
OutcomeOption = Annotated[
    JobOutcome | None,
    typer.Option(
        metavar="OUTCOME",
        help="How the job ended, if the log suggests otherwise: partial, aborted, or unknown.",
        rich_help_panel=_WHICH,
    ),
]
IdPropertyOption = Annotated[
    str, typer.Option(metavar="NAME", help="Property of the source file that holds the IDs.", rich_help_panel=_WHICH)
]
ForceOption = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Use the source file even if it may be another job's or another version.",
        rich_help_panel=_WHICH,
    ),
]
SupersededOption = Annotated[
    bool,
    typer.Option(
        "--superseded",
        help="Create the file even if a later run of the feed has ended. It holds older values.",
        rich_help_panel=_WHICH,
    ),
]
OnlyOption = Annotated[
    list[str] | None,
    typer.Option(metavar="CODE", help="Only users with an entry of this code. Repeatable.", rich_help_panel=_WHOSE),
]
ExceptOption = Annotated[
    list[str] | None,
    typer.Option(
        "--except", metavar="CODE", help="Exclude users with an entry of this code. Repeatable.", rich_help_panel=_WHOSE
    ),
]
UsersOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        readable=False,
        help="Only these users: a file with one ID per line, or a CSV.",
        rich_help_panel=_WHOSE,
    ),
]
RetryableOption = Annotated[
    bool,
    typer.Option("--retryable", help="Only users whose import can succeed unchanged.", rich_help_panel=_WHOSE),
]
WithoutCulpritsOption = Annotated[
    bool,
    typer.Option("--without-culprits", help="Exclude the users who aborted the import.", rich_help_panel=_WHOSE),
]
DropPropertyOption = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="Remove this property from each record. Repeatable.", rich_help_panel=_HOW),
]
SalvageOption = Annotated[
    bool,
    typer.Option(
        "--salvage",
        help="Use what can be read of a file that isn't valid JSON, and list the rest.",
        rich_help_panel=_HOW,
    ),
]
RepairOption = Annotated[
    bool,
    typer.Option("--repair", help="Also fix what changes no record, and list each repair.", rich_help_panel=_HOW),
]
MaxBytesOption = Annotated[
    int,
    typer.Option(
        min=1,
        metavar="N",
        show_default="2 GB",
        help="Maximum size of a file in bytes; the rest goes into more files.",
        rich_help_panel=_HOW,
    ),
]
MaxPropertiesOption = Annotated[
    int,
    typer.Option(
        min=1,
        metavar="N",
        show_default=f"{MAX_PROPERTY_VALUES:,}",
        help="Maximum number of values in a file, without IDs.",
        rich_help_panel=_HOW,
    ),
]
NoHashOption = Annotated[
    bool,
    typer.Option("--no-hash", help="Omit the SHA-256 of source and logs from the manifest.", rich_help_panel=_FILES),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        help="Write the retry file here: a file or an existing folder.",
        rich_help_panel=_FILES,
    ),
]
VerifyOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        readable=False,
        help="Check this retry file against its manifest, and create nothing.",
        rich_help_panel=_FILES,
    ),
]
