"""Files and folders under ``/_api/web/``: an address is walked step by step, its end answers.

https://learn.microsoft.com/sharepoint/dev/sp-add-ins/working-with-folders-and-files-with-rest and
https://learn.microsoft.com/sharepoint/dev/solution-guidance/supporting-and-in-file-and-folder-with-the-resourcepath-api
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID

from analyzer.emulator.interface import Collection, Entity, Reply, ServiceError, bad_request, no_resource, wrong_verb
from analyzer.emulator.uris import split_uri

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from analyzer.emulator.address import Segment
    from analyzer.emulator.interface import Call
    from analyzer.emulator.storage import Storage
    from analyzer.emulator.stored import StoredFile, StoredFolder

_LONGEST_PAGE = 5000


class Kind(Enum):
    """What a step of an address leads to."""

    WEB = "web"
    FOLDER = "folder"
    FILE = "file"
    FILES = "files"
    FOLDERS = "folders"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a walk has come to; of a collection ``path`` is the folder's."""

    kind: Kind
    path: str
    site: str


def _by_path(kind: Kind, argument: str) -> Callable[[Place, Segment], Place]:
    def step(at: Place, segment: Segment) -> Place:
        return Place(kind, _within(at.site, segment.argument(argument)), at.site)

    return step


def _below(kind: Kind) -> Callable[[Place, Segment], Place]:
    """``/Files`` of a folder, or ``/Files('a.json')`` of it."""

    def step(at: Place, segment: Segment) -> Place:
        if not segment.arguments:
            return Place(kind, at.path, at.site)
        return _member(kind)(at, segment)

    return step


def _member(kind: Kind) -> Callable[[Place, Segment], Place]:
    def step(at: Place, segment: Segment) -> Place:
        one = Kind.FILE if kind is Kind.FILES else Kind.FOLDER
        name = segment.argument("url")
        return Place(one, _within(at.site, name) if name.startswith("/") else f"{at.path}/{name}", at.site)

    return step


_STEPS: Mapping[tuple[Kind, str], Callable[[Place, Segment], Place]] = {
    (Kind.WEB, "getfolderbyserverrelativepath"): _by_path(Kind.FOLDER, "decodedurl"),
    (Kind.WEB, "getfolderbyserverrelativeurl"): _by_path(Kind.FOLDER, "serverrelativeurl"),
    (Kind.WEB, "getfilebyserverrelativepath"): _by_path(Kind.FILE, "decodedurl"),
    (Kind.WEB, "getfilebyserverrelativeurl"): _by_path(Kind.FILE, "serverrelativeurl"),
    (Kind.WEB, "getfilebyurl"): _by_path(Kind.FILE, "fileurl"),
    (Kind.WEB, "folders"): _below(Kind.FOLDERS),
    (Kind.WEB, "rootfolder"): lambda at, _: Place(Kind.FOLDER, at.path, at.site),
    (Kind.FOLDER, "files"): _below(Kind.FILES),
    (Kind.FOLDER, "folders"): _below(Kind.FOLDERS),
    (Kind.FILES, "getbyurl"): _member(Kind.FILES),
    (Kind.FOLDERS, "getbyurl"): _member(Kind.FOLDERS),
}


class WebCalls:
    """Answers what stands under ``/_api/web``."""

    def __init__(self, storage: Storage) -> None:
        """Works on the tenant's files."""
        self._storage = storage
        self._steps = {
            **_STEPS,
            (Kind.WEB, "getfilebyid"): self._by_id(Kind.FILE),
            (Kind.WEB, "getfolderbyid"): self._by_id(Kind.FOLDER),
        }
        # By where the walk ended, the operation on it, and the verb.
        self._operations: dict[tuple[Kind, str, str], Callable[[Call, Place, Segment], Reply]] = {
            (Kind.WEB, "", "GET"): self._web,
            (Kind.FOLDER, "", "GET"): lambda _, at, __: Reply(Entity(self._storage.folder(at.path).fields())),
            (Kind.FOLDER, "", "DELETE"): self._delete_folder,
            (Kind.FOLDER, "deleteobject", "POST"): self._delete_folder,
            (Kind.FILE, "", "GET"): lambda _, at, __: Reply(Entity(self._storage.file(at.path).fields())),
            (Kind.FILE, "", "DELETE"): self._delete_file,
            (Kind.FILE, "deleteobject", "POST"): self._delete_file,
            (Kind.FILE, "$value", "GET"): self._download,
            (Kind.FILE, "$value", "PUT"): self._replace,
            (Kind.FILES, "", "GET"): lambda call, at, _: _page(call, self._storage.files(at.path)),
            (Kind.FILES, "add", "POST"): self._add_file,
            (Kind.FILES, "addusingpath", "POST"): self._add_file,
            (Kind.FOLDERS, "", "GET"): lambda call, at, _: _page(call, self._storage.folders(at.path)),
            (Kind.FOLDERS, "", "POST"): self._make_folder,
            (Kind.FOLDERS, "add", "POST"): self._add_folder,
            (Kind.FOLDERS, "addusingpath", "POST"): self._add_folder,
        }

    def answer(self, call: Call) -> Reply:
        """The reply to a call whose first segment is ``web``.

        Raises:
            ServiceError: 404 the address leads nowhere, or the file is not there; 405; 400; 403.
        """
        at = Place(Kind.WEB, call.site, call.site)
        rest = list(call.segments[1:])
        while rest and (step := self._steps.get((at.kind, rest[0].key))) is not None:
            at = step(at, rest.pop(0))
        if len(rest) > 1:
            raise no_resource(rest[0].name)
        operation = rest[0].key if rest else ""
        verbs = {verb for kind, name, verb in self._operations if (kind, name) == (at.kind, operation)}
        if not verbs:
            raise no_resource(rest[0].name)
        if call.verb not in verbs:
            raise wrong_verb(call.verb, call.segments[-1].name)
        return self._operations[at.kind, operation, call.verb](call, at, call.segments[-1])

    def _by_id(self, kind: Kind) -> Callable[[Place, Segment], Place]:
        """Clients go on by the ``UniqueId`` once an answer had one (seen)."""

        def step(at: Place, segment: Segment) -> Place:
            try:
                wanted = UUID(segment.argument("uniqueid"))
            except ValueError as error:
                raise bad_request(f"The parameter of {segment.name} is no Guid.") from error
            return Place(kind, _within(at.site, self._storage.path_of(wanted)), at.site)

        return step

    def _web(self, call: Call, at: Place, _: Segment) -> Reply:
        title = at.site.rpartition("/")[2] or "Home"
        return Reply(Entity({"ServerRelativeUrl": at.site or "/", "Title": title, "Url": call.origin + at.site}))

    def _delete_folder(self, _: Call, at: Place, __: Segment) -> Reply:
        self._storage.delete_folder(at.path)
        return Reply()

    def _delete_file(self, _: Call, at: Place, __: Segment) -> Reply:
        self._storage.delete_file(at.path)
        return Reply()

    def _download(self, _: Call, at: Place, __: Segment) -> Reply:
        file = self._storage.file(at.path)
        return Reply(file.place, headers={"ETag": file.etag})

    def _replace(self, call: Call, at: Place, _: Segment) -> Reply:
        return Reply(status=204, headers={"ETag": self._storage.replace(at.path, call.body).etag})

    def _add_file(self, call: Call, at: Place, segment: Segment) -> Reply:
        name = segment.argument("url" if segment.key == "add" else "decodedurl")
        overwrite = segment.arguments.get("overwrite", "false").lower() == "true"
        return Reply(Entity(self._storage.add(at.path, name, call.body, overwrite=overwrite).fields()))

    def _make_folder(self, call: Call, at: Place, _: Segment) -> Reply:
        path = call.json().get("ServerRelativeUrl")
        if not isinstance(path, str) or not path.strip("/"):
            raise bad_request("The property ServerRelativeUrl is missing, or no string.")
        return Reply(Entity(self._storage.make_folder(_within(at.site, path)).fields()), status=201)

    def _add_folder(self, _: Call, at: Place, segment: Segment) -> Reply:
        name = segment.argument("url" if segment.key == "add" else "decodedurl")
        self._storage.folder(at.path)
        path = _within(at.site, name) if name.startswith("/") else f"{at.path}/{name}"
        return Reply(Entity(self._storage.make_folder(path).fields()))


def _within(site: str, path: str) -> str:
    """A path that the web at ``site`` may answer for; one without a slash in front begins at the web.

    The root web answers for everything, because admin site and sites share one origin here.

    Raises:
        ServiceError: 400, the path belongs to another web (type and text seen).
    """
    path = split_uri(path)[1]
    whole = (path if path.startswith("/") else f"{site}/{path}").rstrip("/")
    if not f"{whole}/".lower().startswith(f"{site}/".lower()):
        text = f"Server relative urls must start with SPWeb.ServerRelativeUrl: {site}"
        raise ServiceError(400, "-2147024809, System.ArgumentException", text)
    return whole


def _page(call: Call, listed: Sequence[StoredFile | StoredFolder]) -> Reply:
    """``$top`` of what is listed, from ``$skip`` on, and the address of what follows."""
    start = _count(call.query, "$skip", 0)
    size = min(_count(call.query, "$top", _LONGEST_PAGE), _LONGEST_PAGE)
    following = start + size
    more = 0 < following < len(listed) and size > 0
    link = f"{call.origin}{call.target}?{urlencode({**call.query, '$skip': following})}" if more else ""
    return Reply(Collection([one.fields() for one in listed[start:following]], next_link=link))


def _count(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit()):
        raise bad_request(f"The query option {name} has to be a number.")
    return int(text)
