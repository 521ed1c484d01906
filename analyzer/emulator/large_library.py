"""A tenant whose document libraries have more items than a list view shows.

The items beyond those that are there are claimed, not made: what people meet of them is that a listing fails.
https://learn.microsoft.com/sharepoint/troubleshoot/lists-and-libraries/items-exceeds-list-view-threshold
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analyzer.emulator.model import over_threshold
from analyzer.emulator.storage import Storage

if TYPE_CHECKING:
    from analyzer.emulator.stored import StoredFile, StoredFolder

_LIBRARY = re.compile(r"(?:/(?:sites|teams|personal)/[^/]+)?/[^/]+", re.IGNORECASE)


class CrowdedStorage(Storage):
    """Files and folders; what lies at the top of a document library cannot be listed, a folder in it can."""

    def files(self, path: str) -> list[StoredFile]:
        """The files of a folder, by name.

        Raises:
            ServiceError: also 500, the folder is a document library (status, code and text seen).
        """
        _check(path)
        return super().files(path)

    def folders(self, path: str) -> list[StoredFolder]:
        """The folders of a folder, by name.

        Raises:
            ServiceError: also 500, the folder is a document library.
        """
        _check(path)
        return super().folders(path)


def _check(path: str) -> None:
    if _LIBRARY.fullmatch(path.rstrip("/")):
        raise over_threshold()
