"""Kinds of findings about what the program that made a file has done to it."""

from __future__ import annotations

from typing import Final

from analyzer.catalogue.finding_kind import Certainty, FindingKind, Severity
from analyzer.catalogue.model import THREADS
from analyzer.model.service import LogCode

SERIALIZED_DATE: Final = FindingKind(
    "serialized-date",
    "",
    Severity.harm,
    Certainty.likely,
    "has a date as Windows PowerShell 5.1 serializes it",
    "have dates as Windows PowerShell 5.1 serializes them",
    "Convert dates to text before ConvertTo-Json, such as with ToString('yyyy-MM-dd'), or use PowerShell 7.",
    "inferred from the output of ConvertTo-Json",
)
UTF_16_FILE: Final = FindingKind(
    "utf-16",
    "",
    Severity.note,
    Certainty.possible,
    "is UTF-16",
    "are UTF-16",
    "Have the feed write UTF-8 with a byte order mark (in PowerShell 5.1: Out-File -Encoding utf8).",
    f"seen: {THREADS} have such a file, and a job that ended with InternalError; whether the service reads UTF-16 isn't"
    " known",
)
UNMARKED_UTF_16: Final = FindingKind(
    "utf-16-without-mark",
    LogCode.DataFileNotJson.value,
    Severity.aborts,
    Certainty.likely,
    "is UTF-16 without a byte order mark, which the service reads as UTF-8",
    "are UTF-16 without a byte order mark, which the service reads as UTF-8",
    "Have the feed write UTF-8 with a byte order mark.",
    "inferred: .NET knows UTF-16 by its byte order mark",
)
ORIGIN_KINDS: Final = (UNMARKED_UTF_16, SERIALIZED_DATE, UTF_16_FILE)
