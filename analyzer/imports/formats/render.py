"""Write the results of a check in one of the formats for pipelines."""

from __future__ import annotations

from enum import StrEnum, auto
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.imports.formats.junit import FAILING, junit
from analyzer.imports.formats.markdown import markdown
from analyzer.imports.formats.model import CheckedFile
from analyzer.imports.formats.sarif import sarif
from analyzer.imports.summary import summary
from analyzer.source.record_places import record_places

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from analyzer.catalogue.finding_kind import Severity
    from analyzer.imports.check import CheckResult


class Format(StrEnum):
    """A format for pipelines."""

    sarif = auto()
    junit = auto()
    markdown = auto()


def render(results: Sequence[CheckResult], form: Format, base: Path, failing: Collection[Severity] = FAILING) -> str:
    """Return the results of a check as a text.

    Args:
        results: of each file.
        form: the format.
        base: the absolute folder to which addresses in SARIF are relative.
        failing: severities with which a test in JUnit XML fails.
    """
    files = [
        CheckedFile(
            result.path.resolve(), result.findings.table(), result.findings.counts, result.records, summary(result)
        )
        for result in results
    ]
    match form:
        case Format.sarif:
            return sarif(files, base, version("upa-analyzer"), lambda path, numbers: record_places(Path(path), numbers))
        case Format.junit:
            return junit(files, failing)
        case Format.markdown:
            return markdown(files)
