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


JobArgument = Annotated[str, typer.Argument(help="The job's id, or its first eight characters.", metavar="[JOB]")]
SourceOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", readable=False, help="Without JOB: the source file."),
]
LogOption = Annotated[
    list[Path] | None,
    typer.Option(metavar="PATH", readable=False, help="Without JOB: its log file or folder; repeatable."),
]
OutcomeOption = Annotated[
    Given | None,
    typer.Option(help="How the job ended; wins over what the log suggests."),
]
IdPropertyOption = Annotated[str, typer.Option(metavar="NAME", help="The source's property that holds the ids.")]
ForceOption = Annotated[
    bool,
    typer.Option("--force", help="Take a source file that may be another job's, or another version."),
]
SupersededOption = Annotated[
    bool,
    typer.Option(
        "--superseded", help="Make the file even though a later run of the feed has ended: it holds older values."
    ),
]
OnlyOption = Annotated[
    list[str] | None,
    typer.Option(metavar="CODE", help="Only users with an entry of this code; repeatable."),
]
ExceptOption = Annotated[
    list[str] | None,
    typer.Option("--except", metavar="CODE", help="Without users with an entry of this code; repeatable."),
]
UsersOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", readable=False, help="Only these: one id a line, or a CSV."),
]
RetryableOption = Annotated[
    bool,
    typer.Option("--retryable", help="Only users whom a retry unchanged can help."),
]
WithoutCulpritsOption = Annotated[
    bool,
    typer.Option("--without-culprits", help="An aborted job: without those who aborted it."),
]
DropPropertyOption = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="Leave this property out of each record; repeatable."),
]
SalvageOption = Annotated[
    bool,
    typer.Option("--salvage", help="Take what can be read of a file that isn't valid JSON; list the rest."),
]
RepairOption = Annotated[
    bool,
    typer.Option("--repair", help="The same, and correct what changes no record; list each repair."),
]
MaxBytesOption = Annotated[
    int,
    typer.Option(min=1, metavar="N", help="Most bytes in one file; the rest goes into further ones."),
]
MaxPropertiesOption = Annotated[int, typer.Option(min=1, metavar="N", help="Most values in one file, ids not counted.")]
NoHashOption = Annotated[
    bool,
    typer.Option("--no-hash", help="Leave the SHA-256 of source and logs out of the manifest."),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        help="Where to write it: a file, or a folder that is there.",
    ),
]
VerifyOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", readable=False, help="Check a retry file by its manifest; makes nothing."),
]
