"""Ways of adding files and folders that clients have besides the usual ones, over the socket."""

from __future__ import annotations

import pytest

from tests.emulator.client import FOLDER, Client, error_of, names


def test_a_name_that_is_taken_gets_a_number_where_that_is_asked_for(client: Client) -> None:
    call = "/files/AddUsingPath(decodedurl='hr.json',EnsureUniqueFileName=true)"
    added = [client.folder(call, method="POST", body=content).json()["Name"] for content in (b"1", b"2")]
    assert added == ["hr1.json", "hr2.json"]
    assert [client.file("/$value", path=f"{FOLDER}/{name}").content for name in added] == [b"1", b"2"]
    call = call.replace("hr.json", "new.json")
    assert client.folder(call, method="POST", body=b"3").json()["Name"] == "new.json"


@pytest.mark.parametrize(
    ("arguments", "body"),
    [
        ("(decodedUrl='new%23')", b""),
        ("", b'{"DecodedUrl": "new#"}'),
        ("", b'{"leafPath": {"DecodedUrl": "new#"}}'),
    ],
)
def test_a_folder_is_made_below_another_by_each_spelling(client: Client, arguments: str, body: bytes) -> None:
    assert client.folder(f"/AddSubFolderUsingPath{arguments}", method="POST", body=body).status_code == 200
    assert "new#" in names(client.folder("/Folders"))


@pytest.mark.parametrize("body", [b"", b"{}", b'{"leafPath": "new"}', b'{"leafPath": {}}', b'{"DecodedUrl": ""}'])
def test_a_folder_without_a_name_is_a_bad_request(client: Client, body: bytes) -> None:
    assert error_of(client.folder("/AddSubFolderUsingPath", method="POST", body=body))[0] == 400
