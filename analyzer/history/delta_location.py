"""Where Delta tables are published: a folder, Azure Storage, OneLake, or S3.

Here is what deltalake needs to get there, and its errors are turned into errors for users.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.errors import AnalyzerError, OutputError, RefusedError, UnreachableError, UsageError
from analyzer.model.redaction import shown_url
from analyzer.model.text import shortened

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


_COLORS = re.compile(r"\x1b\[[0-9;]*m|↳")
_STATUS = re.compile(r"(401|403|404)\b")
_LONGEST = 200


def delta_error(error: Exception, table: str, location: DeltaLocation) -> AnalyzerError:
    """Return the error for a Delta table that can't be read or written.

    Args:
        error: of deltalake, which raises errors of the storage as ``OSError``.
        table: the table's name.
        location: where the tables are.
    """
    lines = [text for line in _COLORS.sub("", str(error)).splitlines() if (text := line.strip())]
    where = f"the table {table} in {location.text}"
    if isinstance(error, OSError) and location.folder is None:
        return _storage_error(lines, where, location)
    said = shortened(lines[0] if lines else type(error).__name__, _LONGEST)
    if isinstance(error, OSError) or (location.folder and not location.folder.is_dir()):
        return OutputError(f"{where} can't be written: {said}", "Choose another folder, or free some space.")
    return OutputError(
        f"{where} can't be used: {said}",
        "If it is damaged or half copied, remove its folder: the next publish of each tenant writes it again.",
    )


def _storage_error(lines: list[str], where: str, location: DeltaLocation) -> AnalyzerError:
    status = next((found[1] for line in lines if (found := _STATUS.match(line))), "")
    if status in {"401", "403"}:
        allow = (
            "Storage Blob Data Contributor on the container, or Contributor of the Fabric workspace"
            if location.root.startswith("az:")
            else "s3:GetObject, s3:PutObject, s3:DeleteObject, and s3:ListBucket"
        )
        return RefusedError(f"{where} can't be used: the storage refused access ({status})", f"It needs {allow}.")
    if status == "404":
        return OutputError(
            f"{where} can't be used: the storage doesn't have the container, bucket, or workspace (404)",
            "Create it, or correct its name.",
        )
    said = shortened(lines[-1] if lines else "no reason given", _LONGEST)
    return UnreachableError(
        f"{where} can't be reached: {said}", "Check the address, the network, and the credentials (docs/publish.md)."
    )
