from __future__ import annotations

import errno
import os
import zipfile
from pathlib import Path

import pytest

from analyzer.history.find_logs import find_logs
from analyzer.storage.files import sample_library

ID = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
LOG = f"ImportProfileProperties-{ID}-20151130-174205-993"


def _put(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")


def test_a_named_file_is_a_log_whatever_it_is_called(tmp_path: Path) -> None:
    _put(tmp_path, "pasted.txt")
    ((found,), problems) = find_logs([tmp_path / "pasted.txt"])
    assert (found.name, found.tenant, found.size, problems) == (str(tmp_path / "pasted.txt"), None, 1, [])


def test_in_a_folder_names_and_folders_tell_what_is_a_log(tmp_path: Path) -> None:
    logs = {"a.log", "b/C.LOG", "d.log.gz", f"c/{LOG}", f"feed-{ID}-Logs/part"}
    _put(tmp_path, *logs, "feed.json", "notes.txt", ".hidden.log", f"feed-{ID}-Logs/.x.part", ".upa/earlier/a.log")
    found, _ = find_logs([tmp_path])
    assert {Path(log.name).relative_to(tmp_path).as_posix() for log in found} == logs


def test_a_log_that_is_meant_twice_is_read_once(tmp_path: Path) -> None:
    _put(tmp_path, "a.log", "b.log", "folder/notes.txt")
    found, _ = find_logs([tmp_path / "folder" / ".." / "b.log", tmp_path])
    assert [Path(log.name).name for log in found] == ["b.log", "a.log"]


def test_a_link_to_a_log_that_is_read_is_not_read_again(tmp_path: Path) -> None:
    _put(tmp_path, "a.log")
    (tmp_path / "b.log").symlink_to("a.log")
    assert [Path(log.name).name for log in find_logs([tmp_path])[0]] == ["a.log"]


def _zip(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return path


def test_the_logs_of_an_archive_are_named_within_it(tmp_path: Path) -> None:
    path = _zip(tmp_path / "sent.zip", "hr/a.log", "hr/feed.json", f"hr/feed-{ID}-Logs/part")
    found, _ = find_logs([tmp_path])
    assert [log.name for log in found] == [f"{path}/hr/a.log", f"{path}/hr/feed-{ID}-Logs/part"]
    assert find_logs([path])[0] == found


def test_of_a_named_archive_without_anything_called_a_log_all_files_are(tmp_path: Path) -> None:
    path = _zip(tmp_path / "sent.zip", "pasted.txt")
    assert [log.name for log in find_logs([path])[0]] == [f"{path}/pasted.txt"]


def test_an_archive_without_logs_in_a_folder_is_passed_over(tmp_path: Path) -> None:
    _zip(tmp_path / "sent.zip", "feed.json")
    _put(tmp_path, "a.log")
    assert [Path(log.name).name for log in find_logs([tmp_path])[0]] == ["a.log"]


def test_a_dash_is_standard_input() -> None:
    ((found,), _) = find_logs([Path("-")])
    assert (found.path, found.name) == (None, "-")


def test_the_logs_of_a_library_are_named_within_it_and_know_their_tenant() -> None:
    found, _ = find_logs([sample_library()])
    assert {log.tenant for log in found} == {"contoso.sharepoint.com"}
    assert all(log.name.startswith("sites/") and "\\" not in log.name for log in found)


@pytest.mark.parametrize(("name", "words"), [("nowhere", "does not exist"), ("empty", "has no logs in it")])
def test_path_without_logs_is_reported(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "empty").mkdir()
    _put(tmp_path, "b/a.log")
    found, (problem,) = find_logs([tmp_path / name, tmp_path / "b"])
    assert words in str(problem)
    assert [Path(log.name).name for log in found] == ["a.log"]


def test_tables_beside_logs_are_no_logs(tmp_path: Path) -> None:
    _put(tmp_path, f"feed-{ID}-Logs/part", f"feed-{ID}-Logs/e.parquet", f"feed-{ID}-Logs/e.CSV", f"{LOG}.xlsx")
    assert [Path(log.name).name for log in find_logs([tmp_path])[0]] == ["part"]


def test_an_archive_that_is_none_is_a_log_that_says_so(tmp_path: Path) -> None:
    _put(tmp_path, "sent.zip", "a.log")
    found, _ = find_logs([tmp_path])
    assert [(Path(log.name).name, log.member) for log in found] == [("a.log", None), ("sent.zip", -1)]


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_name_that_is_not_unicode_is_escaped(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xff.log")).write_bytes(b"x")
    assert [Path(log.name).name for log in find_logs([tmp_path])[0]] == ["b\\udcff.log"]


def test_inaccessible_path_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_dir", refused)
    _, (problem,) = find_logs([tmp_path / "closed" / "a.log"])
    assert str(problem).endswith("a.log cannot be read: permission denied.")
