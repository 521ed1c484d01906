"""Three weeks of nights against a tenant, and what ``trend``, ``diff``, and ``user`` say about them."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.conftest import FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import LoopbackTenant, Ran

USERS = [f"user{number:03}@{'contoso' if number % 2 else 'fabrikam'}.com" for number in range(200)]
FIRST = date(2026, 11, 1)
NIGHTS = 21
JUMP, DAYS = 18, 2
"""The night of a jump, and on how many it lasts."""


def failed_in(night: int) -> dict[str, str]:
    """The codes of users who failed: four always, one new each night, one now and then, and thirty in the jump."""
    found = dict.fromkeys(USERS[:4], "IdentityNotResolvable") | {USERS[10 + night]: "IdentityNotResolvable"}
    if night % 4 == 0:
        found[USERS[50]] = "GenericError"
    if JUMP <= night < JUMP + DAYS:
        found |= dict.fromkeys(USERS[100:160:2], "GenericError")
    return found


def id_of(night: int) -> str:
    return f"{night + 1:08d}"


@pytest.fixture
def pulled(upa: Callable[..., Ran], only_tenant: LoopbackTenant) -> Callable[..., Ran]:
    """The commands, after three weeks."""
    source = json.dumps({"value": [{"IdName": user, "City": "Graz"} for user in USERS]}).encode()
    for night in range(NIGHTS):
        day = FIRST + timedelta(days=night)
        name = f"hr-feed-{day:%Y%m%d}.json"
        job_id = only_tenant.add_job(night + 1, name=name)
        lines = [f"{code}\t{user}\tIt failed." for user, code in failed_in(night).items()]
        only_tenant.add_log(job_id, "\r\n".join(lines).encode(), name=name, time=f"{day:%Y%m%d}-020000-000")
        only_tenant.files[f"{FOLDER}/{name}"] = source
    assert upa("pull").code == 0
    return upa


def test_the_jump_is_marked_once_and_its_users_heal(pulled: Callable[..., Ran]) -> None:
    shown = pulled("trend").out.splitlines()
    assert shown[0] == "hr-feed: 6 of 200 users failed in the newest run, 2 new, as usual (4 to 10)."
    assert f"Last jump: 31 new ({id_of(JUMP)}, 19 Nov 02:00); none of them still fails." in shown
    assert [line[:8] for line in shown if line.endswith("jump")] == [id_of(JUMP)]
    (flapping,) = [line for line in shown if line.startswith(USERS[50])]
    assert flapping.split() == [USERS[50], "5", "5", "GenericError"]
    found = pulled("trend", "--json").json
    healing = {row["code"]: row for row in found["details"]["healing"]}
    assert healing["GenericError"]["median_days"] == DAYS
    assert healing["IdentityNotResolvable"]["failing"] == 5


def test_the_end_of_the_jump_heals_its_users(pulled: Callable[..., Ran]) -> None:
    found = pulled("diff", id_of(JUMP + DAYS), "--json").json
    changes = [user["change"] for user in found["users"]]
    assert (changes.count("healed"), changes.count("same")) == (31, 4)
    assert found["before"][:8] == id_of(JUMP + DAYS - 1)


def test_a_user_s_runs_say_new_or_recurring(pulled: Callable[..., Ran]) -> None:
    always = pulled("user", USERS[0].upper()).out.splitlines()
    assert always[0].startswith(f"{USERS[0]} failed in 21 jobs, the newest {id_of(NIGHTS - 1)} (21 Nov 02:00); open in")
    assert always[0].endswith("hr-feed since 1 Nov (21 runs).")
    in_jump = pulled("user", USERS[100], "--json").json
    assert in_jump["open"] is False
    assert [(run["new"], run["runs"]) for run in in_jump["runs"]] == [(True, 1), (False, 2)]
    assert in_jump["records"][0]["values"] == {"IdName": USERS[100], "City": "Graz"}
