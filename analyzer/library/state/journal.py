"""What a pull has done so far, a line each step, so that the next one can go on wherever this one dies.

A line is written before its step: of a file that lies ready beside its place, that it is going to be renamed. The next
pull finishes the step or takes it back. The journal is gone once what it says stands in the other files of ``.upa``.
"""

from __future__ import annotations

import contextlib
import threading
from typing import IO, TYPE_CHECKING

import msgspec

from analyzer.errors import OutputError
from analyzer.library.state.model import FileSeen, JobNotes  # noqa: TC001 - msgspec reads the annotations
from analyzer.storage.files import cannot_write, read_bytes, write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

NAME = "journal.ndjson"


class Begun(msgspec.Struct, frozen=True, tag="begun"):
    """A file is being written; ``part`` is its path in the library until it is whole."""

    part: str


class Placed(msgspec.Struct, frozen=True, tag="placed"):
    """The file at ``part`` is whole, and goes to its place; ``path`` is its key (``paths``)."""

    part: str
    path: str
    seen: FileSeen


class Noted(msgspec.Struct, frozen=True, tag="noted"):
    """What is noted of a job now."""

    job_id: str
    notes: JobNotes


Step = Begun | Placed | Noted


class Journal:
    """The journal of one library; a file only while a pull runs, or after one that died."""

    def __init__(self, folder: Path) -> None:
        """Takes the folder that it lies in."""
        self._path = folder / NAME
        self._stream: IO[bytes] | None = None
        self._lock = threading.Lock()

    def steps(self) -> Iterator[Step]:
        """What a pull that died has written; a line that was being written counts as not written.

        Raises:
            InputError: it cannot be read.
        """
        if not self._path.exists():
            return
        for line in read_bytes(self._path).splitlines():
            try:
                yield msgspec.json.decode(line, type=Step)
            except (msgspec.DecodeError, UnicodeDecodeError):
                return

    def write(self, step: Step) -> None:
        """Adds a step; may be called in several threads.

        Raises:
            OutputError: it cannot be written.
        """
        try:
            with self._lock:
                if self._stream is None:
                    self._path.parent.mkdir(parents=True, exist_ok=True)
                    self._stream = self._path.open("ab")
                self._stream.write(msgspec.json.encode(step) + b"\n")
                self._stream.flush()
        except OSError as error:
            raise cannot_write(self._path, error) from error

    def forget(self, but: Iterable[Step] = ()) -> None:
        """Ends the journal, as everything is kept elsewhere but these steps."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        left = [msgspec.json.encode(step) + b"\n" for step in but]
        with contextlib.suppress(OSError, OutputError):
            if left:
                write_bytes(self._path, b"".join(left))
            else:
                self._path.unlink(missing_ok=True)
