"""What became of the users of one job in a later one."""

from __future__ import annotations

from collections import Counter

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.analysis.differences import CHANGES, CODE_CHANGES, code_changes, previous_run, user_changes
from analyzer.model.tables import JOBS, USERS

Log = dict[str, list[str]]
"""The codes of users by key."""

_LOGS = st.dictionaries(
    st.sampled_from("abcdefgh"), st.lists(st.sampled_from(["X", "Y", "Z"]), min_size=1, unique=True), max_size=8
)


def users(log: Log) -> pl.DataFrame:
    rows = [dict.fromkeys(USERS) | {"key": key, "identity": key.upper(), "codes": codes} for key, codes in log.items()]
    return pl.DataFrame(rows, schema=USERS, orient="row")


def reference(before: Log, after: Log, *, all_before: bool, all_after: bool) -> dict[str, str]:
    found = {}
    for key in before.keys() | after.keys():
        if key not in before:
            found[key] = "new" if all_before else "unknown"
        elif key not in after:
            found[key] = "healed" if all_after else "unknown"
        else:
            found[key] = "same" if set(before[key]) == set(after[key]) else "other code"
    return found


@settings(deadline=None)
@given(_LOGS, _LOGS, st.booleans(), st.booleans())
def test_each_user_of_two_logs_has_the_change_that_a_comparison_by_hand_finds(
    before: Log, after: Log, all_before: bool, all_after: bool
) -> None:
    found = user_changes(users(before), users(after), before_shows_all=all_before, after_shows_all=all_after)
    assert found.schema == pl.Schema(CHANGES)
    assert dict(found.select("key", "change").iter_rows()) == reference(
        before, after, all_before=all_before, all_after=all_after
    )
    for row in found.iter_rows(named=True):
        assert (row["codes_before"], row["codes"]) == (before.get(row["key"]), after.get(row["key"]))
        assert row["identity"] == row["key"].upper()
    order = ["new", "other code", "healed", "same", "unknown"]
    assert found["change"].to_list() == sorted(found["change"], key=order.index)


@settings(deadline=None)
@given(_LOGS, _LOGS)
def test_the_codes_of_two_jobs_are_counted_side_by_side(before: Log, after: Log) -> None:
    counts = [Counter(code for codes in log.values() for code in codes) for log in (before, after)]
    rows = [
        {"tenant": "t", "job_id": job_id, "code": code, "entries": 2 * number, "users": number}
        for job_id, counted in zip("ba", counts, strict=True)
        for code, number in counted.items()
    ]
    schema = {"tenant": pl.String, "job_id": pl.String, "code": pl.String, "entries": pl.UInt32, "users": pl.UInt32}
    found = code_changes(pl.DataFrame(rows, schema=schema, orient="row"), "b", "a")
    assert found.schema == pl.Schema(CODE_CHANGES)
    assert {row["code"]: (row["users_before"], row["users"]) for row in found.iter_rows(named=True)} == {
        code: (counts[0][code], counts[1][code]) for code in counts[0] | counts[1]
    }
    sizes = [abs(now - then) for then, now in found.select("users_before", "users").iter_rows()]
    assert sizes == sorted(sizes, reverse=True)


def test_a_run_is_compared_with_the_feed_s_newest_earlier_run_that_shows_all_failures() -> None:
    rows: list[dict[str, object]] = [
        {"job_id": "a", "outcome": "partial", "not_updated": 3},
        {"job_id": "b", "outcome": "partial", "not_updated": None},
        {"job_id": "c", "outcome": "aborted", "not_updated": 9},
        {"job_id": "d", "outcome": "succeeded", "not_updated": 0, "feed": "it"},
        {"job_id": "e", "outcome": "succeeded", "not_updated": 0, "retry_of": "a"},
        {"job_id": "f", "outcome": "partial", "not_updated": 3},
        {"job_id": "g", "outcome": "running", "feed": None},
        {"job_id": "h", "outcome": "partial", "not_updated": 1, "retry_of": "lost"},
    ]
    jobs = pl.DataFrame([{**dict.fromkeys(JOBS), "feed": "hr", **row} for row in rows], schema=JOBS, orient="row")
    found = {job_id: previous_run(jobs, job_id) for job_id in jobs["job_id"]}
    assert found == {"a": None, "b": "a", "c": "a", "d": None, "e": "a", "f": "a", "g": None, "h": None}
