"""Write several files under temporary names, and move all of them to their places, or none."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterable
from typing import IO, TYPE_CHECKING, Final, Self, TypeAlias

from analyzer.storage.files import beside_of, cannot_write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from analyzer.errors import OutputError

Content: TypeAlias = bytes | Iterable[bytes] | Callable[[IO[bytes]], object]
"""The content of a file: whole, in pieces, or what writes it to an empty file."""


class Disk:
    """The operations of a set on the file system, one method each, so that tests can make any of them fail."""

    def make_folder(self, path: Path) -> None:
        """Make a folder and those above it."""
        path.mkdir(parents=True, exist_ok=True)

    def create(self, path: Path) -> IO[bytes]:
        """Create a file that does not exist yet."""
        return path.open("xb")

    def sync(self, stream: IO[bytes]) -> None:
        """Flush a file to the disk."""
        stream.flush()
        os.fsync(stream.fileno())

    def exists(self, path: Path) -> bool:
        """Return whether a file exists; a broken link is one."""
        return os.path.lexists(path)

    def link(self, path: Path, existing: Path) -> None:
        """Create a hard link.

        Raises:
            NotImplementedError: the platform has no hard links.
        """
        path.hardlink_to(existing)

    def copy(self, existing: Path, path: Path) -> None:
        """Copy a file with its times."""
        shutil.copy2(existing, path, follow_symlinks=False)

    def rename(self, path: Path, place: Path) -> None:
        """Rename a file, replacing another one."""
        path.replace(place)

    def remove(self, path: Path) -> None:
        """Remove a file if it exists."""
        path.unlink(missing_ok=True)


_DISK: Final = Disk()


class FileSet:
    """Several files, written under temporary names, that move to their places together or not at all.

    Used as a context manager, which removes files that were not put in place.

    Before the first file is moved, each existing file gets a second name. On any failure, including an interruption,
    the existing files are restored from these names. A file that cannot be restored keeps its second name, which the
    error contains; it is never removed.
    """

    def __init__(self, disk: Disk = _DISK, folder: Path | None = None) -> None:
        """Begin without files.

        Args:
            disk: the file system.
            folder: the folder for the temporary files, on the same disk; None for the folder of each file.
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
        """The temporary names of the files."""
        return frozenset(self._written)

    def new(self, near: Path) -> IO[bytes]:
        """Create a temporary file with a name like ``near``, in its folder or that of the set.

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

    def write(self, near: Path, content: Content) -> None:
        """Create a file as ``new`` does, write its content, and close it.

        Raises:
            OutputError: it cannot be written.
        """
        stream = self.new(near)
        try:
            if callable(content):
                content(stream)
            else:
                stream.writelines([content] if isinstance(content, bytes) else content)
            self._disk.sync(stream)
            stream.close()
        except OSError as error:
            raise cannot_write(near, error) from error

    def put_in_place(self, paths: Sequence[Path], gone: Sequence[Path] = ()) -> None:
        """Flush the files to the disk, and move them to their places in the order in which they were created.

        Args:
            paths: the places.
            gone: files to remove before the last file is moved.

        Raises:
            OutputError: a file cannot be written or removed. Everything was restored, or the error contains what was
                not.
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
        """Give each existing file a second name; return these names by path."""
        kept: dict[Path, Path] = {}
        for place in places:
            try:
                if not self._disk.exists(place):
                    continue
                name = beside_of(place)
                self._to_remove.append(name)
                try:
                    self._disk.link(name, place)
                except (OSError, NotImplementedError):  # a file system without hard links
                    self._disk.copy(place, name)
                kept[place] = name
            except OSError as error:
                raise cannot_write(place, error) from error
        return kept

    def _move(self, moves: Sequence[tuple[Path | None, Path]], kept: dict[Path, Path]) -> None:
        """Rename or remove each file; on any exception, undo it."""
        # From here on, a second name may be the only one, so it is kept until the file is certainly in its place.
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
        """Restore the previous files, the last one first; yield a clause for each that could not be restored."""
        for place in reversed(places):
            try:
                if place not in kept:
                    self._disk.remove(place)
                    continue
                if self._disk.exists(kept[place]):
                    self._disk.rename(kept[place], place)
                # Renaming one name of a file to another name of the same file leaves both.
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
