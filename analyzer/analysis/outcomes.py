"""Who was updated: the only place that decides it, from a job's record, its entries and its source's counts.

What a job's error means is the vendor's (its enumeration of errors); that users are unknown after an ``InternalError``
is ours, from public threads.
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
"""A job that we have watched for this long without an end is stuck; the service takes hours, not days (seen)."""

_FROM_THE_SERVICE = ("tenant", "job_id", "state", "error", "error_message", "source_uri", "log_folder_uri", "gone")
_COUNTED = ("source_bytes", "users", "property_values", "log_found")
_FEED = ("feed", "retry_of")
LISTED = {column: JOBS[column] for column in (*_FROM_THE_SERVICE, *_COUNTED, *_FEED)} | {
    "log_time": UTC,
    "log_whole": pl.Boolean,
    "name_time": UTC,
    "source_time": UTC,
    "not_after": UTC,
    "without_id": pl.UInt32,
}
"""Columns of ``job_table``'s jobs: the service's record, the source's counts, its feed, the job that it is a retry of,
the newest log file's time (UTC), whether its log files are whole (read to their end, and not cut off), the
time in its source file's name, the time at which that file was written (UTC; null where it is not this job's), a time
by which the job had read its file, as another version took its place then, and the source's records without an ID
(null where that is unknown)."""

_NOT_ABOUT_IDS = [LogCode.DataFileNotJson, LogCode.InvalidProperty]
"""Codes of entries that name no user for another reason than a record without an ID."""

TIMES = ("log_time", "name_time", "source_time", "not_after", "previous_pull_at")
"""The columns from which ``timeline`` finds when a job ran."""

_LATER = ("superseded", "open", "ran", "ran_from", "ran_is_bound")
_AT_FIRST = {name: kind for name, kind in JOBS.items() if name not in _LATER}
"""The columns of the table ``jobs`` that a job's own facts decide; the others depend on other jobs."""


def job_table(
    listed: pl.DataFrame, named: pl.DataFrame, observations: pl.DataFrame, as_of: datetime | None
) -> pl.DataFrame:
    """Return the table ``jobs``.

    Args:
        listed: columns ``LISTED``, a row a job.
        named: the entries of these jobs as ``analysis.naming`` gives them.
        observations: the table ``observations``; may be empty.
        as_of: when the job list was current (UTC); None where unknown.

    Returns:
        The table ``jobs`` without the columns that ``timeline`` and ``open_users`` add, in the order of ``listed``,
        and the columns ``TIMES`` Datetime UTC, where ``previous_pull_at`` is the pull before the one that first saw
        the job ended (null where none did).
    """
    joined = (
        listed.join(_counts(named), on="job_id", how="left", maintain_order="left")
        .join(_times(observations), on="job_id", how="left", maintain_order="left")
        .with_columns(pl.col("entries", "named_users", "unnamed", "nameless").fill_null(0))
    )
    outcomes = joined.with_columns(outcome=_outcome()).with_columns(stuck=_stuck(as_of))
    outcomes = outcomes.with_columns(
        outcome=pl.when(pl.col("stuck")).then(pl.lit(Outcome.stuck.value)).otherwise("outcome")
    )
    still_open = pl.col("outcome").is_in(NOT_ENDED)
    # The log's name is the service's own time; what we observed is only "not later than".
    finished = pl.when(~still_open).then(pl.coalesce("log_time", "ended_seen"))
    return outcomes.with_columns(not_updated=_not_updated(), finished=finished).select(
        *(pl.col(column).cast(kind) for column, kind in _AT_FIRST.items()), *TIMES
    )


def _counts(named: pl.DataFrame) -> pl.DataFrame:
    coded = named.filter(pl.col("code").is_not_null())
    return coded.group_by("job_id").agg(
        entries=pl.len(),
        named_users=pl.col("key").filter("names").n_unique(),
        unnamed=(~pl.col("names")).sum(),
        nameless=(pl.col("key").is_null() & ~pl.col("code").is_in(_NOT_ABOUT_IDS)).sum(),
    )


def _times(observations: pl.DataFrame) -> pl.DataFrame:
    ended = pl.col("state").is_in([State.Succeeded.name, State.Error.name])
    begun = pl.col("state").is_in([State.Processing.name, State.Queued.name])
    # Of a job that had ended before the first pull we only know that it was before.
    watched = pl.col("previous_pull_at").is_not_null()
    return (
        observations.sort("observed_at")
        .group_by("job_id")
        .agg(
            first_seen=pl.col("observed_at").min(),
            last_changed=pl.col("observed_at").max(),
            started=pl.col("observed_at").filter(begun & watched).min(),
            # Only the first sight of the end tells when: that the tenant has forgotten the job is seen later.
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
    """Return whether a job was watched too long without an end, or a later run of the same feed has ended."""
    running = pl.col("outcome") == Outcome.running.value
    is_run = pl.col("retry_of").is_null()
    last_ended = pl.when(~running & is_run).then("name_time").max().over("feed")
    overtaken = (last_ended > pl.col("name_time")).fill_null(value=False) & is_run
    waited = pl.lit(as_of, UTC) - pl.col("first_seen") if as_of else pl.lit(None, pl.Duration)
    return running & (overtaken | (waited > STUCK_AFTER).fill_null(value=False))


def _not_updated() -> pl.Expr:
    outcome = pl.col("outcome")
    # The service reports failures, so a log without entries is incomplete.
    whole = pl.col("log_found") & pl.col("log_whole").fill_null(value=True)
    # As many entries without an ID as records without one are about these records.
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
