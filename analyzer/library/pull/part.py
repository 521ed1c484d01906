"""A file on its way into the library: written beside its place, hashed as it comes, renamed when it is whole."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from analyzer.library.pull.digest import Digest
from analyzer.storage.files import beside_of, cannot_write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PIECE = 16 << 20
"""After so many bytes the system is told again to write what it holds, and to let go of what is written."""


class PartFile:
    """What takes the bytes of one file; a ``tenant.interface.Sink``.

    Attributes:
        place: where the file is to lie.
        path: where it lies until then.
        received: how many bytes are there.
    """

    def __init__(self, place: Path) -> None:
        """Takes the place; nothing is written before ``begin``."""
        self.place, self.path = place, beside_of(place)
        self.received = self._on_its_way = 0
        self._digest = Digest()

    def begin(self) -> None:
        """Makes the file beside the place.

        Raises:
            OutputError: it cannot be written.
        """
        with self._plainly():
            self.place.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self.path.open("xb")

    def write(self, chunk: bytes) -> None:
        """Takes the next bytes.

        Raises:
            OutputError: the disk is full, and the like.
        """
        with self._plainly():
            self._stream.write(chunk)
            self._digest.update(chunk)
            self.received += len(chunk)
            if self.received - self._on_its_way >= _PIECE:
                self._send_off()

    def restart(self) -> None:
        """Forgets what was taken.

        Raises:
            OutputError: the file cannot be written.
        """
        with self._plainly():
            self._stream.seek(0)
            self._stream.truncate()
        self._digest.end()
        self._digest = Digest()
        self.received = self._on_its_way = 0

    def finish(self) -> tuple[str, int]:
        """Brings what was taken to the disk; gives its SHA-256 in hexadecimal and when it was written, in ns.

        Raises:
            OutputError: the disk is full, and the like.
        """
        with self._plainly():
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._stream.close()
            return self._digest.hexdigest(), self.path.stat().st_mtime_ns

    def place_it(self) -> None:
        """Renames the finished file into its place.

        Raises:
            OutputError: another program holds what lies there, and the like.
        """
        with self._plainly():
            self.path.replace(self.place)

    def discard(self) -> None:
        """Removes what was taken; of a file that is in its place already, nothing."""
        self._digest.end()
        with contextlib.suppress(OSError, AttributeError):
            self._stream.close()
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _send_off(self) -> None:
        """Has the system write what it holds and use again the memory of what is written.

        So little is left to wait for in the end, and a large file takes no memory that a virtual machine would have
        to ask its host for, page by page: that took longer than to receive it. Pages that are being written cannot
        be let go yet, which is why it is told of the file from its beginning each time.
        """
        self._stream.flush()
        if sys.platform == "linux":
            with contextlib.suppress(OSError):  # it is advice: where nobody takes it, the file comes all the same
                os.posix_fadvise(self._stream.fileno(), 0, self.received, os.POSIX_FADV_DONTNEED)
        self._on_its_way = self.received

    @contextlib.contextmanager
    def _plainly(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise cannot_write(self.place, error) from error
