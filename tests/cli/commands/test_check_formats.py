"""``check --format``: what a pipeline gets, and what it ends with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran

GOOD = '{"value":[{"IdName":"ada@contoso.com","City":"Oslo"}]}'
WITHOUT_ID = '{"value":[{"IdName":"ada@contoso.com"},{"IdName":""}]}'


@pytest.fixture
def feeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "feeds").mkdir()
    (tmp_path / "feeds/good.json").write_text(GOOD, "utf-8")
    (tmp_path / "feeds/hr.json").write_text(WITHOUT_ID, "utf-8")
    return tmp_path


def test_sarif_on_stdout_with_addresses_relative_to_the_current_folder(upa: Callable[..., Ran], feeds: Path) -> None:
    ran = upa("check", "feeds/good.json", feeds / "feeds/hr.json", "--format", "sarif")
    assert ran.code == 1
    (run,) = json.loads(ran.out)["runs"]
    assert [one["location"]["uri"] for one in run["artifacts"]] == ["feeds/good.json", "feeds/hr.json"]
    assert [one["ruleId"] for one in run["results"]] == ["empty-id"]
    assert "hr.json: Users would fail: 1 of 2 records has an empty ID." in ran.err


@pytest.mark.parametrize(("indent", "lines"), [(1, [3, 6]), (None, [1, 1])])
def test_a_result_has_the_line_of_its_record(
    upa: Callable[..., Ran], feeds: Path, indent: int | None, lines: list[int]
) -> None:
    records = [{"IdName": ""}, {"IdName": " "}]
    (feeds / "feeds/hr.json").write_text(json.dumps({"value": records}, indent=indent), "utf-8")
    results = json.loads(upa("check", "feeds/hr.json", "--format", "sarif").out)["runs"][0]["results"]
    regions = [one["locations"][0]["physicalLocation"]["region"] for one in results]
    assert [one["startLine"] for one in regions] == lines
    hashes = {one["partialFingerprints"].get("primaryLocationLineHash") for one in results}
    assert hashes == {None} if indent else len(hashes) == 2


@pytest.mark.parametrize(("form", "begins"), [("sarif", b"{"), ("junit", b"<?xml"), ("markdown", b"## Check")])
def test_a_format_in_a_file(upa: Callable[..., Ran], feeds: Path, form: str, begins: bytes) -> None:
    ran = upa("check", "feeds/hr.json", "--format", form, "-o", "result.txt")
    assert (ran.code, ran.out) == (1, "")
    assert (feeds / "result.txt").read_bytes().startswith(begins)
    assert "Wrote result.txt." in ran.err


def test_fail_on_decides_which_tests_fail(upa: Callable[..., Ran], feeds: Path) -> None:  # noqa: ARG001 - the folder
    for fail_on, code, failures in (("fails", 1, "1"), ("aborts", 0, "0"), ("never", 0, "0")):
        ran = upa("check", "feeds/hr.json", "--format", "junit", "--fail-on", fail_on)
        assert (ran.code, ET.fromstring(ran.out).get("failures")) == (code, failures), fail_on


def test_an_unknown_format_is_an_error(upa: Callable[..., Ran], feeds: Path) -> None:  # noqa: ARG001 - the folder
    assert upa("check", "feeds/hr.json", "--format", "xml").code == 2


def test_two_formats_are_an_error(upa: Callable[..., Ran], feeds: Path) -> None:  # noqa: ARG001 - the folder
    ran = upa("check", "feeds/hr.json", "--format", "sarif", "--json")
    assert (ran.code, ran.out) == (2, "")
    assert "--format can't be combined with --json" in ran.err
