"""Turn errors of deltalake into errors for users: one line of what it says, and what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analyzer.errors import AnalyzerError, OutputError, RefusedError, UnreachableError
from analyzer.model.text import shortened

if TYPE_CHECKING:
    from analyzer.history.delta_location import DeltaLocation

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
