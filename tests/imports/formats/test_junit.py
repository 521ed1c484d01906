"""JUnit XML, by the schema of Jenkins's xUnit plugin and by what GitLab and Azure read."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.catalogue.check_findings import FINDING_KINDS, UNMAPPED_PROPERTY
from analyzer.catalogue.finding_kind import Severity
from analyzer.imports.formats.junit import MOST_LISTED, junit
from tests.imports.formats.checked import HOSTILE, with_findings, without_findings


def test_it_is_valid_by_the_schema_of_jenkins() -> None:
    xmlschema = pytest.importorskip("xmlschema")
    schema = xmlschema.XMLSchema(Path(__file__).parent / "junit-10.xsd")
    for files in ([], [without_findings()], [with_findings(), with_findings("other.json", text=HOSTILE)]):
        assert [error.reason for error in schema.iter_errors(ET.fromstring(junit(files)))] == []


def test_a_file_is_a_suite_and_a_kind_of_finding_a_test() -> None:
    root = ET.fromstring(junit([with_findings(), without_findings()]))
    assert {name: root.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": str(2 * len(FINDING_KINDS)),
        "failures": "4",
        "errors": "0",
    }
    first, second = root
    assert (first.get("name"), first.get("failures")) == ("hr-feed.json", "4")
    assert (second.get("name"), second.get("failures")) == ("good.json", "0")
    assert [test.get("name", "").partition(":")[0] for test in first.iter("testcase")] == list(FINDING_KINDS)


def test_the_names_of_tests_are_unique_for_gitlab() -> None:
    root = ET.fromstring(junit([with_findings(), with_findings("other.json")]))
    names = [(test.get("classname"), test.get("name")) for test in root.iter("testcase")]
    assert len({name for _, name in names}) == len(names)
    assert {name for name, _ in names} == {"check.hr-feed_json", "check.other_json"}


def test_a_failure_says_what_is_wrong_where_and_what_to_do() -> None:
    root = ET.fromstring(junit([with_findings(text="Floor")]))
    (failure,) = [
        test.find("failure")
        for test in root.iter("testcase")
        if test.get("name", "").startswith(UNMAPPED_PROPERTY.name)
    ]
    assert failure is not None
    assert failure.get("type") == "InvalidProperty"
    assert failure.get("message") == "3 records have a property that the map lacks (Floor)"
    assert (failure.text or "").splitlines()[:3] == [
        "3 records have a property that the map lacks (Floor): aborts the import (sure).",
        "Add the property to the map, or take it out of the feed.",
        "Record 1 (u1@contoso.com): Floor isn't in the map",
    ]


def test_a_failure_lists_only_the_first() -> None:
    root = ET.fromstring(junit([with_findings(users=MOST_LISTED + 900)]))
    texts = [failure.text or "" for failure in root.iter("failure")]
    assert any(text.splitlines()[-1] == "900 more" for text in texts)


def test_only_some_severities_fail_a_test() -> None:
    root = ET.fromstring(junit([with_findings()], failing={Severity.fails}))
    assert root.get("failures") == "1"
    assert len([test for test in root.iter("testcase") if test.find("system-out") is not None]) == 3


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_any_text_of_a_file_is_xml(text: str) -> None:
    (suite,) = ET.fromstring(junit([with_findings(text=text)]))
    assert suite.get("failures") == "4"
