"""Moving and copying: on a file or folder, and as ``SP.MoveCopyUtil``, which takes both paths in the body.

https://learn.microsoft.com/sharepoint/dev/sp-add-ins/working-with-folders-and-files-with-rest
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.emulator.content import Primitive
from analyzer.emulator.model import Reply, bad_request
from analyzer.emulator.moves import Moves
from analyzer.emulator.walk import Kind, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from analyzer.emulator.entities import Entities
    from analyzer.emulator.model import Call, Segment
    from analyzer.emulator.storage import Storage
    from analyzer.emulator.walk import Operations

_OVERWRITE = 1
"""``SP.MoveOperations``."""


class MoveCalls:
    """Changes where things lie."""

    def __init__(self, storage: Storage, entities: Entities) -> None:
        self._entities = entities
        self._moves = Moves(storage)

    def operations(self) -> Operations:
        """By place, operation and verb."""
        return {
            (Kind.FILE, "copyto", "POST"): self._copy("strnewurl"),
            (Kind.FILE, "copytousingpath", "POST"): self._copy("decodedurl"),
            (Kind.FILE, "moveto", "POST"): self._move("newurl", "flags"),
            (Kind.FILE, "movetousingpath", "POST"): self._move("decodedurl", "moveoperations"),
            (Kind.FOLDER, "moveto", "POST"): self._move("newurl", ""),
            (Kind.FOLDER, "movetousingpath", "POST"): self._move("decodedurl", ""),
            (Kind.ITEM, "", "GET"): self._item,
            (Kind.ITEM, "", "MERGE"): self._rename,
            (Kind.ITEM, "", "PATCH"): self._rename,
        }

    def static(self) -> Mapping[str, Callable[[Call], Reply]]:
        """The functions of ``SP.MoveCopyUtil`` by their first segment in lower case; all of them are POST."""
        calls: dict[str, Callable[[Call], Reply]] = {}
        for what in ("file", "folder", "filebypath", "folderbypath"):
            calls[f"sp.movecopyutil.move{what}"] = self._by_body(copy=False)
            calls[f"sp.movecopyutil.copy{what}"] = self._by_body(copy=True)
        return calls

    def _copy(self, argument: str) -> Callable[[Call, Place, Segment], Reply]:
        def operation(call: Call, at: Place, segment: Segment) -> Reply:
            overwrite = segment.is_set("boverwrite")
            self._moves.copy(at.path, at.within(call.argument(segment, argument)), overwrite=overwrite)
            return Reply(Primitive(segment.name, None))

        return operation

    def _move(self, argument: str, flags: str) -> Callable[[Call, Place, Segment], Reply]:
        def operation(call: Call, at: Place, segment: Segment) -> Reply:
            asked = segment.arguments.get(flags, "0")
            if not (asked.isascii() and asked.isdigit()):
                raise bad_request(f"The parameter {flags} is no number.")
            overwrite = bool(int(asked[-3:]) & _OVERWRITE)
            self._moves.move(at.path, at.within(call.argument(segment, argument)), overwrite=overwrite)
            return Reply(Primitive(segment.name, None))

        return operation

    def _item(self, _: Call, at: Place, __: Segment) -> Reply:
        return Reply(self._entities.item(self._entities.at(at.path)))

    def _rename(self, call: Call, at: Place, _: Segment) -> Reply:
        name = call.json().get("FileLeafRef")
        if not isinstance(name, str) or "/" in name:
            raise bad_request("The property FileLeafRef is missing, or no name.")
        self._moves.move(at.path, f"{at.path.rpartition('/')[0]}/{name}", overwrite=False)
        return Reply(status=204)

    def _by_body(self, *, copy: bool) -> Callable[[Call], Reply]:
        def operation(call: Call) -> Reply:
            body = call.json()
            at = Place(Kind.WEB, call.site, call.site, call.origin)
            source, target = at.within(_path(body, "src")), at.within(_path(body, "dest"))
            options = body.get("options")
            if isinstance(options, dict) and options.get("KeepBoth") is True:
                target = self._moves.free(target)
            overwrite = body.get("overwrite") is True or call.segments[0].is_set("overwrite")
            (self._moves.copy if copy else self._moves.move)(source, target, overwrite=overwrite)
            return Reply(Primitive(call.segments[0].name.rpartition(".")[2], None))

        return operation


def _path(body: Mapping[str, object], prefix: str) -> str:
    """``srcPath`` with its ``DecodedUrl``, or ``srcUrl`` (both seen)."""
    given = body.get(f"{prefix}Path", body.get(f"{prefix}Url"))
    if isinstance(given, dict):
        given = given.get("DecodedUrl")
    if not isinstance(given, str) or not given.strip():
        raise bad_request(f"The parameter {prefix}Path is missing.")
    return given
