"""What a fault makes of an answer: pure, so that the proxy only has to send it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from email.utils import formatdate
from enum import Enum
from typing import TYPE_CHECKING

from tests.fault_injection.faults import Fault
from tests.fault_injection.messages import Head

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_DRIBBLES = 8
_BEYOND = 7
_PAGE = b"<!DOCTYPE html><html><title>Sign in to the guests' network</title><p>Accept the terms of use.</html>"
_PHRASES = {
    401: "Unauthorized",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
_EXPIRED = "Invalid JWT token. The token is expired."


class End(Enum):
    """What becomes of the connection afterwards."""

    KEPT = "kept"
    CLOSED = "closed"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Spoilt:
    """An answer as it is given.

    Attributes:
        head: None where none is sent.
        pieces: of the body, as they are sent one after the other.
        end: of the connection.
        wait: seconds that the client is told to wait; None where it is told none.
        slow: whether there is a pause before each piece.
    """

    head: Head | None
    pieces: Sequence[bytes] = field(default=())
    end: End = End.KEPT
    wait: float | None = None
    slow: bool = False


def spoil(fault: Fault, head: Head, body: bytes, *, now: float, wait: int) -> Spoilt:
    """What becomes of an answer.

    Args:
        fault: which.
        head: of the answer as it was.
        body: whole.
        now: seconds since 1970.
        wait: seconds to ask for; a date is that of the next full second but ``wait`` - 1.
    """
    if fault in _WAITS:
        status, told = _WAITS[fault]
        return _asking_to_wait(status, told, now, wait)
    if fault in _STATUSES:
        return _page(_STATUSES[fault])
    return _BODIES[fault](head, body)


def refused() -> Spoilt:
    """What a token that has ended is answered with, as SharePoint does."""
    diagnostics = f'3001000;reason="{_EXPIRED}";category="invalid_client"'
    return _answer(
        401,
        json.dumps({"error_description": _EXPIRED}).encode(),
        {"WWW-Authenticate": 'Bearer realm="contoso"', "x-ms-diagnostics": diagnostics},
    )


def too_many(seconds: int) -> Spoilt:
    """What is answered over the limit."""
    given = _answer(429, b"", {"Retry-After": str(seconds)})
    return Spoilt(given.head, given.pieces, wait=float(seconds))


def _asking_to_wait(status: int, told: str, now: float, wait: int) -> Spoilt:
    until = now + wait
    headers = {"Date": formatdate(now, usegmt=True)}
    if told == "seconds":
        headers["Retry-After"] = str(wait)
    elif told == "date":
        until = math.floor(now) + wait
        headers["Retry-After"] = formatdate(until, usegmt=True)
    error = {"odata.error": {"code": "-2147429894, Microsoft.SharePoint.Client.ClientServiceException"}}
    given = _answer(status, json.dumps(error).encode(), headers)
    return Spoilt(given.head, given.pieces, wait=max(0.0, until - now) if told else None)


def _answer(status: int, body: bytes, headers: Mapping[str, str], kind: str = "application/json") -> Spoilt:
    told = {"Content-Type": kind, "Content-Length": str(len(body)), **headers}
    return Spoilt(Head(f"HTTP/1.1 {status} {_PHRASES.get(status, 'OK')}", tuple(told.items())), (body,))


def _page(status: int) -> Spoilt:
    return _answer(status, _PAGE, {}, "text/html")


def _reset_within(head: Head, body: bytes) -> Spoilt:
    return Spoilt(head, (body[: len(body) // 2],), End.RESET)


def _cut_off(head: Head, body: bytes) -> Spoilt:
    return Spoilt(head, (body[: len(body) // 2],), End.CLOSED) if body else Spoilt(None, end=End.CLOSED)


def _too_long(head: Head, body: bytes) -> Spoilt:
    return Spoilt(head.having(Content_Length=str(len(body) + _BEYOND)), (body,), End.CLOSED)


def _too_short(head: Head, body: bytes) -> Spoilt:
    if not body:
        return _too_long(head, body)
    return Spoilt(head.having(Content_Length=str(len(body) - len(body) // 3 - 1)), (body,), End.CLOSED)


def _truncated(head: Head, body: bytes) -> Spoilt:
    if not body:
        return _too_long(head, body)
    kept = body[: len(body) - len(body) // 3 - 1]
    return Spoilt(head.having(Content_Length=str(len(kept))), (kept,))


def _slow(head: Head, body: bytes) -> Spoilt:
    size = max(1, math.ceil(len(body) / _DRIBBLES))
    return Spoilt(head, [body[at : at + size] for at in range(0, len(body), size)], slow=True)


_WAITS = {
    Fault.THROTTLED_SECONDS: (429, "seconds"),
    Fault.THROTTLED_DATE: (429, "date"),
    Fault.THROTTLED_BARE: (429, ""),
    Fault.BUSY_SECONDS: (503, "seconds"),
    Fault.BUSY_DATE: (503, "date"),
    Fault.BUSY_BARE: (503, ""),
}
_STATUSES = {Fault.HTML: 200, Fault.FAILED: 500, Fault.BAD_GATEWAY: 502, Fault.TIMED_OUT: 504}
_BODIES: Mapping[Fault, Callable[[Head, bytes], Spoilt]] = {
    Fault.TOKEN_ENDED: lambda _head, _body: refused(),
    Fault.RESET_BEFORE: lambda _head, _body: Spoilt(None, end=End.RESET),
    Fault.RESET_WITHIN: _reset_within,
    Fault.CUT_OFF: _cut_off,
    Fault.TOO_LONG: _too_long,
    Fault.TOO_SHORT: _too_short,
    Fault.TRUNCATED: _truncated,
    Fault.SLOW: _slow,
}
