"""What the proxy saw: each request, and whether its client was told to wait when it came."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from tests.fault_injection.faults import Fault
    from tests.fault_injection.messages import Head

CROSSED = 0.05
"""Seconds after it was told to wait in which a client's request may have been on its way already."""


_NAMED = re.compile(r"ByServerRelativePath\(decodedUrl='(?P<path>.*)'\)", re.IGNORECASE)


@dataclass(slots=True)
class Seen:
    """A request, and what was answered.

    Attributes:
        at: when it had come in, monotonic seconds.
        host: whom it was sent to.
        method: HTTP's.
        target: address as it was sent.
        range: the header.
        if_range: the header.
        token: a few digits of the token's SHA-256; empty where none was sent.
        waited_for: seconds since its client was told to wait, if that wait was not over; None otherwise.
        fault: that it met; None for none.
        status: answered; 0 where no answer was sent.
        sent: bytes of the body that were sent.
        ended: when the last byte had been sent, monotonic seconds.
    """

    at: float
    host: str
    method: str
    target: str
    range: str
    if_range: str
    token: str
    waited_for: float | None = None
    fault: Fault | None = None
    status: int = 0
    sent: int = 0
    ended: float = 0.0

    @property
    def call(self) -> str:
        """Method, host and address, decoded once."""
        return f"{self.method} {self.host}{unquote(self.target)}"

    @property
    def path(self) -> str:
        """The server-relative path that it is about; empty where it is about none."""
        named = _NAMED.search(self.target)
        return unquote(named["path"]).replace("''", "'") if named else ""

    @property
    def is_content(self) -> bool:
        """Whether it asks for the bytes of a file."""
        return self.target.endswith("/$value")


def seen_of(head: Head, host: str, at: float) -> Seen:
    """What is noted of a request."""
    method, target, _ = head.first.split(" ", 2)
    token = head.get("Authorization").removeprefix("Bearer ")
    shown = hashlib.sha256(token.encode()).hexdigest()[:8] if token else ""
    return Seen(at, host, method, target, head.get("Range"), head.get("If-Range"), shown)


class Waits:
    """When the client had been told to wait, and until when."""

    def __init__(self) -> None:
        self._told: list[tuple[float, float]] = []

    def tell(self, begin: float, seconds: float) -> None:
        """Notes that it was told to wait so many seconds from ``begin`` on."""
        self._told.append((begin, begin + seconds))

    def waited_for(self, at: float) -> float | None:
        """Seconds since it was first told to wait, of the waits that were not over; None where all were."""
        self._told = [one for one in self._told if one[1] > at]
        return max((at - begin for begin, _ in self._told if begin < at), default=None)
