"""Open logs: a file, standard input, gzip, or a member of a ZIP archive, without unpacking to disk.

Archives are recognized by their first bytes, not by name. Unpacking stops at a size that no log reaches, to protect
against zip bombs (https://en.wikipedia.org/wiki/Zip_bomb).
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

ALWAYS_ALLOWED = 256_000_000
"""Unpacked bytes that are allowed for any archive."""

MAX_RATIO = 250
"""Limit of the ratio of unpacked to packed size beyond that; logs of a million similar lines reach about 100."""

_UNPACK_IT = "Unpack it yourself and parse what comes of it."
_CLIMBS_OUT = re.compile(r"(^|[/\\])\.\.([/\\]|$)|^[/\\]|^[A-Za-z]:|\x00")


class Stream(Protocol):
    """An open log."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, none at the end. Raise ``InputError`` on failure."""

    def position(self) -> int:
        """Return the number of bytes read from the file on disk."""

    def changed(self) -> bool:
        """Return whether the file's length has changed since it was opened."""


class _FileStream:
    """A file up to its length at opening, or a pipe to its end."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        status = os.fstat(stream.fileno())
        self._stream, self._name = stream, name
        # Files of size 0, such as those in /proc, may have content.
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
    """Counts the bytes read from a stream without a position, such as a pipe."""

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
    """The limit of unpacked bytes for all members of an archive.

    Attributes:
        packed: returns the archive's size, or the number of bytes read.
        unpacked: bytes unpacked so far.
    """

    packed: Callable[[], int]
    unpacked: int = 0

    def take(self, size: int, name: str) -> None:
        """Count unpacked bytes; raise ``InputError`` above the limit."""
        self.unpacked += size
        if self.unpacked > max(ALWAYS_ALLOWED, self.packed() * MAX_RATIO):
            raise InputError(
                f"{name} unpacks to more than {MAX_RATIO} times its size, which no log does",
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
    """Opens logs one after another; reads the directory of a ZIP archive once for consecutive members."""

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
            InputError: it cannot be opened, or its archive is damaged, encrypted, or has a path outside of itself.
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
    """Return whether a file is a ZIP archive; False for a pipe or an unreadable file."""
    try:
        if not path.is_file():
            return False
        with path.open("rb", buffering=0) as stream:
            return stream.read(4) in ZIP_MAGIC
    except OSError:
        return False


def members(path: Path) -> list[tuple[int, zipfile.ZipInfo]]:
    """Return the files of a ZIP archive with their indexes in its directory.

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
        # Ctrl-C must work immediately, also while waiting for the pipe.
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
        problem = str(error).rstrip(".") or "it ends too early"
        raise InputError(f"{name} is a damaged archive: {problem}", "Get another copy of it.") from error
    except (RuntimeError, NotImplementedError) as error:
        # zipfile doesn't support this compression.
        raise InputError(f"{name} cannot be unpacked: {error}", _UNPACK_IT) from error
    except OSError as error:
        raise cannot_read(name, error) from error
