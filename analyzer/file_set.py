"""Several files that are written beside their places and take them together, or none does."""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import IO, TYPE_CHECKING, Self

from analyzer.files import beside_of, cannot_write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class FileSet:
    """Several files that are written beside their places and take them together, or none does.

    Used as a context; what was written and not put in place is gone when it is left.
    """

    def __init__(self) -> None:
        """Begins without files."""
        self._streams: list[IO[bytes]] = []
        self._beside: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for stream in self._streams:
            with contextlib.suppress(OSError):
                stream.close()
        for beside in self._beside:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)

    def new(self, near: Path) -> IO[bytes]:
        """A file to write, in the folder of a path and called somewhat like it.

        Raises:
            OutputError: the folder cannot be written.
        """
        beside = beside_of(near)
        try:
            near.parent.mkdir(parents=True, exist_ok=True)
            stream = beside.open("xb")
        except OSError as error:
            raise cannot_write(near, error) from error
        self._streams.append(stream)
        self._beside.append(beside)
        return stream

    def write(self, near: Path, content: bytes) -> None:
        """A file with this content, begun as ``new`` does.

        Raises:
            OutputError: it cannot be written.
        """
        stream = self.new(near)
        try:
            stream.write(content)
        except OSError as error:
            raise cannot_write(near, error) from error

    def put_in_place(self, paths: Sequence[Path], gone: Sequence[Path] = ()) -> None:
        """Gives the files their places, in the order in which they were begun; whole, and on the disk, before.

        Args:
            paths: the places.
            gone: files that go with it, before the last one takes its place.

        Raises:
            OutputError: one of them cannot be written, or cannot go.
        """
        for stream, path in zip(self._streams, paths, strict=True):
            try:
                stream.flush()
                os.fsync(stream.fileno())
                stream.close()
            except OSError as error:
                raise cannot_write(path, error) from error
        moves: list[tuple[Path | None, Path]] = [*zip(self._beside, paths, strict=True)]
        self._replace([*moves[:-1], *((None, path) for path in gone), *moves[-1:]])

    def _replace(self, moves: Sequence[tuple[Path | None, Path]]) -> None:
        placed: list[tuple[Path, Path | None]] = []
        for beside, path in moves:
            try:
                placed.append((path, self._kept(path)))
                if beside is None:
                    path.unlink(missing_ok=True)
                else:
                    beside.replace(path)
            except BaseException as error:
                _restore(placed)
                if isinstance(error, OSError):
                    raise cannot_write(path, error) from error
                raise

    def _kept(self, path: Path) -> Path | None:
        """What stands at a place, under a further name until the set is left; None where nothing does."""
        if not path.exists():
            return None
        kept = beside_of(path)
        try:
            kept.hardlink_to(path)
        except (OSError, NotImplementedError):  # on a file system without such names
            shutil.copy2(path, kept)
        self._beside.append(kept)
        return kept


def _restore(placed: Sequence[tuple[Path, Path | None]]) -> None:
    """Gives the places back what stood there before, the last one first."""
    for path, kept in reversed(placed):
        with contextlib.suppress(OSError):
            if kept is None:
                path.unlink(missing_ok=True)
            else:
                kept.replace(path)
