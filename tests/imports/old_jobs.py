"""A tenant with jobs of any age, each with a source file and a log folder, as ``clean`` meets them."""

from __future__ import annotations

import json
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from analyzer.emulator import start
from analyzer.model.service import log_folder_name
from tests.emulator.client import FOLDER, TENANT, StandingClock, source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from analyzer.emulator import RunningEmulator

TODAY = datetime.now(UTC)


class OldJobs:
    """Writes the library that the emulator begins with.

    Attributes:
        root: the library.
        jobs: its job list.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.jobs: list[dict[str, object]] = []

    def ran(self, days_ago: int, name: str = "", *, failed: bool = True, state: int = 0) -> str:
        """Add a job whose log was written so long ago; return its ID. ``state`` is 5 or 4 unless specified."""
        day = TODAY - timedelta(days=days_ago)
        name = name or f"hr-{day:%Y%m%d}.json"
        job_id = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{len(self.jobs)}"))
        folder = self.root / FOLDER[1:]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(source("ada@contoso.com", "eve@contoso.com", City=f"Oslo {len(self.jobs)}"))
        logs = log_folder_name(name, job_id)
        if not state:
            (folder / logs).mkdir()
            log = f"ImportProfileProperties-{job_id}-{day:%Y%m%d}-020000-000.log"
            line = b"IdentityNotResolvable\teve@contoso.com\tUser identity\r\n" if failed else b""
            (folder / logs / log).write_bytes(line)
        self.jobs.append(
            {
                "JobId": job_id,
                "State": state or (5 if failed else 4),
                "Error": 30 if failed and not state else 0,
                "ErrorMessage": "",
                "SourceUri": f"{TENANT}{FOLDER}/{name}",
                "LogFolderUri": "" if state else f"{TENANT}{FOLDER}/{logs}",
            }
        )
        return job_id

    @contextmanager
    def tenant(self, configuration: Path, clock: StandingClock | None = None) -> Iterator[RunningEmulator]:
        """Start the tenant, and write the configuration for it; the token is in the variable ``UPA_TOKEN``."""
        (self.root / "jobs.json").write_text(json.dumps({"value": self.jobs}), encoding="utf-8")
        with start(self.root, clock=clock or StandingClock()) as running:
            ready = running.ready
            keys = f'admin_url = "{ready["admin_url"]}"\nauth = "token"\nca_file = "{ready["ca_file"]}"\n'
            (configuration / "upa-analyzer.toml").write_text(f"[tenants.contoso]\n{keys}", encoding="utf-8")
            yield running


def left_in(emulator: RunningEmulator) -> list[str]:
    """Return the names of the files and folders that are in the document library, and in its folders."""
    folders = emulator.storage.folders(FOLDER)
    files = [*emulator.storage.files(FOLDER), *(file for one in folders for file in emulator.storage.files(one.path))]
    return sorted(
        [*(one.path.rpartition("/")[2] for one in folders), *(file.path.rpartition("/")[2] for file in files)]
    )
