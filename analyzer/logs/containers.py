"""Open logs: a file, standard input, gzip, a member of a ZIP archive; nothing is unpacked to disk.

An archive is recognized by its first bytes, not by its name. Unpacking stops where an archive gives far more than any
log does, see https://en.wikipedia.org/wiki/Zip_bomb.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import lzma
import os
import re
import signal
import stat
import sys
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Protocol, cast

from analyzer.errors import InputError
from analyzer.storage.files import cannot_read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from analyzer.logs.model import LogFile

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")

FREELY_UNPACKED = 256_000_000
"""Bytes that any archive may contain."""

MOST_TIMES = 250
"""How many times its size an archive may contain beyond that; logs of a million similar lines need about 100."""

_UNPACK_IT = "Unpack it yourself and parse what comes of it."
_CLIMBS_OUT = re.compile(r"(^|[/\\])\.\.([/\\]|$)|^[/\\]|^[A-Za-z]:|\x00")


class Stream(Protocol):
    """An open log."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes; none at the end. Raise ``InputError`` on failure."""

    def position(self) -> int:
        """Return how many bytes of the file on disk were read."""

    def changed(self) -> bool:
        """Return whether the file has changed its length since it was opened, as while it is being written."""


class _FileStream:
    """A file, to the length that it had when it was opened; a pipe, to its end."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        status = os.fstat(stream.fileno())
        self._stream, self._name = stream, name
        # Files of size 0 may have content all the same, as those below /proc.
        self._length = status.st_size or None if stat.S_ISREG(status.st_mode) else None
        self._read = 0

    def read(self, size: int, /) -> bytes:
        if self._length is not None:
            size = min(size, self._length - self._read)
        try:
            chunk = self._stream.read(size) if size else b""
        except OSError as error:
            raise cannot_read(self._name, error) from error
        self._read += len(chunk)
        return chunk

    def position(self) -> int:
        return self._read

    def changed(self) -> bool:
        return self._length is not None and os.fstat(self._stream.fileno()).st_size != self._length


class _CountingStream:
    """A stream that has no position, such as a pipe; counts what was read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._read = 0

    def read(self, size: int = -1, /) -> bytes:
        chunk = self._stream.read(size)
        self._read += len(chunk)
        return chunk

    def tell(self) -> int:
        return self._read


@dataclass(slots=True)
class _Budget:
    """How much an archive may still contain, all of its members together.

    Attributes:
        packed: returns how many bytes the archive has, or were read of it.
        given: bytes unpacked so far.
    """

    packed: Callable[[], int]
    given: int = 0

    def take(self, size: int, name: str) -> None:
        """Raise ``InputError`` where an archive gives far more than any log does."""
        self.given += size
        if self.given > max(FREELY_UNPACKED, self.packed() * MOST_TIMES):
            raise InputError(
                f"{name} unpacks to more than {MOST_TIMES} times its size, which no log does",
                "If it is one, unpack it yourself and parse what comes of it.",
            )


class _ArchiveStream:
    """The content of an archive, within its budget."""

    def __init__(self, stream: gzip.GzipFile | IO[bytes], budget: _Budget, name: str) -> None:
        self._stream, self._budget, self._name = stream, budget, name

    def read(self, size: int, /) -> bytes:
        with _archive_errors(self._name):
            chunk = self._stream.read(size)
        self._budget.take(len(chunk), self._name)
        return chunk

    def position(self) -> int:
        return self._budget.packed()

    def changed(self) -> bool:
        return False


class Opener:
    """Opens logs one after the other; reads the list of members of a ZIP archive once."""

    def __init__(self) -> None:
        self._archive: zipfile.ZipFile | None = None
        self._path: Path | None = None
        self._budget = _Budget(int)

    def close(self) -> None:
        """Close the archive that was opened last."""
        if self._archive is not None:
            self._archive.close()

    @contextlib.contextmanager
    def opened(self, log_file: LogFile) -> Iterator[Stream]:
        """Open a log.

        Raises:
            InputError: it cannot be opened, or is an archive that is damaged, encrypted or climbs out of its folder.
        """
        with contextlib.ExitStack() as closing:
            if log_file.path is None:
                yield _standard_input(closing, log_file.name)
            elif log_file.member is not None:
                yield self._member(closing, log_file.path, log_file.member, log_file.name)
            else:
                yield _file(closing, log_file.path, log_file.name)

    def _member(self, closing: contextlib.ExitStack, path: Path, member: int, name: str) -> Stream:
        with _archive_errors(name):
            if self._archive is None or self._path != path:
                self.close()
                self._archive, self._path = zipfile.ZipFile(path), path
                size = path.stat().st_size
                self._budget = _Budget(lambda: size)
            info = self._archive.infolist()[member]
            if _CLIMBS_OUT.search(info.filename):
                raise InputError(f"{name} has a path that leads out of its archive", "It is left out; who made it?")
            if info.flag_bits & 1:
                raise InputError(f"{name} cannot be unpacked: it needs a password", _UNPACK_IT)
            stream: gzip.GzipFile | IO[bytes] = closing.enter_context(self._archive.open(info))
            magic = stream.peek(len(ZIP_MAGIC[0])) if isinstance(stream, zipfile.ZipExtFile) else b""
            if magic.startswith(ZIP_MAGIC):
                raise InputError(f"{name} is an archive within an archive", _UNPACK_IT)
            if magic.startswith(GZIP_MAGIC):
                stream = closing.enter_context(gzip.GzipFile(fileobj=stream))
            return _ArchiveStream(stream, self._budget, name)


def is_zip(path: Path) -> bool:
    """Return whether a file begins as a ZIP archive; False for a pipe and what cannot be read."""
    try:
        if not path.is_file():
            return False
        with path.open("rb", buffering=0) as stream:
            return stream.read(4) in ZIP_MAGIC
    except OSError:
        return False


def members(path: Path) -> list[tuple[int, zipfile.ZipInfo]]:
    """Return the files of a ZIP archive, each with its place in the archive's list.

    Raises:
        InputError: it cannot be read.
    """
    with _archive_errors(str(path)), zipfile.ZipFile(path) as archive:
        return [(place, member) for place, member in enumerate(archive.infolist()) if not member.is_dir()]


def _standard_input(closing: contextlib.ExitStack, name: str) -> Stream:
    if sys.stdin is None:
        raise InputError("standard input is closed", "Name a file, or send one through a pipe.")
    stream = sys.stdin.buffer
    if hasattr(signal, "siginterrupt"):
        # Ctrl-C must work at once, also while nothing comes through the pipe.
        signal.siginterrupt(signal.SIGINT, True)
    head = stream.peek(len(ZIP_MAGIC[0])) if isinstance(stream, io.BufferedReader) else b""
    if head.startswith(ZIP_MAGIC):
        raise InputError(f"{name} is a ZIP archive, which no pipe can give", "Save it to a file and name that.")
    if head.startswith(GZIP_MAGIC):
        counted = _CountingStream(stream)
        unpacked = closing.enter_context(gzip.GzipFile(fileobj=cast("IO[bytes]", counted)))
        return _ArchiveStream(unpacked, _Budget(counted.tell), name)
    return _FileStream(stream, name)


def _file(closing: contextlib.ExitStack, path: Path, name: str) -> Stream:
    try:
        stream = closing.enter_context(path.open("rb", buffering=0))
        plain = _FileStream(stream, name)
        magic = b""
        if stream.seekable():
            magic = stream.read(len(GZIP_MAGIC))
            stream.seek(0)
    except OSError as error:
        raise cannot_read(name, error) from error
    if magic != GZIP_MAGIC:
        return plain
    unpacked = closing.enter_context(gzip.GzipFile(fileobj=stream))
    return _ArchiveStream(unpacked, _Budget(stream.tell), name)


@contextlib.contextmanager
def _archive_errors(name: str) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError, ValueError) as error:
        what = str(error).rstrip(".") or "it ends too early"
        raise InputError(f"{name} is a damaged archive: {what}", "Get another copy of it.") from error
    except (RuntimeError, NotImplementedError) as error:
        # The library doesn't know this compression.
        raise InputError(f"{name} cannot be unpacked: {error}", _UNPACK_IT) from error
    except OSError as error:
        raise cannot_read(name, error) from error
