"""The jobs in the order of time, and what is new from one run of a feed to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.analysis.timeline import HOW_KNOWN, timeline
from analyzer.model.tables import JOBS, UTC
from tests.analysis.frames import FOLDER, at, entry, folded, jobs, listed, named, seen

if TYPE_CHECKING:
    import polars as pl

PARTIAL = ("Error", "ImportCompleteWithError")


def run(job_id: str, day: int, *state: str, feed: str = "hr-feed") -> dict[str, object]:
    """A job whose source file's name tells the day."""
    return listed(job_id, *(state or PARTIAL), source_uri=f"{FOLDER}{feed}-2026-11-{day:02}.json")


FIXED = f"{FOLDER}hr-feed.json"

WAYS: dict[str, tuple[dict[str, object], tuple[dict[str, object], ...], tuple[object, ...]]] = {
    "the log's name": (
        run("a", 8) | {"log_time": at(1, 2), "source_time": at(1)},
        (seen("a", "Error", at(8), at(7)),),
        (at(1, 2), "log", False, at(1, 2)),
    ),
    "a pull that watched it": (
        run("a", 1) | {"source_time": at(2)},
        (seen("a", "Error", at(4), at(3)),),
        (at(4), "seen", True, at(3)),
    ),
    "a pull long after the one before": (
        run("a", 9) | {"source_time": at(10)},
        (seen("a", "Error", at(20), at(1)),),
        (at(20), "seen", True, at(10)),
    ),
    "no bound makes it later than the pull that saw it": (
        run("a", 9) | {"source_time": at(10)},
        (seen("a", "Error", at(4), at(3)),),
        (at(4), "seen", True, at(4)),
    ),
    "the first pull, and the source file": (
        run("a", 9) | {"source_time": at(2), "name_time": None},
        (seen("a", "Error", at(20)),),
        (at(2), "source", True, at(2)),
    ),
    "the first pull, and the source file and its name that agree": (
        run("a", 2) | {"source_time": at(3, 1)},
        (seen("a", "Error", at(20)),),
        (at(3, 1), "source", True, at(3, 1)),
    ),
    "the first pull, and a source file that was touched since": (
        run("a", 2) | {"source_time": at(19)},
        (seen("a", "Error", at(20)),),
        (at(2), "name", False, at(2)),
    ),
    "the first pull, and a later run's log": (
        run("a", 2) | {"name_time": None, "not_after": at(5)},
        (seen("a", "Error", at(20)),),
        (at(5), "seen", True, None),
    ),
    "the first pull, and the name": (run("a", 9), (seen("a", "Error", at(20)),), (at(9), "name", False, at(9))),
    "the first pull alone": (
        run("a", 9) | {"name_time": None},
        (seen("a", "Error", at(20)),),
        (at(20), "seen", True, None),
    ),
    "nothing": (run("a", 9) | {"name_time": None}, (), (None, None, False, None)),
    "a job that has not ended": (
        run("a", 9, "Processing") | {"name_time": None},
        (seen("a", "Processing", at(20)),),
        (at(20), "seen", False, at(20)),
    ),
}


@pytest.mark.parametrize(("row", "observations", "expected"), WAYS.values(), ids=WAYS.keys())
def test_when_a_job_ran_follows_from_the_best_that_is_known(
    row: dict[str, object], observations: tuple[dict[str, object], ...], expected: tuple[object, ...]
) -> None:
    found = timeline(jobs(row, observations=observations))
    assert found.select("ran", "ran_from", "ran_is_bound", "earliest").row(0) == expected
    assert set(found["ran_from"].drop_nulls()) <= set(HOW_KNOWN)


def test_a_job_of_an_unknown_time_is_not_the_latest() -> None:
    first_pull = tuple(seen(job_id, "Succeeded", at(20)) for job_id in ("a", "b"))
    table = jobs(run("b", 9), run("a", 0, "Succeeded") | {"name_time": None}, observations=first_pull)
    assert timeline(table)["job_id"].to_list() == ["a", "b"]


def test_jobs_of_one_time_are_in_the_order_of_their_ids() -> None:
    assert timeline(jobs(run("b", 1), run("a", 1)))["job_id"].to_list() == ["a", "b"]


def new(ordered: pl.DataFrame, *entries: dict[str, object]) -> dict[tuple[str, str], bool | None]:
    found = folded(ordered, named(*entries))
    return {(job_id, key): is_new for job_id, key, is_new in found.select("job_id", "key", "new").iter_rows()}


def test_new_users_are_those_that_the_run_before_did_not_name() -> None:
    entries = tuple(
        entry(job_id, "E1", user) for job_id, user in [("a", "u"), ("b", "U"), ("b", "v"), ("x", "v"), ("c", "u")]
    )
    runs = (run("c", 3), run("a", 1), run("b", 2), run("x", 2, feed="badges"))
    ordered = timeline(jobs(*runs, entries=entries))
    assert new(ordered, *entries) == {
        ("a", "u"): None,
        ("b", "u"): False,
        ("b", "v"): True,
        ("x", "v"): None,
        ("c", "u"): False,
    }


def test_a_run_in_which_all_succeeded_makes_every_later_failure_new() -> None:
    ordered = timeline(jobs(run("a", 1), run("b", 2, "Succeeded"), run("c", 3)))
    assert new(ordered, entry("a", "E1", "u"), entry("c", "E1", "u")) == {("a", "u"): None, ("c", "u"): True}


def test_a_retry_is_no_run_to_compare_with() -> None:
    entries = tuple(entry(job_id, "E1", user) for job_id, user in [("a", "u"), ("a", "v"), ("r", "u"), ("b", "v")])
    retry = run("r", 2) | {"retry_of": "a"}
    ordered = timeline(jobs(run("a", 1), retry, run("b", 3), entries=entries))
    assert new(ordered, *entries) == {("a", "u"): None, ("a", "v"): None, ("r", "u"): None, ("b", "v"): False}


def test_where_the_order_is_unknown_no_user_is_new() -> None:
    """Job b left no log, and the pull that saw it saw c and d as well: it can have come anywhere between."""
    entries = tuple(entry(job_id, "E1", "u") for job_id in ("a", "c", "d", "e"))
    b = run("b", 9, "Succeeded") | {"name_time": None}
    rows = [run(job_id, day) | {"log_time": at(day)} for job_id, day in [("a", 1), ("c", 4), ("d", 5), ("e", 9)]]
    ordered = timeline(jobs(*rows, b, entries=entries, observations=(seen("b", "Succeeded", at(7), at(2)),)))
    assert list(ordered["job_id"]) == ["a", "b", "c", "d", "e"]
    assert new(ordered, *entries) == {("a", "u"): None, ("c", "u"): None, ("d", "u"): None, ("e", "u"): None}
    certain = b | {"not_after": at(3)}
    ordered = timeline(jobs(*rows, certain, entries=entries, observations=(seen("b", "Succeeded", at(7), at(2)),)))
    assert new(ordered, *entries) == {("a", "u"): None, ("c", "u"): True, ("d", "u"): False, ("e", "u"): False}


def test_aborted_unknown_and_open_runs_are_passed_over() -> None:
    between = [run("b", 2, "Error", "InvalidDataFile"), run("c", 3, "Error", "InternalError"), run("d", 4, "Queued")]
    entries = tuple(entry(job_id, "E1", "u") for job_id in ("a", "b", "e"))
    ordered = timeline(jobs(run("a", 1), *between, run("e", 5), entries=entries))
    assert new(ordered, *entries) == {("a", "u"): None, ("b", "u"): None, ("e", "u"): False}


def test_a_run_whose_log_does_not_name_everybody_is_passed_over() -> None:
    named = [("a", "u"), ("b", "v"), ("b", None), ("c", "u"), ("c", "v"), ("c", "w")]
    entries = tuple(entry(job_id, "E1", user) for job_id, user in named)
    ordered = timeline(jobs(run("a", 1), run("b", 2), run("c", 3), entries=entries))
    found = new(ordered, *entries)
    assert {key: is_new for key, is_new in found.items() if key[0] == "c"} == {
        ("c", "u"): False,
        ("c", "v"): True,
        ("c", "w"): True,
    }


def test_jobs_of_no_known_source_are_not_compared() -> None:
    bare = [run(name, 1) | {"source_uri": None} for name in ("a", "b")]
    ordered = timeline(jobs(*({**job, "feed": None, "log_time": at(day)} for day, job in enumerate(bare, 1))))
    assert new(ordered, entry("a", "E1", "u"), entry("b", "E1", "v")) == {("a", "u"): None, ("b", "v"): None}


def test_of_no_jobs_the_columns_are_the_same() -> None:
    for ordered in (timeline(jobs()), timeline(jobs(run("a", 1)))):
        assert dict(ordered.schema) == {
            **{name: kind for name, kind in JOBS.items() if name not in {"superseded", "open"}},
            "earliest": UTC,
            "latest": UTC,
        }
        assert folded(ordered, named()).is_empty()


def test_a_retry_of_the_morning_comes_before_the_next_night() -> None:
    def ended(job_id: str) -> dict[str, object]:
        return run(job_id, 1) | {"source_uri": FIXED, "name_time": None}

    pulls = tuple(seen(job_id, "Error", at(7), at(1)) for job_id in ("retry", "late", "night"))
    retry, late = ended("retry") | {"source_time": at(4)}, ended("late") | {"source_time": at(9)}
    table = jobs(retry, late, ended("night") | {"log_time": at(5)}, observations=pulls)
    assert [*timeline(table)["job_id"]] == ["retry", "night", "late"]
