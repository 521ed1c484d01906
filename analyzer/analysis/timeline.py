"""The jobs in the order of time, and what is new from one run of a feed to the next."""

from __future__ import annotations

import polars as pl

from analyzer.analysis.outcome import STILL_OPEN, Outcome
from analyzer.analysis.outcomes import TIMES

HOW_KNOWN = {
    "log": "from the log's name",
    "seen": "a pull saw that it had ended by then",
    "source": "its source file was written then; it ran after that",
    "name": "from the source file's name",
}
"""How we know when a job ran, by the values of ``ran_from``."""

BOUND_WORDS = {"seen": "by ", "source": "after "}
"""By the values of ``ran_from`` with which ``ran`` is a bound, the word before it."""


def timeline(jobs: pl.DataFrame) -> pl.DataFrame:
    """Say when each job ran, and put the jobs in the order of time, the oldest first.

    The log's name holds the service's own time. Without a log, the pull that first saw the job ended is a bound, but
    only where a pull before it had seen it not ended: the first pull of all finds jobs of any age. In the order, a job
    takes the earliest place that it can have: after the pull before, and after its source file was written. So a retry
    file that was queued in the morning, and is pulled with the next night's run, comes before that run. A job of
    which nothing tells the earliest time comes first.

    Args:
        jobs: as ``outcomes.job_table`` gives them.

    Returns:
        ``jobs`` without the columns ``outcomes.TIMES``, and the columns ``ran`` Datetime UTC (null where nothing
        tells), ``ran_from`` String (a key of ``HOW_KNOWN``), ``ran_is_bound`` Boolean, and ``earliest`` Datetime UTC
        (the earliest time at which it can have ended; null where that is unknown). Of a job that has not ended, ``ran``
        is when it was first seen.
    """
    not_before = pl.max_horizontal("previous_pull_at", "source_time", "name_time")
    known: dict[str, tuple[pl.Expr, pl.Expr]] = {
        "log": (pl.col("log_time"), pl.col("log_time")),
        "seen": (pl.col("finished"), pl.min_horizontal("finished", pl.coalesce(not_before, "finished"))),
        "source": (pl.col("source_time"), pl.col("source_time")),
        "name": (pl.col("name_time"), pl.col("name_time")),
    }
    # Of a job that the first pull saw ended, nothing else may be known: it ended at any time before that.
    by, is_open = pl.col("first_seen"), pl.col("outcome").is_in(STILL_OPEN)
    first = [pl.when(ran.is_not_null()).then(pl.lit(how)) for how, (ran, _) in known.items()]
    ran_from = pl.coalesce(*first, pl.when(by.is_not_null()).then(pl.lit("seen")))
    earliest = [pl.when(ran.is_not_null()).then(early) for ran, early in known.values()]
    return (
        jobs.with_columns(
            ran=pl.coalesce(*(ran for ran, _ in known.values()), by),
            ran_from=ran_from,
            earliest=pl.coalesce(*earliest, pl.when(is_open).then(by)),
        )
        .with_columns(ran_is_bound=pl.col("ran_from").is_in(list(BOUND_WORDS)).fill_null(value=False) & ~is_open)
        .sort("earliest", "ran", "job_id", nulls_last=False)
        .drop(TIMES)
    )


def new_failures(ordered: pl.DataFrame, users: pl.DataFrame) -> pl.DataFrame:
    """Tell which users of a run the feed's run before it did not name.

    Args:
        ordered: as ``timeline`` gives it.
        users: as ``failures.by_user`` gives it.

    Returns:
        ``users`` and the column ``new`` Boolean, against the feed's latest earlier run that names everybody who failed;
        null where there is none, where the run itself has no verdict on each user, and for a retry, which is no run of
        the feed.
    """
    # An aborted or unknown run says nothing of who would have failed, so it is no run to compare with.
    comparable = pl.col("outcome").is_in([Outcome.succeeded.value, Outcome.partial.value])
    is_run = pl.col("retry_of").is_null() & pl.col("source_uri").is_not_null()
    runs = ordered.filter(comparable & is_run & pl.col("earliest").is_not_null())
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
    """Count entries by week and code.

    Returns:
        Columns ``week`` Date (its Monday, UTC), ``code`` String, ``entries`` UInt32. Retries, and jobs of an unknown
        time, do not count.
    """
    return (
        named.filter(pl.col("code").is_not_null())
        .join(ordered.filter(pl.col("earliest").is_not_null() & pl.col("retry_of").is_null()), on="job_id")
        .group_by(pl.col("ran").dt.truncate("1w").dt.date().alias("week"), "code")
        .agg(entries=pl.len())
        .sort("week", "code")
    )
