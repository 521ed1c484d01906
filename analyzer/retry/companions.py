"""The two files beside a retry file: its manifest, and the list of what did not match."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING

import polars as pl

from analyzer.csv_cells import csv_bytes
from analyzer.files import cannot_read, sha256_of
from analyzer.retry.words import sentence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from analyzer.retry.interface import Retry, RetryRequest, Unmatched


def unmatched_csv(unmatched: Sequence[Unmatched]) -> bytes:
    """What did not match as CSV, guarded: columns ``identity``, ``reason``, ``records``, all text."""
    columns = {
        "identity": [one.identity for one in unmatched],
        "reason": [one.reason.value for one in unmatched],
        "records": [one.records for one in unmatched],
    }
    return csv_bytes(pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)), byte_order_mark=True)


def manifest(request: RetryRequest, retry: Retry, digest: str, length: int) -> bytes:
    """What the retry file was made from and what it holds, as JSON, so that who gets it can check it.

    Args:
        request: what was wanted.
        retry: what was written.
        digest: the retry file's SHA-256 in hexadecimal.
        length: its bytes.

    Raises:
        InputError: the source or a log cannot be read any more.
    """
    selection = request.selection
    content = {
        "program": f"upa-analyzer {version('upa-analyzer')}",
        "job_id": request.job_id,
        "outcome": selection.outcome.value,
        "sentence": sentence(selection, retry, request.id_property),
        "id_property": request.id_property.name,
        "id_property_because": request.id_property.because,
        "source": _described(request.source),
        "logs": [_described(log) for log in request.logs],
        "retry": {"name": retry.path.name, "bytes": length, "sha256": digest},
        "records": retry.records,
        "users": retry.users,
        "unmatched": len(retry.unmatched),
        "entries_naming_nobody": retry.naming_nobody,
        "unfinished_logs": retry.unfinished_logs,
        "complete": retry.complete,
    }
    return json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n"


def _described(path: Path) -> dict[str, object]:
    try:
        return {"name": path.name, "bytes": path.stat().st_size, "sha256": sha256_of(path)}
    except OSError as error:
        raise cannot_read(path, error) from error
