"""What stands under ``/_api/web``: an address is walked to a place, and what the place can do answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.emulator.content import Primitive
from analyzer.emulator.entities import Entities
from analyzer.emulator.file_calls import FileCalls
from analyzer.emulator.folder_calls import FolderCalls
from analyzer.emulator.lists import Lists
from analyzer.emulator.model import Reply, no_resource, wrong_verb
from analyzer.emulator.move_calls import MoveCalls
from analyzer.emulator.remove_calls import RemoveCalls
from analyzer.emulator.upload_calls import UploadCalls
from analyzer.emulator.uris import split_uri
from analyzer.emulator.version_calls import VersionCalls
from analyzer.emulator.walk import Kind, Walk

if TYPE_CHECKING:
    from analyzer.emulator.model import Call, Segment
    from analyzer.emulator.storage import Storage
    from analyzer.emulator.walk import Operations, Place
    from analyzer.emulator.webs import Webs


class WebCalls:
    """Answers for webs, folders and files.

    Attributes:
        webs: of the tenant.
        static: functions that belong to no place, by their first segment in lower case.
    """

    def __init__(self, storage: Storage, webs: Webs) -> None:
        """Works on the tenant's files."""
        lists = Lists(storage, webs)
        self._entities = Entities(storage, webs)
        self.webs = webs
        self._walk = Walk(storage, webs, lists)
        moves = MoveCalls(storage, self._entities)
        self._operations: Operations = {
            (Kind.WEB, "", "GET"): self._web,
            (Kind.LISTS, "", "GET"): lambda _, at, __: Reply(self._entities.lists(lists.of(at.site))),
            (Kind.LIST, "", "GET"): lambda _, at, __: Reply(self._entities.list_at(at.path)),
            **FolderCalls(storage, self._entities).operations(),
            **FileCalls(storage, self._entities).operations(),
            **UploadCalls(storage, self._entities).operations(),
            **moves.operations(),
            **VersionCalls(storage).operations(),
            **RemoveCalls(storage, webs).operations(),
        }
        self.static = {"sp.web.getweburlfrompageurl": self._web_of_page, **moves.static()}

    def answer(self, call: Call) -> Reply:
        """The reply to a call whose first segment is ``web`` or ``site``.

        Raises:
            ServiceError: 404 the address leads nowhere, or the file is not there; 405; 400; 403; 412; 423; 500.
        """
        at, segment = self._walk.follow(call.origin, call.site, call.segments[1:], Kind(call.segments[0].key))
        operation = segment.key if segment else ""
        verbs = {verb for kind, name, verb in self._operations if (kind, name) == (at.kind, operation)}
        last = call.segments[-1]
        if not verbs:
            raise no_resource(last.name)
        if call.verb not in verbs:
            raise wrong_verb(call.verb, last.name)
        return self._operations[at.kind, operation, call.verb](call, at, last)

    def _web(self, call: Call, at: Place, _: Segment) -> Reply:
        return Reply(self._entities.web(at.site, call.origin))

    def _web_of_page(self, call: Call) -> Reply:
        """Which web a page belongs to."""
        page = call.argument(call.segments[0], "pagefullurl")
        return Reply(Primitive("GetWebUrlFromPageUrl", call.origin + self.webs.of(split_uri(page)[1])))
