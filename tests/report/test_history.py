"""What pages say of retries, of users who are still open, and of runs that a later one superseded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.model.service import JobError, State
from analyzer.report.history import feed_sentence, history_of, marks_of
from analyzer.report.latest import latest_runs, lead
from analyzer.report.links import RetryLink
from analyzer.report.pages import Place, index_page, job_page
from analyzer.report.rows import Note
from analyzer.report.trend import codes_chart, outcomes_chart, runs_chart

if TYPE_CHECKING:
    from tests.report.conftest import Lines, LittleLibrary

PARTIAL, ABORTED = JobError.ImportCompleteWithError, JobError.InvalidDataFile
RETRIED = "2026-11-28T14:05:00+00:00"
OUT = Path("report")


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
    assert history_of(view, run) == (
        Note("Retried by 28 Nov 2026, 14:05: 2 of 2 updated.", f"jobs/{retry_id}.html"),
        Note("0 still open."),
    )
    assert marks_of(view, run) == (Note("Retried, 0 still open"),)


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


def test_a_retry_is_no_run_of_the_feed(little: LittleLibrary, lines: type[Lines]) -> None:
    run_id = two_failed(little, lines)
    without = little.view()
    before = [chart(without) for chart in (runs_chart, outcomes_chart, codes_chart)]
    retry_id = little.retry(run_id, PARTIAL, lines.unresolved("user1@contoso.com"), seen=RETRIED, users=2)
    view = little.view()
    latest, _ = latest_runs(view.runs)
    assert [run.job_id for run in latest] == [run_id]
    assert lead(view, latest).startswith("1 of 9 users open (")
    assert [chart(view) for chart in (runs_chart, outcomes_chart, codes_chart)] == before
    rows = {row.short: row for row in index_page(view, Place(OUT, {})).jobs}
    assert {short: row.kind for short, row in rows.items()} == {run_id[:8]: "run", retry_id[:8]: "retry"}
    assert rows[retry_id[:8]].marks == (Note(f"Retry of {run_id[:8]}", f"jobs/{run_id}.html"),)
    people = job_page(*little.run(retry_id), Place(OUT, {})).people
    assert [person.status for person in people] == ["\u2013"]


def test_a_retrys_page_leads_to_its_run(little: LittleLibrary, lines: type[Lines]) -> None:
    run_id = two_failed(little, lines)
    view, retry = little.run(little.retry(run_id, seen=RETRIED, users=2))
    assert history_of(view, retry) == (
        Note(f"This job imports a retry file of the job {run_id[:8]} (hr, 23 Nov 2026, 02:00).", f"jobs/{run_id}.html"),
    )


def test_a_retry_of_a_run_that_the_library_lacks_has_no_link(little: LittleLibrary) -> None:
    run_id = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
    view, retry = little.run(little.retry(run_id, seen=RETRIED, users=2))
    assert marks_of(view, retry) == (Note("Retry of 5f05e38c"),)
    assert lead(view, latest_runs(view.runs)[0]) == "There are retries only, and no run of a feed."


def test_the_retry_file_of_a_retry_that_failed_has_a_button(little: LittleLibrary, lines: type[Lines]) -> None:
    run_id = two_failed(little, lines)
    retry_id = little.retry(run_id, PARTIAL, lines.unresolved("user1@contoso.com"), seen=RETRIED, users=2)
    links = {run_id: RetryLink(Path("run.json"), "2 users.", 2), retry_id: RetryLink(Path("r.json"), "1 user.", 1)}
    (button,) = index_page(little.view(), Place(OUT, links)).buttons
    assert (button.href, button.label, button.primary) == ("../r.json", "Retry file of hr (1 user)", True)


def test_a_superseded_job_names_the_later_run_and_offers_no_retry_file(
    little: LittleLibrary, lines: type[Lines]
) -> None:
    early = little.job("hr-2026-11-16", PARTIAL, lines.unresolved("user0@contoso.com"), users=9)
    late = two_failed(little, lines)
    view, run = little.run(early)
    link = RetryLink(Path("r.json"), "1 user.")
    page = job_page(view, run, Place(OUT, {early: link}))
    assert page.history == (
        Note(
            f"Superseded: a later full run of the feed has ended ({late[:8]}, 23 Nov 2026, 02:00).",
            f"jobs/{late}.html",
        ),
    )
    assert (page.retry, page.queue) == (None, None)
    assert page.row.marks == (Note(f"Superseded by {late[:8]}", f"jobs/{late}.html"),)
    assert [(one.text, one.command) for one in page.to_do] == [
        ("Look at the newest run of the feed instead.", f"upa-analyzer show {late[:8]}")
    ]
    assert index_page(view, Place(OUT, {early: link})).buttons == ()


def test_a_job_that_needs_no_retry_file_does_not_say_why_there_is_none(
    little: LittleLibrary, lines: type[Lines]
) -> None:
    run_id = two_failed(little, lines)
    little.retry(run_id, seen=RETRIED, users=2)
    page = job_page(*little.run(run_id), Place(OUT, {run_id: RetryLink(None, "Every user has been updated.")}))
    assert page.retry is None
    assert [one.text for one in page.to_do] == ["Nothing is left to do."]


def test_the_file_of_a_run_that_was_retried_already_says_so(little: LittleLibrary, lines: type[Lines]) -> None:
    """While the retry runs, its users still count as not updated, and the file is there."""
    run_id = two_failed(little, lines)
    little.job(f"hr-{run_id}-retry", state=State.Processing, users=2)
    (button,) = index_page(little.view(), Place(OUT, {run_id: RetryLink(Path("r.json"), "2 users.", 2)})).buttons
    assert (button.label, button.primary) == ("Retry file of hr (2 users) \u2013 already retried", False)
