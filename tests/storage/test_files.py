"""Reading and writing files so that nothing is lost."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from analyzer.errors import InputError, OutputError
from analyzer.storage.files import cannot_write, plain_words, read_bytes, replacing, replacing_path, write_bytes


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_file_takes_its_place_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    with replacing(path) as stream:
        stream.write(b"new")
        stream.flush()
        assert path.read_bytes() == b"old"
    assert files(tmp_path) == {"a.json": b"new"}


def test_folders_on_the_way_are_made(tmp_path: Path) -> None:
    write_bytes(tmp_path / "b" / "c" / "a.json", b"new")
    assert read_bytes(tmp_path / "b" / "c" / "a.json") == b"new"


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
def test_an_error_while_writing_keeps_the_old_file_and_leaves_nothing(
    tmp_path: Path, error: type[BaseException]
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    with pytest.raises(error), replacing(path) as stream:  # noqa: PT012 - what is raised is raised while writing
        stream.write(b"half")
        raise error
    assert files(tmp_path) == {"a.json": b"old"}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_reported_in_plain_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"a\.json cannot be written: the disk") as raised:
        write_bytes(path, b"new")
    assert raised.value.advice.startswith("Free some space")
    assert files(tmp_path) == {"a.json": b"old"}


def test_a_rename_that_fails_keeps_the_old_file_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_path: Path, _target: Path) -> None:
        raise PermissionError(errno.EACCES, "in use")

    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    monkeypatch.setattr(Path, "replace", refused)
    with (
        pytest.raises(OutputError, match="permission denied"),
        replacing_path(path, pause=lambda _: None) as beside,
    ):
        beside.write_bytes(b"new")
    assert files(tmp_path) == {"a.json": b"old"}


def test_a_folder_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.json").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        write_bytes(tmp_path / "a.json", b"new")
    assert files(tmp_path) == {}


def test_a_file_in_place_of_a_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"old")
    with pytest.raises(OutputError, match="cannot be written: "):
        write_bytes(tmp_path / "b" / "a.json", b"new")
    assert files(tmp_path) == {"b": b"old"}


@pytest.mark.parametrize("letter", ["a", "ö", "語", "😀"])
def test_a_name_as_long_as_may_be_can_be_written(tmp_path: Path, letter: str) -> None:
    name = letter * (255 // len(letter.encode()))
    write_bytes(tmp_path / name, b"new")
    assert files(tmp_path) == {name: b"new"}


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: there is no such file or folder"):
        read_bytes(tmp_path / "missing")
    with pytest.raises(InputError, match="cannot be read: it is a folder"):
        read_bytes(tmp_path)


def test_errors_without_words_of_ours_have_the_systems() -> None:
    assert plain_words(OSError(errno.EIO, "Input/output error")) == "input/output error"
    assert plain_words(OSError("odd")) == "odd"
    assert cannot_write(Path("a"), OSError(errno.EIO, "X")).advice.startswith("Choose another place")


@pytest.mark.parametrize("times", [1, 3])
def test_a_reader_that_holds_the_old_file_for_a_moment_on_windows_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    pauses: list[float] = []
    replace = Path.replace

    def replace_when_closed(path: Path, target: Path) -> Path:
        if len(pauses) < times:
            raise PermissionError(errno.EACCES, "Access is denied")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", replace_when_closed)
    with replacing_path(tmp_path / "a.json", pause=pauses.append) as beside:
        beside.write_bytes(b"new")
    assert files(tmp_path) == {"a.json": b"new"}
    assert len(pauses) == times
