"""Damaged values of a job's source file, in ``show`` and in the report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran

JOB = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
FOLDER = "sites/hr/Shared Documents"


def put_library(root: Path, city: str) -> None:
    """A library of one succeeded job, whose log tells of nothing."""
    job = {"JobId": JOB, "State": 4, "Error": 0, "SourceUri": f"https://contoso.sharepoint.com/{FOLDER}/feed.json"}
    (root / FOLDER).mkdir(parents=True)
    (root / "jobs.json").write_text(json.dumps({"value": [job]}), encoding="utf-8")
    records = [{"IdName": "ada@contoso.com", "City": "Oslo"}, {"IdName": "bob@contoso.com", "City": city}]
    (root / FOLDER / "feed.json").write_text(json.dumps({"value": records}), encoding="utf-8")


def test_show_and_the_report_warn_of_damaged_values_of_a_job_that_succeeded(
    upa: Callable[..., Ran], tmp_path: Path
) -> None:
    put_library(tmp_path / "library", "System.Object[]")
    shown = upa("show", JOB, "--library", "library")
    # The terminal breaks lines where it likes.
    assert "Warning: names of types in City (1 record)" in " ".join(shown.out.split())
    content = upa("show", JOB, "--library", "library", "--json").json["damage"]
    assert [(one["kind"], one["record"], one["identity"]) for one in content] == [("type_name", 2, "bob@contoso.com")]
    assert upa("report", "library", "-o", "out").code == 0
    pages = "".join(page.read_text(encoding="utf-8") for page in (tmp_path / "out").rglob("*.html"))
    assert "names of types in City (1 record)" in pages


def test_nothing_is_warned_of_where_values_are_right(upa: Callable[..., Ran], tmp_path: Path) -> None:
    put_library(tmp_path / "library", "Köln")
    assert "Warning" not in upa("show", JOB, "--library", "library").out
