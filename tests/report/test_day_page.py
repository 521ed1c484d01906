"""What the page of a day shows, and the calendar that leads to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from analyzer.model.service import JobError
from analyzer.report.calendar import day_page_name, day_pages, months_of
from analyzer.report.day_page import JOBS_SHOWN, day_page, jobs_of_day
from analyzer.report.model import CalendarDay, Day, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.report.model import Month
    from tests.report.conftest import Lines, LittleLibrary

PARTIAL = JobError.ImportCompleteWithError
TODAY = date(2026, 11, 23)


def _seen(little: LittleLibrary, job_id: str, *times: str) -> None:
    """Pulls saw a job for the first time, or saw it change."""
    rows: list[dict[str, object]] = [
        {"job_id": job_id, "state": 4, "error": 0, "observed_at": time, "previous_pull_at": None} for time in times
    ]
    little.seen += rows
    little.own("observations", little.seen)


def _days(month: Month) -> dict[int, CalendarDay]:
    return {day.number: day for week in month.weeks for day in week if day}


def test_a_verdict_links_its_job_and_has_its_outcome(little: LittleLibrary, lines: type[Lines]) -> None:
    job_id = little.job("hr-2026-11-23", PARTIAL, lines.unresolved("a@contoso.com"))
    verdicts = (Verdict("1 of 3 users not updated.", "hr", job_id), Verdict("a job is stuck.", "fax", "gone"))
    page = day_page(little.view(), Day(TODAY, (*verdicts, Verdict("No open users in badges.")), "Pulled 1 new job."))
    assert page.title == "Monday, 23 November 2026"
    assert [(one.feed, one.href, one.outcome, one.sentence) for one in page.feeds] == [
        ("hr", f"jobs/{job_id}.html", "partial", "1 of 3 users not updated."),
        ("fax", "", "", "A job is stuck."),
    ]
    assert page.others == ("No open users in badges.",)
    assert page.pulled == "Pulled 1 new job."


def test_the_jobs_of_a_day_are_those_that_a_pull_saw_change_on_it_in_the_zone(little: LittleLibrary) -> None:
    old = little.job("hr-2026-11-16")
    new = little.job("hr-2026-11-23")
    late = little.job("badges-2026-11-23")
    _seen(little, old, "2026-11-16T04:00:00Z", "2026-11-22T23:30:00Z")
    _seen(little, new, "2026-11-23T04:00:00Z")
    _seen(little, late, "2026-11-22T04:00:00Z")
    view = little.view()
    assert [run.job_id for run in jobs_of_day(view, Day(TODAY, ()))] == [new]
    berlin = replace(view, zone=ZoneInfo("Europe/Berlin"))
    assert [run.job_id for run in jobs_of_day(berlin, Day(TODAY, ()))] == [new, old]


def test_the_first_pull_of_a_large_library_does_not_list_every_job(little: LittleLibrary) -> None:
    for number in range(JOBS_SHOWN + 1):
        _seen(little, little.job(f"f{number}-2026-11-23", users=None), "2026-11-23T04:00:00Z")
    page = day_page(little.view(), Day(TODAY, ()))
    assert len(page.jobs) == JOBS_SHOWN
    assert page.jobs_note == "The newest 100 of 101 jobs are shown."


def test_the_calendar_has_the_worst_outcome_of_each_day_and_links_its_page(
    little: LittleLibrary, lines: type[Lines]
) -> None:
    little.job("hr-2026-11-23", PARTIAL, lines.unresolved("a@contoso.com"))
    little.job("badges-2026-11-23")
    little.job("hr-2026-10-05", JobError.InternalError)
    pages = {date(2026, 11, 24): day_page_name(date(2026, 11, 24))}
    november, october = months_of(little.view(), pages)
    assert (november.name, october.name) == ("November 2026", "October 2026")
    assert all(len(week) == 7 for week in november.weeks)
    assert november.weeks[0] == (None,) * 6 + (CalendarDay(1, "", "no job", ""),)
    assert _days(november)[23] == CalendarDay(23, "partial", "2 jobs: 1 partial, 1 succeeded", "")
    assert _days(november)[24] == CalendarDay(24, "", "no job", "days/2026-11-24.html")
    assert _days(october)[5].outcome == "unknown"


def test_the_calendar_has_twelve_months_at_most_and_none_without_days(little: LittleLibrary) -> None:
    assert months_of(little.view(), {}) == ()
    little.job("hr-2024-11-23")
    little.job("hr-2026-01-05")
    names = [month.name for month in months_of(little.view(), {})]
    assert (len(names), names[0], names[-1]) == (12, "January 2026", "February 2025")


@pytest.mark.parametrize("name", ["2026-11-31.html", "2026-11-23.htm", "x2026-11-23.html", "2026-11-23.html.part"])
def test_other_files_are_not_pages_of_days(tmp_path: Path, name: str) -> None:
    (tmp_path / "days").mkdir()
    for one in (name, "2026-11-22.html", "2026-08-01.html"):
        (tmp_path / "days" / one).touch()
    assert list(day_pages(tmp_path, date(2026, 11, 1), TODAY)) == [date(2026, 11, 22), TODAY]
