"""Write records in the import format, split into files by the service's limits."""

from __future__ import annotations

import codecs
import hashlib
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from analyzer.errors import UsageError
from analyzer.storage.files import cannot_write
from analyzer.storage.manifest_file import RetryFileEntry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from analyzer.retry.model import RetryOptions
    from analyzer.storage.file_set import FileSet

HEAD = codecs.BOM_UTF8 + b'{"value":[\n'
BETWEEN = b",\n"
TAIL = b"\n]}\n"
_BUFFERED = 1 << 20
"""Bytes that are held before they are written."""
_JOINED = 1 << 12
"""Bytes; shorter pieces are joined before they are written."""


@dataclass(slots=True)
class Part:
    """One file.

    Attributes:
        stream: to write to.
        length: in bytes.
        records: number of records.
        property_values: number of values, without IDs.
        digest: its SHA-256 when it is finished.
    """

    stream: IO[bytes]
    length: int = len(HEAD) + len(TAIL)
    records: int = 0
    property_values: int = 0
    digest: str = ""


@dataclass(slots=True)
class Parts:
    """The files that are being written.

    Attributes:
        files: creates them.
        target: path of the retry file if it isn't split.
        options: the limits.
        done: the files; the last one is being written.
    """

    files: FileSet
    target: Path
    options: RetryOptions
    done: list[Part] = field(default_factory=list)
    _waiting: list[bytes] = field(default_factory=list)
    _bytes_waiting: int = 0
    _hash: hashlib._Hash = field(default_factory=hashlib.sha256)

    def add(self, raw: bytes, values: int, position: int) -> None:
        """Add a record, in a further file if the last one is full.

        Args:
            raw: its bytes.
            values: its property values except the ID.
            position: in the source, from 0.

        Raises:
            UsageError: it exceeds the limits by itself.
            OutputError: it can't be written.
        """
        length = len(raw) + len(BETWEEN)
        if self._is_full(length, values):
            self._check(length, values, position)
            self.finish()
            self.done.append(Part(self.files.new(self.target)))
            self._write(HEAD)
        part = self.done[-1]
        if part.records:
            self._waiting.append(BETWEEN)
            part.length += len(BETWEEN)
        self._write(raw)
        part.length += len(raw)
        part.records += 1
        part.property_values += values

    def add_all(self, raws: Sequence[bytes], joined: bytes, values: Sequence[int], positions: Sequence[int]) -> None:
        """Add several records; ``joined`` are the same with ``BETWEEN`` between them.

        Raises:
            UsageError: one exceeds the limits by itself.
            OutputError: they can't be written.
        """
        if not raws or not self.done or self._is_full(len(BETWEEN) + len(joined), sum(values)):
            for raw, number, position in zip(raws, values, positions, strict=True):
                self.add(raw, number, position)
            return
        part = self.done[-1]
        self._waiting.append(BETWEEN)
        self._write(joined)
        part.length += len(BETWEEN) + len(joined)
        part.records += len(raws)
        part.property_values += sum(values)

    def finish(self) -> None:
        """End the last file.

        Raises:
            OutputError: it can't be written.
        """
        if self.done:
            self._write(TAIL)
            self._flush()
            self.done[-1].digest = self._hash.hexdigest()
            self._hash = hashlib.sha256()

    def paths(self) -> list[Path]:
        """Return the files' paths: the target, or ``-1-of-N`` and so on."""
        number = len(self.done)
        if number == 1:
            return [self.target]
        return [
            self.target.with_name(f"{self.target.stem}-{part}-of-{number}{self.target.suffix}")
            for part in range(1, number + 1)
        ]

    def entries(self) -> list[RetryFileEntry]:
        """Describe the files for the manifest."""
        return [
            RetryFileEntry(path.name, part.length, part.digest, part.records, part.property_values)
            for path, part in zip(self.paths(), self.done, strict=True)
        ]

    def _is_full(self, length: int, values: int) -> bool:
        if not self.done:
            return True
        part = self.done[-1]
        return (
            part.length + length > self.options.max_bytes or part.property_values + values > self.options.max_properties
        )

    def _check(self, length: int, values: int, position: int) -> None:
        alone = length - len(BETWEEN) + len(HEAD) + len(TAIL)
        if alone > self.options.max_bytes:
            raise UsageError(
                f"record {position + 1:,} alone makes a file of {alone:,} bytes, more than {self.options.max_bytes:,}",
                "Specify a larger --max-bytes; the service accepts up to 2 GB.",
            )
        if values > self.options.max_properties:
            raise UsageError(
                f"record {position + 1:,} alone has {values:,} values, more than {self.options.max_properties:,}",
                "Specify a larger --max-properties; the service accepts up to 500,000.",
            )

    def _write(self, content: bytes) -> None:
        self._waiting.append(content)
        self._bytes_waiting += len(content)
        if self._bytes_waiting >= _BUFFERED:
            self._flush()

    def _flush(self) -> None:
        for content in (
            self._waiting if self._bytes_waiting > _JOINED * len(self._waiting) else [b"".join(self._waiting)]
        ):
            self._hash.update(content)
            self._put(content)
        self._waiting.clear()
        self._bytes_waiting = 0

    def _put(self, content: bytes) -> None:
        try:
            self.done[-1].stream.write(content)
        except OSError as error:
            raise cannot_write(self.target, error) from error
