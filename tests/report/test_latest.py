"""The first sentence of the report: how the latest run of each feed went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.facts import JobError, State
from analyzer.report.latest import latest_runs, lead

if TYPE_CHECKING:
    from tests.report.conftest import Lines, LittleLibrary

PARTIAL, ABORTED = JobError.ImportCompleteWithError, JobError.InvalidDataFile


def first_sentence(little: LittleLibrary) -> str:
    view = little.view()
    return lead(view, latest_runs(view.runs)[0])


def test_an_empty_library_says_so(little: LittleLibrary) -> None:
    assert first_sentence(little) == "The library holds no jobs."


def test_while_nothing_has_ended_only_the_jobs_at_work_are_counted(little: LittleLibrary) -> None:
    little.job("hr-2026-11-23", state=State.Queued)
    assert first_sentence(little) == "No job has ended yet: 1 job is still at work."
    little.job("phones-2026-11-23", state=State.Submitted)
    assert first_sentence(little) == "No job has ended yet: 2 jobs are still at work."


def test_of_one_feed_the_first_sentence_is_its_jobs(little: LittleLibrary) -> None:
    little.job("hr-2026-11-16", JobError.InternalError)
    little.job("hr-2026-11-23", users=40)
    assert first_sentence(little) == "All 40 users were updated."


def test_all_feeds_well_is_one_sentence(little: LittleLibrary) -> None:
    little.job("hr-2026-11-23", users=40)
    little.job("phones-2026-11-23", users=2)
    assert first_sentence(little) == "All 42 users were updated in the latest runs of 2 feeds."


def test_a_source_file_that_is_missing_leaves_out_the_whole(little: LittleLibrary, lines: type[Lines]) -> None:
    little.job("hr-2026-11-23", users=None)
    little.job("phones-2026-11-23")
    assert first_sentence(little) == "Everybody was updated in the latest runs of 2 feeds."
    little.job("badges-2026-11-23", PARTIAL, lines.unresolved("a@contoso.com"))
    assert first_sentence(little) == (
        "1 user was not updated in the latest runs of 3 feeds; all because the user is not known to SharePoint."
    )


def test_users_of_all_feeds_are_added_up_with_the_new_ones(little: LittleLibrary, lines: type[Lines]) -> None:
    for feed in ("hr", "phones"):
        little.job(f"{feed}-2026-11-16", PARTIAL, lines.unresolved("a@contoso.com"), users=10)
    little.job("hr-2026-11-23", PARTIAL, lines.unresolved("a@contoso.com", "b@contoso.com"), users=10)
    little.job("phones-2026-11-23", PARTIAL, lines.unresolved("c@contoso.com") + "Odd\td@contoso.com\t?\r\n", users=30)
    assert first_sentence(little) == (
        "4 of 40 users were not updated in the latest runs of 2 feeds; 3 of them are new; "
        "most because the user is not known to SharePoint."
    )


def test_an_aborted_run_weighs_with_all_of_its_users_and_none_of_them_is_called_new(
    little: LittleLibrary, lines: type[Lines]
) -> None:
    little.job("hr-2026-11-16", PARTIAL, lines.unresolved("a@contoso.com"), users=10)
    little.job("hr-2026-11-23", PARTIAL, lines.unresolved("a@contoso.com", "b@contoso.com"), users=10)
    little.job("badges-2026-11-23", ABORTED, lines.unmapped(["a@contoso.com"], "Floor"), users=30)
    assert first_sentence(little) == (
        "32 of 40 users were not updated in the latest runs of 2 feeds; "
        "1 of the 2 in runs that were not aborted is new; most because the property Floor is not mapped."
    )


def test_where_no_cause_has_the_majority_the_commonest_is_named(little: LittleLibrary, lines: type[Lines]) -> None:
    little.job("hr-2026-11-23", PARTIAL, lines.unresolved("a@contoso.com", "b@contoso.com"), users=10)
    little.job("phones-2026-11-23", PARTIAL, "Odd\td@contoso.com\t?\r\nWeird\te@contoso.com\t?\r\n", users=10)
    assert first_sentence(little) == (
        "4 of 20 users were not updated in the latest runs of 2 feeds; "
        "the commonest cause is that the user is not known to SharePoint."
    )


def test_runs_of_which_nobody_can_say_are_named_and_not_added(little: LittleLibrary) -> None:
    little.job("hr-2026-11-23", users=40)
    little.job("phones-2026-11-23", JobError.InternalError)
    little.job("badges-2026-11-23", JobError.DataFileNotInTenant, users=None)
    assert first_sentence(little) == (
        "All 40 users were updated in hr's latest run. "
        "Nobody was updated in the run of badges, whose users nobody can count. "
        "Who was updated is unknown in the run of phones."
    )


def test_a_least_stays_a_least_in_the_sum(little: LittleLibrary, lines: type[Lines]) -> None:
    little.job("hr-2026-11-23", PARTIAL, lines.unresolved("a@contoso.com", ""), users=10)
    little.job("phones-2026-11-23", users=5)
    assert first_sentence(little).startswith("At least 1 of 15 users was not updated in the latest runs of 2 feeds")


def test_users_of_a_source_that_holds_fewer_than_the_log_names_are_not_added(
    little: LittleLibrary, lines: type[Lines]
) -> None:
    little.job("hr-2026-11-23", PARTIAL, lines.unresolved("a@contoso.com", "b@contoso.com"), users=1)
    little.job("phones-2026-11-23", users=5)
    assert first_sentence(little).startswith("2 users were not updated in the latest runs of 2 feeds")


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
