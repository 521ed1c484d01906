"""What is unusually small or long is learned from the feed's own past."""

from __future__ import annotations

import random

import pytest

from analyzer.analysis.rhythm import usual_duration, usual_size


def _is_small(size: int, *earlier: int) -> bool:
    usual = usual_size(earlier)
    return usual is not None and size < usual.limit


@pytest.mark.parametrize(("size", "is_small"), [(3100, False), (2500, False), (2300, True), (1500, True), (0, True)])
def test_a_feed_that_lost_users_is_small(size: int, is_small: bool) -> None:
    assert _is_small(size, *[3000] * 10) == is_small


def test_a_feed_of_which_few_runs_are_known_has_no_usual_size() -> None:
    assert not _is_small(0, *[3000] * 5)
    assert _is_small(0, *[3000] * 6)


def test_a_feed_that_sends_only_changes_has_no_usual_size() -> None:
    chance = random.Random(7)
    assert usual_size([round(chance.lognormvariate(4, 1)) for _ in range(30)]) is None
    assert usual_size([0] * 20) is None


def test_the_spread_of_the_sizes_is_allowed_for() -> None:
    sizes = [1000, 1250, 900, 1400, 800, 1100, 700, 1300, 950, 1200]
    assert not _is_small(400, *sizes)
    assert _is_small(100, *sizes)


def test_a_very_small_feed_may_lose_some_users() -> None:
    assert not _is_small(7, *[10] * 10)
    assert _is_small(4, *[10] * 10)


def test_a_weekly_small_file_is_usual_after_four_weeks() -> None:
    week = [3000] * 6 + [1500]
    assert _is_small(1500, *week, *week[:6])
    assert not _is_small(1500, *week * 4, *week[:6])


def test_a_loss_becomes_the_new_usual_after_four_runs() -> None:
    assert _is_small(1500, *[3000] * 27, 1500, 1500, 1500)
    assert not _is_small(1500, *[3000] * 26, 1500, 1500, 1500, 1500)


def test_one_outlier_is_not_what_is_usual() -> None:
    assert _is_small(1500, *[3000] * 20, 10)
    assert _is_small(1500, *[3000] * 20, 900_000)


def test_a_job_is_slow_after_twice_the_longest_duration_but_one() -> None:
    usual = usual_duration([3600, 4000, 3700, 90_000, 3500, 3900])
    assert usual is not None
    assert (usual.median, usual.limit) == (3800, 8000)


def test_a_short_job_may_take_half_an_hour_longer() -> None:
    usual = usual_duration([60.0] * 6)
    assert usual is not None
    assert usual.limit == 60 + 1800
    assert usual_duration([60.0] * 5) is None
