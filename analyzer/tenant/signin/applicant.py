"""Who signs in where, as errors name it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PUBLIC_CLOUD = "https://login.microsoftonline.com"


@dataclass(frozen=True, slots=True)
class Applicant:
    """An application of a directory, and whom to trust there.

    Attributes:
        authority: ``https://login.microsoftonline.com``, or a national cloud's.
        tenant_id: the directory.
        client_id: the application.
        ca_file: a private certificate authority of the authority's host.
    """

    authority: str
    tenant_id: str
    client_id: str
    ca_file: Path | None = None

    @property
    def directory_url(self) -> str:
        """The authority of the directory, as msal takes it."""
        return f"{self.authority.rstrip('/')}/{self.tenant_id}"
