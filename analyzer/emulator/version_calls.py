"""``CheckOut``, ``CheckIn``, ``UndoCheckOut``, ``Publish``, and ``Approve`` of files.

https://learn.microsoft.com/previous-versions/office/developer/sharepoint-rest-reference/dn450841(v=office.15)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.emulator.content import Primitive
from analyzer.emulator.file_versions import MAJOR, MINOR, OVERWRITE
from analyzer.emulator.model import Reply, bad_request
from analyzer.emulator.walk import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.emulator.file_versions import FileVersion, LibrarySettings
    from analyzer.emulator.model import Call, Segment
    from analyzer.emulator.storage import Storage
    from analyzer.emulator.walk import Operations, Place

    Change = Callable[[FileVersion, LibrarySettings, str, Segment], None]


class VersionCalls:
    """Changes which version a file is."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def operations(self) -> Operations:
        """By place, operation and verb."""
        return {
            (Kind.FILE, "checkout", "POST"): self._check_out,
            (Kind.FILE, "undocheckout", "POST"): self._undo,
            (Kind.FILE, "checkin", "POST"): self._changing(
                lambda version, settings, name, segment: version.check_in(
                    settings, name, _kind(segment), _comment(segment)
                )
            ),
            (Kind.FILE, "publish", "POST"): self._changing(
                lambda version, settings, name, segment: version.publish(settings, name, _comment(segment))
            ),
            (Kind.FILE, "approve", "POST"): self._changing(lambda version, _, name, __: version.approve(name)),
        }

    def _changing(self, change: Change) -> Callable[[Call, Place, Segment], Reply]:
        def operation(_: Call, at: Place, segment: Segment) -> Reply:
            with self._storage.lock:
                path = self._storage.file(at.path).path
                states = self._storage.states
                states.check_unlocked(path)
                change(states.of(path).version, states.settings_of(path), states.address(path), segment)
            return Reply(Primitive(segment.name, None))

        return operation

    def _check_out(self, _: Call, at: Place, segment: Segment) -> Reply:
        with self._storage.lock:
            stored = self._storage.file(at.path)
            states = self._storage.states
            states.check_unlocked(stored.path)
            version = states.of(stored.path).version
            version.check_out(states.address(stored.path), lambda: self._storage.keep(stored.place))
        return Reply(Primitive(segment.name, None))

    def _undo(self, _: Call, at: Place, segment: Segment) -> Reply:
        """A file that never was checked in is gone afterwards (inferred)."""
        with self._storage.lock:
            stored = self._storage.file(at.path)
            states = self._storage.states
            before = states.of(stored.path).version.undo_check_out(states.address(stored.path))
            if before is None:
                self._storage.delete_file(stored.path)
            else:
                before.replace(stored.place)
        return Reply(Primitive(segment.name, None))


def _comment(segment: Segment) -> str:
    return segment.arguments.get("comment", segment.arguments.get("", ""))


def _kind(segment: Segment) -> int:
    text = segment.arguments.get("checkintype", segment.arguments.get("#1", "0"))
    if text not in {str(MINOR), str(MAJOR), str(OVERWRITE)}:
        raise bad_request("The parameter checkInType has to be 0, 1 or 2.")
    return int(text)
