"""Our record of an import that was queued."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from analyzer.storage.import_record import ImportPart, ImportRecord, feed_folder, read_import, write_import
from tests.emulator.client import FOLDER

if TYPE_CHECKING:
    from pathlib import Path

NAME = "hr-20261129-021500-1a2b3c4d.json"
NAMES = (NAME, "hr-20261129-021500-2b3c4d5e.json")
NOW = datetime(2026, 11, 29, 2, 15, tzinfo=UTC)


def record_of(folder: Path, origin: str, *job_ids: str, sent: int, names: tuple[str, ...] = NAMES) -> Path:
    """Our record of an import whose first ``sent`` parts were being queued, of which ``job_ids`` are known."""
    parts = [
        ImportPart(
            file="hr.json",
            name=name,
            bytes=1,
            sha256="",
            records=1,
            queueing_at=NOW if number < sent else None,
            job_id=job_ids[number] if number < len(job_ids) else "",
        )
        for number, name in enumerate(names)
    ]
    record = ImportRecord(
        program="upa-analyzer",
        import_id="20261129-021500-1a2b3c4d",
        feed="hr-feed",
        created_at=NOW,
        path="/hr.json",
        bytes=1,
        sha256="",
        folder=f"{origin}{FOLDER}",
        id_type="Email",
        id_property="IdName",
        property_map={},
        parts=parts,
    )
    imports = feed_folder(folder / "upa-data" / "contoso" / "imports", "hr-feed")
    write_import(imports, record)
    return imports / record.import_id / "import.json"


def abandon(path: Path) -> None:
    """End an import without its remaining parts."""
    record = read_import(path)
    record.abandoned = "its job was cancelled"
    write_import(path.parent.parent, record)
