"""How slowly an answer may come: its headers and its body, of a host or of a proxy before it.

A socket's own timeout only bounds silence: a byte before each timeout would keep a command waiting forever.
"""

from __future__ import annotations

import functools
import http.client
import io
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.tenant.model import Limits

_MOST_LINES = 1_000
"""Lines in a row; http.client takes 100 headers."""


class TooSlowError(TimeoutError):
    """An answer came more slowly than ``Limits`` allow."""


def paced(limits: Limits, now: Callable[[], float] = time.monotonic) -> Callable[..., http.client.HTTPResponse]:
    """Make a ``response_class`` for connections of ``http.client``.

    Args:
        limits: what its answers are held to.
        now: seconds since any moment.
    """
    return functools.partial(_PacedResponse, limits=limits, now=now)


class _PacedResponse(http.client.HTTPResponse):
    """An answer that raises ``TooSlowError`` where it comes too slowly, headers included."""

    def __init__(self, sock: Any, *arguments: Any, limits: Limits, now: Callable[[], float], **options: Any) -> None:  # noqa: ANN401 - http.client's own
        super().__init__(sock, *arguments, **options)
        self.fp = _Lines(PacedReader(self.fp.detach(), limits, now))


class _Lines(io.BufferedReader):
    """Raises ``http.client.HTTPException`` where lines have no end: ``100 Continue`` again and again, or trailers.

    Both are read line by line, and neither http.client nor urllib3 counts them.
    """

    _in_a_row = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        self._in_a_row += 1
        if self._in_a_row > _MOST_LINES:
            raise http.client.HTTPException(f"more than {_MOST_LINES} lines without a body")
        return super().readline(size)

    def read(self, size: int | None = -1, /) -> bytes:
        self._in_a_row = 0
        return super().read(size)

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - whatever can be written to
        self._in_a_row = 0
        return super().readinto(buffer)


class PacedReader(io.RawIOBase):
    """Reads from a socket, and counts what comes against the time that was spent on waiting for it.

    What the reader itself does between two reads, as writing to a disk, doesn't count; neither does the wait for the
    first byte, in which the service works.
    """

    def __init__(self, raw: io.RawIOBase, limits: Limits, now: Callable[[], float]) -> None:
        self._raw, self._limits, self._now = raw, limits, now
        self._began = False
        self._waited, self._came = 0.0, 0

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - whatever can be written to
        """Read what is there, as ``io.RawIOBase.readinto``.

        Raises:
            TooSlowError: less came than the limits ask for.
        """
        before = self._now()
        count = self._raw.readinto(buffer)
        if self._began:
            self._waited += self._now() - before
            self._came += count or 0
        self._began = True
        if self._waited >= self._limits.silence:
            if count and self._came < self._limits.least:
                raise TooSlowError(f"{self._came} bytes came in {self._waited:.0f} s")
            self._waited, self._came = 0.0, 0
        return count

    def fileno(self) -> int:
        """The socket's."""
        return self._raw.fileno()

    def close(self) -> None:
        """Close the socket's file, too."""
        self._raw.close()
        super().close()
