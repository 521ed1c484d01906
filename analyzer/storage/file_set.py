"""Several files that are written beside their places and take them together, or none does."""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import IO, TYPE_CHECKING, Final, Self

from analyzer.storage.files import beside_of, cannot_write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from analyzer.errors import OutputError


class Disk:
    """The operations of a set on the file system, one method each, so that a test can let any of them fail."""

    def make_folder(self, path: Path) -> None:
        """Make a folder and those above it."""
        path.mkdir(parents=True, exist_ok=True)

    def create(self, path: Path) -> IO[bytes]:
        """Begin a file that is not there yet."""
        return path.open("xb")

    def sync(self, stream: IO[bytes]) -> None:
        """Bring a file to the disk."""
        stream.flush()
        os.fsync(stream.fileno())

    def exists(self, path: Path) -> bool:
        """Whether there is a file; a link that leads nowhere is one."""
        return os.path.lexists(path)

    def link(self, path: Path, existing: Path) -> None:
        """Give a file one more name.

        Raises:
            NotImplementedError: the platform has no such names.
        """
        path.hardlink_to(existing)

    def copy(self, existing: Path, path: Path) -> None:
        """Copy a file with its times."""
        shutil.copy2(existing, path, follow_symlinks=False)

    def rename(self, path: Path, place: Path) -> None:
        """Give a file another name, and with it another file's place."""
        path.replace(place)

    def remove(self, path: Path) -> None:
        """Remove a file, where there is one."""
        path.unlink(missing_ok=True)


_DISK: Final = Disk()


class FileSet:
    """Several files that are written beside their places and take them together, or none does.

    Used as a context; what was written and not put in place is gone when it is left.

    Before the first file takes its place, everything that is there gets a second name. Whatever fails from then on, an
    interruption included, is undone by these names. One that cannot be put back keeps its second name, and the error
    says which; it is never removed.
    """

    def __init__(self, disk: Disk = _DISK, folder: Path | None = None) -> None:
        """Begin without files.

        Args:
            disk: does the work.
            folder: on the same disk, in which the files are written; None for each one's own.
        """
        self._disk = disk
        self._folder = folder
        self._streams: list[IO[bytes]] = []
        self._written: list[Path] = []
        self._to_remove: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for stream in self._streams:
            with contextlib.suppress(OSError):
                stream.close()
        for path in (*self._written, *self._to_remove):
            with contextlib.suppress(OSError):
                self._disk.remove(path)

    @property
    def beside(self) -> frozenset[Path]:
        """The files as they are called until they take their places."""
        return frozenset(self._written)

    def new(self, near: Path) -> IO[bytes]:
        """A file to write, in the folder of a path (or the set's own) and called somewhat like it.

        Raises:
            OutputError: the folder cannot be written.
        """
        path = beside_of(self._folder / near.name if self._folder else near)
        try:
            for folder in (near.parent, path.parent):
                self._disk.make_folder(folder)
            self._written.append(path)
            stream = self._disk.create(path)
        except OSError as error:
            raise cannot_write(near, error) from error
        self._streams.append(stream)
        return stream

    def write(self, near: Path, content: bytes) -> None:
        """A file with this content, begun as ``new`` does, and closed, so that there may be any number of them.

        Raises:
            OutputError: it cannot be written.
        """
        stream = self.new(near)
        try:
            stream.write(content)
            self._disk.sync(stream)
            stream.close()
        except OSError as error:
            raise cannot_write(near, error) from error

    def put_in_place(self, paths: Sequence[Path], gone: Sequence[Path] = ()) -> None:
        """Give the files their places, in the order in which they were begun; whole, and on the disk, before.

        Args:
            paths: the places.
            gone: files that go with it, before the last one takes its place.

        Raises:
            OutputError: one of them cannot be written, or cannot go; then all is as it was, or the error names what
                is not.
        """
        for stream, path in zip(self._streams, paths, strict=True):
            if stream.closed:
                continue
            try:
                self._disk.sync(stream)
                stream.close()
            except OSError as error:
                raise cannot_write(path, error) from error
        kept = self._keep([*paths, *gone])
        moves: list[tuple[Path | None, Path]] = [*zip(self._written, paths, strict=True)]
        self._move([*moves[:-1], *((None, path) for path in gone), *moves[-1:]], kept)

    def _keep(self, places: Sequence[Path]) -> dict[Path, Path]:
        """Give each file that is in one of the places a second name there; of each, that name."""
        kept: dict[Path, Path] = {}
        for place in places:
            try:
                if not self._disk.exists(place):
                    continue
                name = beside_of(place)
                self._to_remove.append(name)
                try:
                    self._disk.link(name, place)
                except (OSError, NotImplementedError):  # on a file system without such names
                    self._disk.copy(place, name)
                kept[place] = name
            except OSError as error:
                raise cannot_write(place, error) from error
        return kept

    def _move(self, moves: Sequence[tuple[Path | None, Path]], kept: dict[Path, Path]) -> None:
        """Rename or remove each file; where one cannot be, or anything else happens meanwhile, undo what was done."""
        # From here on a second name may be the only one: it goes only when that is certainly not so.
        self._to_remove = []
        begun: list[Path] = []
        try:
            for source, place in moves:
                begun.append(place)
                if source is None:
                    self._disk.remove(place)
                else:
                    self._disk.rename(source, place)
        except BaseException as error:
            left = list(self._undone(begun, kept))
            self._to_remove += [name for place, name in kept.items() if place not in begun]
            if isinstance(error, OSError):
                raise _cannot_write(begun[-1], error, left) from error
            raise
        self._to_remove = list(kept.values())

    def _undone(self, places: Sequence[Path], kept: dict[Path, Path]) -> Iterator[str]:
        """Give places back what was in them, the last one first; says what could not be undone, a clause each."""
        for place in reversed(places):
            try:
                if place not in kept:
                    self._disk.remove(place)
                    continue
                if self._disk.exists(kept[place]):
                    self._disk.rename(kept[place], place)
                # A rename from one name of a file to another one of it leaves both.
                self._to_remove.append(kept[place])
            except OSError:
                where = f"what was in {place.name} before is in {kept[place].name}" if place in kept else ""
                yield where or f"{place.name} is new, and could not be removed"


def _cannot_write(place: Path, error: OSError, left: Sequence[str]) -> OutputError:
    refused = cannot_write(place, error)
    if left:
        refused.what = f"{refused.what}; and not everything could be undone: {'; '.join(left)}"
        refused.advice = "Do not queue what is there. Check the disk, and make the file again."
    return refused
