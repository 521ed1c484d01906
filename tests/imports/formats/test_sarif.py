"""SARIF, by its published schema and by the habits of GitHub."""

from __future__ import annotations

import json
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analyzer.catalogue.check_findings import DUPLICATE_ID, FINDING_KINDS, NOT_JSON, UNMAPPED_PROPERTY
from analyzer.imports.findings import Findings
from analyzer.imports.formats.sarif import MOST_RESULTS, sarif, uri_of
from tests.imports.formats.checked import HOSTILE, ROOT, checked, with_findings, without_findings

if TYPE_CHECKING:
    from analyzer.imports.formats.model import CheckedFile

SCHEMA = json.loads((Path(__file__).parent / "sarif-schema-2.1.0.json").read_text("utf-8"))


def run_of(*files: CheckedFile) -> dict[str, Any]:
    (run,) = json.loads(sarif(files, ROOT, "1.2.3"))["runs"]
    assert isinstance(run, dict)
    return run


def test_it_is_valid_by_the_published_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    for files in ([], [without_findings()], [with_findings(), without_findings()], [with_findings(text=HOSTILE)]):
        log = json.loads(sarif(files, ROOT, "1.2.3"))
        errors = jsonschema.Draft7Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).iter_errors(log)
        assert [error.message for error in errors] == []


def test_each_rule_has_help_and_each_result_its_rule() -> None:
    run = run_of(with_findings(), without_findings())
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(FINDING_KINDS)
    assert all(rule["help"]["text"] and rule["help"]["markdown"] and rule["shortDescription"]["text"] for rule in rules)
    for result in run["results"]:
        rule = rules[result["ruleIndex"]]
        assert (result["ruleId"], result["level"]) == (rule["id"], rule["defaultConfiguration"]["level"])


def test_a_result_has_its_place_and_a_message_with_the_remedy() -> None:
    first = run_of(with_findings())["results"][0]
    assert first["message"]["text"].startswith(
        "Record 7 (ada@contoso.com), line 3, column 9: a backslash before ada@contoso.com. Correct it"
    )
    (location,) = first["locations"]
    assert location["physicalLocation"]["region"] == {"startLine": 3, "startColumn": 9}
    assert location["logicalLocations"][0]["fullyQualifiedName"] == "value[6]"


def test_every_result_has_a_place_or_GitHub_refuses_all() -> None:  # noqa: N802
    run = run_of(with_findings(), with_findings("other.json"))
    for result in run["results"]:
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]
        assert uri["uri"] == run["artifacts"][uri["index"]]["location"]["uri"]


@pytest.mark.parametrize(
    ("path", "base", "expected"),
    [
        (PurePosixPath("/r/feeds/hr feed#1.json"), PurePosixPath("/r"), "feeds/hr%20feed%231.json"),
        (PurePosixPath("/else/hr.json"), PurePosixPath("/r"), "file:///else/hr.json"),
        (PureWindowsPath(r"C:\Repo\Feeds\hr ü.json"), PureWindowsPath(r"c:\repo"), "Feeds/hr%20%C3%BC.json"),
        (PureWindowsPath(r"D:\hr.json"), PureWindowsPath(r"C:\repo"), "file:///D:/hr.json"),
        (PureWindowsPath(r"\\server\share\hr.json"), PureWindowsPath(r"C:\repo"), "file://server/share/hr.json"),
        (PurePosixPath("/r/\udce9.json"), PurePosixPath("/r"), "%E9.json"),
    ],
)
def test_addresses_are_relative_where_they_can_be(path: PurePath, base: PurePath, expected: str) -> None:
    location = uri_of(path, base)
    assert location["uri"] == expected
    assert ("uriBaseId" in location) is not expected.startswith("file:")


def fingerprints(file: CheckedFile) -> list[str]:
    return [result["partialFingerprints"]["upaAnalyzer/v1"] for result in run_of(file)["results"]]


def test_a_result_is_recognized_in_the_next_file_at_another_place() -> None:
    def found(name: str, record: int, identity: str) -> list[str]:
        findings = Findings()
        findings.add(UNMAPPED_PROPERTY, "Floor", record=record, identity=identity, property_name="Floor")
        return fingerprints(checked(findings, name))

    same = found("hr-20240301.json", 5, "ada@contoso.com")
    assert same == found("hr-20240302.json", 9, "Ada@contoso.com")
    assert same != found("hr-20240302.json", 9, "bob@contoso.com")
    assert same != found("it-20240302.json", 9, "ada@contoso.com")


def test_results_without_a_line_of_their_own_have_the_hash_by_which_GitHub_tells_them_apart() -> None:  # noqa: N802
    findings = Findings()
    findings.add(NOT_JSON, "x", record=1, line=1, column=5)
    for record in (1, 2):
        findings.add(DUPLICATE_ID, "x", record=record, identity=str(record))
    for record in (3, 4):
        findings.add(UNMAPPED_PROPERTY, "x", record=record, identity=str(record), line=2, property_name="Floor")
    hashes = [one["partialFingerprints"].get("primaryLocationLineHash") for one in run_of(checked(findings))["results"]]
    assert hashes[0] is None
    assert len(set(hashes)) == 5


def test_so_many_results_as_GitHub_keeps_with_some_of_each_kind() -> None:  # noqa: N802
    run = run_of(with_findings(users=2 * MOST_RESULTS), with_findings("other.json"))
    assert len(run["results"]) == MOST_RESULTS
    kinds = {
        (one["ruleId"], one["locations"][0]["physicalLocation"]["artifactLocation"]["index"]) for one in run["results"]
    }
    assert len(kinds) == 8
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert "5,009 findings of 10,009 left out" in notification["message"]["text"]


def test_what_the_table_does_not_list_counts_as_left_out() -> None:
    findings = Findings(most=2)
    findings.add_records(DUPLICATE_ID, "x", range(1, 6), map(str, range(5)))
    run = run_of(checked(findings))
    assert len(run["results"]) == 2
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].startswith("3 findings of 5 left")


@settings(deadline=None)
@example("[click](https://example.com)")
@example("[record](1)")
@given(st.text(max_size=50))
def test_no_text_of_a_file_becomes_a_link_or_breaks_the_log(text: str) -> None:
    for result in run_of(with_findings(text=text.encode("utf-8", "replace").decode()))["results"]:
        assert "](" not in result["message"]["text"]
        assert not set(result["message"]["text"]) & set(map(chr, range(32)))
