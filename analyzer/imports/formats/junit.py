"""Write findings as JUnit XML: a suite for each file, and a test for each kind of finding.

Readers disagree about what a file may have; this is what all of them take (GitLab's "Unit test reports", Azure's
``PublishTestResults``, and the schema of Jenkins's xUnit plugin). GitLab ignores a second test of the same name, reads
at most 30 MB, and no text of 10 MB. Azure has no test without a name. Jenkins takes what is before the last point of
``classname`` for a package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from analyzer.catalogue.check_findings import FINDING_KINDS
from analyzer.catalogue.finding_kind import Severity
from analyzer.imports.formats.model import EFFECTS, finding_text, visible
from analyzer.model.text import shortened

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from analyzer.catalogue.finding_kind import FindingKind
    from analyzer.imports.formats.model import CheckedFile, Group

MOST_LISTED = 100
"""Findings that a failure lists."""
_LONGEST = 500
FAILING = frozenset(Severity) - {Severity.note}
"""Severities that fail a test by default."""


def junit(files: Sequence[CheckedFile], failing: Collection[Severity] = FAILING) -> str:
    """Return JUnit XML in ASCII, so that it is right whatever encoding a shell writes it in.

    Args:
        files: the files that were checked.
        failing: severities with which a test fails; the findings of others are the output of a passed test.
    """
    suites = ["".join(_suite(file, failing)) for file in files]
    failures = sum(_failures(file, failing) for file in files)
    tests = len(files) * len(FINDING_KINDS)
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuites name="upa-analyzer check" tests="{tests}" failures="{failures}" errors="0" time="0">\n'
        f"{''.join(suites)}</testsuites>\n"
    )
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _failures(file: CheckedFile, failing: Collection[Severity]) -> int:
    return len({group.kind.name for group in file.groups if group.kind.severity in failing})


def _suite(file: CheckedFile, failing: Collection[Severity]) -> Iterator[str]:
    name = visible(file.path.name)
    yield (
        f' <testsuite name={quoteattr(name)} tests="{len(FINDING_KINDS)}" failures="{_failures(file, failing)}"'
        ' errors="0" skipped="0" time="0">\n'
        f'  <properties><property name="records" value="{file.records}"/></properties>\n'
    )
    found: dict[str, list[Group]] = {}
    for group in file.groups:
        found.setdefault(group.kind.name, []).append(group)
    for kind in FINDING_KINDS.values():
        yield from _test(kind, found.get(kind.name, []), name, kind.severity in failing)
    yield f"  <system-out>{escape(visible(file.summary))}</system-out>\n </testsuite>\n"


def _test(kind: FindingKind, groups: Sequence[Group], file: str, fails: bool) -> Iterator[str]:
    name = quoteattr(f"{kind.name}: no record {kind.one} [{file}]")
    classname = quoteattr(f"check.{file.replace('.', '_')}")
    begin = f'  <testcase classname={classname} name={name} time="0"'
    if not groups:
        yield f"{begin}/>\n"
        return
    text = escape("\n".join(_lines(groups)))
    if fails:
        message = quoteattr(visible(". ".join(group.sentence for group in groups)[:_LONGEST]))
        yield (
            f"{begin}>\n   <failure type={quoteattr(kind.code or kind.name)} message={message}>{text}</failure>\n"
            "  </testcase>\n"
        )
    else:
        yield f"{begin}>\n   <system-out>{text}</system-out>\n  </testcase>\n"


def _lines(groups: Sequence[Group]) -> Iterator[str]:
    for group in groups:
        yield visible(f"{group.sentence}: {EFFECTS[group.kind.severity]} ({group.kind.certainty}).")
        yield visible(group.remedy)
        rows = group.rows.head(MOST_LISTED)
        yield from (_line(row) for row in rows.iter_rows(named=True))
        if group.number > rows.height:
            yield f"{group.number - rows.height:,} more"


def _line(row: Mapping[str, object]) -> str:
    return shortened(visible(finding_text(row)), _LONGEST)
