"""The tenant's files and folders as entities: types, addresses and relations by the service's ``$metadata``."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from analyzer.emulator.content import Collection, Entity
from analyzer.emulator.lists import id_of, list_fields
from analyzer.emulator.model import no_folder
from analyzer.emulator.stored import StoredFile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from analyzer.emulator.storage import Storage
    from analyzer.emulator.stored import StoredFolder
    from analyzer.emulator.webs import Webs

_SYSTEM = Entity({"Id": 1073741823, "LoginName": "SHAREPOINT\\system", "Title": "System Account"}, kind="SP.User")
"""Who writes log files (seen)."""
_USER_ID = 11
"""Of whoever has checked out a file; the number says nothing."""
_ITEM_KIND = "SP.Data.Shared_x0020_DocumentsItem"


class Entities:
    """Describes what is stored, and finds what is related to it."""

    def __init__(self, storage: Storage, webs: Webs) -> None:
        self._storage = storage
        self._webs = webs

    def web(self, site: str, origin: str) -> Entity:
        """A web; it names itself with the host that was asked, because clients go on at that address (seen)."""
        title = site.rpartition("/")[2] or "Home"
        fields = {"ServerRelativeUrl": site or "/", "Title": title, "Url": origin + site}
        related: dict[str, Callable[[], Entity | Collection]] = {
            "Folders": lambda: self.folders(site),
            "RootFolder": lambda: self.folder(self._storage.folder(site)),
        }
        return Entity(fields, kind="SP.Web", link="Web", related=related)

    def file(self, stored: StoredFile) -> Entity:
        """A file."""
        related: dict[str, Callable[[], Entity | Collection]] = {
            "Author": lambda: _SYSTEM,
            "CheckedOutByUser": lambda: _user(stored.version.checked_out_by),
            "ListItemAllFields": lambda: self.item(stored),
            "ModifiedBy": lambda: _SYSTEM,
        }
        return Entity(
            stored.fields(),
            kind="SP.File",
            link=f"Web/GetFileByServerRelativePath(decodedurl={_literal(stored.path)})",
            on_request={"ServerRelativePath": lambda: _path(stored.path)},
            related=related,
        )

    def folder(self, stored: StoredFolder) -> Entity:
        """A folder."""
        related: dict[str, Callable[[], Entity | Collection]] = {
            "Files": lambda: self.files(stored.path),
            "Folders": lambda: self.folders(stored.path),
            "ListItemAllFields": lambda: self.item(stored),
            "ParentFolder": lambda: self._parent(stored),
        }
        return Entity(
            stored.fields(),
            kind="SP.Folder",
            link=f"Web/GetFolderByServerRelativePath(decodedurl={_literal(stored.path or '/')})",
            on_request={"ServerRelativePath": lambda: _path(stored.path or "/")},
            related=related,
        )

    def lists(self, roots: Sequence[StoredFolder]) -> Collection:
        """Document libraries, by their root folders."""
        return Collection([self.list_at(root.path) for root in roots])

    def list_at(self, path: str) -> Entity:
        """The document library whose root folder lies at a path."""
        root = self._storage.folder(path)
        fields = list_fields(root, self._webs.of(path), self._storage.states.settings_of(root.path))
        related: dict[str, Callable[[], Entity | Collection]] = {"RootFolder": lambda: self.folder(root)}
        return Entity(fields, kind="SP.List", link=f"Web/Lists(guid'{id_of(root)}')", related=related)

    def files(self, path: str) -> Collection:
        """The files of a folder."""
        return Collection([self.file(stored) for stored in self._storage.files(path)])

    def folders(self, path: str) -> Collection:
        """The folders of a folder."""
        return Collection([self.folder(stored) for stored in self._storage.folders(path)])

    def item(self, stored: StoredFile | StoredFolder) -> Entity:
        """The list item behind a file or folder; its number is ours, the service counts through the library."""
        fields = stored.fields()
        fields = {
            "FileLeafRef": fields["Name"],
            "FileRef": fields["ServerRelativeUrl"],
            "GUID": fields["UniqueId"],
            "Id": int(str(fields["UniqueId"])[:7], 16),
        }
        if isinstance(stored, StoredFile):
            fields |= {
                "CheckoutUserId": _USER_ID if stored.version.checked_out_by else None,
                "OData__ModerationStatus": stored.version.moderation,
                "OData__UIVersionString": stored.version.label,
            }
        of = self.file(stored) if isinstance(stored, StoredFile) else self.folder(stored)
        return Entity(fields, kind=_ITEM_KIND, link=f"{of.link}/ListItemAllFields")

    def at(self, path: str) -> StoredFile | StoredFolder:
        """The file or folder at a path.

        Raises:
            ServiceError: 404, there is neither.
        """
        return self._storage.file(path) if self._storage.place(path) else self._storage.folder(path)

    def _parent(self, stored: StoredFolder) -> Entity:
        if not stored.path:
            raise no_folder()
        return self.folder(self._storage.folder(stored.path.rpartition("/")[0]))


def _literal(path: str) -> str:
    return f"'{quote(path.replace(chr(39), chr(39) * 2), safe='/')}'"


def _user(name: str) -> Entity:
    """A user by name; that nobody is written so is inferred from other nulls."""
    fields = {"Id": _USER_ID, "LoginName": name, "Title": name} if name else {"odata.null": True}
    return Entity(fields, kind="SP.User" if name else "")


def _path(path: str) -> Entity:
    return Entity({"DecodedUrl": path}, kind="SP.ResourcePath")
