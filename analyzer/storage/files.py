"""Read and write whole files, and find the files of the package.

A new file is written under a temporary name and renamed, so that nothing is lost.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import os
import re
import secrets
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar

import msgspec

from analyzer.errors import InputError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


_T = TypeVar("_T")
_NAME_KEPT = 50
"""Characters kept of a name in a temporary name: even with four bytes each, it fits into 255 bytes."""

_PART = re.compile(r"\..*\.[0-9a-f]{8}\.part", re.DOTALL)

_PLAIN_WORDS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT if hasattr(errno, "EDQUOT") else errno.ENOSPC: "the disk quota is used up",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EROFS: "the disk is read-only",
    errno.ENOENT: "there is no such file or folder",
    errno.EISDIR: "it is a folder",
    errno.ENOTDIR: "a part of its path isn't a folder",
    errno.EEXIST: "a file of that name is in the way",
    errno.ENAMETOOLONG: "the name is too long",
}


def plain_words(error: OSError) -> str:
    """Return an operating system's error in words, without its number."""
    return _PLAIN_WORDS.get(error.errno or 0) or (error.strerror or str(error)).lower()


def cannot_read(path: Path | str, error: OSError) -> InputError:
    """Return the error for a file that cannot be read."""
    return InputError(f"{path} cannot be read: {plain_words(error)}")


def state_of(path: Path) -> tuple[int, int, int]:
    """Return what differs if a file is written or replaced.

    Raises:
        InputError: it can't be read.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise cannot_read(path, error) from error
    return found.st_ino, found.st_size, found.st_mtime_ns


def check_unchanged(path: Path, before: tuple[int, int, int], advice: str) -> None:
    """Compare a file with its earlier ``state_of``.

    Raises:
        InputError: it was written or replaced in the meantime; with ``advice``.
    """
    if state_of(path) != before:
        raise InputError(f"{path} changed while it was read", advice)


def cannot_write(path: Path, error: OSError) -> OutputError:
    """Return the error for a file that cannot be written."""
    advice = "Free some space, or write elsewhere; what was there before is unchanged."
    if error.errno not in {errno.ENOSPC, getattr(errno, "EDQUOT", None)}:
        advice = "Choose another place; what was there before is unchanged."
    return OutputError(f"{path} cannot be written: {plain_words(error)}", advice)


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise cannot_read(path, error) from error


def read_json(path: Path, form: type[_T], missing: _T, advice: str) -> _T:
    """Return the content of one of our JSON files.

    Args:
        path: the file.
        form: its type, for msgspec.
        missing: the result if there is no such file.
        advice: what to do about a damaged file.

    Raises:
        InputError: it cannot be read, or is damaged.
    """
    if not path.exists():
        return missing
    try:
        return msgspec.json.decode(read_bytes(path), type=form)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is damaged: {error}", advice) from error


def json_bytes(content: object) -> bytes:
    """Return indented JSON with sorted keys, so that equal contents are equal files."""
    return msgspec.json.format(msgspec.json.encode(content, order="deterministic"), indent=1) + b"\n"


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal, reading it in blocks.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise cannot_read(path, error) from error


@contextlib.contextmanager
def replacing_path(path: Path, *, sync: bool = True, pause: Callable[[float], None] = time.sleep) -> Iterator[Path]:
    """Yield a temporary path to write; the file replaces ``path`` when the context ends without an error.

    On an error or interruption, ``path`` stays unchanged and the new file is removed.

    Args:
        path: the final path.
        sync: whether a power failure just afterwards must not lose the file.
        pause: waits for some seconds; on Windows, a reader may have the old file open for a moment.

    Raises:
        OutputError: the disk is full, the folder may not be written, and the like.
    """
    beside = beside_of(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield beside
        if sync:
            with beside.open("rb+") as stream:
                os.fsync(stream.fileno())
        _rename(beside, path, pause)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


def _rename(beside: Path, path: Path, pause: Callable[[float], None]) -> None:
    """Rename a file; wait if the old one is open."""
    for wait in (0.05, 0.2, 0.5, None):
        try:
            beside.replace(path)
        except PermissionError:
            if wait is None:
                raise
            pause(wait)
        else:
            return


@contextlib.contextmanager
def replacing(path: Path, mode: int = 0o666) -> Iterator[IO[bytes]]:
    """Open a temporary file for writing; it replaces ``path`` as in ``replacing_path``.

    Args:
        path: the final path.
        mode: the file's permissions from the start, less the process's mask.

    Raises:
        OutputError: the disk is full, the folder may not be written, and the like.
    """
    opener = functools.partial(os.open, mode=mode)
    with replacing_path(path) as beside, open(beside, "xb", opener=opener) as stream:
        yield stream


def write_bytes(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Write a whole file as ``replacing`` does.

    Raises:
        OutputError: it cannot be written.
    """
    with replacing(path, mode) as stream:
        stream.write(content)


def beside_of(path: Path) -> Path:
    """Return a temporary name in the folder of a path."""
    return path.with_name(f".{path.name[:_NAME_KEPT]}.{secrets.token_hex(4)}.part")


def is_part(path: Path) -> bool:
    """Return whether ``beside_of`` named a file."""
    return _PART.fullmatch(path.name) is not None


def begins_name_of_part(path: Path, stem: str) -> str | None:
    """Return the part of a temporary name (``beside_of``) after ``stem``; None for other names.

    >>> from pathlib import Path
    >>> begins_name_of_part(Path(".feed-1-of-2.json.0a1b2c3d.part"), "feed")
    '-1-of-2.json'
    """
    name = path.name[1:].rsplit(".", 2)[0]
    stem = stem[:_NAME_KEPT]
    return name.removeprefix(stem) if is_part(path) and name.startswith(stem) else None


_PACKAGE = Path(__file__).resolve().parents[1]


def templates_folder() -> Path:
    """Return the folder of our report templates."""
    return _packaged("report_templates")


def template_folders(own: Path | None) -> list[Path]:
    """Return the folders of report templates; those of the user's own folder replace ours of the same name.

    Raises:
        InputError: there is no such folder.
    """
    if own is not None and not own.is_dir():
        advice = "Specify a folder with templates, or leave out the option."
        raise InputError(f"{own} isn't a folder with templates", advice)
    return [folder for folder in (own, templates_folder()) if folder]


def sample_library() -> Path:
    """Return the library that ``demo`` starts from."""
    return _packaged("sample_logs")


def _packaged(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
