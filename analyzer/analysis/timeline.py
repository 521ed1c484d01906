"""Order jobs by time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from analyzer.analysis.outcomes import TIMES
from analyzer.model.job import NOT_ENDED
from analyzer.model.language import N_
from analyzer.model.tables import UTC

if TYPE_CHECKING:
    from datetime import datetime

HOW_KNOWN = {
    "log": N_("from the log's name"),
    "seen": N_("a pull saw that it had ended by then"),
    "source": N_("its source file was written then; it ran after that"),
    "name": N_("from the source file's name"),
}
"""The source of the time of a job's run, by the values of ``ran_from``."""

_NEAR = timedelta(days=2)
"""Between the time at which a file was written and the time in its name, often only a day in an unknown zone."""

BOUNDS = ("seen", "source")
"""The values of ``ran_from`` for which ``ran`` is only a bound: the latest time, and the earliest."""


def timeline(jobs: pl.DataFrame) -> pl.DataFrame:
    """Determine when each job ran, and sort the jobs by time, the oldest first.

    The log's name has the service's own time. Without a log, the pull that first saw the job ended is an upper bound,
    if an earlier pull saw that it had not ended; the very first pull finds jobs of any age. A job is sorted by its
    earliest possible time: after the previous pull, and after its source file was written. So a retry file that was
    queued in the morning, and is pulled with the next night's run, comes before that run. Jobs without an earliest time
    come first.

    Args:
        jobs: from ``outcomes.job_table``.

    Returns:
        ``jobs`` without the columns ``outcomes.TIMES``, and with the columns ``ran`` Datetime UTC (null if unknown),
        ``ran_from`` String (a key of ``HOW_KNOWN``), ``ran_is_bound`` Boolean, and ``earliest`` and ``latest`` Datetime
        UTC, between which the job ended (null if unknown). For a job that has not ended, ``ran`` is when it was first
        seen.
    """
    not_before = pl.max_horizontal("previous_pull_at", "source_time", "name_time")
    jobs = jobs.with_columns(not_after=pl.min_horizontal("not_after", _logs_of_later_names(jobs)))
    log, source, name = pl.col("log_time"), pl.col("source_time"), pl.col("name_time")
    by_pull = pl.when(pl.col("finished").is_not_null()).then(pl.min_horizontal("finished", "not_after"))
    # A file that was written long after the time in its name has been modified: the name is more reliable.
    source = pl.when((source - name).abs().fill_null(_NEAR) <= _NEAR).then(source)
    known: dict[str, tuple[pl.Expr, pl.Expr, pl.Expr]] = {
        "log": (log, log, log),
        "seen": (by_pull, pl.min_horizontal(by_pull, pl.coalesce(not_before, by_pull)), by_pull),
        "source": (source, source, source),
        "name": (name, name, name),
    }
    # A job that had ended before the first pull, without other evidence, ended at any time before that.
    by, is_open = pl.min_horizontal("first_seen", "not_after"), pl.col("outcome").is_in(NOT_ENDED)
    first = [pl.when(ran.is_not_null()).then(pl.lit(how)) for how, (ran, _, _) in known.items()]
    ran_from = pl.coalesce(*first, pl.when(by.is_not_null()).then(pl.lit("seen")))
    earliest = [pl.when(ran.is_not_null()).then(early) for ran, early, _ in known.values()]
    latest = [late for *_, late in known.values()]
    return (
        jobs.with_columns(
            ran=pl.coalesce(*(ran for ran, *_ in known.values()), by),
            ran_from=ran_from,
            earliest=pl.coalesce(*earliest, pl.when(is_open).then(by)),
            latest=pl.when(~is_open).then(pl.coalesce(*latest, by)),
        )
        .with_columns(ran_is_bound=pl.col("ran_from").is_in(BOUNDS).fill_null(value=False) & ~is_open)
        .sort("earliest", "ran", "job_id", nulls_last=False)
        .drop(TIMES)
    )


def _logs_of_later_names(jobs: pl.DataFrame) -> pl.Series:
    """Return for each run the earliest log of the feed's runs whose files have a later time in their names.

    A feed that writes the time into its files' names has them imported in that order: an inference.
    """
    columns = ("feed", "retry_of", "name_time", "log_time")
    rows = jobs.select(columns).with_row_index().drop_nulls("name_time").sort("name_time", descending=True)
    earliest_logs: list[datetime | None] = [None] * jobs.height
    feeds: dict[str, list[tuple[datetime, datetime]]] = {}  # by feed: (time in the name, earliest log so far)
    for index, feed, retry_of, name_time, log_time in rows.iter_rows():
        logs = feeds.setdefault(feed or "", [])
        if retry_of is None:
            earliest_logs[index] = next((log for later, log in reversed(logs) if later > name_time), None)
            if log_time is not None:
                logs.append((name_time, min(log_time, logs[-1][1]) if logs else log_time))
    return pl.Series(earliest_logs, dtype=UTC)
