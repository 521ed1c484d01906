"""Record what is removed from the tenant's document libraries: ``cleaned.ndjson`` in the tenant's folder.

Each line is a step, written to the disk before the step is taken, and its result afterwards. So a file that was removed
by a command that died has a line that says so, and the next command completes it. Lines are only added.
"""

from __future__ import annotations

import os
from datetime import datetime  # noqa: TC003 - msgspec reads the annotations
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from analyzer.storage.files import cannot_write, read_bytes

if TYPE_CHECKING:
    from pathlib import Path


class Kind(StrEnum):
    """What an item is."""

    log = "log"
    log_folder = "log folder"
    source = "source file"


class Step(StrEnum):
    """What a line says of an item."""

    begun = "begun"
    removed = "removed"
    refused = "refused"


class CleanedItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line: what is known of a file or folder of the tenant.

    Attributes:
        at: when, UTC.
        step: what the line says.
        kind: what the item is.
        uri: absolute address, not encoded.
        job_ids: the jobs that name it.
        feed: their feed.
        bytes: its length; 0 for a folder, None if unknown.
        etag: as the tenant listed it; empty for a folder.
        modified: likewise, ISO 8601.
        bin_id: ID of the entry in the recycle bin of its site; None if it was gone without an answer of ours.
        because: why it was refused.
    """

    at: datetime
    step: Step
    kind: Kind
    uri: str
    job_ids: tuple[str, ...]
    feed: str
    bytes: int | None = None
    etag: str = ""
    modified: str = ""
    bin_id: str | None = None
    because: str = ""


class CleanRecord:
    """The file; one command writes it at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def items(self) -> list[CleanedItem]:
        """Return the last line about each item, in the order of the first ones. Damaged lines are skipped.

        Raises:
            InputError: the file can't be read.
        """
        found: dict[str, CleanedItem] = {}
        for line in read_bytes(self._path).splitlines() if self._path.exists() else ():
            try:
                item = msgspec.json.decode(line, type=CleanedItem)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue  # a command died while it wrote this line, before it took the step
            found[item.uri] = item
        return list(found.values())

    def unfinished(self) -> list[CleanedItem]:
        """Return the items whose removal was begun by a command that died.

        Raises:
            InputError: the file can't be read.
        """
        return [item for item in self.items() if item.step is Step.begun]

    def removed_of(self, job_id: str) -> list[CleanedItem]:
        """Return what was removed of a job.

        Raises:
            InputError: the file can't be read.
        """
        return [item for item in self.items() if item.step is Step.removed and job_id in item.job_ids]

    def add(self, item: CleanedItem) -> None:
        """Add a line, so that a power failure doesn't lose it.

        Raises:
            OutputError: it can't be written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab+") as stream:
                stream.write((b"" if self._ends_line(stream.tell()) else b"\n") + msgspec.json.encode(item) + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise cannot_write(self._path, error) from error

    def _ends_line(self, length: int) -> bool:
        """Return whether the file is empty, or its last line is complete."""
        if not length:
            return True
        with self._path.open("rb") as stream:
            stream.seek(length - 1)
            return stream.read(1) == b"\n"
