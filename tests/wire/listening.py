"""What clients send, heard on the wire: the bytes that go through the proxy, read as HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import h11

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Request:
    """One request; header names in lower case, ``target`` as it was sent."""

    host: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


class Listener:
    """Hears every request of every tunnel.

    Attributes:
        heard: in the order in which they were whole.
    """

    def __init__(self) -> None:
        self.heard: list[Request] = []

    def tunnel(self, host: str) -> Callable[[bytes], None]:
        """What is told the bytes of one tunnel."""
        one = _Tunnel(host, self.heard)
        return one.tell


class _Tunnel:
    def __init__(self, host: str, heard: list[Request]) -> None:
        self._host, self._heard = host, heard
        self._http = h11.Connection(h11.SERVER)
        self._head: h11.Request | None = None
        self._body = b""

    def tell(self, chunk: bytes) -> None:
        self._http.receive_data(chunk)
        while (event := self._http.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
            if isinstance(event, h11.Request):
                self._head, self._body = event, b""
            elif isinstance(event, h11.Data):
                self._body += event.data
            elif isinstance(event, h11.EndOfMessage):
                self._whole()

    def _whole(self) -> None:
        assert self._head is not None
        headers = {name.decode(): value.decode("latin-1") for name, value in self._head.headers}
        method, target = self._head.method.decode(), self._head.target.decode()
        self._heard.append(Request(self._host, method, target, headers, self._body))
        # The answer is not heard, so the next request begins a connection of its own.
        left, _ = self._http.trailing_data
        self._http = h11.Connection(h11.SERVER)
        if left:  # of nothing, h11 takes the connection to have ended
            self._http.receive_data(left)
