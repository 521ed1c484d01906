"""The manifest beside a retry file: what it was made from and what it holds, for everybody who gets the file."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import TYPE_CHECKING

import msgspec

from analyzer.errors import InputError
from analyzer.storage.files import read_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from analyzer.retry.model import Manner


class FileNoted(msgspec.Struct):
    """A file by name, size, and SHA-256, which is null where hashes were left out."""

    name: str
    bytes: int
    sha256: str | None = None


class RetryFileNoted(FileNoted):
    """A retry file, or a part of one, with its counts."""

    records: int = 0
    property_values: int = 0


class Manifest(msgspec.Struct, kw_only=True):
    """What is in a manifest. Those of older versions lack some of it, which is empty then.

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
        choices: the user's, see ``described_choices``.
        source: the source file.
        logs: the log files.
        files: the retry file, or its parts in their order.
        companions: the lists beside the file.
        before: SHA-256 of the files that were here before, each of which somebody may have queued.
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
    source: FileNoted
    logs: list[FileNoted]
    files: list[RetryFileNoted]
    companions: list[FileNoted] = []
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
    def made(self) -> list[FileNoted]:
        """The files that were made with the manifest."""
        return [*self.files, *self.companions]

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
    # What somebody sent must lead to nothing but what is beside it.
    noted = [manifest.source, *manifest.logs, *manifest.made]
    return manifest if all(_is_name(file.name) for file in noted) else None


def made_before(target: Path, job_id: str | None) -> list[str]:
    """Return the SHA-256 of the retry files of a job that were made to a place; none where no manifest tells."""
    try:
        manifest = read_manifest(manifest_of(target))
    except InputError:
        return []
    if manifest is None or manifest.job_id != job_id:
        return []
    return list(dict.fromkeys([*manifest.before, *(file.sha256 for file in manifest.files if file.sha256)]))


def manifest_of(target: Path) -> Path:
    """Where the manifest of a retry file is; of the parts of a split, where that of the whole is."""
    return target.with_name(f"{target.stem}.manifest.json")


def program() -> str:
    """What made a file, as manifests say it."""
    from importlib.metadata import version

    return f"upa-analyzer {version('upa-analyzer')}"


def described_choices(chosen: Sequence[str], manner: Manner, id_property: str) -> dict[str, object]:
    """The user's choices as a manifest has them.

    Args:
        chosen: of whose records, a clause each.
        manner: how they are written.
        id_property: as the user gave it; empty where it was inferred.
    """
    return {
        "users": list(chosen),
        "id_property": id_property,
        "drop_properties": list(manner.drop_properties),
        "salvage": manner.salvage,
        "repair": manner.repair,
        "max_bytes": manner.max_bytes,
        "max_properties": manner.max_properties,
        "force": manner.force,
    }


def _is_name(name: str) -> bool:
    return PurePath(name).name == name and name not in {"", ".."} and "\0" not in name
