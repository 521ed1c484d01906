"""The SHA-256 of a file as it comes."""

from __future__ import annotations

import hashlib
from queue import Queue
from threading import Thread

_LARGE = 16 << 20
"""Bytes from which on a thread of its own hashes: that takes as long as receiving, and needs no lock of Python's."""
_WAITING = 16
"""Chunks that may wait to be hashed."""


class Digest:
    """Takes chunks in their order. Whoever began ends it, too, by ``hexdigest`` or ``end``."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._taken = 0
        self._chunks: Queue[bytes | None] = Queue(_WAITING)
        self._thread: Thread | None = None

    def update(self, chunk: bytes) -> None:
        """Takes the next bytes, which nobody may change afterwards."""
        self._taken += len(chunk)
        if self._thread is not None:
            self._chunks.put(chunk)
            return
        self._hash.update(chunk)
        if self._taken > _LARGE:
            self._thread = Thread(target=self._run, name="digest", daemon=True)
            self._thread.start()

    def hexdigest(self) -> str:
        """The hash of all that was taken, in hexadecimal."""
        self.end()
        return self._hash.hexdigest()

    def end(self) -> None:
        """Returns when all that was taken is hashed."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._chunks.put(None)
            thread.join()

    def _run(self) -> None:
        while (chunk := self._chunks.get()) is not None:
            self._hash.update(chunk)
