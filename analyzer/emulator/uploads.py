"""Uploads in chunks: ``startUpload``, ``continueUpload``, ``finishUpload``, ``cancelUpload``.

https://learn.microsoft.com/sharepoint/dev/sp-add-ins/working-with-folders-and-files-with-rest
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO

from analyzer.emulator.model import ServiceError

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Upload:
    """One that has begun: the file that it is for, and what has come so far, on disk."""

    path: str
    part: Path


class Uploads:
    """What has been sent and not finished; a file keeps its content until its upload is finished."""

    def __init__(self, spool: Path) -> None:
        """Keeps the parts in ``spool``."""
        self._spool = spool
        self._begun: dict[UUID, Upload] = {}
        self._lock = Lock()

    def start(self, upload_id: UUID, path: str, chunk: BinaryIO) -> int:
        """Begins an upload; one of that id is begun anew.

        Returns:
            The offset of the next chunk, bytes.
        """
        upload = Upload(path, self._spool / f"upload-{upload_id}")
        with self._lock:
            upload.part.write_bytes(b"")
            self._begun[upload_id] = upload
            return _append(upload, chunk)

    def go_on(self, upload_id: UUID, path: str, offset: int, chunk: BinaryIO) -> int:
        """Takes the next chunk.

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
            return _append(upload, chunk)

    def end(self, upload_id: UUID, path: str) -> Path:
        """Forgets an upload; the part that it leaves is the caller's.

        Raises:
            ServiceError: 400, there is no such upload of this file (inferred).
        """
        with self._lock:
            upload = self._upload(upload_id, path)
            del self._begun[upload_id]
        return upload.part

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
