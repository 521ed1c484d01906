"""Where Delta tables are published: a folder, Azure Storage, OneLake, or S3, and what deltalake needs to get there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.errors import UsageError
from analyzer.model.redaction import shown_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

STORAGE = "https://storage.azure.com"
"""The audience of tokens for Azure Storage and OneLake, in all clouds."""

OWN_CREDENTIALS = frozenset(
    {
        "AZURE_STORAGE_ACCOUNT_KEY",
        "AZURE_STORAGE_SAS_KEY",
        "AZURE_STORAGE_SAS_TOKEN",
        "AZURE_STORAGE_TOKEN",
        "AZURE_STORAGE_CLIENT_ID",
    }
)
"""Variables of deltalake with which no sign-in of ours is needed."""

_FABRIC = "fabric.microsoft.com"
_DOMAINS = ("core.windows.net", "core.chinacloudapi.cn", "core.usgovcloudapi.net", _FABRIC)
"""Only these get a token (https://learn.microsoft.com/azure/storage/common/storage-account-overview; OneLake's)."""

_AZURE = re.compile(r"abfss://(?P<container>[^/@:]+)@(?P<host>[^/@:]+)(?P<path>/.*)?")
_ACCOUNT = re.compile(
    rf"(?P<account>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)\.(?:dfs|blob)\.(?P<domain>{'|'.join(map(re.escape, _DOMAINS))})"
)
_S3 = re.compile(r"s3://[^/@:]+(?:/[^@]*)?")
_LOOKS = (
    "Specify a folder, abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/FOLDER,"
    " abfss://WORKSPACE@onelake.dfs.fabric.microsoft.com/LAKEHOUSE.Lakehouse/Tables, or s3://BUCKET/FOLDER."
)


@dataclass(frozen=True, slots=True)
class DeltaLocation:
    """A place for one Delta table for each of our tables.

    Attributes:
        text: as specified, for people.
        folder: the folder on this machine; None elsewhere.
        root: as deltalake takes it, without a slash at the end.
        options: what deltalake needs beside the environment's variables, without a token.
        token: returns a valid token for the host; None if the environment has what is needed.
    """

    text: str
    folder: Path | None
    root: str
    options: Mapping[str, str]
    token: Callable[[], str] | None = None

    def table(self, name: str) -> str:
        """Return where a table is."""
        return str(self.folder / name) if self.folder else f"{self.root}/{name}"

    def storage_options(self) -> dict[str, str]:
        """Return the options for the next minutes, with a token that is valid as long.

        Raises:
            RefusedError: the sign-in failed.
            UnreachableError: the authority can't be reached.
        """
        return {**self.options, "bearer_token": self.token()} if self.token else dict(self.options)


def delta_location(text: str, environment: Mapping[str, str], token: Callable[[], str] | None = None) -> DeltaLocation:
    """Return the location that a user specified.

    Args:
        text: a folder or an address.
        environment: variables; with credentials for Azure in it, ``token`` isn't used.
        token: requests a token for ``STORAGE``.

    Raises:
        UsageError: it is neither, or no host of Azure Storage or OneLake.
    """
    scheme = text.partition("://")[0].lower() if "://" in text else ""
    if not scheme:
        folder = Path(text).expanduser().absolute()
        return DeltaLocation(text, folder, str(folder), {})
    azure, s3 = _AZURE.fullmatch(text), _S3.fullmatch(text)
    if s3:
        return DeltaLocation(text, None, text.rstrip("/"), {})
    if not azure:
        raise UsageError(f"{shown_url(text)} isn't a location for Delta tables", _LOOKS)
    found = _ACCOUNT.fullmatch(azure["host"].lower())
    if not found:
        raise UsageError(
            f"{azure['host']} isn't a host of Azure Storage or OneLake",
            "A token is sent only to those. " + _LOOKS,
        )
    account, domain = found["account"], found["domain"]
    options = {
        "account_name": account,
        # Explicit, so that no variable leads the token elsewhere.
        "endpoint": f"https://{account}.blob.{domain}",
        "use_emulator": "false",
        "allow_http": "false",
        **({"use_fabric_endpoint": "true"} if domain == _FABRIC else {}),
    }
    root = f"az://{azure['container']}{(azure['path'] or '').rstrip('/')}"
    has_own = any(environment.get(name) for name in OWN_CREDENTIALS)
    return DeltaLocation(text, None, root, options, None if has_own else token)
