"""Document libraries as lists: what clients read of one before they upload to it.

A library is a folder right below a web. Its settings are those of a new library, unless a scenario or test says so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from analyzer.emulator.model import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.emulator.file_versions import LibrarySettings
    from analyzer.emulator.storage import Storage
    from analyzer.emulator.stored import StoredFolder
    from analyzer.emulator.webs import Webs

_MANAGED = re.compile(r"/(?:sites|teams|personal)", re.IGNORECASE)
_LIBRARY_TEMPLATE = 101
_TITLES = {"shared documents": "Documents"}
"""Libraries that a new site has under another title than their folder's name."""


class Lists:
    """Finds the document libraries of a web."""

    def __init__(self, storage: Storage, webs: Webs) -> None:
        self._storage = storage
        self._webs = webs

    def of(self, site: str) -> list[StoredFolder]:
        """Return the root folders of a web's libraries."""
        folders = self._storage.folders(site) if self._storage.exists(site) else []
        inside = [folder for folder in folders if self._webs.of(folder.path).lower() == site.lower()]
        return [folder for folder in inside if site or not _MANAGED.fullmatch(folder.path)]

    def holding(self, path: str, origin: str) -> StoredFolder:
        """Return the root folder of the library that holds a path.

        Raises:
            ServiceError: 404, no library does.
        """
        site = self._webs.of(path)
        inside = f"{path}/".lower()
        return self._one(site, lambda root: inside.startswith(f"{root.path}/".lower()), path, origin)

    def by_title(self, site: str, title: str, origin: str) -> StoredFolder:
        """Return the root folder of a web's library.

        Raises:
            ServiceError: 404, the web has no library of that title.
        """
        return self._one(site, lambda root: title_of(root).lower() == title.lower(), title, origin)

    def by_id(self, site: str, list_id: UUID, origin: str) -> StoredFolder:
        """Return the root folder of a web's library.

        Raises:
            ServiceError: 404, the web has no library of that ID.
        """
        return self._one(site, lambda root: id_of(root) == list_id, str(list_id), origin)

    def _one(self, site: str, is_meant: Callable[[StoredFolder], bool], name: str, origin: str) -> StoredFolder:
        found = next((root for root in self.of(site) if is_meant(root)), None)
        if found is None:
            # Status, code, and text were recorded.
            text = f"List '{name}' does not exist at site with URL '{origin}{site}'."
            raise ServiceError(404, "-1, System.ArgumentException", text)
        return found


def title_of(root: StoredFolder) -> str:
    """Return a library's title."""
    name = root.path.rpartition("/")[2]
    return _TITLES.get(name.lower(), name)


def id_of(root: StoredFolder) -> UUID:
    """Return a library's ID, which is not its root folder's."""
    return uuid5(root.unique_id, "list")


def list_fields(root: StoredFolder, site: str, settings: LibrarySettings) -> dict[str, object]:
    """Return the properties of ``SP.List`` that matter to an upload, as recorded."""
    name = root.path.rpartition("/")[2].replace(" ", "_x0020_")
    return {
        "BaseTemplate": _LIBRARY_TEMPLATE,
        "DraftVersionVisibility": 0,
        "EnableMinorVersions": settings.minor_versions,
        "EnableModeration": settings.moderation,
        "EnableVersioning": True,
        "EntityTypeName": name,
        "ForceCheckout": settings.force_checkout,
        "Id": str(id_of(root)),
        "ItemCount": sum(1 for _ in root.place.rglob("*")),
        "LastItemModifiedDate": root.fields()["TimeLastModified"],
        "ListItemEntityTypeFullName": f"SP.Data.{name}Item",
        "ParentWebUrl": site or "/",
        "Title": title_of(root),
    }
