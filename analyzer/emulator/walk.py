"""Where an address under ``/_api/web`` leads: its segments are walked one by one, what is left is the operation.

https://learn.microsoft.com/sharepoint/dev/sp-add-ins/working-with-folders-and-files-with-rest and
https://learn.microsoft.com/sharepoint/dev/solution-guidance/supporting-and-in-file-and-folder-with-the-resourcepath-api
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from analyzer.emulator.model import ServiceError, bad_request, no_file, no_folder, no_resource
from analyzer.emulator.uris import split_uri

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from analyzer.emulator.lists import Lists
    from analyzer.emulator.model import Call, Reply, Segment
    from analyzer.emulator.storage import Storage
    from analyzer.emulator.webs import Webs

    Step = Callable[["Place", Segment], "Place"]
    Operations = Mapping[tuple["Kind", str, str], Callable[[Call, "Place", Segment], Reply]]


class Kind(Enum):
    """What a step of an address leads to."""

    WEB = "web"
    FOLDER = "folder"
    FILE = "file"
    FILES = "files"
    FOLDERS = "folders"
    ITEM = "item"
    LISTS = "lists"
    LIST = "list"
    SITE = "site"
    WEB_BIN = "recycle bin of a web"
    SITE_BIN = "recycle bin of a site collection"
    RECYCLED = "recycled item"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a walk has come to, in which web, at which origin.

    Of a collection ``path`` is the folder's, of a list its root folder's, of a list item the file's or folder's, of a
    recycled item its ID.
    """

    kind: Kind
    path: str
    site: str
    origin: str

    def to(self, kind: Kind, path: str) -> Place:
        """Another place in the same web."""
        return replace(self, kind=kind, path=path)

    def within(self, path: str) -> str:
        """A path that this web may answer for; one without a slash in front begins at the web.

        The root web answers for everything, because admin site and sites share one origin here.

        Raises:
            ServiceError: 400, the path belongs to another web (type and text seen).
        """
        path = split_uri(path)[1]
        whole = (path if path.startswith("/") else f"{self.site}/{path}").rstrip("/")
        if not f"{whole}/".lower().startswith(f"{self.site}/".lower()):
            text = "Server relative urls must start with SPWeb.ServerRelativeUrl"
            raise ServiceError(400, "-2147024809, System.ArgumentException", text)
        return whole

    def member(self, name: str) -> str:
        """The path of what a folder has under a name; a whole path stays as it is."""
        return self.within(name) if split_uri(name)[1].startswith("/") else f"{self.path}/{name}"


class Walk:
    """Follows addresses; ids are found among the tenant's files."""

    def __init__(self, storage: Storage, webs: Webs, lists: Lists) -> None:
        self._storage = storage
        self._webs = webs
        self._lists = lists
        self._steps: Mapping[tuple[Kind, str], Step] = {
            **_STEPS,
            (Kind.WEB, "getfilebyid"): self._by_id(Kind.FILE),
            (Kind.WEB, "getfolderbyid"): self._by_id(Kind.FOLDER),
            (Kind.WEB, "lists"): self._list_by_id,
            (Kind.WEB, "getlist"): self._list_by_path("strurl"),
            (Kind.WEB, "getlistusingpath"): self._list_by_path("decodedurl"),
            (Kind.LISTS, "getbyid"): self._list_by_id,
            (Kind.LISTS, "getbytitle"): self._list_by_title,
            (Kind.ITEM, "parentlist"): lambda at, _: at.to(Kind.LIST, self._lists.holding(at.path, at.origin).path),
        }

    def follow(
        self, origin: str, site: str, segments: Sequence[Segment], start: Kind = Kind.WEB
    ) -> tuple[Place, Segment | None]:
        """Where the segments behind ``web`` (or ``site``) lead, and the operation; None where they end at a place.

        Raises:
            ServiceError: 404 it leads nowhere, or into a subweb (inferred); 400 an argument is missing, or another
                web's.
        """
        at = Place(start, site, site, origin)
        rest = list(segments)
        while rest and (step := self._steps.get((at.kind, rest[0].key))) is not None:
            at = step(at, rest.pop(0))
        if len(rest) > 1:
            raise no_resource(rest[0].name)
        if self._webs.is_elsewhere(site, at.path):
            raise no_file(at.path) if at.kind is Kind.FILE else no_folder()
        return at, rest[0] if rest else None

    def _list_by_id(self, at: Place, segment: Segment) -> Place:
        """A list by its ID; without one, all of them."""
        if not segment.arguments:
            return at.to(Kind.LISTS, at.site)
        root = self._lists.by_id(at.site, _guid(segment, "guid"), at.origin)
        return at.to(Kind.LIST, root.path)

    def _list_by_title(self, at: Place, segment: Segment) -> Place:
        return at.to(Kind.LIST, self._lists.by_title(at.site, segment.argument("title"), at.origin).path)

    def _list_by_path(self, argument: str) -> Step:
        def step(at: Place, segment: Segment) -> Place:
            path = at.within(segment.argument(argument))
            root = self._lists.holding(path, at.origin)
            if root.path.lower() != path.lower():
                raise no_folder()
            return at.to(Kind.LIST, root.path)

        return step

    def _by_id(self, kind: Kind) -> Step:
        """Clients go on by the ``UniqueId`` once an answer had one (seen)."""

        def step(at: Place, segment: Segment) -> Place:
            wanted = _guid(segment, "uniqueid")
            return at.to(kind, at.within(self._storage.path_of(wanted)))

        return step


def _guid(segment: Segment, argument: str) -> UUID:
    try:
        return UUID(segment.argument(argument))
    except ValueError as error:
        raise bad_request(f"The parameter of {segment.name} is no Guid.") from error


def _by_path(kind: Kind, argument: str) -> Step:
    def step(at: Place, segment: Segment) -> Place:
        return at.to(kind, at.within(segment.argument(argument)))

    return step


def _below(kind: Kind) -> Step:
    """``/Files`` of a folder, or ``/Files('a.json')`` of it."""

    def step(at: Place, segment: Segment) -> Place:
        if not segment.arguments:
            return at.to(kind, at.path)
        return _member(kind, "url")(at, segment)

    return step


def _member(kind: Kind, argument: str) -> Step:
    def step(at: Place, segment: Segment) -> Place:
        one = Kind.FILE if kind is Kind.FILES else Kind.FOLDER
        return at.to(one, at.member(segment.argument(argument)))

    return step


def _parent(at: Place, _: Segment) -> Place:
    if at.path.lower() == at.site.lower():
        raise no_folder()
    return at.to(Kind.FOLDER, at.path.rpartition("/")[0])


def _bin(kind: Kind) -> Step:
    """``/RecycleBin``, or ``/RecycleBin('GUID')``."""

    def step(at: Place, segment: Segment) -> Place:
        return _recycled(at, segment) if segment.arguments else at.to(kind, at.site)

    return step


def _recycled(at: Place, segment: Segment) -> Place:
    argument = "id" if "id" in segment.arguments else "recyclebinitemid"
    return at.to(Kind.RECYCLED, str(_guid(segment, argument)))


def _item(at: Place, _: Segment) -> Place:
    return at.to(Kind.ITEM, at.path)


_STEPS: Mapping[tuple[Kind, str], Step] = {
    (Kind.WEB, "getfolderbyserverrelativepath"): _by_path(Kind.FOLDER, "decodedurl"),
    (Kind.WEB, "getfolderbyserverrelativeurl"): _by_path(Kind.FOLDER, "serverrelativeurl"),
    (Kind.WEB, "getfilebyserverrelativepath"): _by_path(Kind.FILE, "decodedurl"),
    (Kind.WEB, "getfilebyserverrelativeurl"): _by_path(Kind.FILE, "serverrelativeurl"),
    (Kind.WEB, "getfilebyurl"): _by_path(Kind.FILE, "fileurl"),
    (Kind.WEB, "folders"): _below(Kind.FOLDERS),
    (Kind.WEB, "rootfolder"): lambda at, _: at.to(Kind.FOLDER, at.path),
    (Kind.WEB, "recyclebin"): _bin(Kind.WEB_BIN),
    (Kind.SITE, "recyclebin"): _bin(Kind.SITE_BIN),
    (Kind.WEB_BIN, "getbyid"): _recycled,
    (Kind.SITE_BIN, "getbyid"): _recycled,
    (Kind.SITE, "rootweb"): lambda at, _: at.to(Kind.WEB, at.site),
    (Kind.LIST, "rootfolder"): lambda at, _: at.to(Kind.FOLDER, at.path),
    (Kind.FOLDER, "files"): _below(Kind.FILES),
    (Kind.FOLDER, "folders"): _below(Kind.FOLDERS),
    (Kind.FOLDER, "parentfolder"): _parent,
    (Kind.FOLDER, "listitemallfields"): _item,
    (Kind.FILE, "listitemallfields"): _item,
    (Kind.FILES, "getbyurl"): _member(Kind.FILES, "url"),
    (Kind.FOLDERS, "getbyurl"): _member(Kind.FOLDERS, "url"),
    (Kind.FOLDERS, "getbypath"): _member(Kind.FOLDERS, "decodedurl"),
}
