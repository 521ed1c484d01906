"""The catalogue of codes: complete, honest, and in plain sentences."""

from __future__ import annotations

import pytest

from analyzer.facts import JobError
from analyzer.logs.catalogue import LOG_CODES, explain, known_names
from tests.logs.reference_parser import CODES


def test_each_code_that_was_seen_in_a_log_is_explained() -> None:
    assert sorted(LOG_CODES) == CODES


def test_each_error_of_the_service_is_explained() -> None:
    assert {error.name for error in JobError} <= set(known_names())


@pytest.mark.parametrize("name", known_names())
def test_an_explanation_says_what_why_and_what_to_do(name: str) -> None:
    found = explain(name)
    assert found.code == name
    assert found.meaning.endswith(".")
    assert not found.title.endswith(".")
    assert found.who in {"administrator", "feed owner", "vendor"}
    assert found.known_from
    if name != "NoError":
        assert found.causes
        assert found.remedies
    assert all(sentence.endswith(".") for sentence in (*found.causes, *found.remedies))


def test_a_code_is_found_regardless_of_case() -> None:
    assert explain("invalidPROPERTY") is explain("InvalidProperty")


def test_of_an_unknown_code_it_is_said_that_it_is_not_known() -> None:
    found = explain("ProfileLocked")
    assert (found.code, found.title, found.known_from) == ("ProfileLocked", "not known", "not known")
    assert "ProfileLocked" in found.meaning
    assert found.causes == ()
    assert found.remedies
