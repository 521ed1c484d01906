"""One sentence a job: how many users were not updated, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.model.outcome import not_updated_text
from analyzer.model.service import JobError, State
from analyzer.report.sentences import job_sentence

if TYPE_CHECKING:
    from analyzer.report.view import Run
    from tests.report.conftest import Lines, LittleLibrary

PARTIAL, ABORTED = JobError.ImportCompleteWithError, JobError.InvalidDataFile


def cell(run: Run) -> str:
    return not_updated_text(run.outcome, run.not_updated, run.named_users, dash="-")


def sentence(little: LittleLibrary, job_id: str) -> str:
    return job_sentence(*little.run(job_id))


def test_a_job_that_succeeded_updated_all_users(little: LittleLibrary) -> None:
    assert sentence(little, little.job("hr-2026-11-23", users=1234)) == "All 1,234 users updated."


def test_a_job_that_succeeded_without_a_source_file_updated_everybody(little: LittleLibrary) -> None:
    assert sentence(little, little.job("hr-2026-11-23", users=None)) == "All users updated."


def test_a_job_that_succeeded_and_yet_has_a_log_says_so(little: LittleLibrary, lines: type[Lines]) -> None:
    job_id = little.job("hr-2026-11-23", log=lines.unresolved("ada@contoso.com"))
    assert sentence(little, job_id) == "All 3 users updated, but the log names 1 user."


def test_a_partial_job_counts_its_users_and_says_why(little: LittleLibrary, lines: type[Lines]) -> None:
    job_id = little.job("hr-2026-11-23", PARTIAL, lines.unresolved("a@contoso.com", "b@contoso.com"), users=12480)
    assert sentence(little, job_id) == (
        "2 of 12,480 users not updated; all because the user is not known to SharePoint."
    )


def test_a_partial_job_says_how_many_are_new_since_the_run_before(little: LittleLibrary, lines: type[Lines]) -> None:
    little.job("hr-2026-11-16", PARTIAL, lines.unresolved("a@contoso.com"))
    log = lines.unresolved("A@contoso.com", "b@contoso.com", "c@contoso.com") + "Odd\tc@contoso.com\twhat?\r\n"
    job_id = little.job("hr-2026-11-23", PARTIAL, log, users=9)
    assert sentence(little, job_id) == (
        "3 of 9 users not updated, 2 new; most because the user is not known to SharePoint."
    )


def test_entries_without_a_user_make_the_number_a_least(little: LittleLibrary, lines: type[Lines]) -> None:
    log = lines.unresolved("a@contoso.com", "b@contoso.com", "")
    view, run = little.run(little.job("hr-2026-11-23", PARTIAL, log, users=9))
    assert job_sentence(view, run) == "At least 2 of 9 users not updated; 1 entry doesn't identify a user."
    assert cell(run) == "at least 2"


def test_entries_that_records_without_an_id_explain_say_so(little: LittleLibrary, lines: type[Lines]) -> None:
    job_id = little.job("hr-2026-11-23", PARTIAL, lines.unresolved("user1@contoso.com", ""), users=9)
    records = [{"IdName": f"user{number}@contoso.com", "City": "Kiel"} for number in range(8)]
    little.source("hr-2026-11-23", [*records, {"IdName": "", "City": "Kiel"}])
    assert sentence(little, job_id) == "2 of 9 users not updated; 1 record has no ID."


def test_a_partial_job_whose_log_names_no_user_at_all_has_no_number(little: LittleLibrary, lines: type[Lines]) -> None:
    job_id = little.job("hr-2026-11-23", PARTIAL, lines.unresolved("", ""))
    assert sentence(little, job_id) == ("Some users not updated; who is unknown: 2 entries don't identify a user.")


def test_a_partial_job_without_a_log_has_no_number(little: LittleLibrary) -> None:
    view, run = little.run(little.job("hr-2026-11-23", PARTIAL))
    assert job_sentence(view, run) == "Some users not updated; who is unknown: there is no log."
    assert cell(run) == "unknown"


def test_an_aborted_job_updated_no_user_whatever_its_log_names(little: LittleLibrary, lines: type[Lines]) -> None:
    log = lines.unmapped(["a@contoso.com", "b@contoso.com", "c@contoso.com"], "Floor")
    assert sentence(little, little.job("badges-2026-11-23", ABORTED, log, users=12480)) == (
        "The import was aborted, none of 12,480 users updated: the property Floor is not mapped. The log names 3 users."
    )


def test_an_aborted_job_with_a_log_that_names_no_user_gives_the_reason(little: LittleLibrary) -> None:
    log = "DataFileNotJson\t\tBad JSON escape sequence: \\V. Path 'value[2].City', line 1, position 9.\r\n"
    assert sentence(little, little.job("hr-2026-11-23", ABORTED, log, users=9)) == (
        "The import was aborted, none of 9 users updated: a backslash in the source file is not doubled."
    )


def test_an_aborted_job_without_a_source_file_has_no_number(little: LittleLibrary) -> None:
    view, run = little.run(little.job("hr-2026-11-23", JobError.DataFileNotExist, users=None))
    assert job_sentence(view, run) == (
        "The import was aborted, no user updated: the source file was not there (DataFileNotExist)."
    )
    assert cell(run) == "all"


@pytest.mark.parametrize(
    ("error", "state", "because"),
    [
        (JobError.InternalError, State.Error, "(InternalError): the service failed"),
        (7, State.Error, "(Error 7): the service reports an unknown error"),
        (0, State.Error, "(Error): the service reports that the job failed, but no error"),
        (0, 9, "(State 9): the service reports the state State 9"),
    ],
)
def test_an_unknown_outcome_says_why(little: LittleLibrary, error: int, state: int, because: str) -> None:
    view, run = little.run(little.job("hr-2026-11-23", error, state=state))
    assert job_sentence(view, run) == f"Who was updated is unknown {because}."
    assert cell(run) == "unknown"


def test_a_job_at_work_says_when_that_was_seen(little: LittleLibrary) -> None:
    job_id = little.job("hr-2026-11-23", state=State.Processing)
    assert sentence(little, job_id) == "The job is still running (Processing), as of when the job list was saved."
    little.own("pull", {"pulled_at": "2026-11-23T03:40:00Z"})
    view, run = little.run(job_id)
    assert job_sentence(view, run) == "The job is still running (Processing), as of 23 Nov 2026, 03:40."
    assert cell(run) == "-"


def test_a_job_that_its_feed_overtook_seems_stuck(little: LittleLibrary) -> None:
    job_id = little.job("hr-2026-11-16", state=State.Processing)
    little.job("hr-2026-11-23")
    assert sentence(little, job_id).startswith("The job is stuck in Processing, as of ")
