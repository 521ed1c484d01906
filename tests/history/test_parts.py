"""Runs that are imported in parts, and imports of changes only: what is said of them is true of the feed's file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from analyzer.analysis.differences import previous_run
from analyzer.analysis.feed_runs import members_of
from analyzer.cli.views.differences import difference
from analyzer.history.feed_status import feed_statuses
from analyzer.history.feeds import AsOf, feed_healths
from analyzer.history.trends import feed_trends, trend_details
from analyzer.library.mirror import Library
from tests.history.growing_library import FOLDER, Nights, records

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from analyzer.history.load import Tables

SPLIT = (("ada", "bea"), ("cas", "dan"), ("eve", "fay"))
EVERYBODY = [user for part in SPLIT for user in part]


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


def add(nights: Nights, users: Sequence[str], *failed: str) -> str:
    name = f"hr-feed-202611{len(nights.jobs) + 1:02}-020000-0000000a.json"
    return nights.add(name, records(*users), *(f"{user}@contoso.com" for user in failed))


def in_parts(nights: Nights, *failed: str, split: Sequence[Sequence[str]] = SPLIT) -> list[str]:
    jobs = [add(nights, users, *(user for user in users if user in failed)) for users in split]
    nights.queued(*jobs, parts=len(split))
    return jobs


def new_of(tables: Tables, job_id: str) -> dict[str, tuple[bool | None, int]]:
    users = tables.users_of(job_id)
    return {user.partition("@")[0]: (new, runs) for user, new, runs in users.select("key", "new", "runs").iter_rows()}


def test_a_user_who_fails_in_each_run_recurs_in_whichever_part(nights: Nights) -> None:
    in_parts(nights, "bea", "cas")
    second = in_parts(nights, "bea", "cas", "fay", split=(("ada", "cas"), ("bea", "dan"), ("eve", "fay")))
    tables = nights.load()
    assert [new_of(tables, one) for one in second] == [{"cas": (False, 2)}, {"bea": (False, 2)}, {"fay": (True, 1)}]


def test_a_run_whose_parts_are_not_all_known_is_no_run_to_compare_with(nights: Nights) -> None:
    in_parts(nights, "cas")
    nights.queued(add(nights, SPLIT[0]), parts=3)
    last = add(nights, EVERYBODY, "cas")
    assert new_of(nights.load(), last) == {"cas": (False, 2)}


@pytest.mark.parametrize("is_known", [True, False], ids=["files known", "files missing"])
def test_no_part_supersedes_another_or_updates_its_users(nights: Nights, *, is_known: bool) -> None:
    jobs = in_parts(nights, "bea", "dan")
    if not is_known:
        for path in (nights.library / FOLDER).glob("*.json"):
            path.unlink()
    tables = nights.load()
    assert [tables.superseded_by(one) for one in jobs] == [None, None, None]
    assert [tables.open_users[one].needs_retry for one in jobs[:2]] == [True, True]
    if is_known:
        assert [tables.open_users[one].open for one in jobs] == [1, 1, 0]


def test_a_later_run_supersedes_though_its_parts_have_other_borders(nights: Nights) -> None:
    before = in_parts(nights, "ada", "bea", split=(("ada", "bea", "cas"), ("dan", "eve", "fay")))
    after = in_parts(nights, "bea", split=(("ada", "dan"), ("bea", "eve"), ("cas", "fay")))
    tables = nights.load()
    assert tables.superseded_by(before[0]) == after[-1]
    assert tables.open_users[before[0]].open == 1


def test_the_status_adds_up_the_parts_and_calls_none_of_them_earlier(nights: Nights) -> None:
    jobs = in_parts(nights, "bea", "cas", "dan")
    [status] = feed_statuses(nights.load())
    run = status.run or {}
    assert (run["job_id"], run["users"], run["not_updated"], run["open"]) == (jobs[1], 6, 3, 3)
    assert (run["outcome"], run["note"], status.earlier) == ("partial", "in 3 parts", [])
    retry = nights.add(f"hr-feed-{jobs[1]}-retry-20261104-020000-0000000a.json", records("cas", "dan"))
    nights.queued(retry, retry_of=jobs[1])
    [status] = feed_statuses(nights.load())
    assert [one["job_id"] for one in status.retries] == [retry]
    assert (status.run or {})["open"] == 1


def test_the_part_that_was_aborted_makes_the_run_partial(nights: Nights) -> None:
    first = add(nights, SPLIT[0])
    aborted = nights.add("hr-feed-20261102-020000-0000000a.json", records(*SPLIT[1]), aborted=True)
    nights.queued(first, aborted)
    [status] = feed_statuses(nights.load())
    run = status.run or {}
    assert (run["job_id"], run["outcome"], run["not_updated"], run["users"]) == (aborted, "partial", 2, 4)


def test_the_trend_has_one_row_a_run_with_all_users_of_the_file(nights: Nights) -> None:
    for _ in range(2):
        in_parts(nights, "bea", "cas")
    delta = add(nights, ("bea", "cas"), "cas")
    nights.queued(delta, unchanged=4)
    tables = nights.load()
    [trend] = feed_trends(tables, tables.jobs, None)
    assert trend.runs.select("users", "failed", "new").rows() == [(6, 2, None), (6, 2, 0), (6, 1, 0)]
    assert list(trend.notes.values()) == [
        "in 3 parts",
        "in 3 parts",
        "changes only: 4 unchanged users weren't sent",
    ]
    details = trend_details(Library.existing(nights.library), tables, trend)
    assert details.healing.select("users", "healed", "failing").rows() == [(2, 1, 1)]
    assert details.flapping.is_empty()


def test_a_delta_supersedes_the_full_run_before_it_and_an_earlier_delta(nights: Nights) -> None:
    full = add(nights, EVERYBODY, "bea", "fay")
    first, second = add(nights, ("bea", "fay", "cas"), "fay", "cas"), add(nights, ("fay", "cas"), "fay")
    nights.queued(first, unchanged=3)
    nights.queued(second, unchanged=4)
    tables = nights.load()
    assert [tables.superseded_by(one) for one in (full, first, second)] == [second, second, None]
    assert [tables.open_users[one].open for one in (full, first, second)] == [1, 1, 1]
    assert new_of(tables, second) == {"fay": (False, 3)}


def test_a_delta_of_a_file_of_other_users_supersedes_nothing(nights: Nights) -> None:
    full = add(nights, EVERYBODY, "bea")
    nights.queued(add(nights, ("gus",)), unchanged=1)
    assert nights.load().superseded_by(full) is None


def test_neither_parts_nor_deltas_are_small(nights: Nights) -> None:
    everybody = [f"user{number}" for number in range(40)]
    for _ in range(7):
        add(nights, everybody)
    in_parts(nights, split=(everybody[:38], everybody[38:]))
    nights.queued(add(nights, ("user1", "user2")), unchanged=38)
    tables = nights.load()
    as_of = AsOf.of(tables, datetime(2026, 11, 10, 9, tzinfo=UTC), None)
    [health] = feed_healths(feed_statuses(tables), as_of)
    assert (health.reason, health.usual_users) == ("", 40)


def test_a_part_is_compared_with_the_run_before_not_with_its_sibling(nights: Nights) -> None:
    before, parts = add(nights, EVERYBODY, "bea"), in_parts(nights, "cas")
    tables = nights.load()
    members = members_of(parts[1], tables.jobs, tables.queued)
    assert (members, previous_run(tables.jobs, parts[1], members)) == (parts, before)


def test_a_difference_is_that_of_whole_runs_and_of_two_parts_if_they_are_named(nights: Nights) -> None:
    in_parts(nights, "bea", "cas")
    parts = in_parts(nights, "cas", "fay", split=(("cas", "bea"), ("ada", "dan"), ("eve", "fay")))
    tables = nights.load()
    found = difference(tables, previous_run(tables.jobs, parts[0], parts) or "", parts[0], None)
    assert found.users is not None
    assert dict(found.users.select("key", "change").iter_rows()) == {
        "fay@contoso.com": "new",
        "bea@contoso.com": "healed",
        "cas@contoso.com": "same",
    }
    assert found.codes.select("users_before", "users").rows() == [(2, 2)]
    assert [remark.partition(": ")[2] for remark in found.remarks] == ["in 3 parts.", "in 3 parts."]
    found = difference(tables, parts[0], parts[2], None)
    assert (found.before["named_users"], found.after["named_users"]) == (1, 1)
