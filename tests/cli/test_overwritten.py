"""Feeds that write one file name again and again, pulled after the file that a job read was overwritten."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import LoopbackTenant, Ran

SOURCE = "/sites/hr/Shared Documents/feed.json"
BEFORE, OF_THE_LOG, AFTER = "2026-11-23T01:30:00Z", "2026-11-23T02:00:00Z", "2026-11-24T01:30:00Z"
LINE = b"IdentityNotResolvable\tada@contoso.com\tUser identity cannot be resolved\r\n"
SAID = "Incomplete: the source file was changed after the job had read it, on 2026-11-24 at 01:30:00 UTC"


def _source(city: str) -> bytes:
    people = ("ada@contoso.com", "bob@contoso.com")
    return json.dumps({"value": [{"mail": mail, "City": city} for mail in people]}).encode()


@pytest.fixture
def job_id(only_tenant: LoopbackTenant) -> str:
    """A partial job of the only tenant, with its source file and log."""
    job_id = only_tenant.add_job(1)
    only_tenant.modified[only_tenant.add_log(job_id, LINE)] = OF_THE_LOG
    _written(only_tenant, "London", BEFORE)
    return job_id


def _written(tenant: LoopbackTenant, city: str, time: str) -> None:
    tenant.files[SOURCE], tenant.modified[SOURCE] = _source(city), time


def test_a_source_file_that_was_overwritten_before_the_pull_is_not_taken_for_the_job_s(
    upa: Callable[..., Ran], loopback: LoopbackTenant, job_id: str
) -> None:
    _written(loopback, "Paris", AFTER)
    content = upa("run", "--json").json
    assert [(retry["complete"], SAID in retry["sentence"]) for retry in content["retries"]] == [(False, True)]
    assert [(job["users"], job["not_updated"]) for job in content["jobs"]] == [(None, 1)]
    ran = upa("retry", job_id)
    assert (ran.code, SAID in " ".join(ran.err.split())) == (1, True)
    assert "it was changed after the job had read it" in " ".join(upa("show", job_id).out.split())


def test_a_later_source_version_without_the_users_is_reported(
    upa: Callable[..., Ran], loopback: LoopbackTenant, job_id: str
) -> None:
    loopback.files[SOURCE], loopback.modified[SOURCE] = (
        b'{"value": [{"mail": "cleo@contoso.com", "City": "Rome"}]}',
        AFTER,
    )
    (content,) = upa("run", "--json").json["retries"]
    assert (
        content["file"],
        content["sentence"].endswith(
            "; the source file was changed after the job had read it, on 2026-11-24 at 01:30:00 UTC"
        ),
    ) == (None, True)
    ran = upa("retry", job_id)
    assert (ran.code, "; the source file was changed after the job had read it" in " ".join(ran.err.split())) == (
        5,
        True,
    )


def test_users_of_an_aborted_job_are_not_counted_in_a_later_version(
    upa: Callable[..., Ran], loopback: LoopbackTenant, job_id: str
) -> None:
    loopback.jobs[0]["Error"] = 23
    _written(loopback, "Paris", AFTER)
    assert [(job["job_id"], job["not_updated"]) for job in upa("run", "--json").json["jobs"]] == [(job_id, None)]


def test_the_version_that_a_job_read_stays_its_own_when_the_next_one_comes(
    upa: Callable[..., Ran], loopback: LoopbackTenant, job_id: str, tmp_path: Path
) -> None:
    assert upa("run", "--json").json["retries"][0]["complete"]
    second = loopback.add_job(2)
    loopback.modified[loopback.add_log(second, LINE, time="20261124-020000-000")] = "2026-11-24T02:00:00Z"
    _written(loopback, "Paris", AFTER)
    content = upa("run", "--json").json
    made = [upa("retry", job, "--superseded", "--json").json for job in (job_id, second)]
    cities = [json.loads((tmp_path / retry["file"]).read_text("utf-8-sig"))["value"][0]["City"] for retry in made]
    assert cities == ["London", "Paris"]
    assert [retry["complete"] for retry in made] == [True, True]
    assert [job["users"] for job in content["jobs"]] == [2, 2]


def test_a_version_that_was_too_late_stays_so_when_the_next_one_comes(
    upa: Callable[..., Ran], loopback: LoopbackTenant, job_id: str
) -> None:
    _written(loopback, "Paris", AFTER)
    upa("run")
    second = loopback.add_job(2)
    loopback.modified[loopback.add_log(second, LINE, time="20261125-020000-000")] = "2026-11-25T02:00:00Z"
    _written(loopback, "Rome", "2026-11-25T01:30:00Z")
    upa("run")
    made = upa("retry", job_id, "--superseded", "--json").json
    assert (made["complete"], SAID in made["sentence"]) == (False, True)


def test_a_file_that_a_job_did_not_find_is_not_what_it_read(
    upa: Callable[..., Ran], loopback: LoopbackTenant, job_id: str
) -> None:
    loopback.files = {SOURCE: _source("Paris")}
    loopback.jobs[0] |= {"Error": 20, "LogFolderUri": ""}
    content = upa("run", "--json").json
    assert [(retry["job_id"], retry["complete"]) for retry in content["retries"]] == [(job_id, False)]
    assert "the source file was not there when the job looked for it" in content["retries"][0]["sentence"]


@pytest.mark.parametrize("late", [False, True])
def test_without_a_log_the_pull_that_saw_the_end_dates_a_job(
    upa: Callable[..., Ran], loopback: LoopbackTenant, job_id: str, *, late: bool
) -> None:
    loopback.files = {SOURCE: _source("London")}
    loopback.jobs[0] |= {"Error": 1, "LogFolderUri": ""}
    if late:
        loopback.fail("feed.json", 500)
        assert upa("run").code == 4
        loopback.faults = lambda _seen: None
        _written(loopback, "Paris", "2099-01-01T00:00:00Z")
    content = upa("run", "--json").json
    assert [(retry["job_id"], retry["complete"]) for retry in content["retries"]] == [(job_id, not late)]
