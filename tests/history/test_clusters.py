"""Where a code clusters, and that random failures have no cluster."""

from __future__ import annotations

import json
import random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from analyzer.history.clusters import clusters_of
from analyzer.model.tables import NAMED_ENTRIES, USERS

if TYPE_CHECKING:
    from pathlib import Path

DOMAINS = ("contoso.com", "fabrikam.com", "example.com")


def tables_of(failed: dict[str, str], properties: dict[str, str] | None = None) -> Any:  # noqa: ANN401 - stands for Tables
    """The tables of one run: the code of each user who failed, and the property that the entry names."""
    users = [{**dict.fromkeys(USERS), "key": key, "identity": key, "codes": [code]} for key, code in failed.items()]
    entries = [
        {**dict.fromkeys(NAMED_ENTRIES), "key": key, "names": True, "property": (properties or {}).get(key)}
        for key in failed
    ]
    return SimpleNamespace(
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
