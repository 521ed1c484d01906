"""The types that the tenant's side hands on, and what it needs to know of a tenant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class TenantAddress:
    """Which tenant, and how to trust it.

    Attributes:
        admin_url: ``https://contoso-admin.sharepoint.com``, without a path.
        hosts: further hosts that belong to the tenant.
        ca_file: a private certificate authority; None for the platform's.
    """

    admin_url: str
    hosts: tuple[str, ...] = field(default=())
    ca_file: Path | None = None


class Tokens(Protocol):
    """Where bearer tokens come from."""

    def token(self, origin: str) -> str:
        """A token that ``https://HOST[:PORT]`` accepts.

        Raises:
            RefusedError: the sign-in failed.
            UnreachableError: the authority could not be reached.
        """
        ...

    def renew(self, origin: str, refused: str) -> str:
        """Another token than the one that a host refused; the same where nobody has another.

        Raises:
            As ``token``.
        """
        ...


class Sink(Protocol):
    """What takes a file's bytes."""

    @property
    def received(self) -> int:
        """How many bytes of the file are there."""
        ...

    def write(self, chunk: bytes) -> None:
        """Takes the next bytes."""
        ...

    def restart(self) -> None:
        """Forgets what was taken: the file comes anew from its beginning."""
        ...


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as the tenant lists it.

    Attributes:
        uri: absolute, on the host that listed it; its path is not encoded.
        path: server-relative, not encoded.
        name: the last part of the path.
        length: in bytes; None where the tenant did not say.
        etag: as the tenant sends it; empty where it sends none.
        modified: ISO 8601 as the tenant sends it; empty where it sends none.
    """

    uri: str
    path: str
    name: str
    length: int | None
    etag: str
    modified: str
