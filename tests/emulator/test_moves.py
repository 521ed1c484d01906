"""Moving, copying, renaming and recycling over the socket."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.emulator.client import FOLDER, LOG_NAME, LOGS, Client, argument, error_of, names

if TYPE_CHECKING:
    import requests

HR, NEW = f"{FOLDER}/hr.json", f"{FOLDER}/new.json"
MERGE = {"X-HTTP-Method": "MERGE", "IF-MATCH": "*"}


def _post(client: Client, call: str, of: str = HR, *, folder: bool = False) -> requests.Response:
    return (client.folder if folder else client.file)(call, path=of, method="POST")


def _by_body(client: Client, function: str, source: str, target: str, **more: object) -> requests.Response:
    body = {
        "srcPath": {"DecodedUrl": client.origin + source},
        "destPath": {"DecodedUrl": client.origin + target},
        **more,
    }
    return client.send("POST", f"/sites/hr/_api/SP.MoveCopyUtil.{function}", body=json.dumps(body).encode())


@pytest.mark.parametrize(
    "call", ["copyTo(strNewUrl='{}',bOverWrite=false)", "copyToUsingPath(DecodedUrl='{}',bOverWrite=false)"]
)
def test_a_copied_file_is_in_both_places(client: Client, call: str) -> None:
    assert _post(client, "/" + call.format(argument(NEW))).json()["odata.null"] is True
    assert client.file("/$value", path=NEW).content == client.file("/$value").content
    assert client.file().json()["UniqueId"] != client.file(path=NEW).json()["UniqueId"]


@pytest.mark.parametrize("call", ["moveTo(newurl='{}',flags=0)", "moveToUsingPath(DecodedUrl='{}',moveOperations=0)"])
def test_a_moved_file_keeps_its_id(client: Client, call: str) -> None:
    before = client.file().json()["UniqueId"]
    assert _post(client, "/" + call.format(argument(NEW))).status_code == 200
    assert client.file().status_code == 404
    assert client.file(path=NEW).json()["UniqueId"] == before
    by_id = client.send("GET", f"/sites/hr/_api/web/GetFileById('{before}')").json()
    assert by_id["ServerRelativeUrl"] == NEW


def test_what_comes_to_lie_where_something_was_has_an_id_of_its_own(client: Client) -> None:
    before = client.file().json()["UniqueId"]
    _post(client, f"/moveTo(newurl='{argument(NEW)}',flags=1)")
    client.upload("hr.json", b"another")
    assert client.file().json()["UniqueId"] != before
    assert client.file(path=NEW).json()["UniqueId"] == before


def test_what_is_there_is_overwritten_only_when_told(client: Client) -> None:
    client.upload("new.json", b"there")
    for call in ("copyTo(strNewUrl='{}',boverwrite=false)", "moveTo(newurl='{}',flags=0)"):
        assert error_of(_post(client, "/" + call.format(argument(NEW))))[0] == 400
    assert client.file("/$value", path=NEW).content == b"there"
    content = client.file("/$value").content
    _post(client, f"/copyTo(strNewUrl='{argument(NEW)}',boverwrite=true)")
    assert client.file("/$value", path=NEW).content == content
    client.upload("new.json", b"there")
    _post(client, f"/moveTo(newurl='{argument(NEW)}',flags=1)")
    assert client.file("/$value", path=NEW).content == content


def test_a_folder_goes_with_all_in_it_and_their_ids(client: Client) -> None:
    inside = client.file(path=f"{LOGS}/{LOG_NAME}").json()["UniqueId"]
    to = f"{FOLDER}/Logs #1"
    assert _post(client, f"/moveToUsingPath(DecodedUrl='{argument(to)}')", LOGS, folder=True).status_code == 200
    assert client.folder(path=LOGS).status_code == 404
    assert client.file(path=f"{to}/{LOG_NAME}").json()["UniqueId"] == inside


@pytest.mark.parametrize(("function", "stays"), [("CopyFileByPath", True), ("MoveFileByPath", False)])
def test_both_paths_may_come_in_the_body(client: Client, function: str, stays: bool) -> None:
    assert _by_body(client, function, HR, NEW).status_code == 200
    assert (client.file().status_code == 200, client.file(path=NEW).status_code) == (stays, 200)
    assert error_of(_by_body(client, function, NEW, LOGS, overwrite=True))[0] == 400


def test_urls_in_the_body_do_as_well(client: Client) -> None:
    body = json.dumps({"srcUrl": client.origin + LOGS, "destUrl": f"{client.origin}{FOLDER}/copy"}).encode()
    assert client.send("POST", "/_api/sp.movecopyutil.copyfolder", body=body).status_code == 200
    assert names(client.folder("/Files", path=f"{FOLDER}/copy")) == [LOG_NAME]


def test_both_are_kept_under_another_name(client: Client) -> None:
    for _ in range(2):
        assert _by_body(client, "CopyFileByPath", HR, HR, options={"KeepBoth": True}).status_code == 200
    assert names(client.folder("/Files")) == ["hr.json", "hr1.json", "hr2.json"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"srcPath": 1, "destPath": 2}', b'{"srcUrl": "/sites/hr/x"}'])
def test_a_move_without_its_paths_is_a_bad_request(shared_client: Client, body: bytes) -> None:
    assert error_of(shared_client.send("POST", "/_api/SP.MoveCopyUtil.MoveFileByPath", body=body))[0] == 400


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/sites/finance/Shared Documents/a.json", 400),
        (f"{FOLDER}/none/a.json", 404),
        (f"{FOLDER}/../a.json", 400),
        (f"{FOLDER}/a:b.json", 400),
        (LOGS, 400),
    ],
)
def test_a_target_that_cannot_be_is_refused(client: Client, target: str, status: int) -> None:
    for call in ("moveTo(newurl='{}',flags=1)", "copyTo(strNewUrl='{}',boverwrite=true)"):
        assert error_of(_post(client, "/" + call.format(argument(target))))[0] == status
    assert client.file().status_code == 200


def test_a_folder_cannot_go_into_itself_nor_a_web_away(client: Client) -> None:
    into = argument(f"{LOGS}/deeper")
    assert error_of(_post(client, f"/moveTo(newurl='{into}')", LOGS, folder=True))[0] == 400
    assert error_of(_by_body(client, "CopyFolderByPath", LOGS, f"{LOGS}/deeper"))[0] == 400
    assert error_of(_post(client, f"/moveTo(newurl='{argument(FOLDER)}/hr')", "/sites/hr", folder=True))[0] == 403
    assert names(client.folder("/Files", path=LOGS)) == [LOG_NAME]


def test_what_stays_where_it_is_is_moved_all_the_same(client: Client) -> None:
    assert _post(client, f"/moveTo(newurl='{argument(HR)}',flags=0)").status_code == 200
    assert client.file().status_code == 200


@pytest.mark.parametrize("verb", ["MERGE", "PATCH"])
def test_a_list_item_tells_the_name_and_changes_it(client: Client, verb: str) -> None:
    item = client.file("/ListItemAllFields").json()
    assert (item["FileLeafRef"], item["FileRef"]) == ("hr.json", HR)
    renamed = client.file(
        "/listItemAllFields", method="POST", body=b'{"FileLeafRef": "new.json"}', headers={"X-HTTP-Method": verb}
    )
    assert (renamed.status_code, renamed.content) == (204, b"")
    assert names(client.folder("/Files")) == ["new.json"]


@pytest.mark.parametrize("body", [b"{}", b'{"FileLeafRef": 1}', b'{"FileLeafRef": "a/b"}', b'{"FileLeafRef": ".."}'])
def test_a_name_that_is_none_is_not_given(client: Client, body: bytes) -> None:
    assert error_of(client.file("/ListItemAllFields", method="POST", body=body, headers=MERGE))[0] == 400
    assert client.file().status_code == 200


@pytest.mark.parametrize("call", ["recycle", "recycle()"])
def test_what_is_recycled_is_gone_and_has_a_number_in_the_bin(client: Client, call: str) -> None:
    assert len(_post(client, f"/{call}").json()["value"]) == 36
    assert client.file().status_code == 404
    assert len(_post(client, f"/{call}", LOGS, folder=True).json()["value"]) == 36
    assert client.folder(path=LOGS).status_code == 404
    assert error_of(_post(client, f"/{call}"))[0] == 404
