"""Read and write the manifest beside a retry file, which describes its sources and content for verification."""

from __future__ import annotations

import contextlib
import json
from pathlib import PurePath
from typing import TYPE_CHECKING

import msgspec

from analyzer.errors import InputError
from analyzer.storage.files import read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


_ENDING = ".manifest.json"


class FileEntry(msgspec.Struct):
    """A file's name, size, and SHA-256; null if hashes were left out."""

    name: str
    bytes: int
    sha256: str | None = None


class RetryFileEntry(FileEntry):
    """A retry file or a part of one, with its counts."""

    records: int = 0
    property_values: int = 0


class CorrectedIdEntry(msgspec.Struct):
    """An ID that a retry file has instead of the source's: the record from 1, both IDs, and the proof."""

    record: int
    before: str
    after: str
    proof: str


class Manifest(msgspec.Struct, kw_only=True):
    """The content of a manifest. Fields that older versions did not write are empty.

    Attributes:
        program: ``upa-analyzer`` and its version.
        job_id: null without a library.
        outcome: the job's outcome when the file was made.
        error: the name of the job's error.
        sentence: what the file contains and why.
        first: what to do before the file is queued, a clause; empty if nothing.
        id_property: the property with the IDs.
        id_property_because: why that property.
        id_type: the service's ID type for the IDs; empty if unclear.
        id_type_because: why, a clause.
        properties: the other properties in the file's records, in the order in which they first occur.
        site: the address of the site with the source file; empty without a library.
        folder: the source file's folder in that site.
        choices: the user's choices, as ``retry`` describes them.
        source: the source file.
        logs: the log files.
        files: the retry file, or its parts in their order.
        companions: the lists beside the file.
        before: SHA-256 of the files that were in this place before, each of which may have been queued.
        records: number in all files.
        users: number of distinct users.
        property_values: number of values, without IDs.
        respelled: records that were not valid JSON.
        repairs: number in the list of repairs.
        corrected_ids: IDs that are others than in the source.
        unmatched: number in the list of unmatched users.
        entries_naming_nobody: entries of the log that don't identify a user.
        unfinished_logs: logs that may lack users.
        source_later: the evidence that the job read an earlier source file, a clause without its subject.
        left_to_later: users not updated who are left out, because later files have their newer records.
        complete: whether the file has everyone else who was not updated, exactly once.
    """

    program: str = ""
    job_id: str | None = None
    outcome: str = ""
    error: str = ""
    sentence: str
    first: str = ""
    id_property: str = ""
    id_property_because: str = ""
    id_type: str = ""
    id_type_because: str = ""
    properties: list[str] = []
    site: str = ""
    folder: str = ""
    choices: dict[str, object] = {}
    source: FileEntry
    logs: list[FileEntry]
    files: list[RetryFileEntry]
    companions: list[FileEntry] = []
    before: list[str] = []
    records: int = 0
    users: int = 0
    property_values: int = 0
    respelled: int = 0
    repairs: int = 0
    corrected_ids: list[CorrectedIdEntry] = []
    unmatched: int = 0
    entries_naming_nobody: int = 0
    unfinished_logs: int = 0
    source_later: str = ""
    left_to_later: int = 0
    complete: bool

    @property
    def all_files(self) -> list[FileEntry]:
        """The files that belong to the manifest."""
        return [*self.files, *self.companions]

    @property
    def hashes(self) -> list[str]:
        """The SHA-256 of the retry files, and of those that were in their place before."""
        return list(dict.fromkeys([*self.before, *(file.sha256 for file in self.files if file.sha256)]))

    def as_json(self) -> bytes:
        """Return the file's content."""
        content = json.dumps(msgspec.to_builtins(self), ensure_ascii=False, indent=1)
        return content.encode("utf-8", "backslashreplace") + b"\n"


def read_manifest(path: Path) -> Manifest | None:
    """Read a manifest; return None if the file isn't one.

    Raises:
        InputError: it cannot be read.
    """
    try:
        manifest = msgspec.json.decode(read_bytes(path), type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    # A manifest from elsewhere must lead only to files in its folder.
    entries = [manifest.source, *manifest.logs, *manifest.all_files]
    return manifest if all(_is_name(file.name) for file in entries) else None


def manifests_in(folder: Path) -> Iterator[tuple[Path, Manifest]]:
    """Yield the manifests in a folder by name, with their paths; files that cannot be read are skipped."""
    for path in sorted(folder.glob(f"*{_ENDING}")):
        with contextlib.suppress(InputError):
            if manifest := read_manifest(path):
                yield path, manifest


def hashes_made(target: Path, job_id: str | None) -> list[str]:
    """Return the SHA-256 of all retry files of a job in this place, according to its manifest."""
    try:
        manifest = read_manifest(manifest_path(target))
    except InputError:
        return []
    return manifest.hashes if manifest and manifest.job_id == job_id else []


def manifest_path(target: Path) -> Path:
    """Return the path of a retry file's manifest; all parts of a split file have the same one."""
    return target.with_name(f"{target.stem}{_ENDING}")


def program() -> str:
    """Return the name and version of this program."""
    from importlib.metadata import version

    return f"upa-analyzer {version('upa-analyzer')}"


def _is_name(name: str) -> bool:
    return PurePath(name).name == name and name not in {"", ".."} and "\0" not in name
