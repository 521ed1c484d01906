"""The jobs in the order of time, and what is new from one run of a feed to the next."""

from __future__ import annotations

import polars as pl

from analyzer.analysis.feeds import day_in_name, feed_of
from analyzer.analysis.outcome import Outcome
from analyzer.tables import UTC

HOW_KNOWN = {
    "log": "from the log's name",
    "seen": "seen by a pull, so not later than",
    "name": "from the source file's name",
}
"""How we know when a job ran, by the values of ``when_from``."""

NO_BOUNDS = pl.DataFrame(schema={"job_id": pl.String, "not_before": UTC})
"""Of no job."""


def timeline(jobs: pl.DataFrame, log_times: pl.DataFrame, not_before: pl.DataFrame = NO_BOUNDS) -> pl.DataFrame:
    """The table ``jobs`` with when each ran and which feed it belongs to, the oldest first.

    A job without a log is known to have ended by the pull that saw it. In the order it stands where it may first have
    run: a retry file that was queued in the morning is pulled with the next night's job, and ran before that.

    Args:
        jobs: the table ``jobs``.
        log_times: columns ``job_id`` String and ``log_time`` Datetime UTC, of the jobs that have a log.
        not_before: columns of ``NO_BOUNDS``: times before which a job did not end, of which the last counts.

    Returns:
        ``jobs`` and the columns ``feed`` String (inferred from the source file's name), ``when`` Datetime UTC (null
        where nothing tells) and ``when_from`` String (a key of ``HOW_KNOWN``).
    """
    day = pl.col("source_uri").map_elements(day_in_name, return_dtype=UTC)
    bounds = not_before.group_by("job_id").agg(pl.col("not_before").max())
    seen = pl.min_horizontal("when", pl.coalesce("not_before", "when"))
    return (
        jobs.join(log_times.select("job_id", "log_time"), on="job_id", how="left", maintain_order="left")
        .join(bounds, on="job_id", how="left", maintain_order="left")
        .with_columns(
            feed=pl.col("source_uri").map_elements(feed_of, return_dtype=pl.String),
            day=day,
        )
        .with_columns(
            when=pl.coalesce("log_time", "finished", "day", "first_seen"),
            when_from=pl.when(pl.col("log_time").is_not_null())
            .then(pl.lit("log"))
            .when(pl.col("finished").is_not_null())
            .then(pl.lit("seen"))
            .when(pl.col("day").is_not_null())
            .then(pl.lit("name"))
            .when(pl.col("first_seen").is_not_null())
            .then(pl.lit("seen")),
        )
        .with_columns(order=pl.when(pl.col("when_from") == "seen").then(seen).otherwise("when"))
        .sort("order", "when", "job_id", nulls_last=True)
        .drop("log_time", "day", "not_before", "order")
    )


def new_failures(ordered: pl.DataFrame, users: pl.DataFrame) -> pl.DataFrame:
    """Which users of a run the feed's run before it did not name.

    Args:
        ordered: as ``timeline`` gives it.
        users: as ``failures.by_user`` gives it.

    Returns:
        ``users`` and the column ``new`` Boolean, against the feed's latest earlier run that names everybody who failed;
        null where there is none, or where the run itself has no verdict on each user.
    """
    # An aborted or unknown run says nothing of who would have failed, so it is no run to compare with.
    comparable = pl.col("outcome").is_in([Outcome.succeeded.value, Outcome.partial.value])
    runs = ordered.filter(comparable & pl.col("when").is_not_null() & pl.col("feed").is_not_null())
    # Nor is one whose log does not name everybody: whoever it left out would count as new.
    whole = pl.when(pl.col("not_updated").is_not_null()).then(pl.col("job_id"))
    earlier = runs.select("job_id", previous=whole.shift(1).forward_fill().over("feed"))
    known = users.select(pl.col("job_id").alias("previous"), "key", before=pl.lit(value=True))
    return (
        users.join(earlier, on="job_id", how="left", maintain_order="left")
        .join(known, on=["previous", "key"], how="left", maintain_order="left")
        .with_columns(
            new=pl.when(pl.col("previous").is_not_null()).then(pl.col("before").is_null()),
        )
        .drop("previous", "before")
    )


def weekly_codes(ordered: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
    """Entries by week and code: columns ``week`` Date (its Monday, UTC), ``code`` String, ``entries`` UInt32."""
    return (
        named.filter(pl.col("code").is_not_null())
        .join(ordered.select("job_id", "when"), on="job_id")
        .filter(pl.col("when").is_not_null())
        .group_by(pl.col("when").dt.truncate("1w").dt.date().alias("week"), "code")
        .agg(entries=pl.len())
        .sort("week", "code")
    )
