"""The recycle bin over the socket, and what retention keeps out of it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.emulator import start
from tests.emulator.client import FOLDER, LOG_NAME, LOGS, Client, StandingClock, error_of, job, write_library

if TYPE_CHECKING:
    from pathlib import Path

HR = f"{FOLDER}/hr.json"
WEB_BIN, SITE_BIN = "/sites/hr/_api/web/RecycleBin", "/sites/hr/_api/site/RecycleBin"
NOT_EMPTY = "-2130575223, Microsoft.SharePoint.SPException"
OTHER = '"{0},1"'


def _recycle(client: Client, path: str = HR, call: str = "/recycle()", **more: Any) -> Any:  # noqa: ANN401 - as ``send`` takes them
    kind = client.folder if path in {LOGS, FOLDER} else client.file
    return kind(call, path=path, method="POST", **more)


def _id(client: Client, path: str = HR) -> str:
    return str(_recycle(client, path).json()["value"])


def _in_bin(client: Client, address: str = WEB_BIN) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = client.send("GET", address).json()["value"]
    return listed


def _code(answer: Any) -> tuple[int, str]:  # noqa: ANN401 - an answer
    return answer.status_code, answer.json()["odata.error"]["code"]


@pytest.mark.parametrize("address", [WEB_BIN, SITE_BIN, f"{WEB_BIN.upper()}?$filter=ItemType eq 1"])
def test_a_recycled_file_is_in_the_bin_under_the_id_that_came(client: Client, address: str) -> None:
    size, item_id = client.file().json()["Length"], _id(client)
    assert client.file().status_code == 404
    (item,) = _in_bin(client, address)
    assert item["Id"] == item_id
    assert (item["ItemType"], item["ItemState"], item["Title"], item["Size"]) == (1, 1, "hr.json", size)
    assert item["DirName"] == "sites/hr/Shared Documents"


def test_a_recycled_folder_is_one_item_with_the_size_of_its_files(client: Client) -> None:
    size = client.file(path=f"{LOGS}/{LOG_NAME}").json()["Length"]
    item_id = _id(client, LOGS)
    (item,) = _in_bin(client)
    assert (item["Id"], item["ItemType"], item["Size"]) == (item_id, 5, size)
    assert client.file(path=f"{LOGS}/{LOG_NAME}").status_code == 404


def test_the_date_is_that_of_the_service_s_clock(client: Client, clock: StandingClock) -> None:
    _id(client, f"{LOGS}/{LOG_NAME}")
    clock.now += 90 * 86400
    _id(client)
    later, earlier = (datetime.fromisoformat(item["DeletedDate"]) for item in _in_bin(client))
    assert (later - earlier).days == 90


@pytest.mark.parametrize("of", [f"{WEB_BIN}('{{}}')", f"{WEB_BIN}/getById('{{}}')", f"{SITE_BIN}(guid'{{}}')"])
def test_an_item_is_restored_to_where_it_was_with_its_id_and_content(client: Client, of: str) -> None:
    before = client.file().json()
    item = of.format(_id(client))
    client.upload("hr.json", b"another")
    assert client.file().json()["UniqueId"] != before["UniqueId"]
    assert _code(client.send("POST", f"{item}/restore()")) == (400, "-2130575257, Microsoft.SharePoint.SPException")
    client.file(method="DELETE")
    assert client.send("GET", item).json()["LeafName"] == "hr.json"
    assert client.send("POST", f"{item}/restore()").status_code == 200
    assert client.file().json()["UniqueId"] == before["UniqueId"]
    assert client.file().json()["Length"] == before["Length"]
    assert _in_bin(client) == []
    assert error_of(client.send("POST", f"{item}/restore()"))[0] == 404


def test_a_log_is_restored_although_its_folder_was_recycled_after_it(client: Client) -> None:
    log, _folder = _id(client, f"{LOGS}/{LOG_NAME}"), _id(client, LOGS)
    client.send("POST", f"{WEB_BIN}('{log}')/restore()")
    assert client.file(path=f"{LOGS}/{LOG_NAME}").status_code == 200


@pytest.mark.parametrize(("verb", "call"), [("POST", "/deleteObject()"), ("DELETE", "")])
@pytest.mark.parametrize("path", [HR, LOGS])
def test_an_item_can_be_deleted_from_the_bin(client: Client, path: str, verb: str, call: str) -> None:
    item = f"{WEB_BIN}('{_id(client, path)}')"
    assert client.send(verb, item + call).status_code == 200
    assert _in_bin(client) == []
    assert list(client.emulator.storage.kept.iterdir()) == []
    assert error_of(client.send(verb, item + call))[0] == 404


def test_each_web_has_its_own_bin(client: Client) -> None:
    client.emulator.storage.make_folder("/sites/it/Shared Documents")
    _id(client)
    assert _in_bin(client, "/sites/it/_api/web/RecycleBin") == _in_bin(client, "/_api/site/RecycleBin") == []


def test_a_site_collections_bin_has_the_items_of_its_subwebs(tmp_path: Path) -> None:
    library = write_library(tmp_path / "library", job())
    with start(library, clock=StandingClock(), scenarios=["logs-in-subweb"]) as running, Client(running) as client:
        running.storage.make_folder("/sites/hr/import-logs/Shared Documents/x-Logs")
        address = "/sites/hr/import-logs/_api/web/getFolderByServerRelativePath(decodedUrl='{}')/recycle()"
        client.send("POST", address.format("/sites/hr/import-logs/Shared Documents/x-Logs"))
        found = [len(_in_bin(client, bin_)) for bin_ in (WEB_BIN, SITE_BIN, f"/sites/hr/import-logs{WEB_BIN[9:]}")]
    assert found == [0, 1, 1]


@pytest.mark.parametrize(
    ("parameters", "path", "status"),
    [
        ({"ETagMatch": OTHER}, HR, 412),
        ({"ETagMatch": ""}, HR, 200),
        ({"DeleteIfEmpty": True}, LOGS, 500),
        ({"DeleteIfEmpty": False}, LOGS, 200),
        ({"BypassSharedLock": True, "BypassCheckedOut": True}, HR, 200),
    ],
)
def test_recycling_with_parameters_keeps_to_them(
    client: Client, parameters: dict[str, object], path: str, status: int
) -> None:
    body = json.dumps({"parameters": parameters}).encode()
    assert _recycle(client, path, "/recycleWithParameters", body=body).status_code == status


def test_what_somebody_works_on_is_recycled_only_with_the_parameters_for_it(client: Client) -> None:
    client.emulator.lock(HR, "Eve")
    client.emulator.check_out(HR, "eve@contoso.com")

    def status(**parameters: bool) -> int:
        body = json.dumps({"parameters": parameters}).encode()
        return int(_recycle(client, HR, "/recycleWithParameters", body=body).status_code)

    assert [status(), status(BypassSharedLock=True), status(BypassCheckedOut=True)] == [423, 400, 423]
    assert status(BypassSharedLock=True, BypassCheckedOut=True) == 200


@pytest.mark.parametrize("etag", [OTHER, ""])
def test_recycling_with_an_etag_is_for_that_version_alone(client: Client, etag: str) -> None:
    given = etag or client.file().json()["ETag"]
    answer = _recycle(client, HR, f"/recycleWithETag(etagMatch='{given}')")
    assert answer.status_code == (412 if etag else 200)


def test_delete_in_the_place_of_post_recycles_too(client: Client) -> None:
    headers = {"X-HTTP-Method": "DELETE", "If-Match": "*"}
    assert len(_recycle(client, LOGS, headers=headers).json()["value"]) == 36
    assert len(_recycle(client, HR, headers=headers).json()["value"]) == 36


@pytest.mark.parametrize("call", ["/recycle()", "/deleteObject()"])
def test_under_retention_a_folder_goes_only_when_it_is_empty(client: Client, call: str) -> None:
    client.emulator.retain(FOLDER)
    refused = _recycle(client, LOGS, call)
    assert _code(refused) == (500, NOT_EMPTY)
    assert error_of(refused)[1].startswith("You have to delete all the items in this folder before you can delete")
    assert _recycle(client, f"{LOGS}/{LOG_NAME}", call).status_code == 200
    assert _recycle(client, LOGS, call).status_code == 200
    client.emulator.retain(FOLDER, on=False)
    assert _recycle(client, FOLDER, call).status_code == 200


def test_the_scenario_puts_retention_into_force_everywhere(tmp_path: Path) -> None:
    library = write_library(tmp_path / "library", job())
    with start(library, clock=StandingClock(), scenarios=["retention"]) as running, Client(running) as client:
        assert _code(_recycle(client, LOGS)) == (500, NOT_EMPTY)


@pytest.mark.parametrize("path", [f"{LOGS}/{LOG_NAME}", LOGS])
def test_a_file_with_a_label_is_kept(client: Client, path: str) -> None:
    client.emulator.label(f"{LOGS}/{LOG_NAME}")
    status, message = error_of(_recycle(client, path))
    assert (status, "retention label" in message) == (403, True)
    client.emulator.label(f"{LOGS}/{LOG_NAME}", on=False)
    assert _recycle(client, path).status_code == 200
