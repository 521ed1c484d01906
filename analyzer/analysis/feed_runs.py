"""Put the jobs of one run of a feed together.

A file over the service's limits is imported in parts, one job each, with users of its own: together they are the run.
An import of changes only leaves out users whose records an earlier import wrote. They are users of the run, too, who
didn't fail, so that its numbers can be compared with those of a full file. Both is known of what this program queued.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from analyzer.model.job import Outcome
from analyzer.model.queued_job import part_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from analyzer.model.queued_job import QueuedJob

ADDED: dict[str, Any] = {
    "members": pl.List(pl.String),
    "whole": pl.UInt32,
    "changes_only": pl.Boolean,
    "note": pl.String,
}
"""Columns that ``feed_runs`` adds: the IDs of the run's jobs in order; the number of users in the feed's file, by which
runs are compared (null if unknown); whether only those whose records had changed were sent; a note on its numbers."""

_SUMS = ("not_updated", "open", "entries", "named_users", "users", "property_values", "source_bytes")
_FROM_FIRST = ("earliest", "first_seen", "started")
_FROM_LAST = ("finished", "latest", "last_changed", "ran", "ran_from", "ran_is_bound")
_TO_COME = ("users", "property_values", "source_bytes", "not_updated")
"""Sums that are unknown while parts are still to be queued."""


def members_by_run(jobs: Iterable[str], queued: Mapping[str, QueuedJob]) -> list[list[str]]:
    """Return jobs, put together by the import that they are parts of, in the order of their first jobs.

    Args:
        jobs: IDs.
        queued: what is known of jobs that this program queued.
    """
    found: dict[str, list[str]] = {}
    for job_id in jobs:
        one = queued.get(job_id)
        found.setdefault(one.import_id if one and one.parts > 1 else job_id, []).append(job_id)
    return list(found.values())


def members_of(job_id: str, jobs: pl.DataFrame, queued: Mapping[str, QueuedJob]) -> list[str]:
    """Return the IDs of all jobs of a job's run or retry, its own among them, in the order of ``jobs``."""
    one = queued.get(job_id)
    if one is None or one.parts == 1:
        return [job_id]
    same = {other_id for other_id, other in queued.items() if other.import_id == one.import_id}
    return [other_id for other_id in jobs["job_id"] if other_id in same]


def whole_files(users: Mapping[str, int | None], queued: Mapping[str, QueuedJob]) -> dict[str, int | None]:
    """Return by job ID how many users the file of its run has, with all parts and those who weren't sent.

    Args:
        users: number of users by job ID, the oldest first; None if unknown.
        queued: what is known of jobs that this program queued.

    Returns:
        None if it is unknown. Nothing at all if only whole files were queued.
    """
    if all(one.parts == 1 and one.unchanged is None for one in queued.values()):
        return {}
    found: dict[str, int | None] = {}
    for members in members_by_run(users, queued):
        one, numbers = queued.get(members[0]), [users[job_id] for job_id in members]
        is_known = None not in numbers and (one is None or one.parts == len(members))
        number = sum(filter(None, numbers)) + ((one.unchanged or 0) if one else 0) if is_known else None
        found |= dict.fromkeys(members, number)
    return found


def feed_runs(jobs: pl.DataFrame, queued: Mapping[str, QueuedJob]) -> pl.DataFrame:
    """Return the table ``jobs`` with one row for each run of a feed.

    Args:
        jobs: the table ``jobs`` with ``earliest`` and ``latest``, the oldest first.
        queued: what is known of jobs that this program queued.

    Returns:
        The columns of ``jobs``, and ``ADDED``. The job ID of several parts is that of the worst one; a retry's
        ``retry_of`` is that of its run. Parts with different outcomes are a partial run. A run with parts that are
        still to be queued has null for numbers that depend on them.
    """
    known = [job_id for job_id in jobs["job_id"] if job_id in queued]
    ordered = jobs.with_columns(
        members=pl.concat_list("job_id"),
        whole="users",
        changes_only=pl.lit(value=False),
        note=pl.lit(""),
        place=pl.int_range(pl.len(), dtype=pl.Int64),
    )
    if not known:
        return ordered.drop("place")
    rows = {row["job_id"]: row for row in ordered.filter(pl.col("job_id").is_in(known)).iter_rows(named=True)}
    merged = [_merged([rows[one] for one in members], queued) for members in members_by_run(rows, queued)]
    run_ids = {job_id: row["job_id"] for row in merged for job_id in row["members"]}
    alone = ordered.filter(~pl.col("job_id").is_in(known))
    together = pl.concat([alone, pl.DataFrame(merged, ordered.schema, orient="row")]).sort("place").drop("place")
    return together.with_columns(pl.col("retry_of").replace(run_ids))


def _merged(parts: Sequence[Mapping[str, Any]], queued: Mapping[str, QueuedJob]) -> dict[str, Any]:
    """Return one row for the parts of an import, the oldest first."""
    first, last, one = parts[0], parts[-1], queued[parts[0]["job_id"]]
    sums = {name: _sum(parts, name) for name in _SUMS}
    if len(parts) < one.parts:
        sums |= dict.fromkeys(_TO_COME)
    return {
        **_worst(parts),
        **{name: first[name] for name in (*_FROM_FIRST, "place")},
        **{name: last[name] for name in _FROM_LAST},
        **sums,
        "outcome": _outcome({Outcome(part["outcome"]) for part in parts}).value,
        "log_found": all(part["log_found"] for part in parts),
        "superseded": any(part["superseded"] for part in parts),
        "gone": all(part["gone"] for part in parts),
        "members": [part["job_id"] for part in parts],
        "whole": None if sums["users"] is None else sums["users"] + (one.unchanged or 0),
        "changes_only": one.unchanged is not None,
        "note": part_words(len(parts), one.parts, one.unchanged),
    }


def _worst(parts: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the part that needs most attention: not ended, or with the most open users."""
    return max(parts, key=lambda part: (not Outcome(part["outcome"]).ended, _number(part["open"]), part["outcome"]))


def _number(number: int | None) -> float:
    return float("inf") if number is None else number


def _outcome(outcomes: set[Outcome]) -> Outcome:
    """Return the outcome of parts: a run has ended when all its parts have."""
    waiting = [outcome for outcome in (Outcome.stuck, Outcome.running) if outcome in outcomes]
    if waiting:
        return waiting[0]
    return next(iter(outcomes)) if len(outcomes) == 1 else Outcome.partial


def _sum(parts: Iterable[Mapping[str, Any]], name: str) -> int | None:
    numbers = [part[name] for part in parts]
    return None if None in numbers else sum(numbers)
