"""``check`` at the surface: the answer first, exit codes, tables, and JSON."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import polars as pl
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.conftest import Ran

PLAN = ["--id-type", "PrincipalName", "--id-property", "IdName", "--map", "City"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(path: Path, *records: Mapping[str, object] | None, name: str = "hr-feed.json") -> str:
    (path / name).write_text(json.dumps({"value": records}), encoding="utf-8")
    return name


ADA, BOB = {"IdName": "ada@contoso.com", "City": "Oslo"}, {"IdName": "bob@contoso.com", "City": "Rome", "Floor": "3"}


def test_the_answer_is_the_first_line(upa: Callable[..., Ran], tmp_path: Path) -> None:
    ran = upa("check", write(tmp_path, ADA, BOB), *PLAN)
    assert ran.code == 1
    first, heading, row, remedy = ran.out.splitlines()
    assert first == "hr-feed.json: Would abort: 1 of 2 records has a property that the map lacks (Floor)."
    assert heading.split()[:2] == ["record", "identity"]
    assert row.split()[:3] == ["2", "bob@contoso.com", "Floor"]
    assert remedy.endswith("Add the property to the map, or take it out of the feed.")
    assert ran.err == ""


def test_what_is_assumed_or_unknown_is_said(upa: Callable[..., Ran], tmp_path: Path) -> None:
    ran = upa("check", write(tmp_path, ADA, {"IdName": "bob@contoso.com", "City": "Rome"}))
    assert (ran.code, ran.out) == (0, "hr-feed.json: No findings in 2 records.\n")
    assert "Using IdName as the ID property (its values look like IDs)." in ran.err
    assert "The property map isn't known" in ran.err
    assert "The ID type isn't known" in ran.err


@pytest.mark.parametrize(("fail_on", "code"), [("aborts", 0), ("fails", 1), ("harm", 1), ("note", 1), ("never", 0)])
def test_the_exit_code_says_whether_a_finding_counts(
    upa: Callable[..., Ran], tmp_path: Path, fail_on: str, code: int
) -> None:
    assert upa("check", write(tmp_path, ADA, ADA), *PLAN, "--fail-on", fail_on).code == code


def test_notes_do_not_fail_unless_asked(upa: Callable[..., Ran], tmp_path: Path) -> None:
    name = write(tmp_path, ADA, None)
    assert upa("check", name, *PLAN).code == 0
    assert upa("check", name, *PLAN, "--fail-on", "note").code == 1


@pytest.mark.parametrize("ending", ["parquet", "csv", "xlsx", "ndjson"])
def test_the_findings_of_several_files_are_one_table(upa: Callable[..., Ran], tmp_path: Path, ending: str) -> None:
    names = [write(tmp_path, BOB, name="one.json"), write(tmp_path, BOB, BOB, name="two.json")]
    ran = upa("check", *names, *PLAN, "-o", f"findings.{ending}")
    assert ran.code == 1
    assert f"findings.{ending}" in ran.err
    if ending == "parquet":
        table = pl.read_parquet(tmp_path / "findings.parquet")
        assert table.group_by("file").len().sort("file").rows() == [("one.json", 1), ("two.json", 4)]
    else:
        assert (tmp_path / f"findings.{ending}").stat().st_size


def test_json_has_the_plan_the_kinds_and_the_findings(upa: Callable[..., Ran], tmp_path: Path) -> None:
    (found,) = upa("check", write(tmp_path, ADA, BOB), *PLAN, "--json").json["files"]
    assert (found["severity"], found["records"], found["id_type"]) == ("aborts", 2, "PrincipalName")
    assert found["property_map"] == {"City": "City"}
    assert [kind["kind"] for kind in found["kinds"]] == ["unmapped-property"]
    assert found["findings"][0]["identity"] == "bob@contoso.com"


def test_the_plan_comes_from_the_feed_of_the_configuration(upa: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "upa-analyzer.toml").write_text(
        "[tenants.contoso]\nadmin_url = 'https://contoso-admin.sharepoint.com'\n"
        "[tenants.contoso.feeds.people]\nmatch = 'hr-*.json'\nid_type = 'CloudId'\nid_property = 'IdName'\n"
        "properties = { City = 'City', Floor = 'FloorCode' }\n",
        encoding="utf-8",
    )
    ran = upa("check", write(tmp_path, ADA, BOB))
    assert ran.out.startswith(
        "hr-feed.json: Users would fail: 2 of 2 records have an ID of another kind than the ID type."
    )


def test_a_file_that_cannot_be_read_keeps_no_other_back(upa: Callable[..., Ran], tmp_path: Path) -> None:
    ran = upa("check", "missing.json", write(tmp_path, ADA), *PLAN)
    assert ran.code == 5
    assert "hr-feed.json: No findings in 1 record." in ran.out
    assert "missing.json cannot be read: there is no such file or folder." in ran.err


def test_a_name_of_a_type_that_does_not_exist_is_an_error(upa: Callable[..., Ran], tmp_path: Path) -> None:
    ran = upa("check", write(tmp_path, ADA), "--id-type", "Mail")
    assert ran.code == 2
    assert "Email" in ran.err


def test_a_pipe_or_a_device_is_not_taken_for_an_empty_file(upa: Callable[..., Ran]) -> None:
    ran = upa("check", os.devnull, *PLAN)
    assert (ran.code, ran.out) == (5, "")
    assert "is a pipe or a device, not a file" in ran.err
