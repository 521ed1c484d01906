"""The query options, over the socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.emulator import start
from tests.emulator.client import FOLDER, LOG_NAME, LOGS, Client, StandingClock, error_of, job, names, write_library

if TYPE_CHECKING:
    from collections.abc import Iterator

VERBOSE = {"Accept": "application/json;odata=verbose"}
PLAIN = {"Accept": "application/json;odata=nometadata"}
MANY = ("b.json", "C.json", "a.json")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Files of 2, 3 and 4 bytes beside ``hr.json``, which is longer."""
    library = write_library(tmp_path_factory.mktemp("odata") / "library", job())
    for number, name in enumerate(MANY, start=2):
        (library / FOLDER[1:] / name).write_bytes(b"x" * number)
    with start(library, clock=StandingClock()) as running, Client(running) as opened:
        yield opened


def test_only_what_is_selected_is_told(client: Client) -> None:
    assert client.file("?$select=Name,length,Nothing", headers=PLAIN).json().keys() == {"Name", "Length"}
    assert set(client.folder("/Files?%24select=Name", headers=PLAIN).json()["value"][0]) == {"Name"}
    assert "ETag" in client.file("?$select=*", headers=PLAIN).json()


def test_a_path_is_told_to_who_selects_it(client: Client) -> None:
    assert "ServerRelativePath" not in client.file().json()
    path = f"{FOLDER}/hr.json"
    assert client.file("?$select=ServerRelativePath,Id", headers=PLAIN).json() == {
        "ServerRelativePath": {"DecodedUrl": path}
    }
    verbose = client.file("?$select=ServerRelativePath", headers=VERBOSE).json()["d"]
    assert verbose["ServerRelativePath"] == {"__metadata": {"type": "SP.ResourcePath"}, "DecodedUrl": path}
    assert client.folder("?$select=ServerRelativePath", headers=PLAIN).json()["ServerRelativePath"] == {
        "DecodedUrl": FOLDER
    }


def test_what_is_expanded_stands_in_its_place(client: Client) -> None:
    told = client.folder("?$expand=Files,Folders/Files,ParentFolder,Files/Author").json()
    assert [file["Name"] for file in told["Files"]] == ["a.json", "b.json", "C.json", "hr.json"]
    assert told["Files"][0]["Author"]["Title"] == "System Account"
    assert [file["Name"] for file in told["Folders"][0]["Files"]] == [LOG_NAME]
    assert told["ParentFolder"]["ServerRelativeUrl"] == "/sites/hr"


def test_what_is_selected_of_what_is_expanded_is_told_alone(client: Client) -> None:
    told = client.folder("?$expand=Folders&$select=Name,Folders/Name,Folders/ServerRelativePath", headers=PLAIN).json()
    assert told == {
        "Name": "Shared Documents",
        "Folders": [{"Name": LOGS.rpartition("/")[2], "ServerRelativePath": {"DecodedUrl": LOGS}}],
    }


def test_the_verbose_shape_leads_to_what_is_not_expanded(client: Client) -> None:
    told = client.folder(headers=VERBOSE).json()["d"]
    assert client.send("GET", told["Files"]["__deferred"]["uri"]).json()["value"][0]["Name"] == "a.json"
    assert client.send("GET", told["__metadata"]["uri"]).json()["ServerRelativeUrl"] == FOLDER
    expanded = client.folder("?$expand=Files", headers=VERBOSE).json()["d"]
    assert len(expanded["Files"]["results"]) == 4


def test_the_minimal_metadata_leads_back_to_the_entity(client: Client) -> None:
    listed = client.folder("/Files").json()["value"][0]
    assert listed["odata.type"] == "SP.File"
    assert client.send("GET", listed["odata.id"]).json()["Name"] == listed["Name"]
    assert client.send("GET", f"/sites/hr/_api/{listed['odata.editLink']}").json()["Name"] == listed["Name"]


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("Name", ["a.json", "b.json", "C.json", "hr.json"]),
        ("Name+desc", ["hr.json", "C.json", "b.json", "a.json"]),
        ("length%20DESC", ["hr.json", "a.json", "C.json", "b.json"]),
        ("Level,Length", ["b.json", "C.json", "a.json", "hr.json"]),
        ("Exists desc,Name desc", ["hr.json", "C.json", "b.json", "a.json"]),
    ],
)
def test_a_listing_is_ordered_as_asked(client: Client, option: str, expected: list[str]) -> None:
    assert names(client.folder(f"/Files?$orderby={option}")) == expected


def test_pages_lead_on_with_all_that_was_asked(client: Client) -> None:
    page = client.folder("/Files?%24top=3&%24orderby=Name+desc&$select=Name", headers=VERBOSE).json()["d"]
    assert [file["Name"] for file in page["results"]] == ["hr.json", "C.json", "b.json"]
    last = client.send("GET", page["__next"], headers=VERBOSE).json()["d"]
    assert [file["Name"] for file in last["results"]] == ["a.json"]
    assert "ETag" not in last["results"][0]
    assert "__next" not in last


def test_a_listing_starts_behind_what_is_skipped(client: Client) -> None:
    assert names(client.folder("/Files?$skip=3")) == ["hr.json"]
    assert names(client.folder("/Files?$skip=9")) == []
    assert names(client.folder("/Files?$top=0")) == []


@pytest.mark.parametrize(
    "options",
    [
        "$top=many",
        "$top=-1",
        "$top=" + "9" * 5000,
        "$skip=%D9%A3",
        "$expand=Nothing",
        "$expand=Author/Nothing",
        "$expand=Author//Title",
        "$orderby=Nothing",
        "$orderby=Name upwards",
        "$orderby=Name asc asc",
    ],
)
def test_an_option_that_cannot_be_understood_is_a_bad_request(client: Client, options: str) -> None:
    assert error_of(client.folder(f"/Files?{options}"))[0] == 400


def test_relations_are_followed_so_deep_and_no_deeper(client: Client) -> None:
    assert client.folder("?$expand=" + "/".join(["Folders"] * 5)).status_code == 200
    assert error_of(client.folder("?$expand=" + "/".join(["Folders"] * 6)))[0] == 400
