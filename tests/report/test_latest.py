"""The first sentence of the report: how the latest run of each feed went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.model.service import JobError, State
from analyzer.report.latest import latest_runs, lead

if TYPE_CHECKING:
    from tests.report.conftest import Lines, LittleLibrary

PARTIAL, ABORTED = JobError.ImportCompleteWithError, JobError.InvalidDataFile


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


def test_of_one_feed_the_first_sentence_is_its_jobs(little: LittleLibrary) -> None:
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


def test_of_many_feeds_the_worst_are_named(little: LittleLibrary) -> None:
    for number, feed in enumerate("abcdef", 1):
        little.job(f"{feed}-2026-11-23", ABORTED, users=number)
    assert first_sentence(little) == (
        "6 of 6 feeds need attention: f (6 users open), e (5 users open), d (4 users open), c (3 users open)"
        " and 2 more."
    )


def test_a_job_at_work_does_not_hide_the_run_before_it(little: LittleLibrary) -> None:
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


def test_a_run_without_a_time_gives_way_to_one_with_a_time(little: LittleLibrary) -> None:
    little.job("hr")
    timed = little.job("hr-2026-11-23")
    assert [run.job_id for run in latest_runs(little.view().runs)[0]] == [timed]
