"""The jobs in the order of time, and what is new from one run of a feed to the next."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from analyzer.analysis.outcomes import TIMES
from analyzer.model.job import NOT_ENDED, Outcome
from analyzer.model.tables import UTC

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

HOW_KNOWN = {
    "log": "from the log's name",
    "seen": "a pull saw that it had ended by then",
    "source": "its source file was written then; it ran after that",
    "name": "from the source file's name",
}
"""How we know when a job ran, by the values of ``ran_from``."""

_NEAR = timedelta(days=2)
"""Between the time in a file's name, of an unknown zone and often a day only, and the time at which it was written."""

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
        tells), ``ran_from`` String (a key of ``HOW_KNOWN``), ``ran_is_bound`` Boolean, and ``earliest`` and ``latest``
        Datetime UTC, between which it ended (null where that is unknown). Of a job that has not ended, ``ran`` is when
        it was first seen.
    """
    not_before = pl.max_horizontal("previous_pull_at", "source_time", "name_time")
    jobs = jobs.with_columns(not_after=pl.min_horizontal("not_after", _logs_of_later_names(jobs)))
    log, source, name = (pl.col(f"{where}_time") for where in ("log", "source", "name"))
    # The first pull of all sees jobs of any age; only a later one bounds the time of their end.
    by_pull = pl.when(pl.col("finished").is_not_null()).then(pl.min_horizontal("finished", "not_after"))
    # A file that was written long after the time in its name was touched since: the name is the better witness.
    source = pl.when((source - name).abs().fill_null(_NEAR) <= _NEAR).then(source)
    known: dict[str, tuple[pl.Expr, pl.Expr, pl.Expr]] = {
        "log": (log, log, log),
        "seen": (by_pull, pl.min_horizontal(by_pull, pl.coalesce(not_before, by_pull)), by_pull),
        "source": (source, source, source),
        "name": (name, name, name),
    }
    # Of a job that the first pull saw ended, nothing else may be known: it ended at any time before that.
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
        .with_columns(ran_is_bound=pl.col("ran_from").is_in(list(BOUND_WORDS)).fill_null(value=False) & ~is_open)
        .sort("earliest", "ran", "job_id", nulls_last=False)
        .drop(TIMES)
    )


def _logs_of_later_names(jobs: pl.DataFrame) -> pl.Series:
    """Return for each run the earliest log of the feed's runs whose files' names carry a later time.

    A feed that writes the time into its files' names has them imported in that order: an inference.
    """
    columns = ("feed", "retry_of", "name_time", "log_time")
    rows = jobs.select(columns).with_row_index().drop_nulls("name_time").sort("name_time", descending=True)
    found: list[datetime | None] = [None] * jobs.height
    logs: dict[str, list[tuple[datetime, datetime]]] = {}  # by feed: (time in the name, earliest log so far)
    for place, feed, retry_of, name_time, log_time in rows.iter_rows():
        of_feed = logs.setdefault(feed or "", [])
        if retry_of is None:
            found[place] = next((log for named, log in reversed(of_feed) if named > name_time), None)
            if log_time is not None:
                of_feed.append((name_time, min(log_time, of_feed[-1][1]) if of_feed else log_time))
    return pl.Series(found, dtype=UTC)


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
    is_run = pl.col("retry_of").is_null() & pl.col("feed").is_not_null()
    # Nor is one whose log does not name everybody: the users it left out would count as new.
    runs = ordered.filter(comparable & is_run & pl.col("latest").is_not_null()).with_columns(
        names_all=pl.col("not_updated").is_not_null()
    )
    earlier = pl.DataFrame(
        [
            (job_id, before)
            for (_,), frame in runs.partition_by("feed", as_dict=True, maintain_order=True).items()
            for job_id, before in _runs_before(frame.select("job_id", "earliest", "latest", "names_all").rows())
        ],
        schema={"job_id": pl.String, "previous": pl.String},
        orient="row",
    )
    known = users.select(pl.col("job_id").alias("previous"), "key", before=pl.lit(value=True))
    return (
        users.join(earlier, on="job_id", how="left", maintain_order="left")
        .join(known, on=["previous", "key"], how="left", maintain_order="left")
        .with_columns(new=pl.when(pl.col("previous").is_not_null()).then(pl.col("before").is_null()))
        .drop("previous", "before")
    )


def _runs_before(runs: Sequence[tuple[str, datetime | None, datetime, bool]]) -> Iterator[tuple[str, str | None]]:
    """Pair each run of a feed with the run to compare it with: the one before it, which has to be certain.

    Two runs that one pull saw, one without a log, can have come in either order.
    """
    before: tuple[str, datetime | None, datetime, bool] | None = None
    latest: datetime | None = None  # of the runs before that one
    for run in runs:
        job_id, earliest, _, names_all = run
        is_certain = before is not None and earliest is not None and before[2] <= earliest
        if is_certain and before is not None and latest is not None and before[1] is not None:
            is_certain = latest <= before[1]
        yield job_id, before[0] if before is not None and is_certain else None
        if names_all:
            if before is not None:
                latest = before[2] if latest is None else max(latest, before[2])
            before = run


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
