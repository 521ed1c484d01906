"""How long users fail, who flaps, and who is open, against a reference that follows each user."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.analysis.streaks import FLAPPING, HEALING, flapping, open_after, streak_counts, time_to_heal
from analyzer.model.tables import JOBS, USERS
from analyzer.model.tables import UTC as UTC_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

START = datetime(2026, 10, 1, tzinfo=UTC)
DAY = timedelta(days=1)

Nights = list[dict[str, str]]
"""By run, the code of each user who failed."""

NIGHTS = st.lists(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("XY"), max_size=6), min_size=1, max_size=8)
ONE_CODE = st.lists(st.dictionaries(st.sampled_from("abcdef"), st.just("X"), max_size=6), min_size=1, max_size=8)


def runs_of(nights: Nights) -> pl.DataFrame:
    rows = [(str(at), START + at * DAY) for at in range(len(nights))]
    return pl.DataFrame(rows, schema={"job_id": pl.String, "ran": UTC_TYPE}, orient="row")


def users_of(nights: Nights) -> pl.LazyFrame:
    rows: list[dict[str, object]] = []
    since: dict[str, int] = {}
    for at, failed in enumerate(nights):
        since = {user: since.get(user, at) for user in failed}
        rows += [
            {**dict.fromkeys(USERS), "job_id": str(at), "key": user, "identity": user.upper(), "codes": [code]}
            | {"since": str(since[user]), "runs": at - since[user] + 1}
            for user, code in failed.items()
        ]
    return pl.LazyFrame(rows, schema=USERS, orient="row")


def streaks_of(nights: Nights) -> list[tuple[int, bool]]:
    """The duration of each streak in runs, and whether it ended."""
    found: list[tuple[int, bool]] = []
    lengths: dict[str, int] = {}
    for failed in nights:
        found += [(length, True) for user, length in lengths.items() if user not in failed]
        lengths = {user: lengths.get(user, 0) + 1 for user in failed}
    return found + [(length - 1, False) for length in lengths.values()]


def kaplan_meier_median(streaks: Sequence[tuple[int, bool]]) -> int | None:
    left = 1.0
    for duration in sorted({duration for duration, ended in streaks if ended}):
        at_risk = sum(other >= duration for other, _ in streaks)
        left *= 1 - sum(one == (duration, True) for one in streaks) / at_risk
        if left <= 0.5 + 1e-9:
            return duration
    return None


@settings(deadline=None)
@given(ONE_CODE)
def test_the_median_is_that_of_streaks_followed_one_by_one(nights: Nights) -> None:
    healing = time_to_heal(runs_of(nights), streak_counts(users_of(nights)))
    assert healing.schema == pl.Schema(HEALING)
    streaks = streaks_of(nights)
    if not streaks:
        assert healing.is_empty()
        return
    (row,) = healing.iter_rows(named=True)
    failing = sum(not ended for _, ended in streaks)
    assert (row["users"], row["healed"], row["failing"]) == (len(streaks), len(streaks) - failing, failing)
    median = kaplan_meier_median(streaks)
    assert row["median"] == (None if median is None else median * DAY)
    assert row["at_least"] == (max(duration for duration, _ in streaks) * DAY if median is None else None)


@settings(deadline=None)
@given(NIGHTS)
def test_a_change_of_the_code_does_not_end_a_streak(nights: Nights) -> None:
    healing = time_to_heal(runs_of(nights), streak_counts(users_of(nights)))
    ended = sum(ended for _, ended in streaks_of(nights))
    assert abs(sum(healing["healed"].to_list()) - ended) <= 1  # each code is rounded
    assert sum(healing["failing"].to_list()) == len(nights[-1])


@settings(deadline=None)
@given(NIGHTS)
def test_users_who_flap_failed_succeeded_and_failed_again(nights: Nights) -> None:
    found = flapping(users_of(nights))
    assert found.schema == pl.Schema(FLAPPING)
    expected = {}
    for user in "abcdef":
        failed = [user in night for night in nights]
        begins = sum(now and not before for before, now in zip([False, *failed], failed, strict=False))
        if begins > 1:
            expected[user] = (sum(failed), begins)
    assert {row["key"]: (row["failed"], row["streaks"]) for row in found.iter_rows(named=True)} == expected


def jobs_of(*rows: Mapping[str, object]) -> pl.DataFrame:
    filled = [
        {**dict.fromkeys(JOBS), "job_id": str(at), "feed": "hr", "outcome": "partial", "earliest": START + at * DAY}
        | dict(row)
        for at, row in enumerate(rows)
    ]
    return pl.DataFrame(filled, schema=JOBS | {"earliest": UTC_TYPE}, orient="row")


def test_a_retry_before_the_next_run_closes_users_and_one_after_it_does_not() -> None:
    jobs = jobs_of(
        {"not_updated": 12},
        {"retry_of": "0", "users": 12, "not_updated": 2},
        {"not_updated": 9},
        {"retry_of": "0", "users": 12, "not_updated": 0},
        {"outcome": "aborted", "not_updated": None},
        {"feed": "it", "not_updated": 5, "open": 1},
        {"not_updated": 8, "open": 3},
        {"outcome": "running"},
    )
    assert open_after(jobs).rows() == [("0", 2), ("2", 9), ("4", None), ("5", 1), ("6", 3)]
