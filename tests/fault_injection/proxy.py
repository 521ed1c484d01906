"""A CONNECT proxy that spoils answers: between any client and the emulator, under the names of a real tenant."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from tests.fault_injection.faults import NO_FAULTS, Fault, Plan
from tests.fault_injection.messages import Head, pieces, read_head
from tests.fault_injection.record import Seen, Waits, seen_of
from tests.fault_injection.spoiling import End, Spoilt, refused, spoil, too_many
from tests.foreign.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    import trustme

    from tests.fault_injection.quota import Quota

_AT_ONCE = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
"""``SO_LINGER`` for a connection that is reset instead of ended."""


class FaultProxy(Proxy):
    """Spoils what ``plan`` says, keeps the order of each connection, and notes all.

    Attributes:
        plan: which request meets which fault; may be changed at any time.
        delay: seconds from a request's arrival to the first byte of its answer, at least.
        wait: seconds to ask for where a fault asks to wait.
        pause: seconds before each piece of a slow body.
        quota: what the tenant gives in a time; None for as much as is asked for.
        spared: hosts whose answers are never spoilt, and whose requests are not noted.
        seen: the requests in the order of their arrival.
        tunnels: how many are open.
    """

    def __init__(
        self, names: Sequence[str], port: int, ca_file: Path, authority: trustme.CA, spared: Sequence[str] = ()
    ) -> None:
        super().__init__(names, port, ca_file, authority)
        self.plan: Plan = NO_FAULTS
        self.delay, self.wait, self.pause = 0.0, 1, 0.05
        self.quota: Quota | None = None
        self.spared = frozenset(spared)
        self.seen: list[Seen] = []
        self.tunnels = 0
        self._waits = Waits()
        self._ended: set[str] = set()

    async def _join(self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        emulator = _Emulator(self)
        self.tunnels += 1
        try:
            while await self._exchange(name, reader, writer, emulator):
                pass
        finally:
            emulator.close()
            self.tunnels -= 1

    async def _exchange(
        self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, emulator: _Emulator
    ) -> bool:
        """Answers one request; False where the connection ends with it."""
        head = await read_head(reader)
        arrived = time.monotonic()
        body = await reader.readexactly(head.length)
        if name in self.spared:
            await self._pass_on(await emulator.ask(head, body), emulator, writer, None)
            return True
        seen = seen_of(head, name, arrived)
        seen.waited_for = self._waits.waited_for(arrived)
        self.seen.append(seen)
        if self.quota is not None and not self.quota.takes(seen.target, arrived):
            return await self._give(too_many(self.quota.reset(arrived)), writer, seen)
        seen.fault = self._fault(seen)
        answer = await emulator.ask(head, body)
        if self.quota is not None:
            answer = answer.having(**self.quota.headers(time.monotonic()))
        left = arrived + self.delay - time.monotonic()
        if left > 0:
            await asyncio.sleep(left)
        if seen.fault is None:
            await self._pass_on(answer, emulator, writer, seen)
            return True
        content = b"".join([piece async for piece in emulator.body(answer)])
        return await self._give(self._spoilt(seen, answer, content), writer, seen)

    def _fault(self, seen: Seen) -> Fault | None:
        if seen.token in self._ended:
            return Fault.TOKEN_ENDED
        fault = self.plan.fault(f"{seen.method} {seen.host}{seen.target}")
        if fault is Fault.TOKEN_ENDED:
            self._ended.add(seen.token)
        return fault

    def _spoilt(self, seen: Seen, answer: Head, content: bytes) -> Spoilt:
        if seen.fault is None or seen.fault is Fault.TOKEN_ENDED:
            return refused()
        return spoil(seen.fault, answer, content, now=time.time(), wait=self.wait)

    @staticmethod
    async def _pass_on(answer: Head, emulator: _Emulator, writer: asyncio.StreamWriter, seen: Seen | None) -> None:
        writer.write(answer.encoded())
        async for piece in emulator.body(answer):
            if seen is not None:
                seen.sent += len(piece)
            writer.write(piece)
            await writer.drain()
        await writer.drain()
        if seen is not None:
            seen.status, seen.ended = answer.status, time.monotonic()

    async def _give(self, spoilt: Spoilt, writer: asyncio.StreamWriter, seen: Seen) -> bool:
        if spoilt.wait is not None:
            # From before the answer is sent: the client may have it before this process goes on.
            self._waits.tell(time.monotonic(), spoilt.wait)
        if spoilt.head is not None:
            seen.status = spoilt.head.status
            writer.write(spoilt.head.encoded())
        for piece in spoilt.pieces:
            if spoilt.slow:
                await writer.drain()
                await asyncio.sleep(self.pause)
            seen.sent += len(piece)
            writer.write(piece)
        await writer.drain()
        seen.ended = time.monotonic()
        if spoilt.end is End.RESET:
            with suppress(OSError):
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            writer.transport.abort()
        elif spoilt.end is End.CLOSED:
            writer.close()
            await writer.wait_closed()
        return spoilt.end is End.KEPT


class _Emulator:
    """The emulator's end of one tunnel: connected when asked, and again where the emulator has hung up meanwhile."""

    def __init__(self, proxy: FaultProxy) -> None:
        self._proxy = proxy
        self._ends: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._no_body = False

    async def ask(self, head: Head, body: bytes) -> Head:
        """Sends a request; the head of the answer."""
        self._no_body = head.first.startswith("HEAD ")
        if self._ends is not None:
            with suppress(OSError, asyncio.IncompleteReadError):
                return await self._ask(*self._ends, head, body)
            self.close()
        self._ends = await self._proxy._emulator()
        return await self._ask(*self._ends, head, body)

    async def body(self, answer: Head) -> AsyncIterator[bytes]:
        """The bytes of the answer's body, to be read before the next request."""
        if self._ends is not None and not self._no_body:
            async for piece in pieces(self._ends[0], answer.length):
                yield piece

    def close(self) -> None:
        """Hangs up."""
        if self._ends is not None:
            self._ends[1].transport.abort()
            self._ends = None

    @staticmethod
    async def _ask(there: asyncio.StreamReader, back: asyncio.StreamWriter, head: Head, body: bytes) -> Head:
        back.write(head.encoded() + body)
        await back.drain()
        return await read_head(there)
