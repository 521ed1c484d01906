"""Facts of the service that are only inferred, each turned round: nothing is lost, and what is said stays true.

``docs/reference/facts.md`` names the test of each; those that stand elsewhere are not repeated here.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import LoopbackTenant, Ran

FOLDER = "/sites/hr/Shared Documents"
NOBODY = b"IdentityNotResolvable\tada@contoso.com\tUser identity cannot be resolved\r\n"
_FURTHEST = (timedelta(hours=14), timedelta(hours=-12))
"""The zones that are furthest from UTC."""


@pytest.fixture
def tenant(only_tenant: LoopbackTenant) -> LoopbackTenant:
    """A tenant without jobs, the only one of the configuration, with a source file."""
    _source(only_tenant, "ada@contoso.com", "bob@contoso.com")
    return only_tenant


def _source(tenant: LoopbackTenant, *users: str) -> None:
    records = [{"mail": user, "City": "London"} for user in users]
    tenant.files[f"{FOLDER}/feed.json"] = json.dumps({"value": records}).encode()


def _shown(upa: Callable[..., Ran], job_id: str) -> dict[str, Any]:
    shown: dict[str, Any] = upa("show", job_id, "--json").json
    return shown


def _records(ran: Ran, folder: Path) -> list[str]:
    content = (folder / ran.out.splitlines()[-1]).read_text("utf-8-sig")
    return [record["mail"] for record in json.loads(content)["value"]]


@pytest.mark.parametrize("zone", _FURTHEST, ids=["far ahead", "far behind"])
def test_a_log_named_by_another_zone_s_time_is_looked_at_again(
    loopback: LoopbackTenant, tmp_path: Path, zone: timedelta
) -> None:
    now = datetime(2026, 11, 23, 4, tzinfo=UTC)
    job_id = loopback.add_job(1)
    path = loopback.add_log(job_id, NOBODY, time=f"{now + zone:%Y%m%d-%H%M%S}-000")
    loopback.pull_into(tmp_path, now=now)
    loopback.files[path] += NOBODY
    pulled = loopback.pull_into(tmp_path, now=now + timedelta(hours=9))
    assert pulled.log_files == 1
    assert (tmp_path / path[1:]).read_bytes() == NOBODY * 2


@pytest.mark.parametrize(("state", "error"), [(4, 0), (5, 20), (5, 21), (5, 22), (5, 99), (9, 0)])
def test_a_log_where_none_is_to_be_is_pulled_and_its_entries_are_counted(
    upa: Callable[..., Ran], tenant: LoopbackTenant, state: int, error: int
) -> None:
    job_id = tenant.add_job(1, state=state, error=error)
    log = tenant.add_log(job_id, NOBODY)
    tenant.jobs[0]["LogFolderUri"] = f"{tenant.origin}{log.rpartition('/')[0]}"
    assert upa("pull").code == 0
    assert _shown(upa, job_id)["entries"] == 1


def test_a_record_without_an_id_that_aborts_nothing_adds_no_failed_user(
    upa: Callable[..., Ran], tenant: LoopbackTenant, tmp_path: Path
) -> None:
    job_id = tenant.add_job(1)
    tenant.add_log(job_id, NOBODY + b"MissingIdentity\t\tThe identity is missing for the user object\r\n")
    upa("pull")
    shown = _shown(upa, job_id)
    assert (shown["outcome"], shown["named_users"]) == ("partial", 1)
    ran = upa("retry", job_id)
    assert (ran.code, "doesn't identify a user" in ran.err) == (1, True)
    assert _records(ran, tmp_path) == ["ada@contoso.com"]


@pytest.mark.parametrize("error", [20, 21, 22, 23, 1, 99])
def test_users_who_were_updated_anyway_are_imported_again(
    upa: Callable[..., Ran], tenant: LoopbackTenant, tmp_path: Path, error: int
) -> None:
    job_id = tenant.add_job(1, error=error)
    upa("pull")
    ran = upa("retry", job_id)
    assert _records(ran, tmp_path) == ["ada@contoso.com", "bob@contoso.com"]


def test_ids_that_differ_only_for_the_service_are_duplicates_and_not_guessed(
    upa: Callable[..., Ran], tenant: LoopbackTenant
) -> None:
    _source(tenant, "jos\u00e9@contoso.com", "jose\u0301@contoso.com", "bob@contoso.com")
    job_id = tenant.add_job(1)
    tenant.add_log(job_id, NOBODY.replace(b"ada", "jose\u0301".encode()))
    upa("pull")
    ran = upa("retry", job_id)
    assert ran.code == 1
    assert not ran.out
    assert "Records 1 and 2 have the same ID" in ran.err


def test_a_list_in_another_order_is_the_same_report(upa: Callable[..., Ran], tenant: LoopbackTenant) -> None:
    for number, day in ((1, "20261109"), (2, "20261116"), (3, "20261102")):
        tenant.add_log(tenant.add_job(number), NOBODY, time=f"{day}-020000-000")
    shown = [job["job_id"] for job in upa("run", "--json").json["jobs"]]
    assert len(shown) == 3
    tenant.jobs.reverse()
    assert [job["job_id"] for job in upa("run", "--json").json["jobs"]] == shown


def test_a_job_that_is_spelled_otherwise_is_the_same_job(upa: Callable[..., Ran], tenant: LoopbackTenant) -> None:
    tenant.jobs.append({"JobId": "{00000001-BD0E-49EC-8C9C-C4CFE370248C}", "State": "5", "Error": "30", "Further": 1})
    assert upa("pull").code == 0
    shown = _shown(upa, "00000001")
    assert (shown["job_id"], shown["outcome"]) == ("00000001-bd0e-49ec-8c9c-c4cfe370248c", "partial")
