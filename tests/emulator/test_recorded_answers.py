"""The emulator's files, folders, lists, errors, and headers against what clients recorded from the real service.

``recorded_answers.json`` has the keys that every recorded answer has, by entity, and the JSON types of their values; of
a list those that matter to an upload.
Source: the answers that pnp/pnpcore's tests recorded with ``odata=nometadata``.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from analyzer.emulator.model import Asked
from analyzer.emulator.service import Service
from analyzer.model.service import MAX_BODY_BYTES, TENANT_API
from tests.emulator.client import FOLDER, LOGS, Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RECORDED: dict[str, dict[str, list[str]]] = json.loads(
    Path(__file__).with_name("recorded_answers.json").read_text(encoding="utf-8")
)
WEB = "/sites/hr/_api/web"
FOLDER_CALL = f"{WEB}/getFolderByServerRelativePath(decodedUrl='{FOLDER}')"
FILE_CALL = f"{WEB}/getFileByServerRelativePath(decodedUrl='{FOLDER}/hr.json')"
UPLOAD = "5f6a0f4e-2f0b-4a43-8d3c-6b1f7b8f0c11"
GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
ACCEPTS = ["application/json;odata=nometadata", "application/json", "application/json;odata=verbose"]

IS_OF: dict[str, Callable[[object], bool]] = {
    "text": lambda value: isinstance(value, str),
    "digits": lambda value: isinstance(value, str) and value.isascii() and value.isdigit(),
    "guid": lambda value: isinstance(value, str) and GUID.fullmatch(value) is not None,
    "datetime": lambda value: isinstance(value, str) and DATETIME.fullmatch(value) is not None,
    "int": lambda value: type(value) is int,
    "bool": lambda value: type(value) is bool,
    "null": lambda value: value is None,
}

ANSWERS = {
    "file": ("GET", FILE_CALL, "SP.File"),
    "file by URL": ("GET", f"{WEB}/getFileByServerRelativeUrl('{FOLDER}/hr.json')", "SP.File"),
    "file by address": ("GET", f"{WEB}/getFileByUrl(@p1)?@p1='https://localhost{FOLDER}/hr.json'", "SP.File"),
    "file of a collection": ("GET", f"{FOLDER_CALL}/Files('hr.json')", "SP.File"),
    "files": ("GET", f"{FOLDER_CALL}/Files", "SP.File"),
    "logs": ("GET", f"{WEB}/getFolderByServerRelativePath(decodedUrl='{LOGS}')/Files", "SP.File"),
    "file added": ("POST", f"{FOLDER_CALL}/Files/add(overwrite=true,url='new.json')", "SP.File"),
    "file added by path": ("POST", f"{FOLDER_CALL}/Files/AddUsingPath(decodedurl='p.json',Overwrite=true)", "SP.File"),
    "folder": ("GET", FOLDER_CALL, "SP.Folder"),
    "folder by URL": ("GET", f"{WEB}/getFolderByServerRelativeUrl('{FOLDER}')", "SP.Folder"),
    "folders": ("GET", f"{FOLDER_CALL}/Folders", "SP.Folder"),
    "folders of a web": ("GET", f"{WEB}/folders", "SP.Folder"),
    "root folder": ("GET", f"{WEB}/rootFolder", "SP.Folder"),
    "parent folder": ("GET", f"{FOLDER_CALL}/ParentFolder", "SP.Folder"),
    "lists": ("GET", f"{WEB}/lists", "SP.List"),
    "list by title": ("GET", f"{WEB}/lists/getByTitle('documents')", "SP.List"),
    "list by URL": ("GET", f"{WEB}/GetList('{FOLDER}')", "SP.List"),
    "list by path": ("GET", f"{WEB}/GetListUsingPath(decodedUrl=@p)?@p='{FOLDER}'", "SP.List"),
    "list of a file": ("GET", f"{FILE_CALL}/ListItemAllFields/ParentList", "SP.List"),
    "list of a folder": ("GET", f"{FOLDER_CALL}/ListItemAllFields/ParentList", "SP.List"),
    "root folder of a list": ("GET", f"{WEB}/lists/getByTitle('Documents')/RootFolder", "SP.Folder"),
    "folder added": ("POST", f"{FOLDER_CALL}/Folders/AddUsingPath(decodedurl='new')", "SP.Folder"),
}


def _entities(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the entities of an answer, in any of the three shapes, without metadata and deferred properties."""
    content = content.get("d", content)
    listed = content.get("results", content.get("value", [content]))
    return [_own(entity) for entity in listed]


def _own(entity: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in entity.items()
        if not name.startswith(("odata.", "__")) and not (isinstance(value, dict) and "__deferred" in value)
    }


def _check(entity: dict[str, Any], kind: str) -> None:
    recorded = RECORDED[kind]
    assert entity.keys() == recorded.keys()
    wrong = {
        name: entity[name] for name, types in recorded.items() if not any(IS_OF[one](entity[name]) for one in types)
    }
    assert wrong == {}


@pytest.mark.parametrize("accept", ACCEPTS, ids=["nometadata", "minimalmetadata", "verbose"])
@pytest.mark.parametrize(("verb", "address", "kind"), ANSWERS.values(), ids=ANSWERS)
def test_every_answer_has_the_recorded_keys_with_their_types_and_no_others(
    client: Client, accept: str, verb: str, address: str, kind: str
) -> None:
    answer = client.send(verb, address, body=b"{}" if verb == "POST" else None, headers={"Accept": accept})
    assert answer.status_code == 200
    entities = _entities(answer.json())
    assert entities
    for entity in entities:
        _check(entity, kind)


def test_so_has_a_file_that_was_uploaded_in_chunks(client: Client) -> None:
    client.send("POST", f"{FILE_CALL}/startUpload(uploadId=guid'{UPLOAD}')", body=b"{}")
    finished = client.send("POST", f"{FILE_CALL}/finishUpload(uploadId=guid'{UPLOAD}',fileOffset=2)", body=b"")
    _check(*_entities_of(finished.json(), "SP.File"))
    assert (finished.json()["Length"], finished.json()["UIVersionLabel"]) == ("2", "1.0")


def test_so_has_what_is_expanded(shared_client: Client) -> None:
    accept = {"Accept": ACCEPTS[0]}
    folder = shared_client.send("GET", f"{FOLDER_CALL}?$expand=Files,Folders,ParentFolder", headers=accept).json()
    for name, kind in (("Files", "SP.File"), ("Folders", "SP.Folder")):
        listed = folder.pop(name)
        assert listed
        for entity in listed:
            _check(entity, kind)
    _check(folder.pop("ParentFolder"), "SP.Folder")
    _check(folder, "SP.Folder")


@pytest.mark.parametrize("accept", ACCEPTS, ids=["nometadata", "minimalmetadata", "verbose"])
@pytest.mark.parametrize(
    ("address", "kind"), [(FILE_CALL, "SP.File"), (FOLDER_CALL, "SP.Folder")], ids=["file", "folder"]
)
def test_each_key_can_be_selected_alone(shared_client: Client, address: str, kind: str, accept: str) -> None:
    for name in RECORDED[kind]:
        answer = shared_client.send("GET", f"{address}?$select={name}", headers={"Accept": accept})
        assert [entity.keys() for entity in _entities(answer.json())] == [{name}]


def _entities_of(content: dict[str, Any], kind: str) -> tuple[dict[str, Any], str]:
    (entity,) = _entities(content)
    return entity, kind


_NO_FOLDER = ("-2147024894, System.IO.FileNotFoundException", "File Not Found.")


def _no_file(name: str) -> tuple[str, str]:
    return "-2130575338, Microsoft.SharePoint.SPException", f"The file {FOLDER}/{name} does not exist."


def _no_list(name: str) -> tuple[str, str]:
    return "-1, System.ArgumentException", f"List '{name}' does not exist at site with URL '{{origin}}/sites/hr'."


_OUTSIDE = (
    "-2147024809, System.ArgumentException",
    "Server relative urls must start with SPWeb.ServerRelativeUrl",
)
_MISSING_FILE = f"{WEB}/getFileByServerRelativePath(decodedUrl='{FOLDER}/none.json')"
_MISSING_FOLDER = f"{WEB}/getFolderByServerRelativePath(decodedUrl='{FOLDER}/none')"


@pytest.mark.parametrize(
    ("verb", "address", "status", "error"),
    [
        ("GET", _MISSING_FILE, 404, _no_file("none.json")),
        ("GET", f"{_MISSING_FILE}/$value", 404, _no_file("none.json")),
        ("GET", f"{WEB}/getFileByServerRelativeUrl('{FOLDER}/none.json')", 404, _no_file("none.json")),
        ("GET", f"{FOLDER_CALL}/Files('none.json')", 404, _no_file("none.json")),
        ("POST", f"{_MISSING_FILE}/recycle()", 404, _no_file("none.json")),
        ("POST", f"{_MISSING_FILE}/startUpload(uploadId=guid'{UPLOAD}')", 404, _no_file("none.json")),
        ("GET", _MISSING_FOLDER, 404, _NO_FOLDER),
        ("GET", f"{_MISSING_FOLDER}/Files", 404, _NO_FOLDER),
        ("POST", f"{_MISSING_FOLDER}/Files/add(overwrite=true,url='a.json')", 404, _NO_FOLDER),
        ("POST", f"{_MISSING_FOLDER}/recycle()", 404, _NO_FOLDER),
        ("GET", f"{WEB}/lists/getByTitle('Tasks')", 404, _no_list("Tasks")),
        ("GET", f"{WEB}/lists/getByTitle('Tasks')/RootFolder/Files", 404, _no_list("Tasks")),
        ("GET", f"{WEB}/lists(guid'{UPLOAD}')", 404, _no_list(UPLOAD)),
        ("GET", f"{WEB}/getList('{LOGS}')", 404, _NO_FOLDER),
        ("GET", f"{WEB}/getFileByServerRelativePath(decodedUrl='/sites/it/a.json')", 400, _OUTSIDE),
        ("GET", f"{WEB}/getFolderByServerRelativePath(decodedUrl='/sites/it/x')/Files", 400, _OUTSIDE),
    ],
)
def test_an_error_has_the_recorded_status_code_and_text(
    client: Client, verb: str, address: str, status: int, error: tuple[str, str]
) -> None:
    answer = client.send(verb, address, body=b"" if verb == "POST" else None)
    (content,) = answer.json().values()
    code, text = error
    assert (answer.status_code, content["code"]) == (status, code)
    assert content["message"]["value"] == text.replace("{origin}", client.origin)


def test_a_list_is_found_by_the_id_that_it_says_and_its_settings_can_be_selected(shared_client: Client) -> None:
    (listed,) = shared_client.send("GET", f"{WEB}/lists").json()["value"]
    assert (listed["Title"], listed["ParentWebUrl"]) == ("Documents", "/sites/hr")
    for address in (f"lists(guid'{listed['Id']}')", f"lists('{listed['Id']}')", f"lists/getById('{listed['Id']}')"):
        assert shared_client.send("GET", f"{WEB}/{address}").json()["Id"] == listed["Id"]
    settings = "Id,EnableModeration,EnableVersioning,EnableMinorVersions,ForceCheckout"
    parent = shared_client.send("GET", f"{FILE_CALL}/ListItemAllFields/ParentList?$select={settings}").json()
    assert _own(parent).keys() == set(settings.split(","))
    assert parent["Id"] == listed["Id"]
    assert [one["Id"] for one in shared_client.send("GET", f"{WEB.upper()}/lists").json()["value"]] == [listed["Id"]]
    root = shared_client.send("GET", "/_api/web/lists").json()["value"]
    assert [one["ParentWebUrl"] for one in root] == ["/"]


def test_a_body_of_more_than_250_mib_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb+") as body:
        body.truncate(MAX_BODY_BYTES + 1)
        # What does not pass the check reaches neither the calls nor the tokens.
        service = Service(cast("Any", None), cast("Any", None), lambda: None)
        answer = service.answer(Asked("POST", "https://localhost", f"{WEB}/x", "", {"accept": ACCEPTS[2]}, body))
    assert isinstance(answer.content, bytes)
    error = json.loads(answer.content)["error"]
    assert (answer.status, error["code"]) == (400, "-1, Microsoft.SharePoint.Client.InvalidClientQueryException")
    assert error["message"]["value"] == (
        "The request message is too big. The server does not allow messages larger than 262144000 bytes."
    )


def test_adding_an_empty_file_in_place_of_another_empties_it_at_once(client: Client) -> None:
    """Clients do so before an upload in chunks; a job that is picked up meanwhile reads nothing."""
    client.upload("hr.json", b"")
    client.send("POST", f"{FILE_CALL}/startUpload(uploadId=guid'{UPLOAD}')", body=b"{}")
    assert client.file("/$value").content == b""


def test_the_content_changes_when_an_upload_in_chunks_is_finished_and_not_before(client: Client) -> None:
    before = client.file("/$value").content
    for _ in range(2):  # the same again is the same
        started = client.send("POST", f"{FILE_CALL}/startUpload(uploadId=guid'{UPLOAD}')", body=b"{}")
        assert started.json()["value"] == "2"
        assert client.file("/$value").content == before
    client.send("POST", f"{FILE_CALL}/finishUpload(uploadId=guid'{UPLOAD}',fileOffset=2)", body=b" ")
    assert client.file("/$value").content == b"{} "


def _every_kind_of_answer(client: Client) -> Iterator[Any]:
    yield client.send("GET", FILE_CALL)
    yield client.send("GET", f"{FILE_CALL}/$value")
    yield client.send("GET", _MISSING_FILE)
    yield client.send("GET", FILE_CALL, token="x")
    yield client.send("POST", f"{TENANT_API}GetImportProfilePropertyJobs", body=b"")
    yield client.send(
        "POST", f"{WEB}/getFolderByServerRelativePath(decodedUrl='{FOLDER}')", headers={"X-HTTP-Method": "X"}
    )


def test_every_answer_has_the_recorded_headers(client: Client) -> None:
    answers = list(_every_kind_of_answer(client))
    assert len({answer.status_code for answer in answers}) > 3
    for answer in answers:
        assert GUID.fullmatch(answer.headers["SPRequestGuid"])
        assert answer.headers["request-id"] == answer.headers["SPRequestGuid"]
        assert answer.headers["X-SharePointHealthScore"] in {str(score) for score in range(11)}
        assert answer.headers["SPClientServiceRequestDuration"].isdigit()
        assert answer.headers["X-SP-SERVERSTATE"] == "ReadOnly=0"
    assert len({answer.headers["SPRequestGuid"] for answer in answers}) == len(answers)
