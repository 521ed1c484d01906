"""Locks and checkouts over the socket: what they refuse, and in whose name."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from tests.emulator.client import FOLDER, LOG_NAME, LOGS, Client, StandingClock, error_of, source

HR = f"{FOLDER}/hr.json"
EVE = "Eve Example [membership]"
LOCKED = "-2147018894, Microsoft.SharePoint.SPFileLockException"
CHECKED_OUT = "-2130575306, Microsoft.SharePoint.SPException"
UPLOAD = f"uploadId=guid'{uuid4()}'"
CHANGES = {
    "upload": ("POST", "folder:/Files/add(overwrite=true,url='hr.json')", {}),
    "upload by path": ("POST", "folder:/Files/AddUsingPath(DecodedUrl='hr.json',Overwrite=true)", {}),
    "content": ("PUT", "file:/$value", {}),
    "stream": ("POST", "file:/SaveBinaryStream", {}),
    "first chunk": ("POST", f"file:/startUpload({UPLOAD})", {}),
    "delete": ("POST", "file:", {"X-HTTP-Method": "DELETE"}),
    "recycle": ("POST", "file:/recycle()", {}),
    "move": ("POST", f"file:/moveTo(newurl='{FOLDER}/new.json',flags=1)", {}),
    "folder": ("DELETE", "folder:", {}),
    "folder recycled": ("POST", "folder:/recycle()", {}),
}


def _change(client: Client, change: str) -> tuple[int, str, str]:
    verb, call, headers = CHANGES[change]
    kind, _, operation = call.partition(":")
    send = client.file if kind == "file" else client.folder
    answer = send(operation, method=verb, body=b"new", headers=headers)
    if answer.status_code < 300:
        return answer.status_code, "", ""
    return answer.status_code, answer.json()["odata.error"]["code"], error_of(answer)[1]


@pytest.mark.parametrize("change", CHANGES)
def test_a_locked_file_refuses_every_change_and_names_the_holder(client: Client, change: str) -> None:
    before = client.file("/$value").content
    client.emulator.lock(HR.upper(), EVE)
    status, code, message = _change(client, change)
    assert (status, code) == (423, LOCKED)
    assert message.startswith(f"The file {client.origin}{FOLDER}")
    assert message.endswith(f" is locked for shared use by {EVE}.")
    assert client.file("/$value").content == before
    client.emulator.unlock(HR)
    assert _change(client, change)[0] in {200, 204}


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_somebody_has_checked_out_refuses_every_change(client: Client, change: str) -> None:
    client.emulator.check_out(HR, "eve@contoso.com")
    status, code, message = _change(client, change)
    assert (status, code) == (400, CHECKED_OUT)
    assert message.endswith('" is checked out for editing by eve@contoso.com.')


@pytest.mark.parametrize("change", ["upload", "delete", "first chunk", "folder"])
def test_a_locked_folder_refuses_changes_in_it(client: Client, change: str) -> None:
    client.emulator.lock(FOLDER, EVE)
    assert _change(client, change)[0] == 423


def test_a_file_beside_a_locked_one_can_be_changed(client: Client) -> None:
    client.emulator.lock(HR, EVE)
    assert client.upload("hr.json2", b"{}").status_code == 200
    assert client.file(path=f"{LOGS}/{LOG_NAME}", method="DELETE").status_code == 200


def test_a_later_chunk_meets_a_lock_that_came_meanwhile(client: Client) -> None:
    client.file(f"/startUpload({UPLOAD})", method="POST", body=b"abc")
    client.emulator.lock(HR, EVE, shared=False)
    for name in ("continueUpload", "finishUpload"):
        assert client.file(f"/{name}({UPLOAD},fileOffset=3)", method="POST", body=b"d").status_code == 423
    client.emulator.unlock(HR)
    client.file(f"/finishUpload({UPLOAD},fileOffset=3)", method="POST", body=b"d")
    assert client.file("/$value").content == b"abcd"


@pytest.mark.parametrize(("shared", "status"), [(True, 200), (False, 423)])
@pytest.mark.parametrize("way", ["header", "body"])
def test_only_a_shared_lock_can_be_bypassed(client: Client, shared: bool, status: int, way: str) -> None:
    client.emulator.lock(HR, EVE, shared=shared)
    if way == "header":
        answer = client.file(method="DELETE", headers={"Prefer": "bypass-shared-lock"})
    else:
        body = json.dumps({"parameters": {"BypassSharedLock": True}}).encode()
        answer = client.file("/deleteWithParameters", method="POST", body=body)
    assert answer.status_code == status


def test_a_lock_goes_along_when_a_folder_above_is_renamed_and_ends_with_the_file(client: Client) -> None:
    client.emulator.lock(f"{LOGS}/{LOG_NAME}", EVE)
    states = client.emulator.storage.states
    states.moved(LOGS, f"{FOLDER}/Old-Logs")
    assert states.of(f"{FOLDER}/old-logs/{LOG_NAME}").lock is not None
    states.removed(f"{FOLDER}/Old-Logs")
    assert states.of(f"{FOLDER}/old-logs/{LOG_NAME}").lock is None


def test_the_service_itself_writes_its_log_into_a_locked_folder(client: Client, clock: StandingClock) -> None:
    client.upload("new.json", source("eve@contoso.com"))
    job_id = client.queue()
    client.emulator.lock(FOLDER, EVE)
    clock.now += 1000
    assert client.job(job_id)["LogFolderUri"] != ""
