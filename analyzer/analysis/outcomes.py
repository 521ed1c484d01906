"""Decide the outcome of each job from its record, its log entries, and the counts of its source file.

The meaning of a job's error is from the vendor's enumeration; that users are unknown after an ``InternalError`` is
inferred from public threads.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from analyzer.model.job import NOT_ENDED, Outcome
from analyzer.model.service import ABORTING, JobError, LogCode, State
from analyzer.model.tables import JOBS, UTC

if TYPE_CHECKING:
    from datetime import datetime

STUCK_AFTER = timedelta(hours=24)
"""A job that has not ended this long after it was first seen is stuck: the service takes hours, not days (seen)."""

_FROM_THE_SERVICE = ("tenant", "job_id", "state", "error", "error_message", "source_uri", "log_folder_uri", "gone")
_COUNTED = ("source_bytes", "users", "property_values", "log_found")
_FEED = ("feed", "retry_of")
JOB_RECORDS = {column: JOBS[column] for column in (*_FROM_THE_SERVICE, *_COUNTED, *_FEED)} | {
    "log_time": UTC,
    "log_whole": pl.Boolean,
    "name_time": UTC,
    "source_time": UTC,
    "not_after": UTC,
    "without_id": pl.UInt32,
}
"""Columns of the jobs that ``job_table`` takes, beside those of the table ``jobs``: the time of the newest log file,
whether its log files are complete, the time in the source file's name, the time at which that file was written (null if
it isn't this job's), a time by which the job had read its file because another version replaced it then, and the number
of the source's records without an ID. Times are UTC; null is unknown."""

COUNTS = {"job_id": pl.String} | dict.fromkeys(("entries", "named_users", "unnamed", "nameless"), pl.UInt32)
"""Counts of a job's entries: those with a code, the distinct users that they name, those that identify no user, and
those without an ID that are about a record without one."""

_NOT_ABOUT_IDS = [LogCode.DataFileNotJson, LogCode.InvalidProperty]
"""Codes of entries without a user that are not about a record without an ID."""

TIMES = ("log_time", "name_time", "source_time", "not_after", "previous_pull_at")
"""The columns from which ``timeline`` determines when a job ran."""

_ADDED_LATER = ("superseded", "open", "ran", "ran_from", "ran_is_bound")
_OF_JOB = {name: kind for name, kind in JOBS.items() if name not in _ADDED_LATER}
"""The columns of the table ``jobs`` that don't depend on other jobs."""


def job_table(
    records: pl.DataFrame, counts: pl.DataFrame, observations: pl.DataFrame, as_of: datetime | None
) -> pl.DataFrame:
    """Return the table ``jobs``.

    Args:
        records: columns ``JOB_RECORDS``, one row for each job.
        counts: columns ``COUNTS``, one row for each job with entries.
        observations: the table ``observations``; may be empty.
        as_of: when the job list was current (UTC); None if unknown.

    Returns:
        The table ``jobs`` without the columns that ``timeline`` and ``open_and_superseded`` add, in the order of
        ``records``, and the columns ``TIMES`` Datetime UTC. ``previous_pull_at`` is the pull before the one that first
        saw the job ended (null if there is none).
    """
    joined = (
        records.join(counts, on="job_id", how="left", maintain_order="left")
        .join(_times(observations), on="job_id", how="left", maintain_order="left")
        .with_columns(pl.col("entries", "named_users", "unnamed", "nameless").fill_null(0))
    )
    outcomes = joined.with_columns(outcome=_outcome()).with_columns(stuck=_stuck(as_of))
    outcomes = outcomes.with_columns(
        outcome=pl.when(pl.col("stuck")).then(pl.lit(Outcome.stuck.value)).otherwise("outcome")
    )
    has_ended = ~pl.col("outcome").is_in(NOT_ENDED)
    # The log's name has the service's own time; an observation is only an upper bound.
    finished = pl.when(has_ended).then(pl.coalesce("log_time", "ended_seen"))
    return outcomes.with_columns(not_updated=_not_updated(), finished=finished).select(
        *(pl.col(column).cast(kind) for column, kind in _OF_JOB.items()), *TIMES
    )


def count_entries(entries: pl.DataFrame, users: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Count the entries with a code of jobs, or of a part of their users.

    Args:
        entries: the entries with their users (``naming``).
        users: these users, from ``failures.by_user``.

    Returns:
        Columns ``COUNTS``, one row for each job with such entries; and columns ``job_id``, ``code``, ``entries``,
        ``users``, one row for each of its codes. Those of parts with different users can be added up.
    """
    number = pl.len().cast(pl.UInt32)
    coded = entries.lazy().filter(pl.col("code").is_not_null())
    counts = coded.group_by("job_id").agg(
        entries=number,
        unnamed=(~pl.col("names")).sum().cast(pl.UInt32),
        nameless=(pl.col("key").is_null() & ~pl.col("code").is_in(_NOT_ABOUT_IDS)).sum().cast(pl.UInt32),
    )
    of_jobs = users.lazy().group_by("job_id").agg(named_users=number)
    codes = coded.group_by("job_id", "code", maintain_order=True).agg(entries=number)
    of_codes = users.lazy().explode("codes").group_by("job_id", code="codes").agg(users=number)
    counts = counts.join(of_jobs, on="job_id", how="left").with_columns(pl.col("named_users").fill_null(0))
    codes = codes.join(of_codes, on=["job_id", "code"], how="left", maintain_order="left")
    found = pl.collect_all([counts.select(*COUNTS), codes.with_columns(pl.col("users").fill_null(0))])
    return found[0], found[1]


def _times(observations: pl.DataFrame) -> pl.DataFrame:
    ended = pl.col("state").is_in([State.Succeeded.name, State.Error.name])
    begun = pl.col("state").is_in([State.Processing.name, State.Queued.name])
    # A job that had ended before the first pull may have ended at any time before it.
    watched = pl.col("previous_pull_at").is_not_null()
    return (
        observations.sort("observed_at")
        .group_by("job_id")
        .agg(
            first_seen=pl.col("observed_at").min(),
            last_changed=pl.col("observed_at").max(),
            started=pl.col("observed_at").filter(begun & watched).min(),
            # Only the first observation of the end: a later one notes that the tenant no longer lists the job.
            ended_seen=pl.when(watched.filter(ended).first()).then(pl.col("observed_at").filter(ended).first()),
            previous_pull_at=pl.col("previous_pull_at").filter(ended).first(),
        )
    )


def _outcome() -> pl.Expr:
    state, error = pl.col("state"), pl.col("error")
    running = state.is_in([State.Submitted.name, State.Processing.name, State.Queued.name])
    ended = state.is_in([State.Succeeded.name, State.Error.name])
    succeeded = (state == State.Succeeded.name) & (error == JobError.NoError.name)
    return (
        pl.when(running)
        .then(pl.lit(Outcome.running.value))
        .when(succeeded)
        .then(pl.lit(Outcome.succeeded.value))
        .when(ended & (error == JobError.ImportCompleteWithError.name))
        .then(pl.lit(Outcome.partial.value))
        .when(ended & error.is_in([aborting.name for aborting in ABORTING]))
        .then(pl.lit(Outcome.aborted.value))
        .otherwise(pl.lit(Outcome.unknown.value))
    )


def _stuck(as_of: datetime | None) -> pl.Expr:
    """Return whether a job has not ended for too long, or a later run of the same feed has ended."""
    running = pl.col("outcome") == Outcome.running.value
    is_run = pl.col("retry_of").is_null()
    last_ended = pl.when(~running & is_run).then("name_time").max().over("feed")
    overtaken = (last_ended > pl.col("name_time")).fill_null(value=False) & is_run
    waited = pl.lit(as_of, UTC) - pl.col("first_seen") if as_of else pl.lit(None, pl.Duration)
    return running & (overtaken | (waited > STUCK_AFTER).fill_null(value=False))


def _not_updated() -> pl.Expr:
    outcome = pl.col("outcome")
    # A partial import has failures, so a log without entries is incomplete.
    whole = pl.col("log_found") & pl.col("log_whole").fill_null(value=True)
    # If there are as many entries without an ID as records without one, they are about these records.
    explained = (pl.col("unnamed") == pl.col("nameless")) & (pl.col("unnamed") == pl.col("without_id"))
    exact = whole & (pl.col("entries") > 0) & ((pl.col("unnamed") == 0) | explained.fill_null(value=False))
    return (
        pl.when(outcome == Outcome.succeeded.value)
        .then(pl.lit(0))
        .when((outcome == Outcome.partial.value) & exact)
        .then(pl.col("named_users") + pl.col("unnamed"))
        .when(outcome == Outcome.aborted.value)
        .then(pl.col("users"))
        .otherwise(None)
    )
