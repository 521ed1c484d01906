"""Reading and writing files so that nothing is lost."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from analyzer.errors import InputError, OutputError
from analyzer.files import FileSet, cannot_write, plain_words, read_bytes, replacing, write_bytes


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
def test_a_full_disk_is_said_in_plain_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
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
    with pytest.raises(OutputError, match="permission denied"):
        write_bytes(path, b"new")
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


def test_files_of_a_set_take_their_places_together(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"old")
    with FileSet() as made:
        made.new(tmp_path / "a.json").write(b"new")
        made.write(tmp_path / "b" / "b.csv", b"list")
        assert files(tmp_path)["a.json"] == b"old"
        assert not (tmp_path / "b" / "b.csv").exists()
        made.put_in_place([tmp_path / "a.json", tmp_path / "b" / "b.csv"])
    assert files(tmp_path) == {"a.json": b"new"}
    assert files(tmp_path / "b") == {"b.csv": b"list"}


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
def test_a_set_that_is_left_with_an_error_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    (tmp_path / "a.json").write_bytes(b"old")
    with pytest.raises(error), FileSet() as made:  # noqa: PT012 - what is raised is raised while writing
        made.new(tmp_path / "a.json").write(b"half")
        made.new(tmp_path / "b.json")
        raise error
    assert files(tmp_path) == {"a.json": b"old"}


def test_a_set_that_is_not_put_in_place_leaves_nothing(tmp_path: Path) -> None:
    with FileSet() as made:
        made.write(tmp_path / "a.json", b"new")
    assert files(tmp_path) == {}


@pytest.mark.parametrize("number", [1, 2])
def test_a_disk_that_is_full_at_any_file_of_a_set_leaves_all_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    calls = iter(range(1, 9))

    def full(_descriptor: int) -> None:
        if next(calls) == number:
            raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "a.json").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    places = [tmp_path / "a.json", tmp_path / "b.json"]
    with pytest.raises(OutputError, match=rf"{'ab'[number - 1]}\.json cannot be written: the disk"), FileSet() as made:  # noqa: PT012
        for place in places:
            made.write(place, b"new")
        made.put_in_place(places)
    assert files(tmp_path) == {"a.json": b"old"}


@pytest.mark.parametrize("links", [True, False], ids=["", "without links"])
@pytest.mark.parametrize("error", [PermissionError(errno.EACCES, "in use"), KeyboardInterrupt()])
def test_a_rename_that_fails_leaves_all_files_of_a_set_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, links: bool
) -> None:
    really = Path.replace

    def refused(path: Path, target: Path) -> Path:
        if target.name == "c.json" and path.read_bytes() == b"new":
            raise error
        return really(path, target)

    (tmp_path / "a.json").write_bytes(b"old")
    (tmp_path / "c.json").write_bytes(b"old too")
    before = files(tmp_path)
    monkeypatch.setattr(Path, "replace", refused)
    if not links:
        monkeypatch.delattr(os, "link")
    places = [tmp_path / "a.json", tmp_path / "b.json", tmp_path / "c.json"]
    with pytest.raises((OutputError, KeyboardInterrupt)) as raised, FileSet() as made:  # noqa: PT012
        for place in places:
            made.write(place, b"new")
        made.put_in_place(places)
    assert files(tmp_path) == before
    if isinstance(error, OSError):
        assert "c.json cannot be written: permission denied" in str(raised.value)


def test_what_does_not_go_into_a_file_of_a_set_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def write(self, _content: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self) -> None: ...

    with FileSet() as made:
        monkeypatch.setattr(made, "new", lambda _near: Full())
        with pytest.raises(OutputError, match=r"a\.json cannot be written: the disk is full"):
            made.write(tmp_path / "a.json", b"new")


def test_a_set_goes_nowhere_where_no_folder_can_be(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"old")
    with FileSet() as made, pytest.raises(OutputError, match="cannot be written: "):
        made.new(tmp_path / "b" / "a.json")
    assert files(tmp_path) == {"b": b"old"}
