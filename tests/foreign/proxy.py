"""Real host names on the loopback: a CONNECT proxy that sends them all to the emulator, with certificates of its own.

It ends the client's TLS, so that the client sees a certificate for the name that it asked for, and passes the bytes on.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Self

    import trustme

_CHUNK = 1 << 16


def _unheard(_: bytes) -> None:
    """Nobody listens."""


class Proxy:
    """Answers on a free port of 127.0.0.1 while the context lasts.

    Attributes:
        asked: the names that were asked for, in their order.
        refused: those of them that are none of ours.
    """

    def __init__(
        self,
        names: Sequence[str],
        port: int,
        ca_file: Path,
        authority: trustme.CA,
        *,
        listen: Callable[[str], Callable[[bytes], None]] = lambda _name: _unheard,
    ) -> None:
        """Takes what it stands between.

        Args:
            names: the host names that lead to the emulator.
            port: the emulator's, on localhost.
            ca_file: whom to trust there.
            authority: signs the certificates that clients see.
            listen: called with the name of each tunnel; gives what is told all that the client sends through it.
        """
        self.asked: list[str] = []
        self.refused: list[str] = []
        self._listen = listen
        self._names, self._port = names, port
        self._inner = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*names).configure_cert(self._inner)
        self._outer = ssl.create_default_context(cafile=str(ca_file))
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(asyncio.start_server(self._tunnel, "127.0.0.1", 0))
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def url(self) -> str:
        """What ``HTTPS_PROXY`` is set to."""
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _emulator(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("localhost", self._port, ssl=self._outer)

    async def _stop(self) -> None:
        self._server.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A client that hangs up is no fault of the proxy's; a server's end cancels what still runs.
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            method, _, rest = head.partition(" ")
            name = rest.partition(":")[0]
            self.asked.append(name)
            if method != "CONNECT" or name not in self._names:
                self.refused.append(name)
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                await writer.drain()
            else:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await writer.start_tls(self._inner)
                await self._join(name, reader, writer)
        writer.transport.abort()

    async def _join(self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Passes on what comes out of a tunnel until one end hangs up."""
        there, back = await self._emulator()
        try:
            await asyncio.gather(_pass_on(reader, back, self._listen(name)), _pass_on(there, writer, _unheard))
        finally:
            back.transport.abort()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, heard: Callable[[bytes], None]) -> None:
    """Until one end hangs up, which ends both."""
    while chunk := await reader.read(_CHUNK):
        heard(chunk)
        writer.write(chunk)
        await writer.drain()
    raise ConnectionResetError
