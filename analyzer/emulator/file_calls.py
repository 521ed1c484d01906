"""Operations on files: their properties, their bytes, and conditions on their ETag."""

from __future__ import annotations

from email.utils import format_datetime
from typing import TYPE_CHECKING

from analyzer.emulator.content import Primitive
from analyzer.emulator.model import Reply, ServiceError, wrong_verb
from analyzer.emulator.walk import Kind

if TYPE_CHECKING:
    from analyzer.emulator.entities import Entities
    from analyzer.emulator.model import Call, Segment
    from analyzer.emulator.storage import Storage
    from analyzer.emulator.walk import Operations, Place


class FileCalls:
    """Reads and replaces."""

    def __init__(self, storage: Storage, entities: Entities) -> None:
        self._storage = storage
        self._entities = entities

    def operations(self) -> Operations:
        """By place, operation and verb."""
        return {
            (Kind.FILE, "", "GET"): self._tell,
            (Kind.FILE, "", "POST"): self._call,
            (Kind.FILE, "$value", "GET"): self._download,
            (Kind.FILE, "openbinarystream", "GET"): self._download,
            (Kind.FILE, "openbinarystream", "POST"): self._download,
            (Kind.FILE, "$value", "PUT"): self._replace,
            (Kind.FILE, "savebinarystream", "POST"): self._save,
        }

    def _tell(self, _: Call, at: Place, __: Segment) -> Reply:
        stored = self._storage.file(at.path)
        return Reply(self._entities.file(stored), headers={"ETag": stored.etag})

    def _call(self, call: Call, at: Place, segment: Segment) -> Reply:
        """A well-known client calls the function with POST (seen)."""
        if segment.key != "getfilebyurl":
            raise wrong_verb(call.verb, segment.name)
        return self._tell(call, at, segment)

    def _download(self, _: Call, at: Place, __: Segment) -> Reply:
        stored = self._storage.file(at.path)
        changed = format_datetime(stored.modified, usegmt=True)
        return Reply(stored.place, headers={"ETag": stored.etag, "Last-Modified": changed})

    def _replace(self, call: Call, at: Place, _: Segment) -> Reply:
        with self._storage.lock:  # of two with the same condition, one comes too late
            check_match(call.headers.get("if-match", "*"), self._storage.file(at.path).etag)
            return Reply(status=204, headers={"ETag": self._storage.replace(at.path, call.body).etag})

    def _save(self, call: Call, at: Place, segment: Segment) -> Reply:
        self._storage.replace(at.path, call.body)
        return Reply(Primitive(segment.name, None))


def check_match(asked: str, etag: str) -> None:
    """Pass a condition on a file's ETag.

    Raises:
        ServiceError: 412, the file has another one (text seen in what people post).
    """
    if asked.strip() not in {"*", etag}:
        text = f"The request ETag value '{asked}' does not match the object's ETag value '{etag}'."
        raise ServiceError(412, "-1, Microsoft.SharePoint.Client.ClientServiceException", text)
