"""Which jobs are listed, and which one ``retry`` takes where none is named."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

from analyzer.storage.files import sample_library

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import LoopbackTenant, Ran

SAMPLES = sample_library()
FOLDER = "/sites/hr/Shared Documents"


def _listed(ran: Ran) -> list[str]:
    return re.findall(r"^([0-9a-f]{8})  ", ran.out, re.MULTILINE)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["--feed", "hr-feed", "--outcome", "aborted"], {"8fa2b155"}),
        (["--feed", "PHONES", "--outcome", "partial"], {"30144d03"}),
        (["--outcome", "stuck"], {"ad78a5cd"}),
        (["--feed", "hr-f*", "--since", "2026-11-16", "--outcome", "partial"], {"598302ce", "cc75e06b"}),
        (["--feed", "hr-f*", "--limit", "1"], {"cc75e06b"}),
    ],
    ids=["feed-and-outcome", "part-of-a-name", "outcome", "since", "limit"],
)
def test_jobs_are_narrowed_alike_for_people_and_programs(
    upa: Callable[..., Ran], words: list[str], wanted: set[str]
) -> None:
    assert set(_listed(upa("jobs", "--library", SAMPLES, *words))) == wanted
    found = upa("jobs", "--library", SAMPLES, *words, "--json").json["jobs"]
    assert {job["job_id"][:8] for job in found} == wanted


def test_a_feed_s_name_wins_over_a_part_of_another_s(upa: Callable[..., Ran], only_tenant: LoopbackTenant) -> None:
    for number, name in enumerate(("hr-20201101.json", "hr-history-20201101.json"), 1):
        only_tenant.add_job(number, state=4, error=0, name=name)
    upa("pull")
    assert _listed(upa("jobs", "--feed", "HR")) == ["00000001"]
    assert len(_listed(upa("jobs", "--feed", "hr*"))) == 2


def test_a_feed_that_is_not_there_is_an_error_that_names_those_that_are(upa: Callable[..., Ran]) -> None:
    ran = upa("jobs", "--library", SAMPLES, "--feed", "payroll")
    assert (ran.code, "no feed 'payroll'" in ran.err, "hr-feed" in ran.err) == (5, True, True)


def test_no_matching_job_is_reported(upa: Callable[..., Ran]) -> None:
    ran = upa("jobs", "--library", SAMPLES, "--feed", "hr-feed", "--outcome", "stuck")
    assert (ran.code, ran.out, ran.err) == (0, "", "No jobs match.\n")


def test_a_terminal_gets_the_newest_30_and_a_pipe_all(
    upa: Callable[..., Ran], only_tenant: LoopbackTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 34):
        only_tenant.add_job(number, state=4, error=0, name=f"feed-202011{number:02}.json")
    upa("pull")
    assert len(_listed(upa("jobs"))) == 33
    monkeypatch.setattr(sys.stdout.__class__, "isatty", lambda _self: True, raising=False)
    ran = upa("jobs")
    assert ran.out.splitlines()[0] == "Showing 30 of 33; --limit 33 shows every job."
    assert len(re.findall(r"^0000", ran.out, re.MULTILINE)) == 30
    assert len(upa("jobs", "--json").json["jobs"]) == 33


@pytest.fixture
def nights(only_tenant: LoopbackTenant) -> LoopbackTenant:
    """Two feeds that failed, of which one was retried."""
    line = b"IdentityNotResolvable\tada@contoso.com\tUser identity cannot be resolved\r\n"
    for number, name in enumerate(("hr-20201101.json", "badges-20201102.json"), 1):
        job_id = only_tenant.add_job(number, name=name)
        only_tenant.add_log(job_id, line, name=name, time=f"2020110{number}-020000-000")
        only_tenant.files[f"{FOLDER}/{name}"] = b'{"value": [{"mail": "ada@contoso.com"}, {"mail": "bob@contoso.com"}]}'
    again = "badges-20201102-00000002-bd0e-49ec-8c9c-c4cfe370248c-retry.json"
    only_tenant.add_job(3, state=4, error=0, name=again)
    only_tenant.files[f"{FOLDER}/{again}"] = b'{"value": [{"mail": "ada@contoso.com"}]}'
    only_tenant.modified[f"{FOLDER}/{again}"] = "2020-11-03T09:00:00Z"
    return only_tenant


@pytest.mark.usefixtures("nights")
def test_retry_takes_the_newest_job_that_needs_one(upa: Callable[..., Ran], tmp_path: Path) -> None:
    upa("pull")
    ran = upa("retry")
    assert (ran.code, "Job 00000001 of hr, ran 1 Nov 2020 02:00: partial." in ran.err) == (0, True)
    assert (tmp_path / ran.out.strip()).name.startswith("hr-20201101-00000001-")
    assert upa("retry", "--feed", "hr", "--json").json["job_id"].startswith("00000001-")
    ran = upa("retry", "--feed", "badges")
    assert (ran.code, ran.out) == (0, "No job of badges needs a retry.\n")
    assert upa("retry", "--feed", "badges", "--json").json is None
    assert upa("retry", "00000002").err.startswith("Nothing to retry: later imports of the feed had the records of all")


def test_a_job_list_marks_retries_and_what_is_superseded(upa: Callable[..., Ran], nights: LoopbackTenant) -> None:
    nights.add_job(4, state=4, error=0, name="hr-20201104.json")
    nights.files[f"{FOLDER}/hr-20201104.json"] = nights.files[f"{FOLDER}/hr-20201101.json"]
    upa("pull")
    lines = {line[:8]: line.split() for line in upa("jobs").out.splitlines()}
    assert lines["00000001"][-1] == "superseded"
    assert lines["00000002"][-4:] == ["partial", "2", "1", "0"]
    assert lines["00000003"][-3:] == ["retry", "of", "00000002"]
