"""Whether a retry file is what its manifest says: for whoever gets one and is about to queue it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.errors import InputError
from analyzer.model.text import count
from analyzer.retry.manifest import manifest_of, read_manifest
from analyzer.source.find import find_records
from analyzer.storage.files import cannot_read, sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from analyzer.retry.manifest import FileNoted, Manifest

_PART = re.compile(r"-\d+-of-\d+$")


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check found.

    Attributes:
        manifest: what the file was to be.
        differences: what is otherwise, a clause each.
        missing: names of files that the retry was made from and that do not lie beside it, so were not checked.
    """

    manifest: Manifest
    differences: tuple[str, ...]
    missing: tuple[str, ...]


def verify(path: Path) -> Verified:
    """Checks a retry file, with the others of its split, and what it was made from where that lies beside it.

    Raises:
        InputError: there is no manifest, or it or the file cannot be read.
    """
    manifest = _manifest(path)
    if path.name not in {file.name for file in manifest.files}:
        raise InputError(
            f"the manifest beside {path} is of other files: {', '.join(_names(manifest.files))}",
            "Check those; this one was made at another time.",
        )
    differences: list[str] = []
    for file in manifest.files:
        differences += _differences(path.with_name(file.name), file)
        if not differences:
            records = find_records(path.with_name(file.name), "", {}).records
            if records != file.records:
                differences.append(f"{file.name} has {count(records, 'record')}, not {file.records:,}")
    made_from: list[FileNoted] = [manifest.source, *manifest.logs]
    beside = [file for file in made_from if path.with_name(file.name).is_file()]
    for one in beside:
        differences += _differences(path.with_name(one.name), one)
    missing = tuple(file.name for file in made_from if file not in beside)
    return Verified(manifest, tuple(differences), missing)


def _manifest(path: Path) -> Manifest:
    if not path.is_file():
        raise InputError(f"{path} is no file", "Name the retry file.")
    beside = manifest_of(path.with_stem(_PART.sub("", path.stem)))
    if not beside.is_file():
        beside = manifest_of(path)
    if not beside.is_file():
        raise InputError(f"{path} has no manifest beside it", f"Ask for {beside.name}, which was made with the file.")
    manifest = read_manifest(beside)
    if manifest is None:
        raise InputError(f"{beside} is no manifest of a retry file", "Ask for the file as it was made.")
    return manifest


def _differences(path: Path, noted: FileNoted) -> Iterator[str]:
    try:
        length = path.stat().st_size
    except FileNotFoundError:
        yield f"{noted.name} is missing"
        return
    except OSError as error:
        raise cannot_read(path, error) from error
    if length != noted.bytes:
        yield f"{noted.name} has {length:,} bytes, not {noted.bytes:,}"
    elif noted.sha256 and sha256_of(path) != noted.sha256:
        yield f"{noted.name} has another content than when it was made"


def _names(files: Sequence[FileNoted]) -> Iterator[str]:
    return (file.name for file in files)
