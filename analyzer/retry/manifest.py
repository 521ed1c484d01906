"""Create the manifest of a retry, and check its files against it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.errors import InputError
from analyzer.model.text import count
from analyzer.retry.queue_command import site_and_folder
from analyzer.retry.summary import sentence
from analyzer.source.find import find_records
from analyzer.storage.files import cannot_read, sha256_of
from analyzer.storage.manifest_file import (
    CorrectedIdEntry,
    FileEntry,
    Manifest,
    RetryFileEntry,
    hashes_made,
    manifest_path,
    program,
    read_manifest,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from analyzer.retry.model import RetryFiles, RetryOptions, RetryRequest

_PART = re.compile(r"-\d+-of-\d+$")


def manifest_for(
    request: RetryRequest, retry: RetryFiles, files: Sequence[RetryFileEntry], beside: Mapping[Path, bytes]
) -> Manifest:
    """Describe retry files: what they were made from and what they contain.

    Args:
        request: the retry.
        retry: the written files.
        files: their entries.
        beside: the lists next to them, with their content.

    Raises:
        InputError: the source or a log can't be read any more.
    """
    selection, options = request.selection, request.options
    # These hashes identify a retry that was queued under another name.
    before = hashes_made(request.target, request.job_id) if request.job_id else []
    site, folder = site_and_folder(request.source_uri)
    return Manifest(
        program=program(),
        job_id=request.job_id,
        outcome=selection.outcome.value,
        error=request.error,
        sentence=sentence(selection, retry, request.id_property, options),
        first=selection.condition,
        id_property=request.id_property.name,
        id_property_because=request.id_property.because,
        id_type=retry.id_type.name,
        id_type_because=retry.id_type.because,
        properties=list(retry.properties),
        site=site,
        folder=folder,
        choices=described_choices(selection.choice_clauses, options, request.given_id_property),
        source=_entry(request.source, hashes=options.hashes, digest=request.source_sha256),
        logs=[_entry(log, hashes=options.hashes) for log in request.logs],
        files=list(files),
        companions=[
            FileEntry(path.name, len(content), hashlib.sha256(content).hexdigest()) for path, content in beside.items()
        ],
        before=[digest for digest in before if digest not in {file.sha256 for file in files}],
        records=retry.records,
        users=retry.users,
        property_values=retry.property_values,
        respelled=retry.respelled,
        repairs=len(retry.repairs),
        corrected_ids=[CorrectedIdEntry(one.record, one.before, one.after, one.proof) for one in retry.corrected],
        unmatched=len(retry.unmatched),
        entries_naming_nobody=retry.without_user,
        unfinished_logs=retry.unfinished_logs,
        source_later=retry.source_later,
        left_to_later=selection.left_to_later,
        complete=retry.complete,
    )


def described_choices(chosen: Sequence[str], options: RetryOptions, id_property: str) -> dict[str, object]:
    """Return the user's choices as they are in a manifest.

    Args:
        chosen: the choices of users, a clause each.
        options: the options for writing.
        id_property: as the user specified it; empty if it was inferred.
    """
    correct_ids = {"correct_ids": options.correct_ids} if options.correct_ids else {}
    return {
        **correct_ids,
        "users": list(chosen),
        "id_property": id_property,
        "drop_properties": list(options.drop_properties),
        "salvage": options.salvage,
        "repair": options.repair,
        "max_bytes": options.max_bytes,
        "max_properties": options.max_properties,
        "force": options.force,
    }


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of a check.

    Attributes:
        manifest: of the file.
        differences: from it, a clause each.
        missing: names of inputs that aren't next to the file and weren't checked.
    """

    manifest: Manifest
    differences: tuple[str, ...]
    missing: tuple[str, ...]


def verify(path: Path) -> Verification:
    """Check a retry file and its other parts, and the inputs that are next to it.

    Raises:
        InputError: there is no manifest, or it or the file can't be read.
    """
    manifest = _manifest_beside(path)
    if path.name not in {file.name for file in manifest.files}:
        raise InputError(
            f"the manifest beside {path} is of other files: {', '.join(file.name for file in manifest.files)}",
            "Check those; this one was made at another time.",
        )
    differences: list[str] = []
    for file in manifest.files:
        differences += _differences(path.with_name(file.name), file)
        if not differences:
            records = find_records(path.with_name(file.name), "", {}).records
            if records != file.records:
                differences.append(f"{file.name} has {count(records, 'record')}, not {file.records:,}")
    made_from: list[FileEntry] = [manifest.source, *manifest.logs]
    beside = [file for file in made_from if path.with_name(file.name).is_file()]
    for one in beside:
        differences += _differences(path.with_name(one.name), one)
    missing = tuple(file.name for file in made_from if file not in beside)
    return Verification(manifest, tuple(differences), missing)


def manifest_beside(path: Path) -> Path:
    """Return the path of the manifest of a retry file, or of a part of one."""
    of_all_parts = manifest_path(path.with_stem(_PART.sub("", path.stem)))
    return of_all_parts if of_all_parts.is_file() else manifest_path(path)


def _manifest_beside(path: Path) -> Manifest:
    if not path.is_file():
        raise InputError(f"{path} is not a file", "Name the retry file.")
    beside = manifest_beside(path)
    if not beside.is_file():
        raise InputError(f"{path} has no manifest beside it", f"Ask for {beside.name}, which was made with the file.")
    manifest = read_manifest(beside)
    if manifest is None:
        raise InputError(f"{beside} isn't the manifest of a retry file", "Ask for the file as it was made.")
    return manifest


def _differences(path: Path, entry: FileEntry) -> Iterator[str]:
    try:
        length = path.stat().st_size
    except FileNotFoundError:
        yield f"{entry.name} is missing"
        return
    except OSError as error:
        raise cannot_read(path, error) from error
    if length != entry.bytes:
        yield f"{entry.name} has {length:,} bytes, not {entry.bytes:,}"
    elif entry.sha256 and sha256_of(path) != entry.sha256:
        yield f"{entry.name} has changed since it was made"


def _entry(path: Path, *, hashes: bool, digest: str = "") -> FileEntry:
    """Describe a file, with its SHA-256 if ``hashes`` is set."""
    try:
        length = path.stat().st_size
    except OSError as error:
        raise cannot_read(path, error) from error
    return FileEntry(path.name, length, (digest or sha256_of(path)) if hashes else None)
