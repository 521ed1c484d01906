"""What happened to the users of a job, and what became of them since."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.model.job import not_updated_text
from analyzer.model.service import JobError, State
from analyzer.report.feed_trends import points_by_feed
from analyzer.report.index_page import index_page
from analyzer.report.job_page import job_page
from analyzer.report.model import Note
from analyzer.report.sentences import feed_sentence, history_of, job_sentence, marks_of
from analyzer.report.view import RetryLink

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


def test_a_job_that_succeeded_without_a_source_file_updated_all_users(little: LittleLibrary) -> None:
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


def test_a_running_job_has_the_time_of_the_last_observation(little: LittleLibrary) -> None:
    job_id = little.job("hr-2026-11-23", state=State.Processing)
    assert sentence(little, job_id) == "The job is still running (Processing), as of when the job list was saved."
    little.own("pull", {"pulled_at": "2026-11-23T03:40:00Z"})
    view, run = little.run(job_id)
    assert job_sentence(view, run) == "The job is still running (Processing), as of 23 Nov 2026, 03:40."
    assert cell(run) == "-"


def test_a_job_overtaken_by_a_later_run_of_its_feed_is_stuck(little: LittleLibrary) -> None:
    job_id = little.job("hr-2026-11-16", state=State.Processing)
    little.job("hr-2026-11-23")
    assert sentence(little, job_id).startswith("The job is stuck in Processing, as of ")


RETRIED = "2026-11-28T14:05:00+00:00"


def two_failed(little: LittleLibrary, lines: type[Lines]) -> str:
    """A run in which two of nine users failed."""
    return little.job("hr-2026-11-23", PARTIAL, lines.unresolved("user0@contoso.com", "user1@contoso.com"), users=9)


def test_a_run_whose_users_a_retry_updated_has_no_user_open(little: LittleLibrary, lines: type[Lines]) -> None:
    run_id = two_failed(little, lines)
    retry_id = little.retry(run_id, seen=RETRIED, users=2)
    view, run = little.run(run_id)
    assert feed_sentence(view, run) == (
        "0 of 9 users open (2 not updated, all updated by a retry that ran by 28 Nov 2026, 14:05)."
    )
    assert tuple(history_of(view, run)) == (
        Note("Retried by 28 Nov 2026, 14:05: 2 of 2 updated.", f"jobs/{retry_id}.html"),
        Note("0 still open."),
    )
    assert tuple(marks_of(view, run)) == (Note("Retried, 0 still open"),)


def test_a_retry_that_fails_for_some_leaves_them_open(little: LittleLibrary, lines: type[Lines]) -> None:
    run_id = two_failed(little, lines)
    little.retry(run_id, PARTIAL, lines.unresolved("user1@contoso.com"), seen=RETRIED, users=2)
    view, run = little.run(run_id)
    assert feed_sentence(view, run) == (
        "1 of 9 users open (2 not updated, 1 updated by a retry that ran by 28 Nov 2026, 14:05)."
    )
    assert [note.text for note in history_of(view, run)][1] == "1 still open."


def test_a_retry_that_updates_no_user_leaves_the_runs_own_sentence(little: LittleLibrary, lines: type[Lines]) -> None:
    run_id = two_failed(little, lines)
    log = lines.unresolved("user0@contoso.com", "user1@contoso.com")
    little.retry(run_id, PARTIAL, log, seen=RETRIED, users=2)
    assert feed_sentence(*little.run(run_id)) == (
        "2 of 9 users not updated; all because the user is not known to SharePoint. "
        "Retried by 28 Nov 2026, 14:05: 0 of 2 updated. 2 still open."
    )


def test_a_retry_is_not_a_run_of_the_feed(little: LittleLibrary, lines: type[Lines]) -> None:
    run_id = two_failed(little, lines)
    without = little.view()
    before = [one.job_id for one in points_by_feed(without)["hr"]]
    retry_id = little.retry(run_id, PARTIAL, lines.unresolved("user1@contoso.com"), seen=RETRIED, users=2)
    view = little.view()
    page = index_page(view)
    assert [(one.href, one.open, one.failed) for one in page.feeds] == [(f"jobs/{run_id}.html", "1", "2 of 9")]
    assert page.feeds[0].notes == (feed_sentence(view, view.by_id[run_id]),)
    assert [one.job_id for one in points_by_feed(view)["hr"]] == before
    rows = {row.short: row for row in page.jobs}
    assert {short: row.kind for short, row in rows.items()} == {run_id[:8]: "run", retry_id[:8]: "retry"}
    assert rows[retry_id[:8]].marks == (Note(f"Retry of {run_id[:8]}", f"jobs/{run_id}.html"),)
    people = job_page(*little.run(retry_id)).people
    assert [person.status for person in people] == ["\u2013"]


def test_a_retrys_page_leads_to_its_run(little: LittleLibrary, lines: type[Lines]) -> None:
    run_id = two_failed(little, lines)
    view, retry = little.run(little.retry(run_id, seen=RETRIED, users=2))
    assert tuple(history_of(view, retry)) == (
        Note(f"This job imports a retry file of the job {run_id[:8]} (hr, 23 Nov 2026, 02:00).", f"jobs/{run_id}.html"),
    )


def test_a_retry_of_a_run_that_the_library_lacks_has_no_link(little: LittleLibrary) -> None:
    run_id = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
    view, retry = little.run(little.retry(run_id, seen=RETRIED, users=2))
    assert tuple(marks_of(view, retry)) == (Note("Retry of 5f05e38c"),)
    assert index_page(view).lead == "No feed is active: there are only retries, or feeds that no longer run"


def test_the_retry_file_of_a_retry_that_failed_has_a_button(little: LittleLibrary, lines: type[Lines]) -> None:
    run_id = two_failed(little, lines)
    retry_id = little.retry(run_id, PARTIAL, lines.unresolved("user1@contoso.com"), seen=RETRIED, users=2)
    links = {run_id: RetryLink(Path("run.json"), "2 users.", 2), retry_id: RetryLink(Path("r.json"), "1 user.", 1)}
    (action,) = index_page(little.view(links)).actions
    button = action.button
    assert button
    assert (button.href, button.label, button.primary) == ("../r.json", "Retry file of hr (1 user)", True)


def test_a_superseded_job_links_the_next_run_and_offers_no_retry_file(
    little: LittleLibrary, lines: type[Lines]
) -> None:
    early = little.job("hr-2026-11-16", PARTIAL, lines.unresolved("user0@contoso.com"), users=9)
    late = two_failed(little, lines)
    view, run = little.run(early, RetryLink(Path("r.json"), "1 user."))
    page = job_page(view, run)
    assert page.history == (Note("Superseded by the next run (23 Nov 2026, 02:00).", f"jobs/{late}.html"),)
    assert page.following == Note("23 Nov 2026", f"jobs/{late}.html")
    assert page.next is not None
    assert (page.next.button, page.next.command, page.next.powershell) == (None, None, None)
    assert page.row.marks == (Note("Superseded"),)
    assert [(one.text, one.command) for one in page.next.steps] == [
        ("Look at the newest run of the feed instead.", "upa-analyzer show --feed hr")
    ]
    assert [one.button for one in index_page(view).actions] == [None]


def test_a_job_that_needs_no_retry_file_does_not_say_why_there_is_none(
    little: LittleLibrary, lines: type[Lines]
) -> None:
    run_id = two_failed(little, lines)
    little.retry(run_id, seen=RETRIED, users=2)
    page = job_page(*little.run(run_id, RetryLink(None, "Every user has been updated.")))
    assert page.next is not None
    assert page.next.button is None
    assert [one.text for one in page.next.steps] == ["Nothing is left to do."]


def test_the_file_of_a_run_that_was_retried_already_says_so(little: LittleLibrary, lines: type[Lines]) -> None:
    """While the retry runs, its users still count as not updated, and the file is there."""
    run_id = two_failed(little, lines)
    little.job(f"hr-{run_id}-retry", state=State.Processing, users=2)
    (action,) = index_page(little.view({run_id: RetryLink(Path("r.json"), "2 users.", 2)})).actions
    button = action.button
    assert button
    assert (button.label, button.primary) == ("Retry file of hr (2 users) \u2013 already retried", False)
