"""The trends of feeds from the tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import polars as pl

from analyzer.history.trends import feed_trends, trend_details
from analyzer.model.tables import JOBS, NAMED_ENTRIES, USERS
from analyzer.model.tables import UTC as UTC_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable

START = datetime(2026, 10, 1, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def failed_in(night: int) -> set[str]:
    """Two users fail each night, one now and then, a new one for two nights, and forty from the 25th night on."""
    users = {"always1", "always2", f"short{night // 2}"} | ({"flaps"} if night % 5 < 2 else set())
    return users | ({f"jump{number}" for number in range(40)} if night >= 25 else set())


def tables(nights: int = 30) -> Any:  # noqa: ANN401 - stands for Tables
    jobs, users, since = [], [], dict[str, int]()
    for night in range(nights):
        failed = failed_in(night)
        ran = START + night * DAY
        jobs.append(
            {**dict.fromkeys(JOBS), "job_id": f"job{night}", "feed": "hr-feed", "outcome": "partial", "ran": ran}
            | {"users": 500, "not_updated": len(failed), "named_users": len(failed), "earliest": ran, "open": 3}
        )
        new = failed - since.keys()
        since = {user: since.get(user, night) for user in failed}
        users += [
            {**dict.fromkeys(USERS), "job_id": f"job{night}", "key": user, "identity": user, "codes": ["A"]}
            | {"new": user in new if night else None, "since": f"job{since[user]}", "runs": night - since[user] + 1}
            for user in sorted(failed)
        ]
    frame = pl.DataFrame(users, schema=USERS, orient="row")
    news = dict(frame.group_by("job_id").agg(pl.col("new").sum()).iter_rows()) | {"job0": None}

    def only(job_ids: Iterable[str]) -> Any:  # noqa: ANN401 - as above
        return SimpleNamespace(scan_users=lambda: frame.filter(pl.col("job_id").is_in(list(job_ids))).lazy())

    return SimpleNamespace(
        jobs=pl.DataFrame(jobs, schema=JOBS | {"earliest": UTC_TYPE}, orient="row"),
        new_of=news.__getitem__,
        only=only,
        users_of=lambda job_id: frame.filter(job_id=job_id),
        scan_entries_of=lambda _: pl.LazyFrame(schema=NAMED_ENTRIES),
    )


NO_LIBRARY: Any = SimpleNamespace(jobs=list)


def test_a_jump_is_found_once_with_those_who_still_fail() -> None:
    loaded = tables()
    (trend,) = feed_trends(loaded, loaded.jobs, None)
    assert trend.runs.filter("jump")["job_id"].to_list() == ["job25"]
    assert trend.last_jump is not None
    assert trend.newest is not None
    assert trend.newest["job_id"] == "job29"
    details = trend_details(NO_LIBRARY, loaded, trend)
    assert details.jumped == 40
    assert details.flapping["identity"].to_list() == ["flaps"]


def test_half_of_the_streaks_that_ended_took_two_nights() -> None:
    loaded = tables(24)
    (trend,) = feed_trends(loaded, loaded.jobs, None)
    (row,) = trend_details(NO_LIBRARY, loaded, trend).healing.iter_rows(named=True)
    assert (row["code"], row["median"], row["failing"]) == ("A", 2 * DAY, 3)


def test_earlier_runs_are_left_out_but_still_say_what_is_usual() -> None:
    loaded = tables()
    (trend,) = feed_trends(loaded, loaded.jobs, START + 25 * DAY)
    assert trend.runs["job_id"].to_list() == [f"job{night}" for night in range(25, 30)]
    assert trend.runs["jump"].to_list() == [True, False, False, False, False]
    assert feed_trends(loaded, loaded.jobs, START + 99 * DAY) == []
