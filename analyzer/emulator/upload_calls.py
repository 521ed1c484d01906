"""The calls of an upload in chunks, with their parameters in the address (``uploadId=guid'…'``) or in the body."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from analyzer.emulator.content import Entity, Int64, Primitive
from analyzer.emulator.model import Reply, bad_request
from analyzer.emulator.uploads import Uploads
from analyzer.emulator.walk import Kind

if TYPE_CHECKING:
    from analyzer.emulator.entities import Entities
    from analyzer.emulator.model import Call, Segment
    from analyzer.emulator.storage import Storage
    from analyzer.emulator.stored import StoredFile
    from analyzer.emulator.walk import Operations, Place

_MOST_DIGITS = 18


class UploadCalls:
    """Takes chunks, and makes a file of them."""

    def __init__(self, storage: Storage, entities: Entities) -> None:
        self._storage = storage
        self._entities = entities
        self._uploads = Uploads(storage)

    def operations(self) -> Operations:
        """By place, operation and verb."""
        return {
            (Kind.FILE, "startupload", "POST"): self._start,
            (Kind.FILE, "continueupload", "POST"): self._continue,
            (Kind.FILE, "finishupload", "POST"): self._finish,
            (Kind.FILE, "cancelupload", "POST"): self._cancel,
            (Kind.FILE, "getuploadstatus", "GET"): self._status,
            (Kind.FILE, "getuploadstatus", "POST"): self._status,
        }

    def _start(self, call: Call, at: Place, segment: Segment) -> Reply:
        stored = self._free_file(at)
        # Named as the service names it, whatever casing was asked for (seen): a client finds its number by the name.
        return Reply(Primitive("StartUpload", Int64(self._uploads.start(_id(segment), stored, call.body))))

    def _continue(self, call: Call, at: Place, segment: Segment) -> Reply:
        stored = self._free_file(at)
        following = self._uploads.go_on(_id(segment), stored.path, _offset(segment), call.body)
        return Reply(Primitive("ContinueUpload", Int64(following)))

    def _finish(self, call: Call, at: Place, segment: Segment) -> Reply:
        stored = self._free_file(at)
        self._uploads.go_on(_id(segment), stored.path, _offset(segment), call.body)
        part = self._uploads.end(_id(segment), stored.path)
        with part.open("rb") as content:
            finished = self._storage.replace(at.path, content)
        part.unlink()
        return Reply(self._entities.file(finished), headers={"ETag": finished.etag})

    def _cancel(self, call: Call, at: Place, segment: Segment) -> Reply:
        upload_id = _guid(call.argument(segment, "uploadid"))
        self._uploads.cancel(upload_id, self._storage.file(at.path).path)
        return Reply(Primitive("CancelUpload", None))

    def _status(self, call: Call, at: Place, segment: Segment) -> Reply:
        """The form of the range is inferred; names and types are those of the service's ``$metadata``."""
        self._uploads.remove_old()
        upload_id = _guid(call.argument(segment, "uploadid"))
        offset, end = self._uploads.status(upload_id, self._storage.file(at.path).path)
        fields = {
            "ExpectedContentRange": f"{offset}-",
            "ExpirationDateTime": f"{end:%Y-%m-%dT%H:%M:%SZ}",
            "UploadId": str(upload_id),
        }
        return Reply(Entity(fields, "GetUploadStatus", kind="SP.Utilities.UploadStatus"))

    def _free_file(self, at: Place) -> StoredFile:
        self._uploads.remove_old()
        stored = self._storage.file(at.path)
        self._storage.check_writable(stored.path)
        return stored


def _id(segment: Segment) -> UUID:
    return _guid(segment.argument("uploadid"))


def _guid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise bad_request("The parameter uploadId is no Guid.") from error


def _offset(segment: Segment) -> int:
    text = segment.argument("fileoffset")
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise bad_request("The parameter fileOffset is no number.")
    return int(text)
