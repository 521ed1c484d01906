"""Jumps of a feed's failures, and what isn't one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from analyzer.analysis.failure_rate import FEWEST_RUNS, RATES, Band, Night, bands, failure_rates
from analyzer.model.tables import JOBS
from tests.analysis.healthy_feeds import RHYTHMS, Jump, Shape, simulate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MIXED: tuple[tuple[int, float, float], ...] = (
    (10, 0.2, 0.9),
    (100, 0.05, 0.8),
    (1_000, 0.01, 0.9),
    (10_000, 0.01, 0),
    (100_000, 0.2, 0.8),
    (100_000, 0.0001, 0.95),
)


@pytest.fixture(scope="module")
def healthy() -> dict[str, float]:
    """The share of runs called a jump, by rhythm; each rhythm with all sizes."""
    found = {}
    for seed, rhythm in enumerate(RHYTHMS):
        draw = np.random.default_rng(seed)
        short = [simulate(Shape(*one, rhythm), 14, 100, draw).jumps() for one in MIXED]
        long = [simulate(Shape(*one, rhythm), 150, 4, draw).jumps() for one in MIXED]
        judged = np.concatenate([part[part >= 0] for part in (*short, *long)])
        assert judged.size > 5_000
        found[rhythm] = float((judged == 1).mean())
    return found


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_at_most_one_run_in_a_hundred_of_a_healthy_feed_is_called_a_jump(
    healthy: dict[str, float], rhythm: str
) -> None:
    assert healthy[rhythm] <= 0.01


@pytest.mark.parametrize(
    ("shape", "jump", "least"),
    [
        (Shape(300, 0.04, 0.9, "even"), Jump(2), 0.8),
        (Shape(300, 0.04, 0.9, "Mondays"), Jump(more=0.05), 0.9),
        (Shape(1_000, 0.01, 0.9, "varying"), Jump(3), 0.95),
        (Shape(10_000, 0.01, 0, "even"), Jump(3), 0.95),
        (Shape(10_000, 0.001, 0, "all of it"), Jump(more=0.05), 0.95),
    ],
)
def test_a_real_jump_is_found(shape: Shape, jump: Jump, least: float) -> None:
    found = simulate(shape, 30, 100, np.random.default_rng(7), jump).jumps()[-1]
    assert (found == 1).mean() >= least


def judged(news: Sequence[int | None], again: int = 0, users: float = 1_000) -> list[Band | None]:
    """The bands of runs with so many new failures each, and as many users who fail again."""
    return list(bands(Night(None if new is None else again + new, new, users, 0) for new in news))


def jumps(found: Sequence[Band | None]) -> list[int]:
    return [night for night, band in enumerate(found) if band and band.jump]


def test_a_jump_does_not_hide_the_next_one() -> None:
    assert jumps(judged([10, 11, 9, 12, 10, 8, 10, 11, 500, 10, 9, 11, 60])) == [8, 12]


def test_unknown_numbers_are_left_out() -> None:
    numbers = [10, 11, 9, 12, 10, 8, 10]
    gaps = [value for number in numbers for value in (number, None)]
    known, with_gaps = judged(numbers), judged(gaps)
    assert with_gaps[::2] == known
    assert with_gaps[1::2] == [None] * len(numbers)
    assert known[:FEWEST_RUNS] == [None] * FEWEST_RUNS
    assert all(known[FEWEST_RUNS:])


def test_twice_the_users_have_twice_the_usual_failures() -> None:
    past = [Night(100, 100, 1_000, 0)] * 20
    *_, small = bands([*past, Night(90, 90, 1_000, 0)])
    *_, large = bands([*past, Night(90, 90, 2_000, 0)])
    assert small
    assert large
    assert small.most < 250 < large.most
    assert small.least < large.least


def test_a_return_to_the_level_after_an_unusually_good_run_is_not_a_jump() -> None:
    usual = [Night(60, 9, 300, 0)] * 20
    *_, back = bands([*usual, Night(0, 0, 300, 0), Night(60, 60, 300, 0)])
    assert back
    assert (back.most, back.jump) == (60, False)
    *_, above = bands([*usual, Night(0, 0, 300, 0), Night(90, 90, 300, 0)])
    assert above
    assert above.jump


START = datetime(2026, 10, 1, 2, tzinfo=UTC)


def runs(*rows: Mapping[str, object]) -> pl.DataFrame:
    """Jobs of one feed, one a night."""
    filled = [
        dict.fromkeys(JOBS)
        | {"job_id": str(night), "feed": "hr-feed", "outcome": "partial", "users": 300}
        | {"ran": START + timedelta(days=night), "earliest": START + timedelta(days=night)}
        | dict(row)
        for night, row in enumerate(rows)
    ]
    return pl.DataFrame(filled, schema=JOBS | {"earliest": RATES["ran"]}, orient="row")


def test_the_band_is_that_of_those_who_fail_again_and_the_usual_new_ones() -> None:
    jobs = runs(*({"not_updated": 12} for _ in range(8)), {"not_updated": 60})
    named = pl.DataFrame({"job_id": jobs["job_id"], "named": jobs["not_updated"], "new": [None, *[3] * 7, 50]})
    rates = failure_rates(jobs, named)
    assert rates.schema == pl.Schema(RATES)
    assert rates["new"].to_list() == [None, *[3] * 7, 50]
    assert rates["rate"].to_list() == [0.04] * 8 + [0.2]
    assert rates["jump"].to_list() == [None] * 5 + [False] * 3 + [True]
    assert [rates[name].null_count() for name in ("least", "most")] == [5, 5]
    last = rates.row(-1, named=True)
    assert last["least"] == 10  # 10 of 60 fail again
    assert 10 < last["most"] < 25


def test_retries_running_and_unknown_runs_are_left_out_and_aborted_ones_have_no_rate() -> None:
    jobs = runs(
        {"not_updated": 3},
        {"outcome": "aborted", "not_updated": 300},
        {"outcome": "running"},
        {"outcome": "unknown"},
        {"retry_of": "0", "not_updated": 1},
        {"outcome": "succeeded", "not_updated": 0},
    )
    rates = failure_rates(jobs, pl.DataFrame({"job_id": ["0", "4"], "named": [3, 1], "new": [None, 0]}))
    assert rates.select("job_id", "failed", "rate", "new").rows() == [
        ("0", 3, 0.01, None),
        ("1", None, None, None),
        ("5", 0, 0.0, 0),
    ]


def test_records_without_an_id_are_new_if_there_are_more_of_them_than_before() -> None:
    jobs = runs(*({"not_updated": number} for number in (5, 6, 9, 4)))
    named = pl.DataFrame({"job_id": ["0", "1", "2", "3"], "named": [3, 3, 4, 4], "new": [None, 0, 1, 0]})
    assert failure_rates(jobs, named)["new"].to_list() == [None, 1, 3, 0]


def test_each_feed_is_judged_by_its_own_past() -> None:
    rows = [{"feed": feed, "not_updated": number} for _ in range(8) for feed, number in (("hr", 2), ("it", 200))]
    jobs = runs(*rows, {"feed": "hr", "not_updated": 200}, {"feed": "it", "not_updated": 200})
    named = pl.DataFrame(
        {"job_id": jobs["job_id"], "named": jobs["not_updated"], "new": [None, None, *jobs["not_updated"][2:]]}
    )
    jumps = failure_rates(jobs, named).filter("jump")
    assert jumps.select("feed", "failed").rows() == [("hr", 200)]


def test_no_runs_give_an_empty_table() -> None:
    rates = failure_rates(runs(), pl.DataFrame(schema={"job_id": pl.String, "named": pl.UInt32, "new": pl.UInt32}))
    assert rates.is_empty()
    assert rates.schema == pl.Schema(RATES)
