"""Several files that take their places together, or none does."""

from __future__ import annotations

import contextlib
import errno
import io
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import pytest

from analyzer.errors import OutputError
from analyzer.storage.file_set import Disk, FileSet
from analyzer.storage.files import is_part

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.storage.file_set import Content


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


@pytest.mark.parametrize("content", [b"list", [b"li", b"st"], lambda stream: stream.write(b"list")])
def test_a_file_of_a_set_has_its_content_from_bytes_pieces_or_what_writes_it(tmp_path: Path, content: Content) -> None:
    with FileSet() as made:
        made.write(tmp_path / "b.csv", content)
        made.put_in_place([tmp_path / "b.csv"])
    assert files(tmp_path) == {"b.csv": b"list"}


def test_a_set_with_a_folder_of_its_own_writes_there(tmp_path: Path) -> None:
    with FileSet(folder=tmp_path / "staged") as made:
        made.write(tmp_path / "b" / "b.csv", b"list")
        assert list(files(tmp_path / "staged").values()) == [b"list"]
        assert files(tmp_path / "b") == {}
        made.put_in_place([tmp_path / "b" / "b.csv"])
    assert (files(tmp_path / "staged"), files(tmp_path / "b")) == ({}, {"b.csv": b"list"})


def test_a_set_may_have_more_files_than_a_process_may_open(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="the platform has no limit on open files")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    places = [tmp_path / f"{number}.html" for number in range(100)]
    try:
        with FileSet() as made:
            for place in places:
                made.write(place, b"page")
            made.put_in_place(places)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(files(tmp_path)) == len(places)


OLD = {"a.json": b"old a", "b.json": b"old b", "gone.json": b"old gone", "m.json": b"old m"}
NEW = {"a.json": b"new a", "b.json": b"new b", "c.json": b"new c", "m.json": b"new m"}
PLACES = tuple(NEW)


class FaultyDisk(Disk):
    """A disk at which the operations of some numbers, from 1, fail; ``names`` are those that were asked for."""

    def __init__(
        self, fails: frozenset[int] = frozenset(), error: type[BaseException] = OSError, after: bool = False
    ) -> None:
        self.names: list[str] = []
        self.links = True
        self._fails = fails
        self._error = error
        self._after = after

    def _ask(self, name: str, work: Callable[[], object]) -> object:
        self.names.append(name)
        fails = len(self.names) in self._fails
        done = work() if self._after or not fails else None
        if fails and isinstance(done, io.BufferedIOBase):
            done.close()
        if fails:
            raise self._error(errno.EIO, "Input/output error")
        return done

    def make_folder(self, path: Path) -> None:
        self._ask("make_folder", lambda: super(FaultyDisk, self).make_folder(path))

    def create(self, path: Path) -> IO[bytes]:
        stream = self._ask("create", lambda: super(FaultyDisk, self).create(path))
        assert isinstance(stream, io.BufferedIOBase)
        return cast("IO[bytes]", stream)

    def sync(self, stream: IO[bytes]) -> None:
        self._ask("sync", lambda: super(FaultyDisk, self).sync(stream))

    def exists(self, path: Path) -> bool:
        return bool(self._ask("exists", lambda: super(FaultyDisk, self).exists(path)))

    def link(self, path: Path, existing: Path) -> None:
        if not self.links:
            raise NotImplementedError
        self._ask("link", lambda: super(FaultyDisk, self).link(path, existing))

    def copy(self, existing: Path, path: Path) -> None:
        def half() -> None:
            path.write_bytes(existing.read_bytes()[:3])

        self._ask(
            "copy", half if len(self.names) + 1 in self._fails else lambda: super(FaultyDisk, self).copy(existing, path)
        )

    def rename(self, path: Path, place: Path) -> None:
        self._ask("rename", lambda: super(FaultyDisk, self).rename(path, place))

    def remove(self, path: Path) -> None:
        self._ask("remove", lambda: super(FaultyDisk, self).remove(path))


def replaced(folder: Path, disk: Disk) -> str:
    """Puts ``NEW`` in the place of ``OLD``; what the error says, empty for none."""
    folder.mkdir(exist_ok=True)
    for name, content in OLD.items():
        (folder / name).write_bytes(content)
    try:
        with FileSet(disk) as made:
            for name in PLACES:
                made.write(folder / name, NEW[name])
            made.put_in_place([folder / name for name in PLACES], [folder / "gone.json"])
    except KeyboardInterrupt:
        return "interrupted"
    except OutputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("after", [False, True], ids=["before it is done", "though it is done"])
@pytest.mark.parametrize("links", [True, False], ids=["with links", "without links"])
@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_whichever_single_operation_fails_all_files_are_the_old_ones_or_all_the_new(
    tmp_path: Path, error: type[BaseException], links: bool, after: bool
) -> None:
    whole = FaultyDisk()
    whole.links = links
    assert replaced(tmp_path / "whole", whole) == ""
    assert files(tmp_path / "whole") == NEW
    for number, name in enumerate(whole.names, 1):
        folder = tmp_path / str(number)
        disk = FaultyDisk(frozenset({number}), error, after)
        disk.links = links
        told = replaced(folder, disk)
        found = files(folder)
        left = [folder / one for one in found if one not in OLD | NEW]
        # An interruption may hit the removal of names that are not needed any more.
        wanted = [OLD if told else NEW, *([NEW] if told == "interrupted" and name == "remove" else [])]
        assert {one: found[one] for one in found if folder / one not in left} in wanted, name
        # A name whose removal failed is one that the next run knows as ours.
        assert all(map(is_part, left))
        assert error is KeyboardInterrupt or len(left) <= (name == "remove")


def test_where_undoing_fails_too_nothing_is_lost_and_the_error_names_it(tmp_path: Path) -> None:
    whole = FaultyDisk()
    replaced(tmp_path / "whole", whole)
    renames = [number for number, name in enumerate(whole.names, 1) if name == "rename"]
    for first in renames:
        for second in range(first + 1, first + 12):
            folder = tmp_path / f"{first}-{second}"
            told = replaced(folder, FaultyDisk(frozenset({first, second})))
            assert told
            found = files(folder)
            assert {*found.values()} >= {*OLD.values()}, (first, second)
            in_place = {name: content for name, content in found.items() if name in OLD | NEW}
            if in_place != OLD:
                assert "not everything could be undone" in told
            for name, content in found.items():
                assert name in in_place or name in told or content in {*in_place.values(), *NEW.values()}


def test_what_does_not_go_into_a_file_of_a_set_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def writelines(self, _content: list[bytes]) -> None:
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
