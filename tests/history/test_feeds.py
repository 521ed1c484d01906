"""The health of a feed, in one word with its reason, judged by its own past."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from analyzer.history.feed_status import FeedStatus
from analyzer.history.feeds import AsOf, FeedHealth, Health, feed_health, feed_healths
from tests.history.simulated_feeds import SHAPES, ZONE, judged, local, runs_of

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
ALARMS = {Health.missing, Health.late, Health.small, Health.slow}


def _run(number: int, ran: datetime | None, **columns: object) -> dict[str, Any]:
    """A run that succeeded, as the table ``jobs`` has it; its log shows when."""
    return {
        "job_id": f"{number:08}-bd0e",
        "outcome": "succeeded",
        "state": "Succeeded",
        "gone": False,
        "open": 0,
        "users": 3000,
        "property_values": 9000,
        "source_bytes": 600_000,
        "first_seen": ran,
        "started": None,
        "finished": ran,
        "ran": ran,
        "earliest": ran,
        "latest": ran,
    } | columns


def _nightly(nights: int = 30, *, until: datetime = NOW, **newest: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - columns
    """A run each night at 02:00 UTC, the newest one before ``until``, with columns of its own."""
    last = until.replace(hour=2, minute=0)
    runs = [_run(night, last - timedelta(days=nights - night)) for night in range(1, nights + 1)]
    runs[-1] |= newest
    return runs


def _status(runs: list[dict[str, Any]], **columns: Any) -> FeedStatus:  # noqa: ANN401 - of a status
    runs = [{**run, "whole": run["users"], "changes_only": False} for run in runs]
    ended = [run for run in runs if run["outcome"] not in {"running", "stuck"}]
    return FeedStatus("hr", ended[-1] if ended else None, [*runs], **columns)


def _health(runs: list[dict[str, Any]], now: datetime = NOW, **columns: Any) -> FeedHealth:  # noqa: ANN401 - of a status
    return feed_health(_status(runs, **columns), AsOf(now, now))


def test_a_feed_whose_runs_come_and_succeed_is_well() -> None:
    health = _health(_nightly())
    assert (health.health, health.reason, health.rhythm) == (Health.well, "", "daily")
    assert (health.usual_users, health.next_expected) == (3000, datetime(2026, 11, 25, 2, tzinfo=UTC))


def test_a_run_that_does_not_come_is_late_then_missing_and_at_last_the_feed_has_ceased() -> None:
    runs = _nightly()
    found = [_health(runs, NOW + timedelta(days=days)) for days in (0, 1, 2, 20, 40)]
    assert [health.health for health in found] == ["well", "late", "missing", "missing", "ceased"]
    assert [health.reason for health in found[1:3]] == [
        "expected today 02:00",
        "2 runs missing since 25 Nov 02:00",
    ]
    assert found[3].reason == "20 runs missing since 25 Nov 02:00"
    assert found[4].reason == "no run since 24 Nov 2026 02:00"


def test_nothing_is_missing_after_the_last_pull() -> None:
    later = NOW + timedelta(days=9)
    assert feed_health(_status(_nightly()), AsOf(later, NOW)).health is Health.well
    assert feed_health(_status(_nightly()), AsOf(later, None)).health is Health.well


def test_a_clock_that_jumped_back_makes_no_run_missing() -> None:
    runs = _nightly()
    for back in (timedelta(hours=5), timedelta(days=3), timedelta(days=4000)):
        health = feed_health(_status(runs), AsOf(NOW - back, NOW - back))
        assert health.health is Health.well


def test_a_run_that_a_clock_ahead_has_seen_hides_no_missing_one() -> None:
    ahead = NOW + timedelta(days=3650)
    runs = [*_nightly(until=NOW - timedelta(days=3)), _run(99, ahead)]
    assert _health(runs).health is Health.missing


def test_a_file_with_half_of_the_users_is_small_although_it_succeeds() -> None:
    health = _health(_nightly(users=1500, property_values=4500, source_bytes=300_000))
    assert (health.health, health.reason) == (Health.small, "1,500 users, usually 3,000")


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"property_values": 3000}, "3,000 values, usually 9,000"),
        ({"source_bytes": 200_000}, "200.0 kB, usually 600.0 kB"),
        ({"users": None, "property_values": None, "source_bytes": None}, ""),
        (
            {"outcome": "running", "users": 100, "latest": None, "finished": None},
            "100 users, usually 3,000",
        ),
    ],
    ids=["a property is gone", "values are empty", "no copy of the file", "still running"],
)
def test_each_measure_of_the_newest_file_is_compared(columns: dict[str, Any], reason: str) -> None:
    assert _health(_nightly(**columns)).reason == reason


def test_an_acknowledged_run_is_not_small() -> None:
    runs = _nightly(users=1500)
    as_of = AsOf(NOW, NOW)
    assert feed_health(_status(runs), as_of, {runs[-1]["job_id"]}).health is Health.well
    runs[-2]["users"] = 1400  # it was small, too, but is no longer the newest
    assert feed_health(_status(runs), as_of, {runs[-1]["job_id"]}).health is Health.well


def test_a_job_that_runs_longer_than_usual_is_slow() -> None:
    runs = _nightly()
    for run in runs[:-1]:
        run["started"] = run["finished"] - timedelta(minutes=40)
    runs[-1] |= {"outcome": "running", "started": NOW - timedelta(hours=4), "finished": None, "latest": None}
    assert (_health(runs).health, _health(runs).reason) == (
        Health.slow,
        "running for 4 hours, usually 40 minutes",
    )
    runs[-1]["started"] = NOW - timedelta(hours=1)
    assert _health(runs).health is Health.well
    assert _health(runs[-3:]).health is Health.well  # too few durations


def test_open_users_are_failing_and_a_missing_run_is_worse() -> None:
    runs = _nightly(outcome="partial", open=12)
    assert (_health(runs).health, _health(runs).reason) == (Health.failing, "12 open users")
    health = _health(runs, NOW + timedelta(days=2))
    assert (health.health, health.reason) == (
        Health.missing,
        "2 runs missing since 25 Nov 02:00; 12 open users",
    )
    assert [finding.health for finding in health.findings] == [Health.missing, Health.failing]


def test_an_aborted_import_is_worse_than_a_missing_one() -> None:
    runs = _nightly(outcome="aborted", open=3000)
    assert _health(runs).reason == "aborted, 3,000 open users"
    assert _health(runs, NOW + timedelta(days=2)).health is Health.failing


def test_a_stuck_job_keeps_its_meaning() -> None:
    runs = _nightly(outcome="stuck", state="Processing", latest=None, finished=None)
    health = _health(runs, stuck=[runs[-1]])
    assert (health.health, health.reason) == (Health.stuck, "00000030 is stuck in Processing")


def test_before_a_run_has_ended_health_is_unknown() -> None:
    health = _health([_run(1, NOW, outcome="running", latest=None, finished=None)])
    assert (health.health, health.reason, health.rhythm) == (Health.unknown, "no run has ended", "unknown")


def test_a_run_of_unknown_time_is_no_error() -> None:
    health = _health([_run(1, None)])
    assert (health.health, health.next_expected) == (Health.well, None)


def test_an_irregular_feed_is_missing_after_its_longest_pause() -> None:
    days = [0, 1, 5, 6, 13, 14, 15, 22, 29, 30, 41, 42]
    runs = [_run(day, NOW - timedelta(days=62 - day, hours=day % 9)) for day in days]
    assert _health(runs).health is Health.well
    health = _health(runs, NOW + timedelta(days=5))
    assert (health.health, health.reason) == (Health.missing, "no run for 26 days, longer than ever before")


def test_a_pull_that_sees_a_run_for_the_first_time_shows_by_when_it_came() -> None:
    """Of a feed whose runs leave no log and no time: each morning's pull at 06:00 finds one that has ended."""
    pulls = [NOW - timedelta(days=days) for days in range(31)]
    runs = [_run(day, at, earliest=at - timedelta(days=1)) for day, at in enumerate(reversed(pulls[:-1]))]
    assert feed_health(_status(runs), AsOf(NOW, NOW, frozenset(pulls))).health is Health.well
    next_pull = NOW + timedelta(days=1, seconds=5)
    late = feed_health(_status(runs), AsOf(next_pull, next_pull, frozenset(pulls)))
    assert late.health is Health.late
    by_hand = NOW + timedelta(hours=12)
    assert feed_health(_status(runs), AsOf(by_hand, by_hand, frozenset(pulls))).health is Health.well


def test_a_run_that_a_pull_saw_running_had_come_by_then() -> None:
    """Each run is still running in the morning, and has ended by the next one."""
    pulls = [NOW - timedelta(days=days) for days in range(31, -1, -1)]
    runs = [
        _run(day, after, first_seen=at, earliest=at, latest=after)
        for day, (at, after) in enumerate(itertools.pairwise(pulls))
    ]
    late = feed_health(_status(runs), AsOf(NOW + timedelta(hours=3), NOW + timedelta(hours=3), frozenset(pulls)))
    assert late.health is Health.late


@pytest.mark.parametrize(
    ("as_of", "now", "is_listed", "known_until"),
    [
        (NOW, NOW + timedelta(days=3), True, NOW),
        (NOW, NOW - timedelta(days=3), True, NOW - timedelta(days=3)),
        (None, NOW + timedelta(days=3), True, NOW - timedelta(hours=4)),
        (NOW, NOW + timedelta(days=3), False, NOW - timedelta(hours=4)),
    ],
    ids=["the last pull", "a clock that jumped back", "without a pull the newest run", "a refused job list"],
)
def test_jobs_are_known_until_the_last_pull_with_a_job_list(
    as_of: datetime | None, now: datetime, is_listed: bool, known_until: datetime
) -> None:
    jobs = pl.DataFrame(_nightly()).select("ran")
    tables: Any = SimpleNamespace(as_of=as_of, jobs=jobs, observations=pl.DataFrame({"previous_pull_at": [NOW, None]}))
    assert AsOf.of(tables, now, None, is_listed=is_listed) == AsOf(now, known_until, frozenset({NOW}))


def test_the_worst_feed_comes_first() -> None:
    well, late = _status(_nightly()), _status(_nightly(until=NOW - timedelta(days=1)))
    aborted = _status(_nightly(outcome="aborted", open=3000))
    found = feed_healths([well, late, aborted], AsOf(NOW, NOW))
    assert [health.health for health in found] == ["failing", "late", "well"]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_a_healthy_feed_has_no_finding_on_more_than_one_day_in_a_hundred(shape: Any) -> None:  # noqa: ANN401 - a Shape
    days, found = 0, Counter[str]()
    for _, health in judged(shape, runs_of(shape, 1, 130), 130, every=4):
        days += 1
        found.update({finding.health for finding in health.findings} & ALARMS)
    assert days == 33
    assert sum(found.values()) <= 1, found


@pytest.mark.parametrize("shape", SHAPES[:5], ids=lambda shape: shape.name)
def test_a_nightly_feed_that_stops_is_noticed_within_three_mornings(shape: Any) -> None:  # noqa: ANN401 - a Shape
    runs = [run for run in runs_of(shape, 1, 60) if run.queued < local(datetime(2025, 2, 20).date(), 12)]  # noqa: DTZ001
    found = [(at, health) for at, health in judged(shape, runs, 60, 45)]
    first = next(at for at, health in found if health.health in {Health.late, Health.missing})
    assert (first.astimezone(ZONE) - runs[-1].queued) < timedelta(days=3.3)
