"""What the service promises: names of numbers, names of files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analyzer.model.service import (
    ABORTING,
    ENDED,
    GUID,
    LOG_FILE_NAME,
    LOG_FOLDER_NAME,
    IdType,
    JobError,
    State,
    error_name,
    log_folder_name,
    state_name,
)

JOB = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"


def test_numbers_and_names_are_the_services() -> None:
    states = ["Unknown", "Submitted", "Processing", "Queued", "Succeeded", "Error"]
    assert [state_name(number) for number in range(6)] == states
    assert {error.value: error.name for error in JobError} == {
        0: "NoError",
        1: "InternalError",
        20: "DataFileNotExist",
        21: "DataFileNotInTenant",
        22: "DataFileTooBig",
        23: "InvalidDataFile",
        30: "ImportCompleteWithError",
    }
    assert [kind.name for kind in IdType] == ["Email", "CloudId", "PrincipalName"]
    assert {State.Succeeded, State.Error} == ENDED
    assert {error.value for error in ABORTING} == {20, 21, 22, 23}


@pytest.mark.parametrize("number", [-1, 6, 7, 31, 2**31])
def test_an_unknown_number_stays_a_number(number: int) -> None:
    assert state_name(number) == f"State {number}"
    assert error_name(number) == f"Error {number}"


@pytest.mark.parametrize("text", ["", JOB[:-1], f"{JOB}0", JOB.replace("-", ""), JOB.replace("5", "g")])
def test_what_is_no_guid_is_recognized(text: str) -> None:
    assert GUID.fullmatch(JOB)
    assert GUID.fullmatch(JOB.upper())
    assert not GUID.fullmatch(text)


def test_a_log_files_name_tells_job_and_time() -> None:
    found = LOG_FILE_NAME.match(f"ImportProfileProperties-{JOB}-20151130-174205-993.log")
    assert found is not None
    assert found.groupdict() == {"job_id": JOB, "date": "20151130", "time": "174205", "milliseconds": "993"}
    without_time = LOG_FILE_NAME.match(f"importprofileproperties-{JOB}-2015.log")
    assert without_time is not None
    assert without_time["date"] is None
    assert LOG_FILE_NAME.match(f"Copy of ImportProfileProperties-{JOB}.log") is None


@pytest.mark.parametrize(
    ("source", "folder"),
    [
        ("sample.json", f"sample-{JOB}-Logs"),
        ("sample.txt", f"sample-{JOB}-Logs"),
        ("sample", f"sample-{JOB}-Logs"),
        ("hr.feed.json", f"hr.feed-{JOB}-Logs"),
    ],
)
def test_a_log_folder_is_named_after_source_and_job(source: str, folder: str) -> None:
    assert log_folder_name(source, JOB) == folder
    found = LOG_FOLDER_NAME.fullmatch(folder.upper())
    assert found is not None
    assert found["job_id"] == JOB.upper()


_ROOT = Path(__file__).parents[2]
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
_ROWS = [
    [cell.strip() for cell in line.replace(r"\|", "¦").strip("|").split("|")]
    for line in (_ROOT / "docs/reference/facts.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| fact ", "| --- "))
]


def test_each_fact_is_seen_or_has_a_test_that_shows_what_happens_if_it_is_wrong() -> None:
    assert len(_ROWS) > 50
    for row in _ROWS:
        _, known, otherwise, shown = row
        assert known.startswith(("seen: ", "inferred", "unknown")), row
        if "inferred" in known or "unknown" in known:
            assert _TEST.search(shown), f"no test shows what happens if it is wrong: {row[0]}"
            assert any(letter.isalpha() for letter in otherwise), f"missing what happens if it is wrong: {row[0]}"


def test_each_test_that_the_facts_name_exists() -> None:
    named = {found.groups() for row in _ROWS for found in _TEST.finditer(row[3])}
    assert len(named) > 25
    missing = [f"{file}::{test}" for file, test in named if f"def {test}(" not in (_ROOT / file).read_text("utf-8")]
    assert missing == []
