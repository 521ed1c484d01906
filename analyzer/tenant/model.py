"""The types that pass between the modules of this package and to its callers."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

PATIENCE = 900.0
"""Seconds that a command waits in all because a host asked it to."""
CONNECTIONS = 8
"""Requests under way at once."""
_LOOK_UP = 0.5
"""Seconds between two checks for Ctrl-C, as Windows doesn't interrupt a wait."""


class Clock:
    """The system's clocks; tests replace them."""

    def now(self) -> datetime:
        """Return the time of day, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds since any moment; never set back."""
        return time.monotonic()

    def wait(self, seconds: float, stopped: threading.Event) -> None:
        """Wait, at most until ``stopped`` is set."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not stopped.wait(min(left, _LOOK_UP)):
            pass


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait for an answer.

    Attributes:
        connect: seconds for a connection.
        silence: seconds for the next bytes.
        least: bytes that have to arrive in each ``silence`` seconds of waiting. The default is 500 bytes a second;
            a connection on which a download makes progress is faster.
    """

    connect: float = 20.0
    silence: float = 120.0
    least: int = 60_000


@dataclass(frozen=True, slots=True)
class ClientPolicy:
    """How a session behaves towards a host and towards the user.

    Attributes:
        patience: seconds that it waits in all because a host asked it to.
        connections: requests under way at once.
        notify: shows a sentence about each wait that a user would notice.
        clock: the time.
        limits: how slowly an answer may come.
        before_request: called before each request is sent, also one that is repeated; may wait.
    """

    patience: float = PATIENCE
    connections: int = CONNECTIONS
    notify: Callable[[str], None] = lambda _sentence: None
    clock: Clock = field(default_factory=lambda: Clock())  # noqa: PLW0108 - looked up late, for tests
    limits: Limits = field(default_factory=lambda: Limits())  # noqa: PLW0108 - as the clock
    before_request: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class TenantAddress:
    """Where a tenant is, and how to trust it.

    Attributes:
        admin_url: ``https://contoso-admin.sharepoint.com``, without a path.
        hosts: further hosts of the tenant.
        ca_file: a private certificate authority; None for the platform's.
    """

    admin_url: str
    hosts: tuple[str, ...] = field(default=())
    ca_file: Path | None = None


class Tokens(Protocol):
    """A source of bearer tokens."""

    def token(self, origin: str) -> str:
        """Return a token that ``https://HOST[:PORT]`` accepts.

        Raises:
            RefusedError: the sign-in failed.
            UnreachableError: the authority can't be reached.
        """
        ...

    def renew(self, origin: str, refused: str) -> str:
        """Return another token than the one that a host refused; the same if there is no other.

        Raises:
            As ``token``.
        """
        ...


class Sink(Protocol):
    """A receiver of a file's bytes."""

    @property
    def received(self) -> int:
        """How many bytes of the file it has."""
        ...

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        ...

    def restart(self) -> None:
        """Drop all bytes: the file is sent again from its beginning."""
        ...


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as the tenant lists it.

    Attributes:
        uri: absolute, on the host that listed it; its path is not encoded.
        path: server-relative, not encoded.
        name: the last part of the path.
        length: in bytes; None if unknown.
        etag: as the tenant sends it; empty if it sends none.
        modified: ISO 8601 as the tenant sends it; empty if it sends none.
    """

    uri: str
    path: str
    name: str
    length: int | None
    etag: str
    modified: str
