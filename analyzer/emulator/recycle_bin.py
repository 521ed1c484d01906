"""The recycle bins: what was recycled, on disk beside the tenant's files, until it is restored or deleted.

Names of fields, item types, and item states are the service's ``$metadata``'s.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from analyzer.emulator.content import Int64
from analyzer.emulator.file_versions import APPLICATION
from analyzer.emulator.model import ServiceError
from analyzer.emulator.storage import exists_already
from analyzer.emulator.stored import iso

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from analyzer.emulator.states import Bypass
    from analyzer.emulator.storage import Storage

_FILE, _FOLDER = 1, 5
_FIRST_STAGE = 1


@dataclass(frozen=True, slots=True)
class RecycledItem:
    """A file or folder in a recycle bin.

    Attributes:
        item_id: the GUID that recycling returned.
        path: where it was, server-relative.
        place: on disk.
        size: bytes, of a folder those of all files in it.
        deleted: UTC, by the service's clock.
    """

    item_id: str
    path: str
    place: Path
    size: int
    deleted: datetime

    def fields(self) -> dict[str, object]:
        """Return the properties of ``SP.RecycleBinItem``."""
        folder, _, name = self.path.rpartition("/")
        return {
            "AuthorEmail": "",
            "AuthorName": "System Account",
            "DeletedByEmail": "",
            "DeletedByName": APPLICATION,
            "DeletedDate": iso(self.deleted),
            "DeletedDateLocalFormatted": f"{self.deleted:%m/%d/%Y %I:%M %p}",
            "DirName": folder[1:],
            "Id": self.item_id,
            "ItemState": _FIRST_STAGE,
            "ItemType": _FOLDER if self.place.is_dir() else _FILE,
            "LeafName": name,
            "Size": Int64(self.size),
            "Title": name,
        }


class RecycleBin:
    """The recycled items of one host."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._items: dict[str, RecycledItem] = {}

    def items(self) -> list[RecycledItem]:
        """Return all items, the last recycled first."""
        with self._storage.lock:
            return list(self._items.values())[::-1]

    def item(self, item_id: str) -> RecycledItem:
        """Return an item.

        Raises:
            ServiceError: 404, there is none of that ID (inferred).
        """
        found = self._items.get(item_id.lower())
        if found is None:
            text = "The recycle bin item does not exist. It may have been deleted or restored."
            raise ServiceError(404, "-2147024809, System.ArgumentException", text)
        return found

    def recycle(self, path: str, bypass: Bypass) -> RecycledItem:
        """Move a file or folder into the bin.

        Raises:
            ServiceError: what ``Storage.check_removable`` raises.
        """
        with self._storage.lock:
            there, place = self._storage.check_removable(path, bypass)
            item_id = str(uuid4())
            size = sum(below.stat().st_size for below in (place, *place.rglob("*")) if below.is_file())
            kept = self._storage.kept / item_id
            item = RecycledItem(item_id, there, kept, size, self._storage.now())
            self._storage.rename(there, place, _path(item), kept)
            self._items[item_id] = item
            return item

    def restore(self, item_id: str) -> None:
        """Put an item back to where it was; folders above it that are gone are made again (inferred).

        Raises:
            ServiceError: 404, there is no such item; 400, something else has its name (inferred).
        """
        with self._storage.lock:
            item = self.item(item_id)
            to_path, to_place = self._storage.find(item.path)
            if to_place.exists():
                raise exists_already(to_path)
            self._storage.make_folder(to_path.rpartition("/")[0])
            to_path, to_place = self._storage.find(item.path)
            self._storage.rename(_path(item), item.place, to_path, to_place)
            del self._items[item.item_id]

    def delete(self, item_id: str) -> None:
        """Delete an item from the bin.

        Raises:
            ServiceError: 404, there is no such item.
        """
        with self._storage.lock:
            item = self.item(item_id)
            del self._items[item.item_id]
            self._storage.states.removed(_path(item))
            if item.place.is_dir():
                shutil.rmtree(item.place, ignore_errors=True)
            else:
                item.place.unlink(missing_ok=True)


def _path(item: RecycledItem) -> str:
    """The path under which states and IDs wait; no file of a tenant can be there."""
    return f"/*recycled/{item.item_id}"
