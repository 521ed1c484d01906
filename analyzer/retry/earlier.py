"""What an earlier retry left in the places of another: what its manifest proves to be ours goes, the rest stays."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import msgspec

from analyzer.errors import InputError
from analyzer.file_set import FileSet
from analyzer.files import cannot_write, read_bytes, sha256_of
from analyzer.retry.companions import companions
from analyzer.retry.interface import NOTHING, Earlier

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from analyzer.retry.verify import FileNoted, Manifest


def clear(target: Path, read: Collection[Path]) -> Earlier:
    """Takes away an earlier retry that is ours, where there is nothing to retry: nobody shall queue it for the answer.

    Args:
        target: where a retry file would go.
        read: source and logs, which are never touched.

    Raises:
        OutputError: a file cannot be taken away; then all are still there.
    """
    found = earlier(target, (), read)
    with FileSet() as files:
        files.put_in_place((), found.ours)
    return found


def earlier(target: Path, new: Collection[Path], read: Collection[Path]) -> Earlier:
    """Which files in the places of a retry, its parts and its companions are there, and are not to be written.

    Args:
        target: the path of the retry file, were it one.
        new: what is to be written.
        read: source and logs.

    Raises:
        OutputError: the folder cannot be read.
    """
    there = [path for path in _there(target) if path not in new and not _is_one_of(path, read)]
    if not there:
        return NOTHING
    manifest_file = companions(target)[0]
    manifest = _manifest(manifest_file)
    noted = {file.name: file for file in (*manifest.files, *manifest.companions)} if manifest else {}
    ours = [path for path in there if path.name in noted and _is_as(path, noted[path.name])]
    others = [path for path in there if path not in ours]
    left = {path.name for path in others}
    # A manifest is of use as long as a retry file of it is there, though changed.
    if manifest and manifest_file in others and left.isdisjoint(file.name for file in manifest.files):
        others.remove(manifest_file)
        ours.append(manifest_file)
    return Earlier(tuple(ours), tuple(others))


def _there(target: Path) -> Iterator[Path]:
    """The retry file, the parts of a split into any number, and their companions, by their names."""
    part = re.compile(rf"{re.escape(target.stem)}(-\d+-of-\d+)?{re.escape(target.suffix)}")
    beside = {path.name for path in companions(target)}
    try:
        with os.scandir(target.parent) as entries:
            names = [one.name for one in entries if (part.fullmatch(one.name) or one.name in beside) and one.is_file()]
    except FileNotFoundError:
        return
    except OSError as error:
        raise cannot_write(target, error) from error
    yield from (target.with_name(name) for name in sorted(names))


def _is_one_of(path: Path, read: Collection[Path]) -> bool:
    return any(one.exists() and path.samefile(one) for one in read)


def _manifest(path: Path) -> Manifest | None:
    from analyzer.retry.verify import Manifest

    try:
        return msgspec.json.decode(read_bytes(path), type=Manifest)
    except (InputError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _is_as(path: Path, noted: FileNoted) -> bool:
    try:
        return path.stat().st_size == noted.bytes and noted.sha256 == sha256_of(path)
    except (OSError, InputError):
        return False
