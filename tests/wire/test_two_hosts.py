"""Two hosts of one tenant: files at the same server-relative path are different files, as are their jobs' logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from analyzer.model.service import IdType, JobError, log_folder_name
from analyzer.tenant.http.answer import json_of
from analyzer.tenant.sharepoint.files import file_info, list_folder
from analyzer.tenant.sharepoint.jobs import Import, get_job, queue_import
from analyzer.tenant.sharepoint.webs import Webs, add_file_call, file_call, folder_call
from tests.emulator.client import source
from tests.emulator.credentials import public_pem, uploaded
from tests.foreign.office365_tenant import ADMIN_HOST, SITE_HOST
from tests.wire.ours import ended

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from analyzer.tenant.http.session import Session
    from tests.wire.conftest import Contoso

HOSTS = {SITE_HOST: "nobody-at-the-site@contoso.com", ADMIN_HOST: "nobody-at-the-admin-site@contoso.com"}
"""The user that each host's file names, and whom the tenant does not know."""


@pytest.fixture
def contoso(start_contoso: Callable[..., Any]) -> Iterator[Contoso]:
    """The tenant with log folders beside the source files."""
    with start_contoso(["strict-tokens"]) as begun:
        begun.emulator.application.upload(public_pem(uploaded()))
        yield begun


@pytest.fixture
def session(contoso: Contoso, tmp_path: Path) -> Session:
    return contoso.session(contoso.configure(tmp_path, f'ca_file = "{contoso.ca_file.as_posix()}"\n'))


def _queued(session: Session, host: str, folder: str) -> str:
    """Upload a file with the host's user and queue it; return the job's ID."""
    origin = f"https://{host}"
    url = origin + folder_call("", folder, add_file_call("upa.json"))
    json_of(session.call("POST", url, source(HOSTS[host], City="Bonn")), url)
    uri = f"{origin}{folder.rstrip('/')}/upa.json"
    return queue_import(session, Import(uri, IdType.Email, "IdName", {"City": "City"}))


def _content(session: Session, host: str, path: str) -> bytes:
    answer, chunks = session.chunks(f"https://{host}{file_call('', path, '/$value')}")
    assert answer.status == 200
    return b"".join(chunks)


@pytest.mark.parametrize("folder", ["/", "/Shared Documents"], ids=["at the root", "in a library"])
def test_files_at_one_path_on_two_hosts_are_two_files_with_two_logs(
    contoso: Contoso, session: Session, folder: str
) -> None:
    jobs = {host: _queued(session, host, folder) for host in HOSTS}
    assert ended(session, jobs[SITE_HOST], contoso)
    path = f"{folder.rstrip('/')}/upa.json"
    for host, user in HOSTS.items():
        job = get_job(session, jobs[host])
        assert job is not None
        assert (job.error, job.source_uri) == (JobError.ImportCompleteWithError, f"https://{host}{path}")
        logs = f"{folder.rstrip('/')}/{log_folder_name('upa.json', job.job_id)}"
        assert job.log_folder_uri == f"https://{host}{logs}"
        assert user.encode() in _content(session, host, path)
        (log,) = list_folder(Webs(session), f"https://{host}", logs) or []
        assert user.encode() in _content(session, host, log.path)
    infos = [file_info(Webs(session), f"https://{host}", path) for host in HOSTS]
    assert len({info.etag for info in infos if info is not None}) == len(HOSTS)


def test_what_one_host_has_is_not_the_other_s(session: Session) -> None:
    _queued(session, ADMIN_HOST, "/Shared Documents")
    assert file_info(Webs(session), f"https://{ADMIN_HOST}", "/Shared Documents/upa.json") is not None
    assert file_info(Webs(session), f"https://{SITE_HOST}", "/Shared Documents/upa.json") is None
