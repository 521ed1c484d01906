"""The trends of feeds from the tables; where a code clusters, and that random failures have no cluster."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from analyzer.history.trends import clusters_of, feed_trends, trend_details
from analyzer.model.tables import JOBS, NAMED_ENTRIES, USERS
from analyzer.model.tables import UTC as UTC_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

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
        queued={},
        jobs=pl.DataFrame(jobs, schema=JOBS | {"earliest": UTC_TYPE}, orient="row"),
        new_of=news.__getitem__,
        only=only,
        users_of=lambda job_id: frame.filter(job_id=job_id),
        scan_entries_of=lambda _: pl.LazyFrame(schema=NAMED_ENTRIES),
    )


NO_LIBRARY: Any = SimpleNamespace(queued={}, jobs=list)


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


DOMAINS = ("contoso.com", "fabrikam.com", "example.com")


def tables_of(failed: dict[str, str], properties: dict[str, str] | None = None) -> Any:  # noqa: ANN401 - stands for Tables
    """The tables of one run: the code of each user who failed, and the property that the entry names."""
    users = [{**dict.fromkeys(USERS), "key": key, "identity": key, "codes": [code]} for key, code in failed.items()]
    entries = [
        {**dict.fromkeys(NAMED_ENTRIES), "key": key, "names": True, "property": (properties or {}).get(key)}
        for key in failed
    ]
    return SimpleNamespace(
        queued={},
        users_of=lambda _: pl.DataFrame(users, schema=USERS, orient="row"),
        scan_entries_of=lambda _: pl.LazyFrame(entries, schema=NAMED_ENTRIES, orient="row"),
    )


def source_file(folder: Path, users: list[str], draw: random.Random) -> Path:
    path = folder / "feed.json"
    records = [{"IdName": user, "City": draw.choice(["Oslo", "Graz", "Lyon"])} for user in users]
    path.write_text(json.dumps({"value": records}), encoding="utf-8")
    return path


def some_users(number: int) -> list[str]:
    return [f"user{at}@{DOMAINS[at % 3]}" for at in range(number)]


def test_a_code_of_one_domain_is_found_among_all_users(tmp_path: Path) -> None:
    users = some_users(300)
    failed = dict.fromkeys(users[1::3][:12], "A") | {user: "B" for user in users[:30] if "fabrikam" not in user}
    found = clusters_of(tables_of(failed), "job", source_file(tmp_path, users, random.Random(1)))
    assert [one.sentence for one in found if one.code == "A"] == [
        "All 12 users with A have the domain fabrikam.com (33% of all users)"
    ]


def test_without_a_source_file_a_code_is_compared_with_the_other_failures() -> None:
    users = some_users(60)
    failed = {user: "A" if user.endswith("fabrikam.com") else "B" for user in users}
    found = clusters_of(tables_of(failed), "job", None)
    assert "All 20 users with A have the domain fabrikam.com (33% of all users who failed)" in [
        one.sentence for one in found
    ]
    named = {user: "Floor" if code == "A" else "City" for user, code in failed.items()}
    found = clusters_of(tables_of(failed, named), "job", None)
    assert {one.code for one in found} == {"A", "B"}


def test_a_single_code_is_not_compared_with_itself() -> None:
    assert clusters_of(tables_of(dict.fromkeys(some_users(30), "A")), "job", None) == []


@pytest.mark.parametrize("with_source", [True, False])
def test_at_most_one_run_in_a_hundred_with_random_failures_has_a_cluster(tmp_path: Path, with_source: bool) -> None:
    draw = random.Random(3)
    users = some_users(90)
    alarms = 0
    for _ in range(200):
        source = source_file(tmp_path, users, draw) if with_source else None
        failed = {user: draw.choice("AB") for user in draw.sample(users, 30)}
        alarms += bool(clusters_of(tables_of(failed), "job", source))
    assert alarms <= 2
