from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.errors import InputError
from analyzer.find_logs import find_logs
from analyzer.resources import sample_library

if TYPE_CHECKING:
    from pathlib import Path

ID = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
LOG = f"ImportProfileProperties-{ID}-20151130-174205-993"


def _put(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")


def test_a_named_file_is_a_log_whatever_it_is_called(tmp_path: Path) -> None:
    _put(tmp_path, "pasted.txt")
    (found,) = find_logs([tmp_path / "pasted.txt"])
    assert (found.name, found.tenant) == (str(tmp_path / "pasted.txt"), None)


def test_in_a_folder_names_and_folders_tell_what_is_a_log(tmp_path: Path) -> None:
    logs = {"a.log", "b/C.LOG", f"c/{LOG}", f"feed-{ID}-Logs/part"}
    _put(tmp_path, *logs, "feed.json", "notes.txt", ".hidden.log", f"feed-{ID}-Logs/.x.part", ".upa/earlier/a.log")
    assert {found.path.relative_to(tmp_path).as_posix() for found in find_logs([tmp_path])} == logs


def test_a_log_that_is_meant_twice_is_read_once(tmp_path: Path) -> None:
    _put(tmp_path, "a.log", "b.log", "folder/notes.txt")
    found = find_logs([tmp_path / "folder" / ".." / "b.log", tmp_path])
    assert [log.path.name for log in found] == ["b.log", "a.log"]


def test_the_logs_of_a_library_are_named_within_it_and_know_their_tenant() -> None:
    found = find_logs([sample_library()])
    assert {log.tenant for log in found} == {"contoso.sharepoint.com"}
    assert all(log.name.startswith("sites/") and "\\" not in log.name for log in found)


@pytest.mark.parametrize(("name", "words"), [("nowhere", "does not exist"), (".", "has no logs in it")])
def test_where_there_is_no_log_it_is_said(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        find_logs([tmp_path / name])
