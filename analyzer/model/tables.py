"""The columns and types of our tables, which users query; ``docs/reference/tables.md`` explains them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

UTC = pl.Datetime("us", "UTC")

ENTRIES: dict[str, Any] = {
    "tenant": pl.String,
    "job_id": pl.String,
    "log_file": pl.String,
    "line": pl.UInt32,
    "code": pl.String,
    "identity": pl.String,
    "property": pl.String,
    "message": pl.String,
    "detail": pl.String,
}

JOBS: dict[str, Any] = {
    "tenant": pl.String,
    "job_id": pl.String,
    "state": pl.String,
    "error": pl.String,
    "error_message": pl.String,
    "source_uri": pl.String,
    "log_folder_uri": pl.String,
    "gone": pl.Boolean,
    "first_seen": UTC,
    "last_changed": UTC,
    "started": UTC,
    "finished": UTC,
    "source_bytes": pl.UInt64,
    "users": pl.UInt32,
    "property_values": pl.UInt64,
    "entries": pl.UInt32,
    "named_users": pl.UInt32,
    "not_updated": pl.UInt32,
    "log_found": pl.Boolean,
    "outcome": pl.String,
    "feed": pl.String,
    "retry_of": pl.String,
    "superseded": pl.Boolean,
    "open": pl.UInt32,
    "ran": UTC,
    "ran_from": pl.String,
    "ran_is_bound": pl.Boolean,
}

JOB_CODES: dict[str, Any] = {
    "tenant": pl.String,
    "job_id": pl.String,
    "code": pl.String,
    "entries": pl.UInt32,
    "users": pl.UInt32,
}

USERS: dict[str, Any] = {
    "tenant": pl.String,
    "job_id": pl.String,
    "key": pl.String,
    "identity": pl.String,
    "codes": pl.List(pl.String),
    "entries": pl.UInt32,
    "new": pl.Boolean,
    "since": pl.String,
    "runs": pl.UInt32,
    "seen": pl.UInt32,
}

NAMED_ENTRIES: dict[str, Any] = ENTRIES | {"key": pl.String, "names": pl.Boolean}
"""The table ``entries`` with the user of each entry (``analysis.named_users``)."""

OBSERVATIONS: dict[str, Any] = {
    "tenant": pl.String,
    "job_id": pl.String,
    "observed_at": UTC,
    "previous_pull_at": UTC,
    "state": pl.String,
    "error": pl.String,
}

IMPORTS: dict[str, Any] = {
    "tenant": pl.String,
    "job_id": pl.String,
    "queued_at": UTC,
    "source_uri": pl.String,
    "sha256": pl.String,
    "bytes": pl.UInt64,
    "users": pl.UInt32,
    "id_type": pl.String,
    "id_property": pl.String,
    "property_map": pl.String,
    "retry_of": pl.String,
    "part": pl.UInt32,
    "parts": pl.UInt32,
    "import_id": pl.String,
    "unchanged": pl.UInt32,
}

VERIFICATIONS: dict[str, Any] = {
    "tenant": pl.String,
    "job_id": pl.String,
    "verified_at": UTC,
    "users": pl.UInt32,
    "sample": pl.UInt32,
    "checked": pl.UInt32,
    "differing": pl.UInt32,
    "missing": pl.UInt32,
    "overwritten": pl.UInt32,
    "unclear": pl.UInt32,
    "not_found": pl.UInt32,
    "at_most": pl.UInt32,
    "interrupted": pl.Boolean,
}


def table(rows: Iterable[Mapping[str, object]], schema: dict[str, Any]) -> pl.DataFrame:
    """Return rows as a table with the columns and types of ``schema``; a value that a row lacks is null."""
    found = list(rows)
    # Columns are built several times as fast as rows.
    return pl.DataFrame({name: [row.get(name) for row in found] for name in schema}, schema=schema)


FINDINGS: dict[str, Any] = {
    "file": pl.String,
    "severity": pl.String,
    "code": pl.String,
    "kind": pl.String,
    "certainty": pl.String,
    "record": pl.UInt32,
    "identity": pl.String,
    "property": pl.String,
    "line": pl.UInt32,
    "column": pl.UInt32,
    "message": pl.String,
    "suggestion": pl.String,
    "remedy": pl.String,
}
"""The findings of ``check``, one row each."""

CHANGES: dict[str, Any] = {
    "file": pl.String,
    "record": pl.UInt32,
    "identity": pl.String,
    "property": pl.String,
    "kind": pl.String,
    "before": pl.String,
    "after": pl.String,
}
"""The changes of ``check --fix``, one row each."""
