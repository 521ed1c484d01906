"""The options of ``upa-analyzer retry``: whose records, and how they are written."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Given(StrEnum):
    """``--outcome``: what the user knows of the job."""

    partial = "partial"
    aborted = "aborted"
    unknown = "unknown"


_WHICH = "Which job"
_WHOSE = "Which users"
_HOW = "How records are written"
_FILES = "Files"

JobArgument = Annotated[
    str,
    typer.Argument(
        help="The job's ID, or its first eight characters; the newest job that needs a retry if left out.",
        metavar="[JOB]",
    ),
]
RetryFeedOption = Annotated[
    str,
    typer.Option(
        "--feed", metavar="NAME", help="The newest job of this feed that needs a retry.", rich_help_panel=_WHICH
    ),
]
SourceOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", readable=False, help="Without JOB: the source file.", rich_help_panel=_WHICH),
]
LogOption = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="PATH", readable=False, help="Without JOB: its log file or folder; repeatable.", rich_help_panel=_WHICH
    ),
]
OutcomeOption = Annotated[
    Given | None,
    typer.Option(help="How the job ended; overrides what the log suggests.", rich_help_panel=_WHICH),
]
IdPropertyOption = Annotated[
    str, typer.Option(metavar="NAME", help="The source file's property that holds the IDs.", rich_help_panel=_WHICH)
]
ForceOption = Annotated[
    bool,
    typer.Option(
        "--force", help="Take a source file that may be another job's, or another version.", rich_help_panel=_WHICH
    ),
]
SupersededOption = Annotated[
    bool,
    typer.Option(
        "--superseded",
        help="Make the file even though a later run of the feed has ended: it holds older values.",
        rich_help_panel=_WHICH,
    ),
]
OnlyOption = Annotated[
    list[str] | None,
    typer.Option(metavar="CODE", help="Only users with an entry of this code; repeatable.", rich_help_panel=_WHOSE),
]
ExceptOption = Annotated[
    list[str] | None,
    typer.Option(
        "--except", metavar="CODE", help="Without users with an entry of this code; repeatable.", rich_help_panel=_WHOSE
    ),
]
UsersOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", readable=False, help="Only these: one ID per line, or a CSV.", rich_help_panel=_WHOSE),
]
RetryableOption = Annotated[
    bool,
    typer.Option("--retryable", help="Only users that an unchanged retry can help.", rich_help_panel=_WHOSE),
]
WithoutCulpritsOption = Annotated[
    bool,
    typer.Option(
        "--without-culprits", help="Of an aborted job: without the users who aborted it.", rich_help_panel=_WHOSE
    ),
]
DropPropertyOption = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="Leave this property out of each record; repeatable.", rich_help_panel=_HOW),
]
SalvageOption = Annotated[
    bool,
    typer.Option(
        "--salvage", help="Take what can be read of a file that isn't valid JSON; list the rest.", rich_help_panel=_HOW
    ),
]
RepairOption = Annotated[
    bool,
    typer.Option(
        "--repair", help="The same, and correct what changes no record; list each repair.", rich_help_panel=_HOW
    ),
]
MaxBytesOption = Annotated[
    int,
    typer.Option(
        min=1, metavar="N", help="Most bytes in one file; the rest goes into further ones.", rich_help_panel=_HOW
    ),
]
MaxPropertiesOption = Annotated[
    int, typer.Option(min=1, metavar="N", help="Most values in one file, not counting IDs.", rich_help_panel=_HOW)
]
NoHashOption = Annotated[
    bool,
    typer.Option("--no-hash", help="Leave the SHA-256 of source and logs out of the manifest.", rich_help_panel=_FILES),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        help="Where to write it: a file or an existing folder.",
        rich_help_panel=_FILES,
    ),
]
VerifyOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", readable=False, help="Only check a retry file against its manifest.", rich_help_panel=_FILES
    ),
]
