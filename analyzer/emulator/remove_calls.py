"""Deleting and recycling files and folders, and what a recycle bin can do.

https://learn.microsoft.com/sharepoint/dev/sp-add-ins/working-with-folders-and-files-with-rest; names and parameters are
the service's ``$metadata``'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.emulator.content import Collection, Entity, Primitive
from analyzer.emulator.file_calls import check_match
from analyzer.emulator.model import Reply
from analyzer.emulator.recycle_bin import RecycleBin
from analyzer.emulator.states import Bypass
from analyzer.emulator.storage import not_empty
from analyzer.emulator.walk import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from analyzer.emulator.model import Call, Segment
    from analyzer.emulator.recycle_bin import RecycledItem
    from analyzer.emulator.storage import Storage
    from analyzer.emulator.walk import Operations, Place
    from analyzer.emulator.webs import Webs


class RemoveCalls:
    """Deletes, recycles, and restores."""

    def __init__(self, storage: Storage, webs: Webs) -> None:
        self._storage = storage
        self._webs = webs
        self._bin = RecycleBin(storage)

    def operations(self) -> Operations:
        """By place, operation and verb."""
        operations: dict[tuple[Kind, str, str], Callable[[Call, Place, Segment], Reply]] = {
            (Kind.WEB_BIN, "", "GET"): self._list,
            (Kind.SITE_BIN, "", "GET"): self._list,
            (Kind.RECYCLED, "", "GET"): lambda _, at, __: Reply(_entity(self._bin.item(at.path))),
            (Kind.RECYCLED, "restore", "POST"): self._restore,
            (Kind.RECYCLED, "deleteobject", "POST"): self._purge,
            (Kind.RECYCLED, "", "DELETE"): self._purge,
        }
        for kind in (Kind.FILE, Kind.FOLDER):
            operations |= {
                (kind, "", "DELETE"): self._delete,
                (kind, "deleteobject", "POST"): self._delete,
                (kind, "deletewithparameters", "POST"): self._delete,
            }
            # A well-known client sends DELETE in the place of POST (seen).
            for verb in ("POST", "DELETE"):
                operations |= {
                    (kind, "recycle", verb): self._recycle,
                    (kind, "recyclewithparameters", verb): self._recycle,
                    (kind, "recyclewithetag", verb): self._recycle,
                }
        return operations

    def _delete(self, call: Call, at: Place, segment: Segment) -> Reply:
        remove = self._storage.delete_file if at.kind is Kind.FILE else self._storage.delete_folder
        with self._storage.lock:
            remove(at.path, self._bypass(call, at, segment))
        return Reply()

    def _recycle(self, call: Call, at: Place, segment: Segment) -> Reply:
        with self._storage.lock:
            return Reply(Primitive(segment.name, self._bin.recycle(at.path, self._bypass(call, at, segment)).item_id))

    def _bypass(self, call: Call, at: Place, segment: Segment) -> Bypass:
        """Check the conditions of a call, and return what it bypasses.

        Raises:
            ServiceError: 404 there is no such file or folder; 412 the ETag is another one; 500 the folder isn't empty,
                and ``DeleteIfEmpty`` was asked for (inferred).
        """
        parameters = _parameters(call, segment)
        if at.kind is Kind.FILE:
            etag = parameters.get("ETagMatch") or call.headers.get("if-match", "*")
            if segment.key == "recyclewithetag":
                etag = call.argument(segment, "etagmatch")
            check_match(str(etag), self._storage.file(at.path).etag)
        elif any(self._storage.folder(at.path).place.iterdir()) and parameters.get("DeleteIfEmpty") is True:
            raise not_empty()
        preferred = "bypass-shared-lock" in call.headers.get("prefer", "").lower()
        return Bypass(
            shared_locks=preferred or parameters.get("BypassSharedLock") is True,
            checkouts=parameters.get("BypassCheckedOut") is True,
        )

    def _list(self, _: Call, at: Place, __: Segment) -> Reply:
        """The bin of a web, or of a whole site collection."""
        web_of = self._webs.of if at.kind is Kind.WEB_BIN else self._webs.top
        shown = [item for item in self._bin.items() if web_of(item.path).lower() == web_of(at.site).lower()]
        return Reply(Collection([_entity(item) for item in shown]))

    def _restore(self, _: Call, at: Place, segment: Segment) -> Reply:
        self._bin.restore(at.path)
        return Reply(Primitive(segment.name, None))

    def _purge(self, _: Call, at: Place, __: Segment) -> Reply:
        self._bin.delete(at.path)
        return Reply()


def _parameters(call: Call, segment: Segment) -> Mapping[str, object]:
    given = call.json().get("parameters") if segment.key.endswith("withparameters") else None
    return given if isinstance(given, dict) else {}


def _entity(item: RecycledItem) -> Entity:
    return Entity(item.fields(), kind="SP.RecycleBinItem", link=f"Web/RecycleBin(guid'{item.item_id}')")
