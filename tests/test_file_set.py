"""Several files that take their places together, or none does."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

import pytest

from analyzer.errors import OutputError
from analyzer.file_set import FileSet


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


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


@pytest.mark.parametrize("fails", [False, True])
def test_what_goes_with_a_set_goes_before_its_last_file_comes_and_comes_back_on_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    really = Path.replace
    seen: list[tuple[str, bool]] = []

    def replace(path: Path, target: Path) -> Path:
        if target.name in {"a.json", "b.json"}:
            seen.append((target.name, (tmp_path / "c.json").exists()))
        if fails and target.name == "b.json":
            raise PermissionError(errno.EACCES, "in use")
        return really(path, target)

    (tmp_path / "c.json").write_bytes(b"old")
    monkeypatch.setattr(Path, "replace", replace)
    places = [tmp_path / "a.json", tmp_path / "b.json"]
    with contextlib.suppress(OutputError), FileSet() as made:
        for place in places:
            made.write(place, b"new")
        made.put_in_place(places, [tmp_path / "c.json"])
    assert seen == [("a.json", True), ("b.json", False)]
    assert files(tmp_path) == ({"c.json": b"old"} if fails else {"a.json": b"new", "b.json": b"new"})
