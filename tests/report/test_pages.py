"""Tables to the rows of whole pages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.history.job_facts import looks_by_job
from analyzer.library.mirror import Library
from analyzer.model.service import JobError, State
from analyzer.report.links import RetryLink
from analyzer.report.pages import Place, index_page, job_page
from analyzer.report.rows import Entries, Frame, IndexPage, JobRow, LatestRun, Note, RetryButton

if TYPE_CHECKING:
    from tests.report.conftest import Lines, LittleLibrary

PARTIAL = JobError.ImportCompleteWithError
OUT = Path("report")


def index(little: LittleLibrary, retries: dict[str, RetryLink] | None = None) -> IndexPage:
    return index_page(little.view(), Place(OUT, retries or {}))


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


def test_a_job_that_the_tenant_forgot_is_marked(little: LittleLibrary) -> None:
    little.job("hr-2026-11-23", gone=True)
    assert index(little).jobs[0].marks == (Note("no longer listed by the tenant"),)


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
        "Not counted, as these feeds seem to run no more: history (last run 1 Oct 2026).",
    )


def test_filters_offer_what_there_is(little: LittleLibrary) -> None:
    little.job("phones-2026-11-23", JobError.InternalError)
    little.job("hr-2026-11-23")
    assert index(little).feeds == ("hr", "phones")
    assert index(little).outcomes == ("succeeded", "unknown")


def test_a_jobs_page_parts_people_entries_without_a_user_and_text_that_is_no_entry(
    little: LittleLibrary, lines: type[Lines]
) -> None:
    log = "Saved by somebody\r\n" + lines.unresolved("a@contoso.com", "")
    view, run = little.run(little.job("hr-2026-11-23", PARTIAL, log, message="Oh no."))
    page = job_page(view, run, Place(OUT, {run.job_id: RetryLink(None, "There is no source file.")}))
    assert [person.identity for person in page.people] == ["a@contoso.com"]
    assert [entry.place.rsplit(", ", 1)[1] for entry in page.nameless.rows] == ["line 3"]
    assert [(entry.code, entry.message) for entry in page.no_entry.rows] == [("", "Saved by somebody")]
    assert page.retry == RetryButton("", "Retry file of hr", "There is no source file.")
    assert page.error_message == "Oh no."
    assert page.frame.tenant == "contoso.sharepoint.com"


def test_a_jobs_page_without_a_log_has_neither_causes_nor_people(little: LittleLibrary) -> None:
    view, run = little.run(little.job("hr-2026-11-23"))
    page = job_page(view, run, Place(OUT, {}))
    assert (page.causes, page.people, page.nameless, page.no_entry) == ((), (), Entries((), ""), Entries((), ""))
    assert (page.retry, page.said, page.properties) == (None, None, None)


def test_a_jobs_page_begins_with_what_fits_the_job_and_its_command(little: LittleLibrary, lines: type[Lines]) -> None:
    view, run = little.run(little.job("hr-2026-11-23", PARTIAL, lines.unresolved("user0@contoso.com"), users=9))
    page = job_page(view, run, Place(OUT, {}))
    assert page.to_do[0].text == "Look each ID up in Entra ID; correct it in the feed, or remove it."
    assert [(one.who, one.command) for one in page.to_do] == [
        ("feed owner", ""),
        ("feed owner", ""),
        ("administrator", f"upa-analyzer retry {run.job_id[:8]}"),
    ]
    there = job_page(view, run, Place(OUT, {run.job_id: RetryLink(Path("r.json"), "1 user.")}))
    assert [one.command for one in there.to_do] == ["", ""]


def test_what_failures_have_in_common_is_said_where_the_source_file_was_read(
    little: LittleLibrary, lines: type[Lines]
) -> None:
    failed = [f"user{number}@fabrikam.com" for number in range(9)]
    job_id = little.job("hr-2026-11-23", PARTIAL, lines.unresolved(*failed))
    users = [*failed, *(f"user{number}@contoso.com" for number in range(60))]
    little.source("hr-2026-11-23", [{"IdName": user, "City": "Kiel"} for user in users])
    view, run = little.run(job_id)
    assert job_page(view, run, Place(OUT, {})).shared == ()
    looks = looks_by_job(Library.existing(little.root), view.tables, {job_id})
    page = job_page(replace(view, looks=looks), run, Place(OUT, {}))
    assert page.shared[0] == "All 9 users who failed have the domain fabrikam.com (of all users 13%)."
    assert "Look at the domain fabrikam.com" in page.to_do[0].text


def test_damaged_values_are_warned_of_at_the_top(little: LittleLibrary) -> None:
    job_id = little.job("hr-2026-11-23")
    little.source("hr-2026-11-23", [{"IdName": "a@contoso.com", "City": "K\u00c3\u00b6ln"}] * 3)
    (warning, *_) = job_page(*little.run(job_id), Place(OUT, {})).warnings
    assert warning.startswith("Warning: ")
    assert "City (3 records)" in warning
