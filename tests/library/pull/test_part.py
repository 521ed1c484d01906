from __future__ import annotations

import errno
import hashlib
import os
import sys
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import OutputError
from analyzer.library.pull import digest, part
from analyzer.library.pull.part import PartFile

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("large", [0, 1 << 20], ids=["hashed in a thread", "hashed at once"])
def test_what_came_anew_is_all_that_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: int) -> None:
    monkeypatch.setattr(digest, "_LARGE", large)
    monkeypatch.setattr(part, "_PIECE", 2)
    file = PartFile(tmp_path / "sites" / "a.json")
    file.begin()
    file.write(b"longer and wrong")
    file.restart()
    assert file.received == 0
    for chunk in (b"ri", b"g", b"ht"):
        file.write(chunk)
    assert file.finish()[0] == hashlib.sha256(b"right").hexdigest()
    assert (file.received, file.place.exists()) == (5, False)
    file.place_it()
    assert file.place.read_bytes() == b"right"
    file.discard()
    assert [path.name for path in file.place.parent.iterdir()] == ["a.json"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can be told")
def test_what_has_come_is_let_go_of_from_the_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int, int]] = []
    monkeypatch.setattr(part, "_PIECE", 4)
    monkeypatch.setattr(os, "posix_fadvise", lambda fd, at, length, _: told.append((at, length, os.fstat(fd).st_size)))
    file = PartFile(tmp_path / "a.json")
    file.begin()
    for chunk in (b"123", b"45", b"678", b"9", b"0"):
        file.write(chunk)
    file.discard()
    assert told == [(0, 5, 5), (0, 9, 9)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can be told")
def test_a_file_comes_though_nobody_can_be_told_to_let_go_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: int) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(part, "_PIECE", 1)
    monkeypatch.setattr(os, "posix_fadvise", refuse)
    file = PartFile(tmp_path / "a.json")
    file.begin()
    file.write(b"whole")
    file.finish()
    file.place_it()
    assert file.place.read_bytes() == b"whole"


def test_what_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    file = PartFile(tmp_path / "a.json")
    file.discard()
    file.begin()
    file.write(b"half")
    file.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "sites").write_bytes(b"a file")
    with pytest.raises(OutputError, match=r"a\.json cannot be written"):
        PartFile(tmp_path / "sites" / "a.json").begin()


def test_what_was_taken_is_on_the_disk_before_it_is_placed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(os.fstat(fd).st_size))
    file = PartFile(tmp_path / "a.json")
    file.begin()
    file.write(b"right")
    file.finish()
    assert (synced, file._stream.closed) == ([5], True)


class _Full:
    """A disk on which nothing more fits."""

    def write(self, _chunk: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_disk_that_is_full_is_said_plainly(tmp_path: Path) -> None:
    file = PartFile(tmp_path / "a.json")
    file.begin()
    file._stream.close()
    file._stream = _Full()  # type: ignore[assignment]
    for step in (lambda: file.write(b"x"), file.finish):
        with pytest.raises(OutputError, match=r"a\.json cannot be written: the disk is full"):
            step()


def test_what_stands_in_the_way_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "a.json").mkdir()
    file = PartFile(tmp_path / "a.json")
    file.begin()
    file.finish()
    with pytest.raises(OutputError, match=r"a\.json cannot be written: it is a folder"):
        file.place_it()


def test_neither_a_new_beginning_nor_an_end_leaves_a_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "_LARGE", 0)
    file = PartFile(tmp_path / "a.json")
    file.begin()
    for end in (file.restart, file.discard):
        file.write(b"a")
        thread = file._digest._thread
        assert thread is not None
        end()
        assert not thread.is_alive()
