"""The first page: the verdict, a line for each feed, what to do, and all jobs."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.model.identity import InferredIdType
from analyzer.model.service import JobError, State
from analyzer.report.index_page import JOBS_SHOWN, index_page
from analyzer.report.model import JobRow, Note
from analyzer.report.render import Renderer
from analyzer.report.view import RetryLink, View
from analyzer.retry.queue_command import RetryToQueue

if TYPE_CHECKING:
    from analyzer.report.index_model import Action, IndexPage
    from tests.report.conftest import Lines, LittleLibrary

PARTIAL, ABORTED = JobError.ImportCompleteWithError, JobError.InvalidDataFile


def index(little: LittleLibrary, retries: dict[str, RetryLink] | None = None) -> IndexPage:
    return index_page(little.view(retries))


def actions(little: LittleLibrary, retries: dict[str, RetryLink] | None = None) -> tuple[Action, ...]:
    return index(little, retries).actions


def unpacked(text: str) -> Any:  # noqa: ANN401 - JSON
    return json.loads(gzip.decompress(base64.b64decode(text)))


def as_of(little: LittleLibrary, time: str) -> None:
    little.own("pull", {"pulled_at": time, "tenant": "contoso.sharepoint.com"})


def test_an_empty_library_is_a_page_that_says_what_to_run(little: LittleLibrary) -> None:
    page = index(little)
    assert page.lead == "The library has no jobs. Run upa-analyzer pull first."
    assert (page.feeds, page.actions, page.trends, page.jobs, page.months) == ((), (), (), (), ())
    assert not page.has_people


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
            open="1",
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


def test_all_jobs_are_in_the_data_and_the_newest_are_rows(little: LittleLibrary) -> None:
    for number in range(JOBS_SHOWN + 3):
        little.job(f"hr{number}-2026-11-23", users=None)
    page = index(little)
    assert (len(page.jobs), page.jobs_total) == (JOBS_SHOWN, JOBS_SHOWN + 3)
    content = unpacked(page.jobs_data)
    shown = [(f"jobs/{row[0]}.html", row[1], content["values"][row[2]], row[3]) for row in content["rows"]]
    assert len(shown) == JOBS_SHOWN + 3
    assert shown[:JOBS_SHOWN] == [(job.href, job.short, job.feed, job.when) for job in page.jobs]


def test_filters_offer_what_there_is(little: LittleLibrary) -> None:
    little.job("phones-2026-11-23", JobError.InternalError)
    little.job("hr-2026-11-23")
    assert index(little).feed_names == ("hr", "phones")
    assert index(little).outcomes == ("succeeded", "unknown")


@pytest.mark.parametrize(
    ("jobs", "verdict"),
    [
        ([("hr", 0, 0)], "hr is up to date: no user is open"),
        ([("hr", 0, 0), ("phones", 0, 0)], "All 2 feeds are up to date: no user is open"),
        ([("hr", 0, 2), ("phones", 0, 0)], "1 of 2 feeds needs attention: hr (2 users open)"),
        (
            [("hr", 0, 2), ("badges", ABORTED, 0)],
            "2 of 2 feeds need attention: badges (10 users open) and hr (2 users open)",
        ),
        ([("hr", 0, 1)], "hr needs attention: 1 user open"),
        ([("hr", JobError.InternalError, 0)], "hr needs attention: open users unknown"),
    ],
)
def test_the_verdict_names_the_worst_feeds_and_adds_nothing_up(
    little: LittleLibrary, lines: type[Lines], jobs: list[tuple[str, int, int]], verdict: str
) -> None:
    for feed, error, failed in jobs:
        log = lines.unresolved(*(f"user{number}@contoso.com" for number in range(failed))) or None
        little.job(f"{feed}-2026-11-23", PARTIAL if failed else error, log, users=10)
    assert index(little).lead == verdict


def test_the_worst_of_many_feeds_are_named(little: LittleLibrary) -> None:
    for number, feed in enumerate("abcdef", 1):
        little.job(f"{feed}-2026-11-23", ABORTED, users=number)
    assert index(little).lead == (
        "6 of 6 feeds need attention: f (6 users open), e (5 users open), d (4 users open), c (3 users open) and 2 more"
    )


def test_while_nothing_has_ended_only_the_running_jobs_are_counted(little: LittleLibrary) -> None:
    little.job("hr-2026-11-23", state=State.Processing)
    page = index(little)
    assert page.lead == "No run has ended yet: 1 job is still running"
    assert [(one.outcome, one.detail, one.failed) for one in page.feeds] == [("running", "no run has ended", "")]
    assert (page.actions, page.trends) == ((), ())


def test_a_running_job_does_not_hide_the_previous_run(little: LittleLibrary) -> None:
    ended = little.job("hr-2026-11-16")
    little.job("hr-2026-11-23", state=State.Processing)
    page = index(little)
    assert [one.href for one in page.feeds] == [f"jobs/{ended}.html"]
    assert page.notes == ("Still running, and not counted: hr.",)


def test_a_line_has_the_numbers_of_the_newest_run_and_the_change_in_four_weeks(
    little: LittleLibrary, lines: type[Lines]
) -> None:
    failing = {"2026-10-26": 9, "2026-11-16": 4, "2026-11-23": 3}
    for day, number in failing.items():
        users = [f"user{at}@contoso.com" for at in range(number)]
        log = lines.unresolved("new@contoso.com", *users[1:]) if day == "2026-11-23" else lines.unresolved(*users)
        newest = little.job(f"hr-{day}", PARTIAL, log, users=300)
    (line,) = index(little).feeds
    assert (line.feed, line.href, line.outcome) == ("hr", f"jobs/{newest}.html", "partial")
    assert (line.failed, line.detail, line.open) == ("3 of 300", "1 new, 2 recurring", "3")
    assert line.change == "↓ from 9 on 26 Oct 2026"
    assert line.spark
    assert line.spark.line.count("L") == 2


def test_a_line_says_why_a_run_was_aborted(little: LittleLibrary, lines: type[Lines]) -> None:
    little.job("badges-2026-11-16", users=30)
    little.job("badges-2026-11-23", ABORTED, lines.unmapped(["a@contoso.com"], "Floor"), users=30)
    (line,) = index(little).feeds
    assert (line.failed, line.detail) == ("30 of 30", "aborted: the property Floor is not mapped")
    assert line.change == "first abort since 16 Nov 2026"
    assert line.spark
    assert line.spark.marks.count("M") == 1


def test_a_feed_that_no_longer_runs_is_noted_and_not_counted(little: LittleLibrary) -> None:
    for day in ("2026-07-01", "2026-07-02", "2026-07-03", "2026-07-04"):
        little.job(f"history-{day}", ABORTED)
    little.job("hr-2026-11-23")
    page = index(little)
    assert page.lead == "hr is up to date: no user is open"
    assert page.notes == ("Not counted, as these feeds no longer seem to run: history (last run 4 Jul 2026).",)


def test_a_late_feed_needs_attention_and_says_when_a_run_was_expected(little: LittleLibrary) -> None:
    for day in range(1, 21):
        little.job(f"hr-2026-11-{day:02}", log="", at="020000", users=5)
    as_of(little, "2026-11-21T20:00:00+00:00")
    page = index(little)
    assert page.lead == "hr needs attention: late"
    (action,) = page.actions
    assert action.text == "Check the system that writes and queues the feed's file."
    assert action.reason == page.feeds[0].notes[0]
    assert action.reason.startswith("Late: a run was expected 21 Nov 2026, ")
    assert action.button is None


def test_each_action_is_the_first_advice_with_its_command_and_list(little: LittleLibrary, lines: type[Lines]) -> None:
    job_id = little.job("hr-2026-11-23", PARTIAL, lines.unresolved("a@contoso.com", "b@contoso.com"), users=9)
    view = View.of(replace(little.request(Path("report")), findings={job_id: None}), "1.0")
    (action,) = index_page(view).actions
    assert action.command.startswith("upa-analyzer ")
    assert job_id[:8] in action.command
    assert (action.list_href, action.list_text) == (f"jobs/{job_id}-failed.xlsx", "Download the list (2 users)")
    assert action.href == f"jobs/{job_id}.html"


def test_a_retry_file_with_a_condition_says_so_on_its_button_and_is_not_primary(
    little: LittleLibrary, lines: type[Lines]
) -> None:
    badges = little.job("badges-2026-11-23", ABORTED, lines.unmapped(["a@contoso.com"], "Floor"), users=30)
    hr = little.job("hr-2026-11-23", PARTIAL, lines.unresolved("a@contoso.com"), users=9)
    phones = little.job("phones-2026-11-23", PARTIAL, lines.unresolved("a@contoso.com"), users=9)
    queue = RetryToQueue(
        paths=["b.json"],
        site="",
        folder="",
        id_property="IdName",
        id_type=InferredIdType("PrincipalName", ""),
        properties=[],
        condition="map Floor, or remove it from the feed",
    )
    links = {
        badges: RetryLink(Path("b.json"), "30 users.", 30, queue=queue),
        hr: RetryLink(Path("h.json"), "1 user.", 1),
        phones: RetryLink(Path("p.json"), "1 user.", 1, complete=False),
    }
    buttons = {action.feed: action.button for action in actions(little, links)}
    assert {feed: (one.label, one.primary) for feed, one in buttons.items() if one} == {
        "badges": ("Retry file of badges (30 users) \u2013 first map Floor", False),
        "hr": ("Retry file of hr (1 user)", True),
        "phones": ("Retry file of phones (1 user) \u2013 incomplete", False),
    }


def test_a_stuck_job_is_an_action_with_the_command_to_acknowledge_it(little: LittleLibrary) -> None:
    stuck = little.job("hr-2026-11-16", state=State.Processing)
    little.job("hr-2026-11-23")
    (action,) = actions(little)
    assert (action.href, action.command) == (f"jobs/{stuck}.html", f"upa-analyzer ack {stuck[:8]}")
    view = View.of(replace(little.request(Path("report")), silent={stuck}), "1.0")
    assert index_page(view).actions == ()


def test_the_page_is_small_for_a_year_of_jobs(little: LittleLibrary) -> None:
    start = date(2025, 11, 23).toordinal()
    days = [date.fromordinal(start + at) for at in range(365)]
    little.nights(days, "hr-feed", "phones-feed", "badges-feed")
    html = Renderer(None).html(index(little))
    assert html.count('<tr><th scope="row"') == JOBS_SHOWN
    assert html.count('<figure class="trend"') == 3
    assert len(html.encode()) <= 400_000
