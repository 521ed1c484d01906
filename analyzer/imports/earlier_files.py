"""Find the files of a feed's earlier imports, with which a file is compared to send only what has changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from analyzer.history.load import Tables
    from analyzer.imports.delta import EarlierFile
    from analyzer.imports.model import ImportPlan
    from analyzer.library.mirror import Library


@dataclass(frozen=True, slots=True)
class EarlierFiles:
    """The files with which a file can be compared.

    Attributes:
        files: the newest first.
        remarks: sentences: what is inferred, and why older files don't count.
    """

    files: Sequence[EarlierFile]
    remarks: Sequence[str]


@dataclass(frozen=True, slots=True)
class EarlierImports:
    """The earlier imports of a library.

    Attributes:
        library: the library.
        tables: its history.
        imports: the folder with the records of what we queued (``Workspace.imports``).
        zone: of times in messages; None for UTC.
        now: UTC.
    """

    library: Library
    tables: Tables
    imports: Path
    zone: ZoneInfo | None
    now: datetime

    def of_feed(self, feed: str, plan: ImportPlan) -> EarlierFiles:
        """Return the files of a feed's earlier imports that count.

        Args:
            feed: the feed's name, as in the table ``jobs``.
            plan: what the new file is to be queued with.
        """
        raise NotImplementedError
