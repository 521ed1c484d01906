"""``feeds``: one line a feed, the worst first; ``run`` says the same once."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from analyzer.storage.files import sample_library
from tests.conftest import FOLDER, Given

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import LoopbackTenant, Ran

_LINE = b"IdentityNotResolvable\tada@contoso.com\tUser identity cannot be resolved\r\n"
_KEYS = ("health", "health_reason", "next_expected")


@pytest.fixture
def nightly(only_tenant: LoopbackTenant) -> Callable[..., None]:
    """Adds a feed of 20 nights that ended this morning, or some days ago; the newest file may have fewer users."""

    def add(name: str = "hr", *, ago: int = 0, newest: int = 40) -> None:
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        for night in range(20, 0, -1):
            at = today - timedelta(days=night + ago - 1)
            file, users = f"{name}-{at:%Y%m%d}.json", 40 if night > 1 else newest
            job_id = only_tenant.add_job(len(only_tenant.jobs) + 1, name=file)
            only_tenant.add_log(job_id, _LINE, name=file, time=f"{at:%Y%m%d}-000000-000")
            records = [{"mail": f"{user}@contoso.com", "City": "Oslo"} for user in ["ada", *range(users - 1)]]
            only_tenant.files[f"{FOLDER}/{file}"] = json.dumps({"value": records}).encode()

    return add


def _of(ran: Ran, feed: str) -> dict[str, object]:
    (found,) = [one for one in ran.json["feeds"] if one["feed"] == feed]
    return dict(found)


def test_a_line_a_feed_the_worst_first(upa: Callable[..., Ran], nightly: Callable[..., None]) -> None:
    nightly("hr")
    nightly("it", newest=10)
    nightly("badges", ago=3)
    upa("run")
    ran = upa("feeds")
    heading, *lines = ran.out.splitlines()
    assert ran.code == 0
    assert heading.split() == ["feed", "health", "why", "open", "last", "run", "outcome", "next", "expected", "rhythm"]
    assert [line.split()[:2] for line in lines] == [["badges", "missing"], ["it", "small"], ["hr", "failing"]]
    assert "10 users, usually 40" in lines[1]
    assert lines[2].split()[2:5] == ["1", "open", "user"]
    assert all(line.endswith("daily") for line in lines)


def test_json_has_the_same_facts(upa: Callable[..., Ran], nightly: Callable[..., None]) -> None:
    nightly("hr")
    nightly("badges", ago=3)
    upa("run")
    ran = upa("feeds", "--json")
    found = _of(ran, "badges")
    assert (found["health"], found["open"], found["rhythm"], found["usual_users"]) == ("missing", 1, "daily", 40)
    assert datetime.fromisoformat(str(found["next_expected"])) > datetime.now(UTC)
    night = upa("run", "--json")
    for feed in ("hr", "badges"):
        assert {key: _of(night, feed)[key] for key in _KEYS} == {key: _of(ran, feed)[key] for key in _KEYS}
    assert [one["feed"] for one in upa("feeds", "--feed", "bad", "--json").json["feeds"]] == ["badges"]


def test_run_remarks_once_what_is_wrong_with_a_feed(upa: Callable[..., Ran], nightly: Callable[..., None]) -> None:
    nightly("hr", newest=10)
    nightly("badges", ago=3)
    first, second = upa("run"), upa("run")
    assert "hr: its newest file is unusually small: 10 users, usually 40." in first.err
    assert re.search(r"badges: [23] runs missing since ", first.err)  # today's is late from 02:00 on
    assert "usually 40" not in second.err
    assert "runs missing" not in second.err


def test_a_run_may_have_come_that_a_pull_without_a_job_list_could_not_see(
    upa: Callable[..., Ran], nightly: Callable[..., None], only_tenant: LoopbackTenant
) -> None:
    nightly("hr", ago=3)
    assert upa("pull").code == 0
    assert _of(upa("feeds", "--json"), "hr")["health"] == "missing"
    refused = b'{"odata.error": {"code": "-2147024860, Microsoft.SharePoint.SPQueryThrottledException"}}'
    only_tenant.faults = lambda seen: Given(500, refused) if "PropertyJobs" in seen.path else None
    assert upa("pull").code == 4
    assert _of(upa("feeds", "--json"), "hr")["health"] == "failing"
    assert "runs missing" not in upa("run").err


def test_the_sample_library_s_feeds_are_listed(upa: Callable[..., Ran]) -> None:
    ran = upa("feeds", "--library", sample_library())
    assert ran.code == 0
    assert {line.split()[1] for line in ran.out.splitlines()[1:]} <= {
        "failing",
        "well",
        "ceased",
        "(fabrikam.sharepoint.com)",
    }


def test_a_library_without_jobs_has_no_feeds(upa: Callable[..., Ran], only_tenant: LoopbackTenant) -> None:
    del only_tenant
    upa("pull")
    ran = upa("feeds")
    assert (ran.code, ran.out) == (0, "")
    assert "The library has no jobs." in ran.err


def test_an_unknown_feed_is_an_error_with_the_known_ones(upa: Callable[..., Ran]) -> None:
    ran = upa("feeds", "--library", sample_library(), "--feed", "payroll")
    assert ran.code == 5
    assert "phones-feed" in ran.err
