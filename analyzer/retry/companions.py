"""The files beside a retry file: its manifest, and the lists of what did not match and of what was repaired."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from analyzer.csv_cells import rows_as_csv
from analyzer.files import cannot_read, sha256_of
from analyzer.retry.words import sentence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from analyzer.retry.interface import Manner, Repair, Retry, RetryRequest, Unmatched
    from analyzer.retry.parts import Part


def companions(target: Path) -> tuple[Path, Path, Path]:
    """The manifest, the list of what did not match, and the list of repairs beside a retry file."""
    stem = target.stem
    return (
        target.with_name(f"{stem}.manifest.json"),
        target.with_name(f"{stem}.unmatched.csv"),
        target.with_name(f"{stem}.repairs.csv"),
    )


def unmatched_csv(unmatched: Sequence[Unmatched]) -> bytes:
    """What did not match as CSV, guarded: columns ``identity``, ``reason``, ``records``, ``detail``, all text."""
    columns = ("identity", "reason", "records", "detail")
    return rows_as_csv(columns, ((one.identity, one.reason.value, one.records, one.detail) for one in unmatched))


def repairs_csv(repairs: Sequence[Repair]) -> bytes:
    """What was repaired as CSV, guarded: columns ``record``, ``identity``, ``kind``, ``before``, ``after``.

    ``record`` is the place in the source, from 1; empty where the repair is in no record.
    """
    columns = ("record", "identity", "kind", "before", "after")
    rows = (
        ("" if one.record is None else str(one.record), one.identity, one.kind, one.before, one.after)
        for one in repairs
    )
    return rows_as_csv(columns, rows)


def manifest(request: RetryRequest, retry: Retry, parts: Sequence[Part], beside: Mapping[Path, bytes]) -> bytes:
    """What the retry files were made from and what they hold, as JSON, so that who gets them can check them.

    Args:
        request: what was wanted.
        retry: what was written.
        parts: its files.
        beside: its other companions with their content.

    Raises:
        InputError: the source or a log cannot be read any more.
    """
    from importlib.metadata import version

    selection, manner = request.selection, request.manner
    files = [
        {
            "name": path.name,
            "bytes": part.length,
            "sha256": part.digest,
            "records": part.records,
            "property_values": part.property_values,
        }
        for path, part in zip(retry.paths, parts, strict=True)
    ]
    content = {
        "program": f"upa-analyzer {version('upa-analyzer')}",
        "job_id": request.job_id,
        "outcome": selection.outcome.value,
        "sentence": sentence(selection, retry, request.id_property, manner),
        "id_property": request.id_property.name,
        "id_property_because": request.id_property.because,
        "choices": described_choices(selection.chosen, manner),
        "source": _described(request.source, hashes=manner.hashes, digest=request.source_sha256),
        "logs": [_described(log, hashes=manner.hashes) for log in request.logs],
        "files": files,
        "companions": [
            {"name": path.name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for path, content in beside.items()
        ],
        "records": retry.records,
        "users": retry.users,
        "property_values": retry.property_values,
        "respelled": retry.respelled,
        "repairs": len(retry.repairs),
        "unmatched": len(retry.unmatched),
        "entries_naming_nobody": retry.naming_nobody,
        "unfinished_logs": retry.unfinished_logs,
        "source_later": retry.source_later,
        "complete": retry.complete,
    }
    return json.dumps(content, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace") + b"\n"


def described_choices(chosen: Sequence[str], manner: Manner) -> dict[str, object]:
    """The user's choices, of whose records and how they are written, as a manifest tells them."""
    return {
        "users": list(chosen),
        "drop_properties": list(manner.drop_properties),
        "salvage": manner.salvage,
        "repair": manner.repair,
        "max_bytes": manner.max_bytes,
        "max_properties": manner.max_properties,
        "force": manner.force,
    }


def _described(path: Path, *, hashes: bool, digest: str = "") -> dict[str, object]:
    """A file by name, size and SHA-256, which is null where it is not wanted."""
    try:
        length = path.stat().st_size
    except OSError as error:
        raise cannot_read(path, error) from error
    return {"name": path.name, "bytes": length, "sha256": (digest or sha256_of(path)) if hashes else None}
