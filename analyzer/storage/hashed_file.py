"""Read a file in any order of chunks, and know the hash of all that was read, from the beginning to the last chunk."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from analyzer.storage.files import cannot_read

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

_BLOCK = 1 << 20


class HashedFile:
    """A file, and the hash of what was read of it from the beginning.

    Attributes:
        path: of the file.
        size: in bytes, when it was opened.
    """

    def __init__(self, path: Path, sha256: str) -> None:
        """Open a file.

        Args:
            path: of the file.
            sha256: that it is expected to have, in hexadecimal digits.

        Raises:
            InputError: it can't be read.
        """
        self.path = path
        self._expected = sha256.lower()
        self._hash, self._hashed = hashlib.sha256(), 0
        try:
            self._file = path.open("rb")
            self.size = os.fstat(self._file.fileno()).st_size
        except OSError as error:
            raise cannot_read(self.path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def at(self, offset: int, count: int) -> bytes:
        """Read bytes; fewer at the end. What precedes them is read for the hash if it wasn't yet.

        Raises:
            InputError: the file can't be read.
        """
        try:
            if offset != self._hashed:
                self._rewind(offset)
            chunk = self._file.read(max(0, min(count, self.size - offset)))
        except OSError as error:
            raise cannot_read(self.path, error) from error
        self._add(chunk)
        return chunk

    def is_as_expected(self) -> bool:
        """Return whether all that was read has the expected hash."""
        return self._hash.hexdigest() == self._expected

    def _rewind(self, offset: int) -> None:
        self._file.seek(0)
        self._hash, self._hashed = hashlib.sha256(), 0
        while self._hashed < offset and (block := self._file.read(min(_BLOCK, offset - self._hashed))):
            self._add(block)

    def _add(self, block: bytes) -> None:
        self._hash.update(block)
        self._hashed += len(block)
