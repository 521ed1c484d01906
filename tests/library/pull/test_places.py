"""Where source files and logs are: any library of any web, the admin site's too, and a web's root."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.emulator import start
from analyzer.library.mirror import Library
from analyzer.library.pull.pull import pull
from analyzer.tenant.http.session import Session
from analyzer.tenant.model import TenantAddress
from analyzer.tenant.sharepoint.site import Tenant
from analyzer.tenant.signin import ReadyToken
from tests.conftest import NOW

if TYPE_CHECKING:
    from tests.conftest import LoopbackTenant

_PLACES = {
    "in a library of the root site": "/Shared Documents/feed.json",
    "at the root web's root": "/feed.json",
    "at a web's root": "/sites/hr/feed.json",
    "in a folder at a web's root": "/teams/hr/imports/feed.json",
}


@pytest.mark.parametrize("path", _PLACES.values(), ids=_PLACES.keys())
@pytest.mark.parametrize("host", ["the admin site", "the site"])
@pytest.mark.parametrize("tells", ["a log folder", "no log folder"])
def test_a_source_file_and_its_log_are_found_wherever_they_are(  # noqa: PLR0913, PLR0917 - fixtures and cases
    loopback: LoopbackTenant, other_loopback: LoopbackTenant, tmp_path: Path, host: str, path: str, tells: str
) -> None:
    holder = loopback if host == "the admin site" else other_loopback
    folder = path.rpartition("/")[0]
    job_id = loopback.add_job(1, 5, 23, SourceUri=f"{holder.origin}{path}")
    logs = f"{folder}/feed-{job_id}-Logs"
    if tells == "a log folder":
        loopback.jobs[0]["LogFolderUri"] = f"{holder.origin}{logs}"
    holder.files[path] = b'{"value": []}'
    holder.files[f"{logs}/ImportProfileProperties-{job_id}-20240301-101500-123.log"] = b"DataFileNotJson\t\tNo.\r\n"
    tenant = Tenant(loopback.session(other_loopback.origin.removeprefix("https://")))
    pulled = pull(tenant, Library(tmp_path), now=NOW)
    assert (pulled.log_files, pulled.source_files, pulled.skipped) == (1, 1, [])
    library = Library(tmp_path)
    (job,) = library.jobs()
    source = library.source_file(job)
    assert source is not None
    assert source.read_bytes() == b'{"value": []}'
    assert [log.read_bytes() for log in library.log_files(job)] == [b"DataFileNotJson\t\tNo.\r\n"]


_ROOT_JOB = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
_ROOT_LOGS = f"upa-batch-trigger-{_ROOT_JOB}-Logs"


def test_the_emulator_has_a_job_whose_source_file_and_log_are_at_the_root_web_s_root(tmp_path: Path) -> None:
    root = "https://contoso.sharepoint.com"
    job = {
        "JobId": _ROOT_JOB,
        "State": 5,
        "Error": 23,
        "ErrorMessage": "",
        "SourceUri": f"{root}/upa-batch-trigger.txt",
    }
    library = tmp_path / "tenant"
    (library / _ROOT_LOGS).mkdir(parents=True)
    (library / "jobs.json").write_text(
        json.dumps({"value": [{**job, "LogFolderUri": f"{root}/{_ROOT_LOGS}"}]}), encoding="utf-8"
    )
    (library / "upa-batch-trigger.txt").write_text(
        '{"value": [{"IdName": "ada@contoso.com", "City": "Bonn\\"}]}', "utf-8"
    )
    log = library / _ROOT_LOGS / f"ImportProfileProperties-{_ROOT_JOB}-20240301-101500-123.log"
    log.write_text("DataFileNotJson\t\tUnterminated string. Path 'value[0].City', line 1, position 56.\r\n", "utf-8")
    with start(library) as emulator:
        address = TenantAddress(emulator.ready["admin_url"], (), Path(emulator.ready["ca_file"]))
        tokens = ReadyToken({"T": emulator.ready["token"]}, address.admin_url, "T")
        pulled = pull(Tenant(Session(address, tokens)), Library(tmp_path / "library"), now=NOW)
    assert (pulled.log_files, pulled.source_files, pulled.skipped) == (1, 1, [])
