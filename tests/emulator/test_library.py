"""How a library folder is taken up: its files, its jobs, its settings."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from analyzer.emulator import EmulatorError, start
from analyzer.emulator.library import load_jobs
from analyzer.emulator.model import ServiceError
from analyzer.emulator.uris import admin_host, is_admin_host
from analyzer.model.service import IdType
from tests.emulator.client import (
    FOLDER,
    JOB_ID,
    LOG_NAME,
    LOGS,
    TENANT,
    Client,
    StandingClock,
    job,
    names,
    source,
    write_library,
)

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.emulator import RunningEmulator

OTHER = "6a05e38c-bd0e-49ec-8c9c-c4cfe370248c"


def _started(library: Path) -> RunningEmulator:
    return start(library, clock=StandingClock())


def _content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_library_itself_is_never_written_to(library: Path) -> None:
    before = _content(library)
    with _started(library) as running, Client(running) as client:
        client.upload("hr.json", b"changed")
        client.folder(path=LOGS, method="POST", headers={"X-HTTP-Method": "DELETE"})
    assert _content(library) == before


def test_what_is_ours_in_a_library_is_not_the_tenants(library: Path) -> None:
    (library / "emulator.json").write_bytes(b"{}")
    (library / ".gitattributes").write_bytes(b"* -text")
    with _started(library) as running:
        assert running.storage.files("/") == []
        assert [folder.path for folder in running.storage.folders("/")] == ["/Shared Documents", "/sites"]


def test_files_of_several_hosts_are_on_the_one_host_that_there_is_and_the_main_one_s_come_first(library: Path) -> None:
    host = library / "other-hosts.upa" / "contoso-admin.sharepoint.com" / FOLDER[1:]
    host.mkdir(parents=True)
    before = _content(library)
    (same,) = (name for name in before if name == f"{FOLDER[1:]}/hr.json")
    (library / "other-hosts.upa" / "contoso-admin.sharepoint.com" / same).write_bytes(b"the admin site's")
    (host / "admin.json").write_bytes(b"admin")
    with _started(library) as running:
        assert [folder.path for folder in running.storage.folders("/")] == ["/Shared Documents", "/sites"]
        places = [running.storage.place(path) for path in (f"/{same}", f"{FOLDER}/admin.json")]
        assert [place and place.read_bytes() for place in places] == [before[same], b"admin"]


def test_a_library_without_jobs_is_a_tenant_without_jobs(tmp_path: Path) -> None:
    with _started(tmp_path) as running, Client(running) as client:
        assert client.jobs() == []
        assert running.ready["library_url"] == f"{client.origin}{FOLDER}"
        assert names(client.folder("/Files")) == []


def _modified(library: Path) -> dict[str, str]:
    with _started(library) as running, Client(running) as client:
        return {file["Name"]: file["TimeLastModified"] for file in client.folder("/Files").json()["value"]}


def test_a_source_file_is_older_than_the_log_of_its_job_however_it_was_copied(tmp_path: Path) -> None:
    library = write_library(tmp_path, job(), job(JobId=OTHER, LogFolderUri=""))
    (tmp_path / LOGS[1:] / LOG_NAME.replace("20261102-021405", "20261103-010000")).touch()
    assert _modified(library) == {"hr.json": "2026-11-03T00:00:00Z"}
    os.utime(library / FOLDER[1:] / "hr.json", (86400, 86400))
    assert _modified(library) == {"hr.json": "1970-01-02T00:00:00Z"}


@pytest.mark.parametrize("folder", ["", "/sites/hr/none", "/sites/../..", "https://fabrikam.sharepoint.com/sites/hr"])
def test_a_source_file_without_a_log_keeps_its_time(tmp_path: Path, folder: str) -> None:
    library = write_library(tmp_path, job(LogFolderUri=folder))
    os.utime(library / FOLDER[1:] / "hr.json", (1700000000, 1700000000))
    assert _modified(library) == {"hr.json": "2023-11-14T22:13:20Z"}


def test_a_job_that_the_tenant_has_forgotten_is_not_listed(tmp_path: Path) -> None:
    library = write_library(tmp_path / "library", job(Gone=True), job(JobId=OTHER, Gone=False))
    with _started(library) as running:
        assert [listed.job_id for listed in running.jobs.listed()] == [OTHER]


def test_numbers_that_nobody_documented_stay_numbers(tmp_path: Path) -> None:
    library = write_library(tmp_path / "library", job(State=7, Error=99, LogFolderUri=None, ErrorMessage=None))
    with _started(library) as running, Client(running) as client:
        assert (client.jobs()[0]["State"], client.jobs()[0]["Error"]) == (7, 99)
        assert (client.jobs()[0]["LogFolderUri"], client.jobs()[0]["ErrorMessage"]) == ("", "")


def test_a_source_that_was_never_in_the_tenant_keeps_its_host(tmp_path: Path) -> None:
    foreign = "https://fabrikam.sharepoint.com/sites/hr/Shared Documents/x.json"
    library = write_library(
        tmp_path / "library",
        job(),
        job(JobId=OTHER, Error=21, SourceUri=foreign, LogFolderUri=""),
        job(JobId=OTHER.replace("6", "7"), Error=21, SourceUri=foreign, LogFolderUri=""),
    )
    with _started(library) as running:
        own, *foreigners = (listed.source_uri for listed in running.jobs.listed())
        assert own == f"{running.ready['admin_url']}{FOLDER}/hr.json"
        assert set(foreigners) == {foreign}


def test_every_host_of_a_log_folder_is_the_tenants(tmp_path: Path) -> None:
    personal = "https://contoso-my.sharepoint.com/personal/ada/Documents"
    library = write_library(
        tmp_path / "library",
        job(),
        job(JobId=OTHER, SourceUri=f"{personal}/x.json", LogFolderUri=f"{personal}/x-{OTHER}-Logs"),
    )
    with _started(library) as running:
        assert running.jobs.listed()[1].source_uri == f"{running.ready['admin_url']}/personal/ada/Documents/x.json"


def test_imports_go_where_most_jobs_came_from(tmp_path: Path) -> None:
    library = write_library(
        tmp_path / "library",
        job(),
        job(JobId=OTHER, SourceUri=f"{TENANT}/sites/hr/Feeds%20in/a.json"),
        job(JobId=OTHER.replace("6", "7"), SourceUri=f"{TENANT}/sites/hr/feeds in/b.json"),
    )
    (library / "sites" / "hr" / "Feeds in").mkdir()
    with _started(library) as running:
        assert running.ready["library_url"] == f"{running.ready['admin_url']}/sites/hr/Feeds in"
        assert running.ready["site_url"] == f"{running.ready['admin_url']}/sites/hr"


def test_without_settings_the_users_are_those_of_the_source_files(library: Path) -> None:
    (library / FOLDER[1:] / "ids.txt").write_bytes(b"{'value': [{Id: '" + JOB_ID.encode() + b"'}, {Id: 5}, {}, {Id: ")
    (library / LOGS[1:] / "eve.json").write_bytes(source("eve@contoso.com"))
    with _started(library) as running:
        store = running.store
        ada = store.user(IdType.PrincipalName, "ADA@contoso.com")
        assert ada is not None
        assert ada is store.user(IdType.Email, "ada@contoso.com")
        assert ada is store.user(IdType.CloudId, ada.object_id)
        assert store.user(IdType.CloudId, JOB_ID) is not None
        assert store.user(IdType.Email, "eve@contoso.com") is None
        assert store.refusal({"City": "Anything"}) is None


def test_settings_give_the_users(library: Path) -> None:
    user = {"mail": "eve@contoso.com", "objectId": OTHER, "userPrincipalName": "eve"}
    (library / "emulator.json").write_text(json.dumps({"users": [user]}), encoding="utf-8-sig")
    with _started(library) as running:
        assert running.store.user(IdType.CloudId, OTHER) is running.store.user(IdType.PrincipalName, "eve")
        assert running.store.user(IdType.Email, "ada@contoso.com") is None


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("emulator.json", b"{", "isn't valid JSON"),
        ("emulator.json", b"[]", "isn't a JSON object"),
        ("emulator.json", b'{"users": [1]}', "cannot be used"),
        ("emulator.json", b'{"users": null}', "cannot be used"),
        ("jobs.json", b"\xff", "isn't valid JSON"),
        ("jobs.json", b'{"value": 5}', "isn't a job list"),
        ("jobs.json", b'{"value": [{}]}', "value[0] has no JobId"),
        ("jobs.json", b'{"value": [{"JobId": "x", "State": "Error"}]}', "State of value[0] isn't a number"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_what_to_do(
    library: Path, name: str, content: bytes, told: str
) -> None:
    (library / name).write_bytes(content)
    with pytest.raises(EmulatorError) as refused:
        _started(library)
    sentence = str(refused.value)
    assert str(library / name) in sentence
    assert told in sentence
    assert "remove it" in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_a_library_that_is_no_folder_is_said_to_be_none(tmp_path: Path, kind: str) -> None:
    if kind == "file":
        (tmp_path / kind).touch()
    with pytest.raises(EmulatorError, match="isn't a folder"):
        _started(tmp_path / kind)


def test_a_library_that_cannot_be_copied_is_said_with_the_file(library: Path) -> None:
    (library / "broken.json").symlink_to(library / "nowhere")
    with pytest.raises(EmulatorError, match=r"cannot be copied.*broken\.json"):
        _started(library)


def test_a_file_that_is_not_there_has_no_place(library: Path) -> None:
    with _started(library) as running:
        assert running.storage.place("/../etc/passwd") is None
        with pytest.raises(ServiceError):
            running.storage.file("/../etc/passwd")


@pytest.mark.parametrize(
    ("host", "is_admin", "beside"),
    [
        ("contoso.sharepoint.com", False, "contoso-admin.sharepoint.com"),
        ("Contoso-Admin.sharepoint.com", True, "contoso-admin.sharepoint.com"),
        ("fabrikam-it.sharepoint.us", False, "fabrikam-it-admin.sharepoint.us"),
        ("fabrikam-admin.sharepoint-mil.us", True, "fabrikam-admin.sharepoint-mil.us"),
        ("localhost:44300", False, "localhost:44300"),
        ("127.0.0.1:44300", False, "127.0.0.1:44300"),
        ("site-admin.example.com", False, "site-admin.example.com"),
    ],
)
def test_an_admin_site_is_known_by_its_host_s_name(host: str, is_admin: bool, beside: str) -> None:
    assert (is_admin_host(host), admin_host(host)) == (is_admin, beside)


def test_jobs_of_the_admin_site_stay_there_when_the_tenant_has_another_name(tmp_path: Path) -> None:
    admin = "https://contoso-admin.sharepoint.com/Shared Documents"
    jobs = [job(), job(JobId=OTHER, SourceUri=f"{admin}/hr.json", LogFolderUri=f"{admin}/hr-{OTHER}-Logs")]
    library = write_library(tmp_path / "library", *jobs)
    for origin, expected in (
        ("https://fabrikam.sharepoint.com", "https://fabrikam-admin.sharepoint.com"),
        ("https://localhost:44300", "https://localhost:44300"),
    ):
        loaded = load_jobs(library, origin)[1]
        assert loaded.source_uri == f"{expected}/Shared Documents/hr.json"
        assert loaded.log_folder_uri == f"{expected}/Shared Documents/hr-{OTHER}-Logs"


def test_imports_into_the_root_site_have_its_address(tmp_path: Path) -> None:
    uri = f"{TENANT}/Shared Documents/upa.json"
    library = write_library(tmp_path / "library", job(SourceUri=uri, LogFolderUri=""))
    (library / "Shared Documents").mkdir()
    (library / "Shared Documents/upa.json").write_bytes(source("ada@contoso.com"))
    with start(library, clock=StandingClock()) as running:
        origin = running.ready["admin_url"]
        assert running.ready["library_url"] == f"{origin}/Shared Documents"
        assert running.ready["site_url"] == origin
