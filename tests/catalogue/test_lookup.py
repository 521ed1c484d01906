"""The catalogue: complete, honest, and in plain sentences."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from analyzer.catalogue import OURS, Pattern, explain
from analyzer.model.job import Outcome
from analyzer.model.service import JobError, LogCode, State
from tests.logs.reference_parser import CODES


def test_codes_that_begin_an_entry_without_tabs_were_seen_in_a_log() -> None:
    assert sorted(LogCode) == CODES


def test_each_error_of_the_service_is_explained() -> None:
    assert {error.name for error in JobError} <= set(OURS.names)


def test_each_state_and_each_outcome_is_explained() -> None:
    known = {name.casefold() for name in OURS.names}
    assert {
        name.casefold() for name in [*(state.name for state in State), *Outcome, "superseded", "retry", "open"]
    } <= known


@pytest.mark.parametrize(
    ("number", "name"),
    [("State 3", "Queued"), ("state 0", "unknown"), ("Error 23", "InvalidDataFile"), ("ERROR 1", "InternalError")],
)
def test_a_state_and_an_error_are_known_by_their_numbers(number: str, name: str) -> None:
    assert explain(number) is explain(name)


@pytest.mark.parametrize("number", ["Error 31", "State 7"])
def test_a_number_that_is_not_documented_has_an_explanation_that_says_so_and_what_to_do(number: str) -> None:
    found = explain(number.upper())
    assert (found.code, found.known) == (number, False)
    assert "doesn't document" in found.meaning
    assert found.remedies


JOBS = {
    "too big": (("DataFileTooBig", "aborted", False), "DataFileTooBig"),
    "not there": (("DataFileNotExist", "aborted", False), "DataFileNotExist"),
    "in another tenant": (("DataFileNotInTenant", "aborted", False), "DataFileNotInTenant"),
    "internal, no log": (("InternalError", "unknown", False), "InternalError/no-log"),
    "internal with a log": (("InternalError", "unknown", True), "InternalError"),
    "invalid, no log": (("InvalidDataFile", "aborted", False), "InvalidDataFile/no-log"),
    "invalid with a log": (("InvalidDataFile", "aborted", True), "InvalidDataFile"),
    "some failed, no log": (("ImportCompleteWithError", "partial", False), "ImportCompleteWithError/no-log"),
    "some failed": (("ImportCompleteWithError", "partial", True), "ImportCompleteWithError"),
    "a number that is not documented": (("Error 31", "unknown", False), "Error 31"),
    "stuck": (("NoError", "stuck", False), "stuck"),
    "running": (("NoError", "running", False), "running"),
    "stuck whatever its error": (("InternalError", "stuck", False), "stuck"),
    "succeeded": (("NoError", "succeeded", False), "succeeded"),
    "an end without an error that is no success": (("NoError", "unknown", False), "unknown"),
}


@pytest.mark.parametrize(("job", "name"), JOBS.values(), ids=JOBS.keys())
def test_each_job_is_explained_also_without_a_log(job: tuple[str, str, bool], name: str) -> None:
    error, outcome, has_log = job
    found = OURS.explain_job(error, outcome, has_log=has_log)
    assert found.code == name
    assert found.remedies or name == "succeeded"


@pytest.mark.parametrize("name", ["running", "stuck", "Submitted", "Processing", "Queued", "InternalError/no-log"])
def test_states_that_take_time_have_a_usual_duration(name: str) -> None:
    assert explain(name).takes.endswith(".")


@pytest.mark.parametrize("name", ["InternalError/no-log", "InvalidDataFile/no-log", "stuck", "unknown", "Error 31"])
def test_remedies_for_microsoft_name_the_text_for_support(name: str) -> None:
    assert "support request" in explain(name).remedies[-1]


def test_no_name_is_explained_twice() -> None:
    folded = [name.casefold() for name in OURS.names]
    assert sorted(set(folded)) == sorted(folded)


@pytest.mark.parametrize("name", OURS.names)
def test_an_explanation_has_meaning_causes_and_remedies(name: str) -> None:
    found = explain(name)
    assert found.code == name
    assert found.known
    assert found.meaning.endswith(".")
    assert found.title == found.title.rstrip(".")
    assert found.title[0].islower()
    assert found.who in {"administrator", "feed owner", "vendor"}
    if name not in {"NoError", "succeeded"}:
        assert found.causes
        assert found.remedies
    assert all(sentence.endswith(".") for sentence in (*found.causes, *found.remedies))


@pytest.mark.parametrize("pattern", OURS.patterns, ids=lambda pattern: pattern.explanation.code)
def test_a_pattern_belongs_to_a_code_and_states_whether_it_was_seen(pattern: Pattern) -> None:
    assert explain(pattern.code).known
    assert "seen" in pattern.explanation.known_from
    assert pattern in OURS.patterns_of(pattern.code)


def test_a_name_is_found_regardless_of_case() -> None:
    assert explain("invalidPROPERTY") is explain("InvalidProperty")
    assert explain("genericerror/DEADLOCK") is explain("GenericError/deadlock")


def test_an_unknown_code_is_explained_as_unknown() -> None:
    found = explain("ProfileLocked")
    assert (found.code, found.title, found.known_from) == ("ProfileLocked", "not known", "not known")
    assert (found.known, found.retry_helps) == (False, None)
    assert "ProfileLocked" in found.meaning
    assert found.causes == ()
    assert found.remedies
    assert OURS.patterns_of("ProfileLocked") == ()


def test_whether_trying_again_helps_has_three_answers() -> None:
    assert explain("GenericError/deadlock").retry_helps is True
    assert explain("GenericError/value-too-long").retry_helps is False
    assert explain("GenericError").retry_helps is None


@pytest.mark.parametrize(
    ("code", "message", "detail", "helps"),
    [
        ("GenericError", "SqlException: was deadlocked on lock", None, True),
        ("GenericError", "SqlException: x", "Error Number:8152,State:1", False),
        ("GenericError", "x", None, None),
        ("IdentityNotResolvable", "User identity cannot be resolved", None, True),
        ("ProfileLocked", "was deadlocked on lock", None, None),
    ],
)
def test_an_entrys_message_takes_precedence_over_its_code(
    code: str, message: str, detail: str | None, helps: bool | None
) -> None:
    assert OURS.retry_helps(code, message, detail) is helps


def test_own_explanations_replace_ours_and_own_patterns_are_tried_first() -> None:
    ours = explain("GenericError/deadlock")
    code = replace(explain("InvalidProperty"), title="ours no more")
    pattern = Pattern(replace(ours, code="GenericError/payroll"), ("victim",))
    catalogue = OURS.with_own([code], [pattern])
    assert catalogue.explain("invalidproperty") is code
    assert catalogue.pattern_of("GenericError", "chosen as the deadlock victim", None) is pattern.explanation
    assert catalogue.pattern_of("GenericError", "was deadlocked on lock", None) is ours
    assert sorted(catalogue.names) == sorted([*OURS.names, "GenericError/payroll"])
    assert explain("InvalidProperty").title != "ours no more"


def test_the_catalogue_loads_without_polars() -> None:
    script = "import sys, analyzer.catalogue; sys.exit('polars' in sys.modules or 'msgspec' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
