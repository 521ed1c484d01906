"""The files on disk, beyond what single requests show."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from analyzer.emulator.model import ServiceError
from analyzer.emulator.storage import Storage
from analyzer.emulator.uris import path_readings, split_uri
from tests.emulator.client import FOLDER, Client, error_of


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    for name in ("tenant", "spool"):
        (tmp_path / name).mkdir()
    made = Storage(tmp_path / "tenant", tmp_path / "spool")
    made.make_folder("/Feeds")
    return made


def _add(storage: Storage, content: bytes, name: str = "a.json") -> str:
    return storage.add("/Feeds", name, io.BytesIO(content), overwrite=True).etag


def test_an_etag_changes_with_the_content_and_comes_back_with_it(storage: Storage) -> None:
    first, second, third = _add(storage, b"one"), _add(storage, b"two"), _add(storage, b"one")
    assert first == third
    assert first != second


def test_an_etag_follows_a_file_that_was_written_at_the_same_moment(storage: Storage) -> None:
    """A clock too coarse to tell two writes apart must not leave the first one's ETag."""
    before = _add(storage, b"one")
    place = storage.file("/Feeds/a.json").place
    moment = place.stat().st_mtime_ns
    storage.replace("/Feeds/a.json", io.BytesIO(b"two"))
    os.utime(place, ns=(moment, moment))
    assert storage.file("/Feeds/a.json").etag != before


def test_the_same_content_elsewhere_has_another_etag(storage: Storage) -> None:
    assert _add(storage, b"one") != _add(storage, b"one", "b.json")


def test_who_reads_a_file_while_it_is_replaced_reads_the_old_one_to_its_end(storage: Storage) -> None:
    _add(storage, b"old " * 1000)
    with storage.file("/Feeds/a.json").place.open("rb") as reading:
        begun = reading.read(10)
        storage.replace("/Feeds/a.json", io.BytesIO(b"new"))
        assert begun + reading.read() == b"old " * 1000


def test_nothing_is_left_of_an_upload_but_the_file(storage: Storage, tmp_path: Path) -> None:
    _add(storage, b"one")
    assert list((tmp_path / "spool").iterdir()) == []


def test_an_overwritten_file_keeps_the_casing_of_its_name(storage: Storage) -> None:
    _add(storage, b"one", "A.json")
    _add(storage, b"two", "a.JSON")
    assert [file.place.name.lower() for file in storage.files("/Feeds")] == ["a.json"]


def test_files_and_folders_are_listed_apart_and_by_name(storage: Storage) -> None:
    for name in ("b", "C", "a"):
        _add(storage, b"", name)
        storage.make_folder(f"/Feeds/{name}-Logs")
    assert [file.path for file in storage.files("/feeds")] == ["/Feeds/a", "/Feeds/b", "/Feeds/C"]
    assert [folder.path for folder in storage.folders("/Feeds")] == ["/Feeds/a-Logs", "/Feeds/b-Logs", "/Feeds/C-Logs"]


def test_what_is_below_a_file_is_not_there(storage: Storage) -> None:
    _add(storage, b"one")
    with pytest.raises(ServiceError) as refused:
        storage.folder("/Feeds/a.json/b")
    assert refused.value.status == 404


def test_no_folder_is_made_below_a_file(storage: Storage) -> None:
    _add(storage, b"one")
    with pytest.raises(ServiceError) as refused:
        storage.make_folder("/Feeds/a.json/b")
    assert refused.value.status == 400


@pytest.mark.parametrize("web", ["/", "/sites", "/sites/hr", "/teams/hr", "/personal/ada"])
def test_no_web_can_be_deleted(storage: Storage, web: str) -> None:
    storage.make_folder(web)
    with pytest.raises(ServiceError) as refused:
        storage.delete_folder(web)
    assert refused.value.status == 403


def test_a_disk_that_fails_is_told_as_a_service_that_is_busy(client: Client) -> None:
    spool = Path(client.emulator.ready["ca_file"]).parent / "spool"
    spool.rmdir()
    for content in (b"1", b"1" * (2 << 20)):  # in memory, and on the disk from the first
        answer = client.upload("new.json", content)
        assert error_of(answer)[0] == 503
        assert answer.headers["Retry-After"] == "1"
    spool.mkdir()
    assert client.upload("new.json", b"1").status_code == 200
    assert client.file(path=f"{FOLDER}/new.json").status_code == 200


@pytest.mark.parametrize(
    ("uri", "host", "readings"),
    [
        ("https://Contoso.sharepoint.com/a%20b#1?.json", "contoso.sharepoint.com", ["/a%20b#1?.json", "/a b#1?.json"]),
        ("HTTPS://localhost:44300/a b", "localhost:44300", ["/a b"]),
        ("/sites/hr/a.json", "", ["/sites/hr/a.json"]),
        ("https://localhost", "localhost", [""]),
        ("ftp://localhost/a", "", ["ftp://localhost/a"]),
    ],
)
def test_a_uri_is_cut_without_regard_to_what_is_encoded(uri: str, host: str, readings: list[str]) -> None:
    assert split_uri(uri)[0] == host
    assert path_readings(uri) == readings
