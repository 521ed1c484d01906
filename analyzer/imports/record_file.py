"""Copy records of an open source file, byte for byte, into files in the import format."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from analyzer.model.service import MAX_PROPERTY_VALUES
from analyzer.retry.model import MOST_BYTES
from analyzer.retry.writing.parts import BETWEEN, HEAD, TAIL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from analyzer.source.reader.json_text import Buffer

EMPTY_FILE = len(HEAD) + len(TAIL)
"""Bytes of a file without records."""
_BLOCK = 1 << 20
"""Bytes of records that are read or written at once."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the service takes in one file.

    Attributes:
        bytes: its length.
        values: number of property values, without IDs.
    """

    bytes: int = MOST_BYTES
    values: int = MAX_PROPERTY_VALUES


LIMITS = Limits()


@dataclass(slots=True)
class RecordFile:
    """A file that is written once.

    Attributes:
        length: in bytes.
        digest: SHA-256 of its content in hexadecimal.
    """

    length: int = 0
    digest: str = ""
    _hash: hashlib._Hash = field(default_factory=hashlib.sha256)

    def writer(self, buffer: Buffer, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Callable[[IO[bytes]], None]:
        """Return what writes the records between these offsets, in their order, to an empty file.

        It raises ``OSError`` if the file can't be written.
        """

        def write(stream: IO[bytes]) -> None:
            self._put(stream, HEAD)
            for at, end in blocks(ends - starts):
                between = BETWEEN if at else b""
                self._put(stream, between + BETWEEN.join(raw_records(buffer, starts[at:end], ends[at:end])))
            self._put(stream, TAIL)
            self.digest = self._hash.hexdigest()

        return write

    def _put(self, stream: IO[bytes], content: bytes) -> None:
        stream.write(content)
        self._hash.update(content)
        self.length += len(content)


def raw_records(buffer: Buffer, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> list[bytes]:
    """Return the bytes of records."""
    return [bytes(buffer[start:end]) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


def blocks(lengths: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield the first and last index (exclusive) of blocks of records of about a megabyte each."""
    until = lengths.cumsum()
    at = 0
    while at < len(until):
        before = int(until[at - 1]) if at else 0
        end = max(at + 1, int(until.searchsorted(before + _BLOCK, "right")))
        yield at, end
        at = end
