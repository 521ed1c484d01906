"""The jobs in the order of time, and what is new from one run of a feed to the next."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from analyzer.analysis.failures import by_user
from analyzer.analysis.timeline import HOW_KNOWN, new_failures, timeline, weekly_codes
from analyzer.tables import JOBS, UTC
from tests.analysis.frames import FOLDER, at, entry, jobs, listed, named, seen

if TYPE_CHECKING:
    from datetime import datetime

PARTIAL = ("Error", "ImportCompleteWithError")


def in_time(table: pl.DataFrame, **log_times: datetime) -> pl.DataFrame:
    times = pl.DataFrame(
        {"job_id": list(log_times), "log_time": list(log_times.values())}, schema={"job_id": pl.String, "log_time": UTC}
    )
    return timeline(table, times)


def run(job_id: str, day: int, *state: str, feed: str = "hr-feed") -> dict[str, object]:
    """A job whose source file's name tells the day."""
    return listed(job_id, *(state or PARTIAL), source_uri=f"{FOLDER}{feed}-2026-11-{day:02}.json")


def test_when_a_job_ran_is_told_by_the_best_that_is_known() -> None:
    table = jobs(
        run("none", 0) | {"source_uri": None},
        run("seen", 0) | {"source_uri": f"{FOLDER}hr-feed.json"},
        run("name", 3),
        run("pull", 9),
        run("log", 8),
        observations=(
            seen("log", "Error", at(8), at(7)),
            seen("pull", "Error", at(2), at(1)),
            seen("seen", "Error", at(4)),
            seen("name", "Error", at(7)),
        ),
    )
    found = in_time(table, log=at(1, 2)).select("job_id", "when", "when_from", "feed")
    assert found.rows() == [
        ("log", at(1, 2), "log", "hr-feed"),
        ("pull", at(2), "seen", "hr-feed"),
        ("name", at(3), "name", "hr-feed"),
        ("seen", at(4), "seen", "hr-feed"),
        ("none", None, None, None),
    ]
    assert set(found["when_from"].drop_nulls()) == set(HOW_KNOWN)


def test_jobs_of_one_time_are_in_the_order_of_their_ids() -> None:
    assert in_time(jobs(run("b", 1), run("a", 1)))["job_id"].to_list() == ["a", "b"]


def new(ordered: pl.DataFrame, *entries: dict[str, object]) -> dict[tuple[str, str], bool | None]:
    found = new_failures(ordered, by_user(named(*entries)))
    return {(job_id, key): is_new for job_id, key, is_new in found.select("job_id", "key", "new").iter_rows()}


def test_new_is_whom_the_feeds_run_before_did_not_name() -> None:
    entries = tuple(
        entry(job_id, "E1", user) for job_id, user in [("a", "u"), ("b", "U"), ("b", "v"), ("x", "v"), ("c", "u")]
    )
    runs = (run("c", 3), run("a", 1), run("b", 2), run("x", 2, feed="badges"))
    ordered = in_time(jobs(*runs, entries=entries))
    assert new(ordered, *entries) == {
        ("a", "u"): None,
        ("b", "u"): False,
        ("b", "v"): True,
        ("x", "v"): None,
        ("c", "u"): False,
    }


def test_a_run_in_which_all_succeeded_makes_every_later_failure_new() -> None:
    ordered = in_time(jobs(run("a", 1), run("b", 2, "Succeeded"), run("c", 3)))
    assert new(ordered, entry("a", "E1", "u"), entry("c", "E1", "u")) == {("a", "u"): None, ("c", "u"): True}


def test_aborted_unknown_and_open_runs_are_passed_over() -> None:
    between = [run("b", 2, "Error", "InvalidDataFile"), run("c", 3, "Error", "InternalError"), run("d", 4, "Queued")]
    entries = tuple(entry(job_id, "E1", "u") for job_id in ("a", "b", "e"))
    ordered = in_time(jobs(run("a", 1), *between, run("e", 5), entries=entries))
    assert new(ordered, *entries) == {("a", "u"): None, ("b", "u"): None, ("e", "u"): False}


def test_a_run_whose_log_does_not_name_everybody_is_passed_over() -> None:
    named = [("a", "u"), ("b", "v"), ("b", None), ("c", "u"), ("c", "v"), ("c", "w")]
    entries = tuple(entry(job_id, "E1", user) for job_id, user in named)
    ordered = in_time(jobs(run("a", 1), run("b", 2), run("c", 3), entries=entries))
    found = new(ordered, *entries)
    assert {key: is_new for key, is_new in found.items() if key[0] == "c"} == {
        ("c", "u"): False,
        ("c", "v"): True,
        ("c", "w"): True,
    }


def test_jobs_of_no_known_source_are_not_compared() -> None:
    bare = [run(name, 1) | {"source_uri": None} for name in ("a", "b")]
    ordered = in_time(jobs(*bare), a=at(1), b=at(2))
    assert new(ordered, entry("a", "E1", "u"), entry("b", "E1", "v")) == {("a", "u"): None, ("b", "v"): None}


def test_weeks_begin_on_monday_in_utc() -> None:
    sunday = at(22) + timedelta(hours=23, minutes=59)
    ordered = in_time(jobs(run("a", 1), run("b", 1), run("none", 1) | {"source_uri": None}), a=sunday, b=at(23))
    entries = [
        entry("b", "E1"),
        entry("a", "E2"),
        entry("a", "E1"),
        entry("a", "E1"),
        entry("a", None),
        entry("none", "E1"),
    ]
    assert weekly_codes(ordered, named(*entries)).rows() == [
        (date(2026, 11, 16), "E1", 2),
        (date(2026, 11, 16), "E2", 1),
        (date(2026, 11, 23), "E1", 1),
    ]


def test_of_no_jobs_the_columns_are_the_same() -> None:
    for ordered in (in_time(jobs()), in_time(jobs(run("a", 1)))):
        assert dict(ordered.schema) == {**JOBS, "feed": pl.String, "when": UTC, "when_from": pl.String}
        users = by_user(named())
        assert dict(new_failures(ordered, users).schema) == {**users.schema, "new": pl.Boolean}
        assert dict(weekly_codes(ordered, named()).schema) == {
            "week": pl.Date,
            "code": pl.String,
            "entries": pl.UInt32,
        }


def test_a_run_without_a_log_stands_where_it_may_first_have_been() -> None:
    def ended(job_id: str, day: int) -> dict[str, object]:
        return run(job_id, day) | {"source_uri": f"{FOLDER}hr-feed.json"}

    bounds = pl.DataFrame(
        {"job_id": ["early", "early", "late"], "not_before": [at(2), at(4), at(9)]},
        schema={"job_id": pl.String, "not_before": UTC},
    )
    pulls = (seen("early", "Error", at(7), at(1)), seen("late", "Error", at(7), at(1)))
    table = jobs(ended("early", 1), ended("late", 2), ended("log", 5), observations=pulls)
    times = pl.DataFrame({"job_id": ["log"], "log_time": [at(5)]}, schema={"job_id": pl.String, "log_time": UTC})
    # No bound makes a run later than the pull that saw it.
    assert [*timeline(table, times, bounds)["job_id"]] == ["early", "log", "late"]
