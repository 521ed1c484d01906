"""Compare the users and codes in the logs of two jobs."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

import polars as pl

from analyzer.model.job import Outcome

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class Change(StrEnum):
    """What became of a user from one job to a later one."""

    new = "new"
    """In the log of the later job only."""
    other_code = "other code"
    """In both logs, with other codes."""
    healed = "healed"
    """In the log of the earlier job only."""
    same = "same"
    """In both logs, with the same codes."""
    unknown = "unknown"
    """In one log only, and the other one doesn't show whether the user was updated."""


CHANGES: dict[str, Any] = {
    "key": pl.String,
    "identity": pl.String,
    "change": pl.String,
    "codes_before": pl.List(pl.String),
    "codes": pl.List(pl.String),
}
"""Columns of ``user_changes``."""

CODE_CHANGES: dict[str, Any] = {
    "code": pl.String,
    "entries_before": pl.UInt32,
    "entries": pl.UInt32,
    "users_before": pl.UInt32,
    "users": pl.UInt32,
}
"""Columns of ``code_changes``."""

_COMPLETE = (Outcome.succeeded.value, Outcome.partial.value)
_ORDER = {change.value: place for place, change in enumerate(Change)}


def shows_all(job: Mapping[str, Any]) -> bool:
    """Return whether the users in a job's log are all users that it did not update.

    Args:
        job: a row of the table ``jobs``.
    """
    return job["outcome"] in _COMPLETE and job["not_updated"] is not None


def previous_run(jobs: pl.DataFrame, job_id: str, members: Collection[str] = ()) -> str | None:
    """Return the ID of the job to compare a job with.

    That is the run that a retry repairs, otherwise the newest earlier run of the feed whose log shows all failures.

    Args:
        jobs: the table ``jobs``, the oldest first.
        job_id: a job in it.
        members: the jobs of its run, if it was imported in parts.

    Returns:
        None if there is none.
    """
    ids = jobs["job_id"].to_list()
    job = jobs.row(ids.index(job_id), named=True)
    if job["retry_of"] is not None:
        return str(job["retry_of"]) if job["retry_of"] in ids else None
    if job["feed"] is None:
        return None
    is_complete = pl.col("outcome").is_in(_COMPLETE) & pl.col("not_updated").is_not_null()
    earlier = jobs.head(ids.index(job_id)).filter(
        is_complete, pl.col("retry_of").is_null(), ~pl.col("job_id").is_in(list(members)), feed=job["feed"]
    )
    return str(earlier["job_id"][-1]) if earlier.height else None


def user_changes(
    before: pl.DataFrame, after: pl.DataFrame, *, before_shows_all: bool = True, after_shows_all: bool = True
) -> pl.DataFrame:
    """Compare the users in the logs of two jobs.

    Args:
        before: the table ``users`` of the earlier job.
        after: that of the later job.
        before_shows_all: whether users who aren't in ``before`` were updated (``shows_all``).
        after_shows_all: whether users who aren't in ``after`` were updated.

    Returns:
        Columns ``CHANGES``, one row for each user, in the order of ``Change``, then of ``after`` and ``before``.
        ``change`` is a value of ``Change``; codes are null for a user who isn't in that log.
    """
    earlier = before.select("key", "identity", pl.col("codes").alias("codes_before"))
    joined = after.select("key", "identity", "codes").join(
        earlier, on="key", how="full", coalesce=True, maintain_order="left_right"
    )
    new = Change.new if before_shows_all else Change.unknown
    healed = Change.healed if after_shows_all else Change.unknown
    is_same = pl.col("codes").list.unique().list.sort() == pl.col("codes_before").list.unique().list.sort()
    change = (
        pl.when(pl.col("codes_before").is_null())
        .then(pl.lit(new.value))
        .when(pl.col("codes").is_null())
        .then(pl.lit(healed.value))
        .when(is_same)
        .then(pl.lit(Change.same.value))
        .otherwise(pl.lit(Change.other_code.value))
    )
    return (
        joined.with_columns(change=change, identity=pl.coalesce("identity", "identity_right"))
        .sort(pl.col("change").replace_strict(_ORDER), maintain_order=True)
        .select(pl.col(name).cast(kind) for name, kind in CHANGES.items())
    )


def code_changes(codes: pl.DataFrame, before: str, after: str) -> pl.DataFrame:
    """Compare the codes of two jobs.

    Args:
        codes: the table ``job_codes``.
        before: the ID of the earlier job.
        after: that of the later job.

    Returns:
        Columns ``CODE_CHANGES``, the largest change of users first; 0 for a code that a job doesn't have.
    """
    counts = ("code", "entries", "users")
    joined = (
        codes.filter(job_id=after)
        .select(counts)
        .join(codes.filter(job_id=before).select(counts), on="code", how="full", coalesce=True, suffix="_before")
        .with_columns(pl.exclude("code").fill_null(0))
    )
    size = (pl.col("users").cast(pl.Int64) - pl.col("users_before")).abs()
    return joined.sort(size, "entries", "code", descending=[True, True, False]).select(*CODE_CHANGES)
