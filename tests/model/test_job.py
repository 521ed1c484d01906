"""An import job as the service lists it."""

from __future__ import annotations

import pytest

from analyzer.errors import InputError
from analyzer.model.job import Job, NotUpdatedCount, Outcome, find_job, not_updated_text

ANSWER: dict[str, object] = {
    "JobId": "5F05E38C-BD0E-49EC-8C9C-C4CFE370248C",
    "State": 5,
    "Error": 30,
    "ErrorMessage": "some failed",
    "SourceUri": "https://contoso.sharepoint.com/sites/hr/Shared%20Documents/hr-feed.json",
    "LogFolderUri": "https://contoso.sharepoint.com/sites/hr/Shared Documents/hr-feed-x-Logs",
    "NewField": [1],
}


def test_a_job_is_read_with_all_that_the_service_says() -> None:
    job = Job.from_answer(ANSWER)
    assert job.job_id == "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
    assert (job.state_name, job.error_name, job.error_message) == ("Error", "ImportCompleteWithError", "some failed")
    assert (job.source_uri, job.log_folder_uri) == (ANSWER["SourceUri"], ANSWER["LogFolderUri"])
    assert job.source_name == "hr-feed.json"
    assert (job.gone, job.ended, job.succeeded) == (False, True, False)
    assert job.answer == ANSWER


@pytest.mark.parametrize("empty", [{}, {"ErrorMessage": None, "SourceUri": None, "LogFolderUri": None, "Gone": None}])
def test_what_the_service_leaves_out_is_empty(empty: dict[str, object]) -> None:
    job = Job.from_answer({"JobId": "a", "State": 4, "Error": 0} | empty)
    assert (job.error_message, job.source_uri, job.log_folder_uri, job.source_name) == ("", "", "", "")
    assert (job.gone, job.succeeded) == (False, True)


def test_unknown_numbers_are_shown_as_numbers() -> None:
    job = Job.from_answer({"JobId": "{A}", "State": 7, "Error": "99"})
    assert (job.job_id, job.state, job.error, job.state_name, job.error_name) == ("a", 7, 99, "State 7", "Error 99")
    assert not job.ended


def test_an_enumeration_may_be_spelled_by_its_names() -> None:
    job = Job.from_answer({"JobId": "a", "State": "Error", "Error": "DataFileTooBig"})
    assert (job.state, job.error) == (5, 22)


@pytest.mark.parametrize(
    ("state", "error", "ended", "succeeded"), [(3, 0, False, False), (4, 0, True, True), (4, 30, True, False)]
)
def test_only_a_job_without_error_succeeded(state: int, error: int, ended: bool, succeeded: bool) -> None:
    job = Job.from_answer({"JobId": "a", "State": state, "Error": error})
    assert (job.ended, job.succeeded) == (ended, succeeded)


BAD = {
    "no id": {"State": 4},
    "an empty id": {"JobId": ""},
    "an id that is no text": {"JobId": 7},
    "a state of words": {"JobId": "a", "State": "Done"},
    "a state by the name of an error": {"JobId": "a", "State": "NoError"},
    "a state that is true": {"JobId": "a", "State": True},
    "an error that is null": {"JobId": "a", "Error": None},
}


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD.keys())
def test_what_is_no_job_is_refused(answer: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"has no JobId|isn't a number in the job a"):
        Job.from_answer(answer)


def test_a_job_marked_gone_keeps_what_the_service_said() -> None:
    gone = Job.from_answer(ANSWER).marked_gone()
    assert gone.gone
    assert gone.answer == {**ANSWER, "Gone": True}
    assert Job.from_answer(gone.answer) == gone


def test_half_a_surrogate_pair_in_a_text_becomes_a_question_mark() -> None:
    assert Job.from_answer({"JobId": "a", "ErrorMessage": "x\ud800"}).error_message == "x?"


_JOBS = [Job(job_id, 4, 0) for job_id in ("5f05e38c-bd0e", "5f05e38c-ffff", "a81b2f90-0000", "a81b2f90-0000-1")]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("5f05e38c-b", "5f05e38c-bd0e"),
        (" {5F05E38C-FFFF} ", "5f05e38c-ffff"),
        ("a81b2f90-0000", "a81b2f90-0000"),
    ],
)
def test_a_job_is_found_by_as_much_of_its_id_as_is_its_alone(wanted: str, found: str) -> None:
    assert find_job(_JOBS, wanted).job_id == found


def test_ambiguous_id_lists_the_jobs() -> None:
    with pytest.raises(InputError) as error:
        find_job(_JOBS, "5f05e38c")
    assert "2 jobs have IDs that begin with" in error.value.what
    assert "5f05e38c-bd0e, 5f05e38c-ffff" in error.value.advice


def test_unknown_id_suggests_the_nearest() -> None:
    with pytest.raises(InputError) as error:
        find_job(_JOBS, "a81c2f90", holder="the tenant")
    assert error.value.what == "the tenant has no job 'a81c2f90'"
    assert "a81b2f90" in error.value.advice


@pytest.mark.parametrize("wanted", ["zzzzzzzz", "", "{}", "84f78c59", "84f78c59-1fd4-4db7-9a26-35e6a4d0b201"])
def test_unknown_id_without_a_similar_one_suggests_the_list(wanted: str) -> None:
    with pytest.raises(InputError, match="has no job") as error:
        find_job(_JOBS, wanted)
    assert "upa-analyzer jobs" in error.value.advice


@pytest.mark.parametrize(
    ("number", "total", "words"),
    [
        (NotUpdatedCount(1, exact=True), 3, "1 of 3 users"),
        (NotUpdatedCount(2, exact=False), None, "at least 2 users"),
        (NotUpdatedCount(1, exact=True), None, "1 user"),
        (NotUpdatedCount(3, exact=True), 3, "3 of 3 users"),
        (NotUpdatedCount(6, exact=False), 1, "at least 6 users"),
        (NotUpdatedCount(None, exact=False), 9, "an unknown number of users"),
    ],
)
def test_a_number_is_of_all_users_unless_these_are_fewer(
    number: NotUpdatedCount, total: int | None, words: str
) -> None:
    assert number.users(total) == words


@pytest.mark.parametrize(
    ("outcome", "not_updated", "named", "words"),
    [
        (Outcome.partial, 1200, 1200, "1,200"),
        (Outcome.partial, None, 12, "at least 12"),
        (Outcome.partial, None, 0, "unknown"),
        (Outcome.aborted, None, 3, "all"),
        (Outcome.unknown, None, 3, "unknown"),
        (Outcome.running, None, 0, "-"),
    ],
)
def test_a_cell_has_the_number_or_says_why_there_is_none(
    outcome: Outcome, not_updated: int | None, named: int, words: str
) -> None:
    assert not_updated_text(outcome, not_updated, named, dash="-") == words
