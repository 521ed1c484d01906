"""Operations on folders and on the collections of files and folders in them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from analyzer.emulator.content import Primitive
from analyzer.emulator.model import Reply, bad_request
from analyzer.emulator.moves import Moves
from analyzer.emulator.storage import exists_already
from analyzer.emulator.walk import Kind

if TYPE_CHECKING:
    from analyzer.emulator.entities import Entities
    from analyzer.emulator.model import Call, Segment
    from analyzer.emulator.storage import Storage
    from analyzer.emulator.walk import Operations, Place


class FolderCalls:
    """Lists and adds."""

    def __init__(self, storage: Storage, entities: Entities) -> None:
        self._storage = storage
        self._entities = entities

    def operations(self) -> Operations:
        """By place, operation and verb."""
        return {
            (Kind.FOLDER, "", "GET"): lambda _, at, __: Reply(self._entities.folder(self._storage.folder(at.path))),
            (Kind.FOLDER, "addsubfolder", "POST"): self._add_below,
            (Kind.FOLDER, "addsubfolderusingpath", "POST"): self._add_below,
            (Kind.FILES, "", "GET"): lambda _, at, __: Reply(self._entities.files(at.path)),
            (Kind.FILES, "add", "POST"): self._add_file,
            (Kind.FILES, "addusingpath", "POST"): self._add_file,
            (Kind.FILES, "getbypathoraddstub", "POST"): self._get_or_add,
            (Kind.FOLDERS, "", "GET"): lambda _, at, __: Reply(self._entities.folders(at.path)),
            (Kind.FOLDERS, "", "POST"): self._make_folder,
            (Kind.FOLDERS, "add", "POST"): self._add_folder,
            (Kind.FOLDERS, "addusingpath", "POST"): self._add_folder,
        }

    def _add_file(self, call: Call, at: Place, segment: Segment) -> Reply:
        name = segment.argument("url" if segment.key == "add" else "decodedurl")
        overwrite = segment.is_set("overwrite")
        if segment.is_set("ensureuniquefilename"):
            name = Moves(self._storage).free(f"{at.path}/{name}").rpartition("/")[2]
        stored = self._storage.add(at.path, name, call.body, overwrite=overwrite)
        return Reply(self._entities.file(stored), headers={"ETag": stored.etag})

    def _get_or_add(self, call: Call, at: Place, segment: Segment) -> Reply:
        """A file that is there, or a new one without content."""
        name = call.argument(segment, "decodedurl")
        with self._storage.lock:
            if self._storage.place(at.member(name)) is None:
                self._storage.add(at.path, name, io.BytesIO(), overwrite=False)
            return Reply(self._entities.file(self._storage.file(at.member(name))))

    def _make_folder(self, call: Call, at: Place, _: Segment) -> Reply:
        path = call.json().get("ServerRelativeUrl")
        if not isinstance(path, str) or not path.strip("/"):
            raise bad_request("The property ServerRelativeUrl is missing, or no string.")
        return Reply(self._entities.folder(self._storage.make_folder(at.within(path))), status=201)

    def _add_folder(self, _: Call, at: Place, segment: Segment) -> Reply:
        name = segment.argument("url" if segment.key == "add" else "decodedurl")
        self._storage.folder(at.path)
        return Reply(self._entities.folder(self._storage.make_folder(at.member(name))))

    def _add_below(self, call: Call, at: Place, segment: Segment) -> Reply:
        name = call.argument(segment, "leafname") if segment.key == "addsubfolder" else _leaf_path(call, segment)
        self._storage.folder(at.path)
        with self._storage.lock:
            if self._storage.exists(at.member(name)):
                raise exists_already(at.member(name))
            self._storage.make_folder(at.member(name))
        return Reply(Primitive(segment.name, None))


def _leaf_path(call: Call, segment: Segment) -> str:
    """In the address, or in the body as ``{"DecodedUrl": "…"}``, plain or under ``leafPath`` (both seen)."""
    if segment.arguments:
        return segment.argument("decodedurl")
    body = call.json()
    given = body.get("leafPath", body)
    path = given.get("DecodedUrl") if isinstance(given, dict) else None
    if not isinstance(path, str) or not path:
        raise bad_request(f"The parameter leafPath of {segment.name} is missing.")
    return path
