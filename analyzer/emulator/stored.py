"""What the tenant says of its files and folders."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from analyzer.emulator.content import Int64
from analyzer.model.service import LOG_FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from analyzer.emulator.file_versions import FileVersion

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the tenant.

    Attributes:
        path: server-relative.
        place: on disk.
        length: bytes.
        modified: UTC; of a log file the time in its name, because copying one must not make it younger.
        etag: the same for the same path and content, whenever the emulator was started.
        unique_id: see ``ids``.
        version: see ``file_versions``.
    """

    path: str
    place: Path
    length: int
    modified: datetime
    etag: str
    unique_id: UUID
    version: FileVersion

    def fields(self) -> dict[str, object]:
        """Return the properties of ``SP.File``: all that every recorded answer of the service has, and no others."""
        return {
            **self.version.fields(),
            "ContentTag": self.etag.strip('"') + ",1",
            "CustomizedPageStatus": 0,
            "ETag": self.etag,
            "Exists": True,
            "IrmEnabled": False,
            "Length": Int64(self.length),
            # Office documents have addresses here; of other files these are what was recorded.
            "LinkingUri": None,
            "LinkingUrl": "",
            "Name": self.place.name,
            "ServerRelativeUrl": self.path,
            "TimeCreated": iso(self.modified),
            "TimeLastModified": iso(self.modified),
            "Title": None,
            "UniqueId": str(self.unique_id),
        }


@dataclass(frozen=True, slots=True)
class StoredFolder:
    """A folder of the tenant: server-relative path (empty for the root), where it is on disk, and its id."""

    path: str
    place: Path
    unique_id: UUID

    def fields(self) -> dict[str, object]:
        """Return the properties of ``SP.Folder``: all that every recorded answer of the service has, and no others."""
        changed = iso(datetime.fromtimestamp(self.place.stat().st_mtime, UTC))
        return {
            "Exists": True,
            "IsWOPIEnabled": False,
            "ItemCount": sum(1 for _ in self.place.iterdir()),
            "Name": self.path.rpartition("/")[2],
            "ProgID": None,
            "ServerRelativeUrl": self.path or "/",
            "TimeCreated": changed,
            "TimeLastModified": changed,
            "UniqueId": str(self.unique_id),
            "WelcomePage": "",
        }


def describe(
    path: str, place: Path, unique_id: UUID, known: Mapping[str, tuple[object, str]], version: FileVersion
) -> tuple[StoredFile, object]:
    """A file as it is on disk now, and what its content goes by.

    Args:
        path: server-relative.
        place: on disk.
        unique_id: see ``ids``.
        known: by path what an earlier content went by, and its ETag: a big file is read only when it has changed.
        version: see ``file_versions``.

    Raises:
        OSError: it cannot be read.
    """
    status = place.stat()
    goes_by = (status.st_ino, status.st_mtime_ns, status.st_size)
    earlier = known.get(path)
    etag = earlier[1] if earlier is not None and earlier[0] == goes_by else _etag(path, place)
    modified = time_in_name(place.name) or datetime.fromtimestamp(status.st_mtime, UTC)
    return StoredFile(path, place, status.st_size, modified, etag, unique_id, version), goes_by


def _etag(path: str, place: Path) -> str:
    """``"{GUID},1"``, as SharePoint writes it."""
    digest = hashlib.sha256(path.encode("utf-8", "replace"))
    with place.open("rb") as content:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
    return f'"{{{str(UUID(bytes=digest.digest()[:16])).upper()}}},1"'


def time_in_name(name: str) -> datetime | None:
    """The time in a log file's name, UTC; None where there is none."""
    found = LOG_FILE_NAME.match(name)
    if found is None or found["date"] is None:
        return None
    try:
        return datetime.strptime(found["date"] + found["time"], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def iso(when: datetime) -> str:
    """Return a time as the service writes it."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")
