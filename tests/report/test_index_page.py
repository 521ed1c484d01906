"""The first page: the first sentence, the latest runs, all jobs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.model.service import JobError, State
from analyzer.report.index_page import index_page, latest_runs, lead
from analyzer.report.model import Frame, IndexPage, JobRow, LatestRun, Note, RetryButton
from analyzer.report.view import RetryLink

if TYPE_CHECKING:
    from tests.report.conftest import Lines, LittleLibrary

PARTIAL, ABORTED = JobError.ImportCompleteWithError, JobError.InvalidDataFile


def index(little: LittleLibrary, retries: dict[str, RetryLink] | None = None) -> IndexPage:
    return index_page(little.view(retries))


def test_an_empty_library_is_a_page_that_says_so(little: LittleLibrary) -> None:
    assert index(little) == IndexPage(
        frame=Frame(tenant="", zone="UTC", made="2026-11-23 04:00:00 UTC", version="1.0", as_of=""),
        lead="The library holds no jobs.",
        notes=(),
        buttons=(),
        latest=(),
        trend=None,
        charts=(),
        jobs=(),
        has_retries=False,
        feeds=(),
        outcomes=(),
        footnotes=(),
    )


def test_a_job_is_a_row_with_its_time_and_how_we_know_it(little: LittleLibrary, lines: type[Lines]) -> None:
    job_id = little.job("hr-2026-11-23", PARTIAL, lines.unresolved("a@contoso.com"), users=12480)
    assert index(little).jobs == (
        JobRow(
            short=job_id[:8],
            href=f"jobs/{job_id}.html",
            feed="hr",
            when="23 Nov 2026, 02:00",
            letter="a",
            how="from the log's name",
            state="Error",
            error="ImportCompleteWithError",
            outcome="partial",
            users="12,480",
            not_updated="1",
            marks=(),
        ),
    )
    assert index(little).footnotes == (("a", "from the log's name"),)


def test_jobs_come_newest_first_and_those_without_a_time_last(little: LittleLibrary) -> None:
    for name in ("hr-2026-11-16", "hr", "hr-2026-11-23"):
        little.job(name)
    assert [job.when for job in index(little).jobs] == ["23 Nov 2026", "16 Nov 2026", "time unknown"]


def test_a_job_no_longer_listed_by_the_tenant_is_marked(little: LittleLibrary) -> None:
    little.job("hr-2026-11-23", gone=True)
    assert index(little).jobs[0].marks == (Note("No longer listed by the tenant"),)


def test_one_running_job_is_a_page_without_numbers(little: LittleLibrary) -> None:
    little.job("hr-2026-11-23", state=State.Processing)
    page = index(little)
    assert page.lead == "No run has ended yet: 1 job is still running."
    assert (page.latest, page.buttons, page.trend) == ((), (), None)
    assert [chart.title for chart in page.charts] == ["0 of 1 run succeeded"]
    assert page.jobs[0].not_updated == "\u2013"


def test_only_retry_files_of_latest_runs_that_exist_have_a_button(little: LittleLibrary, lines: type[Lines]) -> None:
    log = lines.unresolved("a@contoso.com")
    old = little.job("hr-2026-11-16", PARTIAL, log)
    new = little.job("hr-2026-11-23", PARTIAL, log)
    without = little.job("phones-2026-11-23", PARTIAL, log)
    link = RetryLink(Path("retry/hr 1.json"), "1 user.")
    page = index(little, {old: link, new: link, without: RetryLink(None, "There is no source file.")})
    assert page.buttons == (RetryButton("../retry/hr%201.json", "Retry file of hr", "1 user."),)


def test_the_latest_run_of_each_feed_has_its_sentence(little: LittleLibrary) -> None:
    job_id = little.job("hr-2026-11-23")
    assert index(little).latest == (
        LatestRun("hr", f"jobs/{job_id}.html", "23 Nov 2026", "succeeded", "All 3 users updated."),
    )


def test_what_the_first_sentence_leaves_out_is_noted(little: LittleLibrary) -> None:
    little.job("history-2026-10-01")
    little.job("hr-2026-11-23")
    little.job("phones-2026-11-22")
    little.job("badges-2026-11-23", state=State.Queued)
    little.job("forgotten-2026-11-23", state=State.Queued, gone=True)
    assert index(little).notes == (
        "Not counted, as they have not ended: badges (running).",
        "Not counted, as these feeds no longer seem to run: history (last run 1 Oct 2026).",
    )


def test_filters_offer_what_there_is(little: LittleLibrary) -> None:
    little.job("phones-2026-11-23", JobError.InternalError)
    little.job("hr-2026-11-23")
    assert index(little).feeds == ("hr", "phones")
    assert index(little).outcomes == ("succeeded", "unknown")


def first_sentence(little: LittleLibrary) -> str:
    view = little.view()
    return lead(view, latest_runs(view.runs)[0])


def test_an_empty_library_says_so(little: LittleLibrary) -> None:
    assert first_sentence(little) == "The library holds no jobs."


def test_while_nothing_has_ended_only_the_running_jobs_are_counted(little: LittleLibrary) -> None:
    little.job("hr-2026-11-23", state=State.Queued)
    assert first_sentence(little) == "No run has ended yet: 1 job is still running."
    little.job("phones-2026-11-23", state=State.Submitted)
    assert first_sentence(little) == "No run has ended yet: 2 jobs are still running."


def test_the_first_sentence_on_one_feed_is_its_jobs(little: LittleLibrary) -> None:
    little.job("hr-2026-11-16", JobError.InternalError)
    little.job("hr-2026-11-23", users=40)
    assert first_sentence(little) == "All 40 users updated."


def test_all_feeds_well_is_one_sentence(little: LittleLibrary) -> None:
    little.job("hr-2026-11-23", users=40)
    little.job("phones-2026-11-23", users=None)
    assert first_sentence(little) == "No user is open in the latest runs of 2 feeds."


def test_feeds_that_need_attention_are_named_and_their_users_not_added_up(
    little: LittleLibrary, lines: type[Lines]
) -> None:
    little.job("hr-2026-11-23", PARTIAL, lines.unresolved("a@contoso.com", "b@contoso.com"), users=10)
    little.job("phones-2026-11-23")
    assert first_sentence(little) == "1 of 2 feeds needs attention: hr (2 users open)."
    little.job("badges-2026-11-23", ABORTED, lines.unmapped(["a@contoso.com"], "Floor"), users=30)
    assert first_sentence(little) == "2 of 3 feeds need attention: badges (30 users open) and hr (2 users open)."


def test_feeds_without_a_number_come_first_and_say_what_is_unknown(little: LittleLibrary, lines: type[Lines]) -> None:
    little.job("hr-2026-11-23", PARTIAL, lines.unresolved("a@contoso.com", ""), users=10)
    little.job("phones-2026-11-23", JobError.InternalError)
    little.job("badges-2026-11-23", JobError.DataFileNotInTenant, users=None)
    assert first_sentence(little) == (
        "3 of 3 feeds need attention: badges (no user was updated), phones (open users unknown)"
        " and hr (at least 1 user open)."
    )


def test_the_worst_of_many_feeds_are_named(little: LittleLibrary) -> None:
    for number, feed in enumerate("abcdef", 1):
        little.job(f"{feed}-2026-11-23", ABORTED, users=number)
    assert first_sentence(little) == (
        "6 of 6 feeds need attention: f (6 users open), e (5 users open), d (4 users open), c (3 users open)"
        " and 2 more."
    )


def test_a_running_job_does_not_hide_the_previous_run(little: LittleLibrary) -> None:
    ended = little.job("hr-2026-11-16")
    little.job("hr-2026-11-23", state=State.Processing)
    assert [run.job_id for run in latest_runs(little.view().runs)[0]] == [ended]


def test_a_feed_that_ran_once_long_ago_has_ceased(little: LittleLibrary) -> None:
    little.job("history-2026-10-31")
    little.job("hr-2026-11-23")
    latest, ceased = latest_runs(little.view().runs)
    assert [run.feed for run in latest] == ["hr"]
    assert [run.feed for run in ceased] == ["history"]


def test_a_feed_that_runs_every_month_has_not_ceased_after_five_weeks(little: LittleLibrary) -> None:
    for day in ("2026-08-17", "2026-09-17", "2026-10-17"):
        little.job(f"monthly-{day}")
    little.job("hr-2026-11-23")
    assert [run.feed for run in latest_runs(little.view().runs)[0]] == ["hr", "monthly"]


def test_a_run_with_a_time_comes_before_one_without(little: LittleLibrary) -> None:
    little.job("hr")
    timed = little.job("hr-2026-11-23")
    assert [run.job_id for run in latest_runs(little.view().runs)[0]] == [timed]
