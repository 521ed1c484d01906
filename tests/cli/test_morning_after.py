"""A retry file that was imported in the morning, pulled together with the job of the next night."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import LoopbackTenant, Ran

FOLDER = "/sites/hr/Shared Documents"
AGAIN = "feed-00000001-bd0e-49ec-8c9c-c4cfe370248c-retry.json"
LINE = b"IdentityNotResolvable\tada@contoso.com\tUser identity cannot be resolved\r\n"
SOURCE = b'{"value": [{"mail": "ada@contoso.com"}, {"mail": "bob@contoso.com"}]}'


@pytest.fixture
def ids(only_tenant: LoopbackTenant) -> list[str]:
    """Jobs of one feed: of a night, of the morning after (without a log, as all went well), of the next night."""
    night, morning = only_tenant.add_job(1), only_tenant.add_job(2, state=4, error=0, name=AGAIN)
    next_night = only_tenant.add_job(3)
    only_tenant.add_log(night, LINE, time="20201122-020000-000")
    only_tenant.add_log(next_night, LINE, time="20201123-020000-000")
    only_tenant.files |= {f"{FOLDER}/feed.json": SOURCE, f"{FOLDER}/{AGAIN}": SOURCE}
    only_tenant.modified[f"{FOLDER}/{AGAIN}"] = "2020-11-22T09:00:00Z"
    return [night, morning, next_night]


def test_the_run_is_the_one_of_that_night(upa: Callable[..., Ran], ids: list[str]) -> None:
    ran = upa("run")
    content = [Path(line).name for line in ran.out.splitlines() if line.endswith("-retry.json")]
    assert content == [f"feed-{ids[2]}-retry.json"]
    assert [job["job_id"] for job in upa("jobs", "--json").json["jobs"]] == ids


def test_a_user_who_was_retried_and_fails_the_next_night_is_recurring(upa: Callable[..., Ran], ids: list[str]) -> None:
    upa("run")
    assert [user["new"] for user in upa("show", ids[2], "--json").json["users"]] == [False]


def test_the_retry_is_part_of_the_night_that_it_repairs(upa: Callable[..., Ran], ids: list[str]) -> None:
    upa("run")
    columns = ("feed", "retry_of", "superseded", "open")
    assert [tuple(job[column] for column in columns) for job in upa("jobs", "--json").json["jobs"]] == [
        ("feed", None, True, 0),
        ("feed", ids[0], False, 0),
        ("feed", None, False, 1),
    ]


def test_who_is_open_is_known_per_user(upa: Callable[..., Ran], ids: list[str]) -> None:
    upa("run")
    users = {job_id: upa("show", job_id, "--json").json["users"] for job_id in (ids[0], ids[2])}
    assert [user["open"] for job_id in users for user in users[job_id]] == [False, True]
    assert "updated since" in upa("show", ids[0]).out
    assert "updated since" not in upa("show", ids[2]).out


def test_a_superseded_job_is_not_retried_unless_that_is_asked_for(upa: Callable[..., Ran], ids: list[str]) -> None:
    upa("run")
    ran = upa("retry", ids[0])
    assert (ran.code, ran.out) == (2, "")
    assert "superseded: a later run of feed has ended (00000003," in " ".join(ran.err.split())
    assert "Retry that run instead: `upa-analyzer retry 00000003`." in " ".join(ran.err.split())
    ran = upa("retry", ids[0], "--superseded")
    assert (ran.code, Path(ran.out.strip()).name) == (0, f"feed-{ids[0]}-retry.json")


def test_what_a_later_run_superseded_is_taken_away(
    upa: Callable[..., Ran], ids: list[str], only_tenant: LoopbackTenant
) -> None:
    last = only_tenant.jobs.pop()
    (first,) = upa("run", "--json").json["retries"]
    assert (first["job_id"], first["file"]) == (ids[0], None)  # it was imported in the morning, and all went well
    ran = upa("retry", ids[0])
    assert (ran.code, ran.out) == (0, "")
    assert "Nothing to retry: later imports of the feed had the records of all who failed" in " ".join(ran.err.split())
    ran = upa("retry", ids[0], "--superseded")
    file = Path(ran.out.strip())
    assert file.is_file()
    only_tenant.jobs.append(last)
    upa("run")
    assert not file.exists()


def test_the_report_begins_with_that_night(upa: Callable[..., Ran], ids: list[str]) -> None:
    page = Path(upa("run", "--json").json["report"]).read_text("utf-8")
    assert ids
    assert "last run 23 Nov 2020, 02:00" in page  # not the morning after the night before
    assert "All 2 users were updated" not in page
