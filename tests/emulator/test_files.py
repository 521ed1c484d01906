"""Files and folders over the socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.emulator import RunningEmulator, start
from tests.emulator.client import (
    FOLDER,
    JOB_ID,
    LOG_NAME,
    LOGS,
    Client,
    StandingClock,
    error_of,
    job,
    names,
    write_library,
)

if TYPE_CHECKING:
    from pathlib import Path

HR = f"{FOLDER}/hr.json"
NOBODY = "00000000-0000-0000-0000-000000000001"


def test_a_folder_lists_its_files_and_its_folders(shared_client: Client) -> None:
    assert names(shared_client.folder("/Files")) == ["hr.json"]
    assert names(shared_client.folder("/Folders")) == [LOGS.rpartition("/")[2]]
    assert names(shared_client.folder("/Files", path=LOGS)) == [LOG_NAME]


def test_a_file_tells_what_clients_read(shared_client: Client) -> None:
    told = shared_client.file().json()
    assert (told["Name"], told["ServerRelativeUrl"], told["Exists"]) == ("hr.json", HR, True)
    assert int(told["Length"]) == len(shared_client.file("/$value").content)
    assert isinstance(told["Length"], str)
    assert told["ETag"].startswith('"{')


def test_a_file_tells_what_is_selected_alone(shared_client: Client) -> None:
    told = shared_client.file("?$select=Name,Length,ETag,TimeLastModified")
    assert {name for name in told.json() if "odata" not in name} == {"Name", "Length", "ETag", "TimeLastModified"}
    assert told.json()["ETag"] == told.headers["ETag"] == shared_client.file("/$value").headers["ETag"]


def test_a_log_file_was_changed_at_the_time_in_its_name(shared_client: Client) -> None:
    log = f"{LOGS}/{LOG_NAME}"
    assert shared_client.file(path=log).json()["TimeLastModified"] == "2026-11-02T02:14:05Z"
    assert shared_client.file("/$value", path=log).headers["Last-Modified"] == "Mon, 02 Nov 2026 02:14:05 GMT"


@pytest.mark.parametrize(
    "address",
    [
        "/sites/hr/_api/web/getFolderByServerRelativePath(decodedUrl='/sites/hr/Shared Documents')/Files",
        "/sites/hr/_api/Web/GetFolderByServerRelativePath(DecodedUrl='%2Fsites%2Fhr%2FShared%20Documents')/files",
        "/sites/hr/_api/web/getFolderByServerRelativeUrl('/SITES/HR/shared%20documents')/Files?%24top=5&$select=Name",
        "/sites/hr/_api/web/getfolderbyserverrelativeurl('Shared Documents')/files",
        "/_api/web/getFolderByServerRelativePath(decodedurl=%27/sites/hr/Shared%20Documents/%27)/Files",
        "/sites/hr/_api/web/folders('Shared%20Documents')/files",
        "/sites/hr/_api/web/rootFolder/folders/getByUrl('Shared Documents')/Files",
        "/sites/hr/_api/web/getFolderByServerRelativePath(decodedUrl=@f)/Files?@f='/sites/hr/Shared Documents'",
        "/sites/hr/_api/web/folders/getByPath(@v)/Files?@v=%7B%22DecodedUrl%22%3A%20%22Shared%20Documents%22%7D",
        "/sites/hr/_api/web/folders/getByPath(decodedUrl='Shared Documents')/Files",
        f"/sites/hr/_api/web/folders('Shared Documents')/folders('hr-{JOB_ID}-Logs')/parentFolder/Files",
    ],
)
def test_every_spelling_of_a_folder_leads_to_it(shared_client: Client, address: str) -> None:
    assert names(shared_client.send("GET", address)) == ["hr.json"]


@pytest.mark.parametrize(
    "address",
    [
        "getFileByServerRelativePath(decodedUrl='/sites/hr/Shared Documents/hr.json')",
        "getFileByServerRelativeUrl('%2Fsites%2Fhr%2FShared%20Documents%2FHR.json')",
        "getFileByUrl(@p1)?@p1='https://localhost/sites/hr/Shared Documents/hr.json'",
        "getFolderByServerRelativePath(decodedUrl='/sites/hr/Shared Documents')/Files('hr.json')",
        "getFolderByServerRelativePath(decodedUrl='/sites/hr/Shared Documents')/Files/getByUrl('hr.json')",
    ],
)
def test_every_spelling_of_a_file_leads_to_it(shared_client: Client, address: str) -> None:
    assert shared_client.send("GET", f"/sites/hr/_api/web/{address}").json()["ServerRelativeUrl"] == HR


def test_a_file_and_a_folder_are_found_by_their_unique_ids(shared_client: Client) -> None:
    file_id, folder_id = shared_client.file().json()["UniqueId"], shared_client.folder().json()["UniqueId"]
    at = "/sites/hr/_api/web/"
    assert shared_client.send("GET", f"{at}GetFileById('{file_id}')/$value").content.startswith(b'{"value"')
    assert names(shared_client.send("GET", f"{at}GetFolderById(guid'{folder_id}')/Files")) == ["hr.json"]
    assert shared_client.send("GET", f"{at}GetFileById('{NOBODY}')").status_code == 404
    assert shared_client.send("GET", f"{at}GetFileById('x')").status_code == 400


def test_the_verbose_shape_stands_under_d(shared_client: Client) -> None:
    answer = shared_client.folder("/Files", headers={"Accept": "application/json;odata=verbose"})
    assert [listed["Name"] for listed in answer.json()["d"]["results"]] == ["hr.json"]
    assert answer.headers["Content-Type"].startswith("application/json;odata=verbose")


def test_a_download_resumes_where_it_broke_off(shared_client: Client) -> None:
    whole = shared_client.file("/$value")
    part = shared_client.file("/$value", headers={"Range": "bytes=5-"})
    assert (whole.status_code, part.status_code) == (200, 206)
    assert part.content == whole.content[5:]
    assert part.headers["Content-Range"] == f"bytes 5-{len(whole.content) - 1}/{len(whole.content)}"
    assert whole.headers["ETag"] == part.headers["ETag"] == shared_client.file().json()["ETag"]


def test_a_range_behind_the_end_cannot_be_had(shared_client: Client) -> None:
    assert shared_client.file("/$value", headers={"Range": "bytes=9999-"}).status_code == 416


def test_a_head_tells_the_length_without_the_bytes(shared_client: Client) -> None:
    head = shared_client.file("/$value", method="HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(len(shared_client.file("/$value").content))


def test_a_listing_comes_in_pages_that_lead_on(client: Client) -> None:
    for name in ("a.json", "b.json", "c.json"):
        client.upload(name, b"{}")
    listed, url = (
        [],
        "/sites/hr/_api/web/getFolderByServerRelativePath(decodedUrl='/sites/hr/Shared Documents')/Files?$top=3",
    )
    while url:
        page = client.send("GET", url).json()
        listed.append([entry["Name"] for entry in page["value"]])
        url = page.get("odata.nextLink")
    assert listed == [["a.json", "b.json", "c.json"], ["hr.json"]]


def test_a_page_of_a_size_that_is_no_number_is_refused(shared_client: Client) -> None:
    assert error_of(shared_client.folder("/Files?$top=many"))[0] == 400


@pytest.mark.parametrize("name", ["new.json", "O'Neil (1), a=b.json", "100% +#&.json", "名前 é.json"])
def test_an_uploaded_file_comes_back_byte_for_byte(client: Client, name: str) -> None:
    content = bytes(range(256)) * 9000  # longer than what is kept in memory
    assert client.upload(name, content).json()["Name"] == name
    assert client.file("/$value", path=f"{FOLDER}/{name}").content == content
    assert name in names(client.folder("/Files"))


def test_an_upload_by_path_works_as_well(client: Client) -> None:
    client.folder("/files/AddUsingPath(decodedurl='new.json',Overwrite=true)", method="POST", body=b"1")
    assert client.file("/$value", path=f"{FOLDER}/new.json").content == b"1"


def test_a_file_is_not_overwritten_unless_told(client: Client) -> None:
    answer = client.folder("/Files/add(url='hr.json')", method="POST", body=b"1")
    assert error_of(answer) == (400, f"A file or folder with the name {HR} already exists.")
    assert client.file("/$value").content != b"1"


def test_an_upload_into_a_folder_that_is_not_there_is_a_404(client: Client) -> None:
    answer = client.folder("/Files/add(overwrite=true,url='a')", path=f"{FOLDER}/none", method="POST", body=b"1")
    assert error_of(answer)[0] == 404


def test_replacing_a_file_changes_its_content_and_its_etag(client: Client) -> None:
    before = client.file().json()["ETag"]
    answer = client.file("/$value", method="POST", body=b"new", headers={"X-HTTP-Method": "PUT"})
    assert answer.status_code == 204
    assert client.file("/$value").content == b"new"
    assert client.file().json()["ETag"] != before


def test_replacing_a_file_that_is_not_there_is_a_404(client: Client) -> None:
    answer = client.file("/$value", path=f"{FOLDER}/none", method="POST", body=b"", headers={"X-HTTP-Method": "PUT"})
    assert error_of(answer)[0] == 404


def test_an_etag_is_the_same_in_every_run_and_for_every_library(emulator: RunningEmulator, tmp_path: Path) -> None:
    library = write_library(tmp_path / "again", job())
    with start(library, clock=StandingClock()) as other, Client(other) as second, Client(emulator) as first:
        assert first.file().json()["ETag"] == second.file().json()["ETag"]


def test_a_deleted_file_is_gone(client: Client) -> None:
    answer = client.file(method="POST", headers={"X-HTTP-Method": "DELETE", "If-Match": "*"})
    assert answer.status_code == 200
    assert error_of(client.file())[0] == 404
    assert names(client.folder("/Files")) == []


def test_a_folder_is_made_and_deleted_with_all_in_it(client: Client) -> None:
    body = b'{"ServerRelativeUrl": "/sites/hr/Shared Documents/old"}'
    assert client.send("POST", "/sites/hr/_api/web/folders", body=body).status_code == 201
    client.folder("/Folders/AddUsingPath(decodedurl='deep')", path=f"{FOLDER}/old", method="POST")
    assert names(client.folder("/Folders", path=f"{FOLDER}/old")) == ["deep"]
    client.folder(path=f"{FOLDER}/old", method="POST", headers={"X-HTTP-Method": "DELETE"})
    assert error_of(client.folder(path=f"{FOLDER}/old/deep"))[0] == 404


def test_a_folder_may_be_given_relative_to_its_web(client: Client) -> None:
    client.send("POST", "/sites/hr/_api/web/folders", body=b'{"ServerRelativeUrl": "Archive"}')
    assert client.folder(path="/sites/hr/Archive").json()["Name"] == "Archive"


def test_a_folder_cannot_take_the_place_of_a_file_nor_a_file_that_of_a_folder(client: Client) -> None:
    assert error_of(client.folder("/Folders/add('hr.json')", method="POST"))[0] == 400
    client.folder("/Folders/add('x')", method="POST")
    assert error_of(client.upload("x", b"1"))[0] == 400


def test_a_web_is_no_folder_to_delete(client: Client) -> None:
    answer = client.folder(path="/sites/hr", method="POST", headers={"X-HTTP-Method": "DELETE"})
    assert error_of(answer)[0] == 403
    assert names(client.folder("/Files")) == ["hr.json"]


def test_a_web_answers_only_for_its_own(client: Client) -> None:
    answer = client.folder(path="/sites/finance/Shared Documents")
    assert error_of(answer) == (400, "Server relative urls must start with SPWeb.ServerRelativeUrl")
