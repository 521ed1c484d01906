"""What an earlier retry left in the places of another: what is provably ours gives way, the rest is kept."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from typing import TYPE_CHECKING

from analyzer.errors import InputError
from analyzer.retry.model import NOTHING, Earlier
from analyzer.retry.writing.companions import companions
from analyzer.storage.file_set import FileSet
from analyzer.storage.files import begins_name_of_part, cannot_write, replacing_path, sha256_of
from analyzer.storage.manifest import manifest_path, read_manifest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from analyzer.storage.manifest import FileEntry, Manifest

_REST = re.compile(r"(-\d[-of\d]*)?(\.[a-z].*)?$")
"""What follows the stem in the names of a retry's files, or a beginning of it, as names are cut."""
_LARGEST_MANIFEST = 1 << 24
"""Bytes; a retry file that was being written may be of 2 GB."""
_DIGITS = (8, 64)
"""How many of a SHA-256 tell two altered files apart: first a readable number, then all."""


def clear(target: Path, read: Collection[Path]) -> Earlier:
    """Takes away an earlier retry that is ours, where there is nothing to retry: nobody shall queue it for the answer.

    Args:
        target: where a retry file would go.
        read: source and logs, which are never touched.

    Raises:
        OutputError: a file cannot be taken away; then all are still there.
    """
    found = earlier(target, {}, read)
    with FileSet() as files:
        files.put_in_place((), found.ours)
    remove_leftovers(target)
    return found


def earlier(target: Path, new: Mapping[Path, str], read: Collection[Path]) -> Earlier:
    """Which files in the places of a retry, its parts and its companions are there, and what becomes of them.

    Those in the places of new ones that are not provably ours are copied, so that writing the new ones loses nothing.

    Args:
        target: the path of the retry file, were it one.
        new: what is to be written, with its SHA-256.
        read: source and logs.

    Raises:
        OutputError: the folder cannot be read, or a file cannot be copied.
    """
    there = [path for path in _in_places(target) if not _is_one_of(path, read)]
    if not there:
        return NOTHING
    manifest_file = manifest_path(target)
    manifest = _manifest(manifest_file)
    noted = list(_noted(target, manifest))
    ours = [path for path in there if any(_is_as(path, file) for file in noted)]
    altered = [path for path in there if path in new and path not in ours and not (path == manifest_file and manifest)]
    kept = [_keep(path) for path in altered if _digest(path) != new[path]]
    ours = [path for path in ours if path not in new]
    others = [path for path in there if path not in new and path not in ours]
    left = {path.name for path in others}
    # A manifest is of use as long as a retry file of it is there, though changed.
    if manifest and manifest_file in others and left.isdisjoint(file.name for file in manifest.files):
        others.remove(manifest_file)
        ours.append(manifest_file)
    return Earlier(tuple(ours), tuple(others), tuple(kept))


def is_unaltered(target: Path, manifest: Manifest) -> bool:
    """Whether all files that were made with a manifest are there, in the places of a retry, with the same bytes."""
    places = {path.name: path for path in _in_places(target)}
    return all(file.name in places and _is_as(places[file.name], file) for file in manifest.all_files)


def strays(target: Path, manifest: Manifest) -> tuple[Path, ...]:
    """The files in the places of a retry that its manifest does not name; they are of another one, or not ours."""
    named = {file.name for file in manifest.all_files} | {manifest_path(target).name}
    return tuple(path for path in _in_places(target) if path.name not in named)


def remove_leftovers(target: Path, but: Collection[Path] = ()) -> None:
    """Removes what interrupted retries to the same place left under names that only such files have.

    Args:
        target: the path of the retry file.
        but: what is still needed.
    """
    for path in _leftovers(target):
        if path not in but:
            with contextlib.suppress(OSError):
                path.unlink()


def _in_places(target: Path) -> Iterator[Path]:
    """The retry file, the parts of a split into any number, and their companions, by their names."""
    part = re.compile(rf"{re.escape(target.stem)}(-\d+-of-\d+)?{re.escape(target.suffix)}")
    beside = {path.name for path in companions(target)}
    return (path for path in _files(target) if part.fullmatch(path.name) or path.name in beside)


def _leftovers(target: Path) -> Iterator[Path]:
    """Files that were being written, or were about to be replaced, in the places of a retry."""
    for path in _files(target):
        rest = begins_name_of_part(path, target.stem)
        if rest is not None and _REST.match(rest):
            yield path


def _files(target: Path) -> Iterator[Path]:
    try:
        with os.scandir(target.parent) as entries:
            names = sorted(one.name for one in entries if one.is_file())
    except FileNotFoundError:
        return
    except OSError as error:
        raise cannot_write(target, error) from error
    yield from (target.with_name(name) for name in names)


def _noted(target: Path, manifest: Manifest | None) -> Iterator[FileEntry]:
    """What manifests say of files in the places of a retry: the one that is there, and those of interrupted retries."""
    small = (path for path in _leftovers(target) if path.stat().st_size <= _LARGEST_MANIFEST)
    for one in (manifest, *map(_manifest, small)):
        if one is not None:
            yield from one.all_files


def _keep(path: Path) -> Path:
    """Copies a file to a name that says what it is; returns that name.

    Raises:
        OutputError: it cannot be copied.
    """
    digest = _digest(path)
    for digits in _DIGITS:
        kept = path.with_stem(f"{path.stem}.altered-{digest[:digits]}")
        if not kept.exists():
            with replacing_path(kept) as beside:
                shutil.copy2(path, beside)
            break
        if _digest(kept) == digest:
            break
    return kept


def _is_one_of(path: Path, read: Collection[Path]) -> bool:
    return any(one.exists() and path.samefile(one) for one in read)


def _manifest(path: Path) -> Manifest | None:
    try:
        return read_manifest(path)
    except InputError:
        return None


def _is_as(path: Path, noted: FileEntry) -> bool:
    try:
        return path.name == noted.name and path.stat().st_size == noted.bytes and noted.sha256 == sha256_of(path)
    except (OSError, InputError):
        return False


def _digest(path: Path) -> str:
    try:
        return sha256_of(path)
    except InputError as error:
        raise cannot_write(path, OSError(error.what)) from error
