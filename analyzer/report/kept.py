"""Keep what each file of a report was made from, so that the next report writes only what has changed."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import msgspec

from analyzer.storage.files import write_bytes

if TYPE_CHECKING:
    from pathlib import Path

NAME = ".upa-report.json"
_FORMAT = 1


class Written(msgspec.Struct, frozen=True, array_like=True):
    """A file as it was written.

    Attributes:
        facts: the digest of what it was made from.
        size: bytes.
        modified_ns: when it was written, by the file system.
        source: size and time of the source file that was read for it; None if none was.
    """

    facts: str
    size: int
    modified_ns: int
    source: tuple[int, int] | None = None


class Part(msgspec.Struct, frozen=True, array_like=True):
    """A part of the first page that takes long to make, and the digest of what it was made from."""

    facts: str
    text: str


class Kept(msgspec.Struct):
    """What is kept of a report.

    Attributes:
        format: version of this file.
        files: by name in the report's folder.
        parts: by name.
        versions: by job ID, the version of its entries and users.
    """

    format: int = _FORMAT
    files: dict[str, Written] = {}
    parts: dict[str, Part] = {}
    versions: dict[str, str] = {}


def read_kept(out: Path) -> Kept:
    """Return what is kept of the report in a folder; nothing if it is missing, damaged, or of another version."""
    with contextlib.suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
        kept = msgspec.json.decode((out / NAME).read_bytes(), type=Kept)
        if kept.format == _FORMAT:
            return kept
    return Kept()


def write_kept(out: Path, kept: Kept) -> None:
    """Write what is kept of the report in a folder.

    Raises:
        OutputError: it can't be written.
    """
    write_bytes(out / NAME, msgspec.json.encode(kept, order="sorted"))


def stamp(path: Path) -> tuple[int, int] | None:
    """Return the size of a file and when it was written; None if it can't be read."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
