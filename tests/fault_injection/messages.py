"""Requests and answers of HTTP/1.1 as they pass: heads read, bodies of a known length."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator

CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a request or of an answer.

    Attributes:
        first: the request line or status line, without its end.
        headers: names as they were sent, in their order.
    """

    first: str
    headers: tuple[tuple[str, str], ...]

    @property
    def status(self) -> int:
        """Of an answer."""
        return int(self.first.split(" ", 2)[1])

    @property
    def length(self) -> int:
        """Bytes of the body; 0 where the head names none."""
        return int(self.get("Content-Length") or 0)

    def get(self, name: str) -> str:
        """The value of a header; empty where there is none."""
        wanted = name.lower()
        return next((value for given, value in self.headers if given.lower() == wanted), "")

    def having(self, **changed: str) -> Head:
        """The same with other headers, ``Content_Length="7"`` for ``Content-Length: 7``."""
        new = {name.replace("_", "-"): value for name, value in changed.items()}
        there = {name.lower() for name in new}
        kept = [(name, value) for name, value in self.headers if name.lower() not in there]
        return replace(self, headers=(*kept, *new.items()))

    def encoded(self) -> bytes:
        """As it is sent."""
        lines = [self.first, *(f"{name}: {value}" for name, value in self.headers), "", ""]
        return "\r\n".join(lines).encode("latin-1")


async def read_head(reader: asyncio.StreamReader) -> Head:
    """The next head.

    Raises:
        asyncio.IncompleteReadError: the other end hung up.
    """
    text = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = text[:-4].split("\r\n")
    named = (line.partition(":") for line in lines)
    return Head(first, tuple((name, value.strip()) for name, _, value in named))


async def pieces(reader: asyncio.StreamReader, length: int) -> AsyncIterator[bytes]:
    """The bytes of a body, some at a time.

    Raises:
        ConnectionResetError: the other end hung up before.
    """
    while length:
        piece = await reader.read(min(CHUNK, length))
        if not piece:
            raise ConnectionResetError
        length -= len(piece)
        yield piece
