"""Uploads in chunks: ``startUpload``, ``continueUpload``, ``finishUpload``, ``cancelUpload``, ``getUploadStatus``.

An upload that breaks off locks its file for 15 minutes, and is removed after 6 to 24 hours:
https://learn.microsoft.com/sharepoint/dev/solution-guidance/upload-large-files-sample-app-for-sharepoint
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO

from analyzer.emulator.model import ServiceError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from analyzer.emulator.storage import Storage
    from analyzer.emulator.stored import StoredFile

LOCKED = timedelta(minutes=15)
"""Service time after its last chunk in which an upload keeps others from its file."""
KEPT = timedelta(hours=24)
"""Service time after its last chunk until an upload is removed: the longest that Microsoft names."""
_CHUNK = 1 << 20


@dataclass(slots=True)
class Upload:
    """One that has begun.

    Attributes:
        path: of the file that it is for.
        part: what has come so far, on disk.
        made_file: whether the file is empty without it: then it goes with it (inferred of an added empty file).
        at: service time of the last chunk.
    """

    path: str
    part: Path
    made_file: bool
    at: datetime


class Uploads:
    """What has been sent and not finished; a file keeps its content until its upload is finished."""

    def __init__(self, storage: Storage) -> None:
        """Keeps the parts in the spool of ``storage``."""
        self._storage = storage
        self._begun: dict[UUID, Upload] = {}
        self._lock = Lock()

    def start(self, upload_id: UUID, stored: StoredFile, chunk: BinaryIO) -> int:
        """Begin an upload; one of that ID is begun anew, another one of the file is dropped if it rests.

        Returns:
            The offset of the next chunk, bytes.

        Raises:
            ServiceError: 423, another upload of the file hasn't rested for 15 minutes.
        """
        with self._lock:
            before = self._begun.get(upload_id)
            self._drop_others(upload_id, stored)
            made_file = before.made_file if before else stored.length == 0
            part = self._storage.spool / f"upload-{upload_id}"
            part.write_bytes(b"")
            upload = self._begun[upload_id] = Upload(stored.path, part, made_file, self._storage.now())
            return _append(upload, chunk)

    def go_on(self, upload_id: UUID, path: str, offset: int, chunk: BinaryIO) -> int:
        """Take the next chunk.

        Returns:
            The offset of the next chunk, bytes.

        Raises:
            ServiceError: 400, there is no such upload of this file, or the chunk is not the next one (inferred).
        """
        with self._lock:
            upload = self._upload(upload_id, path)
            there = upload.part.stat().st_size
            if offset != there:
                text = (
                    f"The file offset {offset} of the upload {upload_id} is not {there}, where the next chunk begins."
                )
                raise ServiceError(400, "-2146233086, System.ArgumentOutOfRangeException", text)
            upload.at = self._storage.now()
            return _append(upload, chunk)

    def status(self, upload_id: UUID, path: str) -> tuple[int, datetime]:
        """Return the offset of the next chunk, and the service time at which the upload is removed.

        Raises:
            ServiceError: 400, there is no such upload of this file (inferred).
        """
        with self._lock:
            upload = self._upload(upload_id, path)
            return upload.part.stat().st_size, upload.at + KEPT

    def end(self, upload_id: UUID, path: str) -> Path:
        """Forget an upload; the part that it leaves is the caller's.

        Raises:
            ServiceError: 400, there is no such upload of this file (inferred).
        """
        with self._lock:
            upload = self._upload(upload_id, path)
            del self._begun[upload_id]
        return upload.part

    def cancel(self, upload_id: UUID, path: str) -> None:
        """Forget an upload, its part, and the file if the upload made it.

        Raises:
            ServiceError: as ``end``.
        """
        with self._lock:
            upload = self._upload(upload_id, path)
            self._drop(upload_id, upload)

    def remove_old(self) -> None:
        """Drop the uploads that were broken off too long ago."""
        with self._lock:
            for upload_id, upload in list(self._begun.items()):
                if self._storage.now() - upload.at > KEPT:
                    self._drop(upload_id, upload)

    def _drop_others(self, upload_id: UUID, stored: StoredFile) -> None:
        for other, upload in list(self._begun.items()):
            if other == upload_id or upload.path.lower() != stored.path.lower():
                continue
            if self._storage.now() - upload.at < LOCKED:
                text = f"The file {stored.path} is locked for exclusive use by an upload."
                raise ServiceError(423, "-2147018894, Microsoft.SharePoint.SPFileLockException", text)
            del self._begun[other]
            upload.part.unlink()

    def _drop(self, upload_id: UUID, upload: Upload) -> None:
        del self._begun[upload_id]
        upload.part.unlink()
        if upload.made_file:
            with suppress(ServiceError):  # it is gone, or locked
                self._storage.delete_file(upload.path)

    def _upload(self, upload_id: UUID, path: str) -> Upload:
        upload = self._begun.get(upload_id)
        if upload is None or upload.path.lower() != path.lower():
            text = f"The upload session {upload_id} of the file {path} was not found."
            raise ServiceError(400, "-2147024809, System.ArgumentException", text)
        return upload


def _append(upload: Upload, chunk: BinaryIO) -> int:
    with upload.part.open("ab") as part:
        shutil.copyfileobj(chunk, part, _CHUNK)
        return part.tell()
