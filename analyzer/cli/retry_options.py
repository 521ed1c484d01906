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


_FILES = "Made from"
_WHOSE = "Whose records"
_HOW = "How they are written"

JobArgument = Annotated[str, typer.Argument(help="The job's id, or its first eight characters.", metavar="[JOB]")]
SourceOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", readable=False, help="Without JOB: the source file.", rich_help_panel=_FILES),
]
LogOption = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="PATH", readable=False, help="Without JOB: its log file or folder; repeatable.", rich_help_panel=_FILES
    ),
]
OutcomeOption = Annotated[
    Given | None,
    typer.Option(help="How the job ended; wins over what the log suggests.", rich_help_panel=_FILES),
]
IdPropertyOption = Annotated[
    str, typer.Option(metavar="NAME", help="The source's property that holds the ids.", rich_help_panel=_FILES)
]
ForceOption = Annotated[
    bool,
    typer.Option(
        "--force", help="Take a source file that may be another job's, or another version.", rich_help_panel=_FILES
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
    typer.Option(metavar="FILE", readable=False, help="Only these: one id a line, or a CSV.", rich_help_panel=_WHOSE),
]
RetryableOption = Annotated[
    bool,
    typer.Option("--retryable", help="Only users whom a retry unchanged can help.", rich_help_panel=_WHOSE),
]
WithoutCulpritsOption = Annotated[
    bool,
    typer.Option("--without-culprits", help="An aborted job: without those who aborted it.", rich_help_panel=_WHOSE),
]
DropPropertyOption = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="Leave this property out of each record; repeatable.", rich_help_panel=_HOW),
]
SalvageOption = Annotated[
    bool,
    typer.Option(
        "--salvage", help="Take what can be read of a file that is no JSON; list the rest.", rich_help_panel=_HOW
    ),
]
RepairOption = Annotated[
    bool,
    typer.Option(
        "--repair", help="The same, and mend what changes no meaning; list each repair.", rich_help_panel=_HOW
    ),
]
MaxBytesOption = Annotated[
    int,
    typer.Option(
        min=1, metavar="N", help="Most bytes in one file; the rest goes into further ones.", rich_help_panel=_HOW
    ),
]
MaxPropertiesOption = Annotated[
    int, typer.Option(min=1, metavar="N", help="Most values in one file, ids not counted.", rich_help_panel=_HOW)
]
NoHashOption = Annotated[
    bool,
    typer.Option("--no-hash", help="Leave the SHA-256 of source and logs out of the manifest.", rich_help_panel=_HOW),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        help="Where to write it: a file, or a folder that is there.",
        rich_help_panel=_HOW,
    ),
]
VerifyOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", readable=False, help="Check a retry file by its manifest; makes nothing."),
]
