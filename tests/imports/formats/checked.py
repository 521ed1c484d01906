"""Checked files with findings, for the tests of the formats."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from analyzer.catalogue.check_findings import DUPLICATE_ID, NOT_JSON, TOO_BIG, UNMAPPED_PROPERTY
from analyzer.imports.findings import Findings
from analyzer.imports.formats.model import CheckedFile

if TYPE_CHECKING:
    from pathlib import PurePath

ROOT = PurePosixPath("/repository")
HOSTILE = "a|b`c<i>]](http://x)*_\x00\x1b\n\\|www.x.com #1\u2028\uffff"


def checked(findings: Findings, name: str = "hr-feed.json", path: PurePath | None = None) -> CheckedFile:
    summary = "Would abort." if findings.counts else "No findings in 12,480 records."
    return CheckedFile(path or ROOT / name, findings.table(), findings.counts, 12_480, summary)


def with_findings(name: str = "hr-feed.json", users: int = 3, text: str = "ada@contoso.com") -> CheckedFile:
    """A file with findings about itself, about records, and about properties."""
    findings = Findings(name)
    findings.add(NOT_JSON, f"a backslash before {text}", record=7, identity=text, line=3, column=9)
    findings.add(TOO_BIG, "it has 2.1 GB")
    numbers = range(1, users + 1)
    messages = [f"{text} isn't in the map"] * users
    findings.add_records(UNMAPPED_PROPERTY, messages, numbers, [f"u{one}@contoso.com" for one in numbers], text)
    findings.add_records(DUPLICATE_ID, "also in record 1", [2], [text], "IdName")
    return checked(findings, name)


def without_findings(name: str = "good.json") -> CheckedFile:
    return checked(Findings(name), name)
