"""The manifest beside a retry file: what the file was made from and what it holds, so that anyone can check it."""

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
    """A file by name, size, and SHA-256, which is null where hashes were left out."""

    name: str
    bytes: int
    sha256: str | None = None


class RetryFileEntry(FileEntry):
    """A retry file, or a part of one, with its counts."""

    records: int = 0
    property_values: int = 0


class Manifest(msgspec.Struct, kw_only=True):
    """The content of a manifest. What older versions did not write is empty.

    Attributes:
        program: ``upa-analyzer`` and its version.
        job_id: null for bare files.
        outcome: of the job, as the file was made for it.
        error: the job's, by name.
        sentence: what the file holds and why.
        first: what has to be done before the file is queued, a clause; empty where nothing is known.
        id_property: the property with the IDs.
        id_property_because: why that one.
        id_type: what the IDs are by their shape, as PowerShell and the service call it; empty where that is unclear.
        id_type_because: why, a clause.
        properties: the other properties in the file's records, in the order in which they first occur.
        site: the address of the site with the source file; empty for bare files.
        folder: the source file's folder in that site.
        choices: the user's, as ``retry`` describes them.
        source: the source file.
        logs: the log files.
        files: the retry file, or its parts in their order.
        companions: the lists beside the file.
        before: SHA-256 of the files that were in this place before, each of which may have been queued.
        records: in all files.
        users: distinct users among them.
        property_values: values but the IDs.
        respelled: records that were not JSON as they were.
        repairs: in the list of repairs.
        unmatched: in the list of what did not match.
        entries_naming_nobody: entries of the log that identify no user.
        unfinished_logs: logs that may lack users.
        source_later: what says that the job read an earlier source file, a clause without its subject.
        left_to_later: users who were not updated and are left out, because later files hold their newer records.
        complete: whether the file holds everybody else who was not updated, and each of them once.
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
    unmatched: int = 0
    entries_naming_nobody: int = 0
    unfinished_logs: int = 0
    source_later: str = ""
    left_to_later: int = 0
    complete: bool

    @property
    def all_files(self) -> list[FileEntry]:
        """The files that were made with the manifest."""
        return [*self.files, *self.companions]

    @property
    def hashes(self) -> list[str]:
        """The SHA-256 of its retry files, and of those that were in their place before."""
        return list(dict.fromkeys([*self.before, *(file.sha256 for file in self.files if file.sha256)]))

    def as_json(self) -> bytes:
        """The file's content."""
        content = json.dumps(msgspec.to_builtins(self), ensure_ascii=False, indent=1)
        return content.encode("utf-8", "backslashreplace") + b"\n"


def read_manifest(path: Path) -> Manifest | None:
    """Read a manifest; None where the file is not one.

    Raises:
        InputError: it cannot be read.
    """
    try:
        manifest = msgspec.json.decode(read_bytes(path), type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    # A manifest from elsewhere must lead to nothing but files beside it.
    entries = [manifest.source, *manifest.logs, *manifest.all_files]
    return manifest if all(_is_name(file.name) for file in entries) else None


def manifests_in(folder: Path) -> Iterator[tuple[Path, Manifest]]:
    """Yield the manifests in a folder by name, with their paths; files that cannot be read are skipped."""
    for path in sorted(folder.glob(f"*{_ENDING}")):
        with contextlib.suppress(InputError):
            if manifest := read_manifest(path):
                yield path, manifest


def hashes_made(target: Path, job_id: str | None) -> list[str]:
    """Return the SHA-256 of all retry files of a job that were ever made in a place, as its manifest lists them."""
    try:
        manifest = read_manifest(manifest_path(target))
    except InputError:
        return []
    if manifest is None or manifest.job_id != job_id:
        return []
    return manifest.hashes


def manifest_path(target: Path) -> Path:
    """Return the place of a retry file's manifest; the parts of a split share that of the whole."""
    return target.with_name(f"{target.stem}{_ENDING}")


def program() -> str:
    """Return the name and version of this program, as manifests state them."""
    from importlib.metadata import version

    return f"upa-analyzer {version('upa-analyzer')}"


def _is_name(name: str) -> bool:
    return PurePath(name).name == name and name not in {"", ".."} and "\0" not in name
