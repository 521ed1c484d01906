"""A library of nightly runs of one feed, as pulls leave it, without a tenant."""

from __future__ import annotations

import json
import os
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ORIGIN = "https://contoso.sharepoint.com"
FOLDER = "/sites/hr/Shared Documents"
USERS = [f"user{number}@contoso.com" for number in range(12)]
FIRST_NIGHT = 1_794_000_000_000_000_000
"""2026-11-06, in nanoseconds: times of files are set, so that two libraries of the same nights are equal."""


def job_id(night: int, feed: str = "hr-feed") -> str:
    """The ID of the job of a night."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{feed}/{night}"))


def log_of(root: Path, night: int, feed: str = "hr-feed") -> Path:
    """The place of a night's log in the library."""
    name = f"ImportProfileProperties-{job_id(night, feed)}-202611{night:02}-021400-417.log"
    return root / FOLDER[1:] / f"{feed}-2026-11-{night:02}-{job_id(night, feed)}-Logs" / name


def write_log(root: Path, night: int, failed: Sequence[str], feed: str = "hr-feed") -> None:
    """Write the log of a night."""
    lines = (f"IdentityNotResolvable\t{user}\tUser identity cannot be resolved\r\n" for user in failed)
    _write(log_of(root, night, feed), "".join(lines).encode("utf-8-sig"), night)


def write_nights(root: Path, nights: Sequence[int], feed: str = "hr-feed") -> None:
    """Add nights to a library: in each, most of the users fail who failed the night before."""
    path = root / "jobs.json"
    listed = json.loads(path.read_bytes())["value"] if path.exists() else []
    for night in nights:
        source = f"{FOLDER}/{feed}-2026-11-{night:02}.json"
        records = [{"IdName": user, "Floor": str(place)} for place, user in enumerate(USERS)]
        _write(root / source[1:], json.dumps({"value": records}).encode(), night)
        write_log(root, night, USERS[night % 5 : night % 5 + 4], feed)
        listed.append(
            {
                "JobId": job_id(night, feed),
                "State": 5,
                "Error": 30,
                "SourceUri": ORIGIN + source,
                "LogFolderUri": f"{ORIGIN}{FOLDER}/{log_of(root, night, feed).parent.name}",
            }
        )
    _write(path, json.dumps({"value": listed}).encode(), max(nights))


def _write(path: Path, content: bytes, night: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, ns=(0, FIRST_NIGHT + night * 86_400_000_000_000))
