"""The list of failed users: the values of their records, reasons in plain words, and what to do."""

from __future__ import annotations

import csv
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from analyzer.model.service import JobError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran
    from tests.report.conftest import Lines, LittleLibrary

RECORDS: list[dict[str, object]] = [
    {"IdName": "Ada@contoso.com", "City": "Oslo", "Floor": 3, "Badge": "007", "Here": True, "Reason": "=1+1"},
    {"IdName": "bob@fabrikam.com", "City": None, "Floor": 4, "Badge": "8", "Here": False, "Tags": ["a"]},
    {"IdName": "eve@contoso.com", "City": "Bonn", "Floor": 5, "Badge": "9", "Here": True},
]


@pytest.fixture
def job(little: LittleLibrary, lines: type[Lines]) -> str:
    """A job that failed for two of its three users; one had failed before."""
    little.job("hr-2026-11-16", JobError.ImportCompleteWithError, lines.unresolved("bob@fabrikam.com"), users=3)
    log = lines.unresolved("bob@fabrikam.com", "ada@contoso.com")
    job_id = little.job("hr-2026-11-23", JobError.ImportCompleteWithError, log, users=3)
    little.source("hr-2026-11-23", RECORDS)
    return job_id


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_row_has_the_record_the_reason_and_what_to_do(
    upa: Callable[..., Ran], little: LittleLibrary, job: str, tmp_path: Path
) -> None:
    ran = upa("export", job[:8], "-o", tmp_path / "failed.csv", "--library", little.root)
    assert ran.code == 0, ran.err
    new, recurring = rows_of(tmp_path / "failed.csv")
    assert (new["ID"], new["Record"], new["Status"], new["City"], new["Badge"]) == (
        "ada@contoso.com",
        "1",
        "New",
        "Oslo",
        "007",
    )
    assert (recurring["ID"], recurring["Record"], recurring["Status"]) == ("bob@fabrikam.com", "2", "Recurring")
    assert new["Reason"] == "The user is not known to SharePoint."
    assert new["What to do"].startswith("Look up the ID in Entra ID.")
    assert new["Reason *"] == "'=1+1"  # the feed's own property, and no formula
    assert recurring["Failing since"].startswith("2026-11-16")


def test_a_workbook_has_real_types_a_fixed_heading_and_a_filter(
    upa: Callable[..., Ran], little: LittleLibrary, job: str, tmp_path: Path
) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    upa("export", job[:8], "-o", tmp_path / "failed.xlsx", "--library", little.root)
    sheet = openpyxl.load_workbook(tmp_path / "failed.xlsx").active
    heads = [cell.value for cell in sheet[1]]
    first = dict(zip(heads, [cell.value for cell in sheet[2]], strict=True))
    assert (first["Floor"], first["Here"], first["Badge"], first["Record"]) == (3, True, "007", 1)
    assert first["Reason *"] == "=1+1"
    assert [cell.data_type for cell in sheet[2]][heads.index("Reason *")] == "s"
    assert isinstance(first["Failing since"], datetime)
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref is not None


@pytest.mark.parametrize(
    ("options", "identities"),
    [
        (("--new",), ["ada@contoso.com"]),
        (("--domain", "FABRIKAM.com"), ["bob@fabrikam.com"]),
        (("--code", "identitynotresolvable"), ["ada@contoso.com", "bob@fabrikam.com"]),
        (("--code", "GenericError"), []),
        (("--new", "--domain", "fabrikam.com"), []),
    ],
)
def test_the_list_is_narrowed(  # noqa: PLR0913, PLR0917 - two values, and fixtures
    upa: Callable[..., Ran],
    little: LittleLibrary,
    job: str,
    tmp_path: Path,
    options: tuple[str, ...],
    identities: list[str],
) -> None:
    ran = upa("export", job, "-o", tmp_path / "failed.csv", "--library", little.root, *options)
    assert ran.code == 0
    assert [row["ID"] for row in rows_of(tmp_path / "failed.csv")] == identities


def test_without_the_source_file_the_list_says_why_it_has_no_records(
    upa: Callable[..., Ran], little: LittleLibrary, lines: type[Lines], tmp_path: Path
) -> None:
    job_id = little.job(
        "hr-2026-11-23", JobError.ImportCompleteWithError, lines.unresolved("ada@contoso.com"), users=None
    )
    ran = upa("export", job_id, "-o", tmp_path / "failed.csv", "--library", little.root)
    assert ran.code == 1
    assert "Without the columns of the source file: " in ran.err
    assert [row["ID"] for row in rows_of(tmp_path / "failed.csv")] == ["ada@contoso.com"]


def test_no_file_and_no_failed_run_are_said(upa: Callable[..., Ran], little: LittleLibrary, tmp_path: Path) -> None:
    little.job("hr-2026-11-23", users=3)
    assert upa("export", "--library", little.root).code == 2
    assert "no run failed" in upa("export", "-o", tmp_path / "x.csv", "--library", little.root).err


@pytest.mark.parametrize("number", [12345678901234567890, 9007199254740993, -(2**200)])
def test_a_number_that_a_spreadsheet_would_round_is_a_text(
    upa: Callable[..., Ran], little: LittleLibrary, job: str, tmp_path: Path, number: int
) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    little.source("hr-2026-11-23", [{**record, "Badge": number} for record in RECORDS])
    upa("export", job[:8], "-o", tmp_path / "failed.xlsx", "--library", little.root)
    heads, first, *_ = openpyxl.load_workbook(tmp_path / "failed.xlsx").active.iter_rows(values_only=True)
    assert dict(zip(heads, first, strict=True))["Badge"] == str(number)
