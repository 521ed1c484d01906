"""Whether what we hold is what the tenant holds."""

from __future__ import annotations

import errno
import hashlib
import os
import sys
from typing import TYPE_CHECKING, cast

import pytest

from analyzer.errors import OutputError
from analyzer.library.mirror import WritableLibrary
from analyzer.library.model import FileSeen, PullResult
from analyzer.library.pull.download import Digest, Fetcher, PartFile
from analyzer.tenant.model import RemoteFile

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.library.model import RemoteTenant


PATH = "/sites/hr/a.log"
HOST = "contoso.sharepoint.com"
ONE, TWO = "2026-11-23T01:00:00Z", "2026-11-23T02:00:00Z"


class _Main:
    host = HOST


def _fetcher(root: Path, seen: FileSeen | None) -> tuple[Fetcher, WritableLibrary]:
    """Of a library with a file of five bytes."""
    (root / "sites" / "hr").mkdir(parents=True)
    (root / PATH[1:]).write_bytes(b"12345")
    library = WritableLibrary(root)
    if seen is not None:
        library.state.files[PATH] = seen
    return Fetcher(cast("RemoteTenant", _Main), library, PullResult("contoso.sharepoint.com")), library


def _remote(etag: str, modified: str = "", length: int | None = 5) -> RemoteFile:
    return RemoteFile(f"https://{HOST}{PATH}", PATH, "a.log", length, etag, modified)


@pytest.mark.parametrize(
    ("seen", "remote", "same"),
    [
        (FileSeen("1", 5), _remote("1"), True),
        (FileSeen("1", 5), _remote("2"), False),
        (FileSeen("1", 6), _remote("1"), False),
        (FileSeen("1", 4), _remote("1"), True),
        (FileSeen("1", 5, modified=ONE), _remote("1", ONE), True),
        (FileSeen("1", 5, modified=ONE), _remote("1", TWO), False),
        (FileSeen("1", 5, modified=ONE), _remote("1"), True),
        (FileSeen("1", 5), _remote("1", TWO), True),
        (FileSeen("1", 5), _remote(""), True),
        (FileSeen("", 5), _remote("1"), True),
        (FileSeen("", 5), _remote("1", length=6), False),
        (None, _remote("1"), True),
        (None, _remote("1", length=6), False),
        (None, _remote("1", length=None), False),
    ],
    ids=str,
)
def test_copy_is_compared_by_etag_and_time_else_by_length(
    tmp_path: Path, seen: FileSeen | None, remote: RemoteFile, *, same: bool
) -> None:
    assert _fetcher(tmp_path, seen)[0].is_unchanged(remote) is same


def test_etag_is_noted_after_a_comparison_by_length(tmp_path: Path) -> None:
    fetcher, library = _fetcher(tmp_path, None)
    assert fetcher.is_unchanged(_remote("1", ONE))
    assert library.state.files[PATH] == FileSeen("1", 5, modified=ONE, host=HOST)
    assert not fetcher.is_unchanged(_remote("2", ONE))


@pytest.mark.parametrize("piece", [0, 2, 1 << 20], ids=["hashed in a thread", "both", "hashed at once"])
def test_only_what_was_received_last_counts(tmp_path: Path, piece: int) -> None:
    file = PartFile(tmp_path / "sites" / "a.json", piece)
    file.begin()
    file.write(b"longer and wrong")
    file.restart()
    assert file.received == 0
    for chunk in (b"ri", b"g", b"ht"):
        file.write(chunk)
    assert file.finish()[0] == hashlib.sha256(b"right").hexdigest()
    assert (file.received, file.place.exists()) == (5, False)
    file.move_to_place()
    assert file.place.read_bytes() == b"right"
    file.discard()
    assert [path.name for path in file.place.parent.iterdir()] == ["a.json"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has posix_fadvise")
def test_memory_of_the_whole_file_is_freed_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int, int]] = []
    monkeypatch.setattr(os, "posix_fadvise", lambda fd, at, length, _: told.append((at, length, os.fstat(fd).st_size)))
    file = PartFile(tmp_path / "a.json", 4)
    file.begin()
    for chunk in (b"123", b"45", b"678", b"9", b"0"):
        file.write(chunk)
    file.discard()
    assert told == [(0, 5, 5), (0, 9, 9)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has posix_fadvise")
def test_file_is_received_without_advice_to_free_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(os, "posix_fadvise", refuse)
    file = PartFile(tmp_path / "a.json", 1)
    file.begin()
    file.write(b"whole")
    file.finish()
    file.move_to_place()
    assert file.place.read_bytes() == b"whole"


def test_what_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    file = PartFile(tmp_path / "a.json")
    file.discard()
    file.begin()
    file.write(b"half")
    file.discard()
    assert list(tmp_path.iterdir()) == []


def test_unwritable_place_is_reported(tmp_path: Path) -> None:
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


def test_full_disk_is_reported(tmp_path: Path) -> None:
    file = PartFile(tmp_path / "a.json")
    file.begin()
    file._stream.close()
    file._stream = _Full()  # type: ignore[assignment]
    for step in (lambda: file.write(b"x"), file.finish):
        with pytest.raises(OutputError, match=r"a\.json cannot be written: the disk is full"):
            step()


def test_obstacle_at_the_place_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.json").mkdir()
    file = PartFile(tmp_path / "a.json")
    file.begin()
    file.finish()
    with pytest.raises(OutputError, match=r"a\.json cannot be written: it is a folder"):
        file.move_to_place()


def test_neither_a_new_beginning_nor_an_end_leaves_a_thread(tmp_path: Path) -> None:
    file = PartFile(tmp_path / "a.json", 0)
    file.begin()
    for end in (file.restart, file.discard):
        file.write(b"a")
        thread = file._digest._thread
        assert thread is not None
        end()
        assert not thread.is_alive()


@pytest.mark.parametrize("large", [0, 3_000, 1 << 20])
def test_the_hash_is_that_of_all_chunks_in_their_order(large: int) -> None:
    chunks = [bytes([number]) * 1_000 for number in range(100)]
    digest = Digest(large)
    for chunk in chunks:
        digest.update(chunk)
    assert digest.hexdigest() == hashlib.sha256(b"".join(chunks)).hexdigest()


def test_a_hash_that_is_given_up_leaves_no_thread() -> None:
    digest = Digest(0)
    digest.update(b"a")
    thread = digest._thread
    assert thread is not None
    digest.end()
    assert not thread.is_alive()
