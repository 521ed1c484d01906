"""The files beside a retry file: its manifest, and the lists of what did not match and of what was repaired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.storage.csv_cells import rows_as_csv
from analyzer.storage.manifest import manifest_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from analyzer.retry.model import Repair, Unmatched


def companions(target: Path) -> tuple[Path, Path, Path]:
    """The manifest, the list of what did not match, and the list of repairs beside a retry file."""
    stem = target.stem
    return (
        manifest_path(target),
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
