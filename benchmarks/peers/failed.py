"""The ids of a log as the peers compare them."""

from __future__ import annotations

from pathlib import Path


def failed_ids(log: str) -> set[str]:
    """The ids of a log's entries, in lower case, without the claims prefix."""
    with Path(log).open(encoding="utf-8-sig") as stream:
        return {line.split("\t")[1].lower().rpartition("|")[2] for line in stream}
