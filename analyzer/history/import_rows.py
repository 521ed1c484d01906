"""Derive the table ``imports`` from the records of what this program queued (``storage.import_record``)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from analyzer.history.record import digest_of
from analyzer.model.queued_job import QueuedJob
from analyzer.model.tables import IMPORTS, table
from analyzer.storage.import_record import IMPORT_FILE, all_imports

if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from pathlib import Path

    import polars as pl

    from analyzer.storage.import_record import ImportPart, ImportRecord


class Queued(NamedTuple):
    """A part of an import that has become a job: the import, the part, and its number, from 1."""

    record: ImportRecord
    part: ImportPart
    number: int


def imports_stamp(folder: Path | None) -> str | None:
    """Return a text that changes when a record of an import is changed, new, or removed; None without any.

    Of a folder that is missing, only that is asked for.

    Args:
        folder: the tenant's folder ``imports``; None if there is none.
    """
    found = []
    for feed in _folders(str(folder)) if folder else ():
        for place in _folders(feed):
            try:
                status = os.stat(os.path.join(place, IMPORT_FILE))  # noqa: PTH116, PTH118 - for each import ever made
            except OSError:
                continue
            found.append((place, status.st_size, status.st_mtime_ns))
    # Without the path of the folder itself, which may be moved.
    return digest_of(sorted((place[len(str(folder)) :], *stamp) for place, *stamp in found)) if found else None


def queued_jobs(folder: Path | None) -> dict[str, Queued]:
    """Return what this program queued, by job ID; parts without a job, and damaged records, are left out."""
    return {
        part.job_id: Queued(record, part, number)
        for _, record in (all_imports(folder) if folder else ())
        for number, part in enumerate(record.parts, 1)
        if part.job_id
    }


def import_table(tenant: str | None, queued: Mapping[str, Queued], forgotten: Container[str]) -> pl.DataFrame:
    """Return the table ``imports``, the oldest first.

    Args:
        tenant: as in all tables.
        queued: from ``queued_jobs``.
        forgotten: jobs that were removed for good.
    """
    known = [(job_id, one) for job_id, one in queued.items() if job_id not in forgotten]
    known.sort(key=lambda item: (item[1].part.queued_at or item[1].record.created_at, item[0]))
    return table((_row(tenant, job_id, *one) for job_id, one in known), IMPORTS)


def queued_of(imports: pl.DataFrame) -> dict[str, QueuedJob]:
    """Return what the table ``imports`` says of each job, by job ID."""
    return {
        row["job_id"]: QueuedJob(
            **{name: row[name] for name in ("import_id", "part", "parts", "unchanged", "users", "sha256")},
            id_type=row["id_type"],
            id_property=row["id_property"],
            property_map=msgspec.json.decode(row["property_map"], type=dict[str, str]),
        )
        for row in imports.iter_rows(named=True)
    }


def _row(tenant: str | None, job_id: str, record: ImportRecord, part: ImportPart, number: int) -> dict[str, object]:
    return {
        "tenant": tenant,
        "job_id": job_id,
        "queued_at": part.queued_at or part.queueing_at,
        "source_uri": record.source_uri(part),
        "sha256": part.sha256,
        "bytes": part.bytes,
        "users": part.users,
        "id_type": record.id_type,
        "id_property": record.id_property,
        "property_map": msgspec.json.encode(record.property_map).decode(),
        "retry_of": record.retry_of or None,
        "part": number,
        "parts": len(record.parts),
        "import_id": record.import_id,
        "unchanged": record.unchanged,
    }


def _folders(path: str) -> list[str]:
    try:
        with os.scandir(path) as entries:
            return [entry.path for entry in entries if entry.is_dir()]
    except OSError:
        return []
