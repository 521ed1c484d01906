"""What a pull costs when nothing has changed: requests, and files written."""

from __future__ import annotations

import logging
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import analyzer.emulator
from analyzer.library.mirror import Library
from analyzer.library.pull.pull import pull
from analyzer.storage.files import sample_library
from analyzer.tenant.http.session import Session
from analyzer.tenant.model import TenantAddress
from analyzer.tenant.sharepoint.site import Tenant
from analyzer.tenant.signin import ReadyToken


def written(root: Path) -> dict[Path, int]:
    """When each file of a folder was last written."""
    return {path.relative_to(root): path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}


class Asked(logging.Handler):
    """Keeps what is logged of requests."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Takes one."""
        self.records.append(record)


def main() -> None:
    """Pulls twice from the embedded tenant and prints what the second pull did."""
    asked = Asked()
    requests_log = logging.getLogger("analyzer.tenant.requests")
    requests_log.addHandler(asked)
    requests_log.setLevel(logging.DEBUG)
    with analyzer.emulator.start(sample_library()) as emulator, tempfile.TemporaryDirectory() as folder:
        ready = emulator.ready
        address = TenantAddress(ready["admin_url"], ca_file=Path(ready["ca_file"]))
        root = Path(folder) / "library"
        for which in ("first", "again"):
            asked.records.clear()
            session = Session(address, ReadyToken({"token": ready["token"]}, ready["admin_url"], "token"))
            before = written(root)
            pulled = pull(Tenant(session), Library(root), now=datetime.now(UTC))
            changed = [str(path) for path, time in written(root).items() if before.get(path) != time]
            shown = len(changed) if pulled.new else ", ".join(changed)
            print(f"{which}: {len(asked.records)} requests, {len(pulled.new)} new jobs, files written: {shown}")


if __name__ == "__main__":
    main()
