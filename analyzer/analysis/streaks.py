"""Compare the users of each run with those of the feed's runs before it, and learn from that how long users fail.

A streak is the runs in a row that failed a user; the table ``users`` has for each run the first run of the user's
streak (``since``). It is a fold: it needs the users of the previous run with their own streaks, and who failed in the
last few runs, so that its cost doesn't depend on the length of the history.

So the numbers of users by streak and code, which are few, show when streaks end, without comparing
the users of two runs. If users of a streak change from one code to another, the end of others is shared among the codes
whose number fell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from analyzer.analysis.feed_runs import members_by_run
from analyzer.model.job import NOT_ENDED, Outcome
from analyzer.model.tables import USERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from analyzer.model.queued_job import QueuedJob

SEEN_IN = 20
"""The number of comparable runs, the newest included, in which ``seen`` counts a user's failures."""

_OF_JOB = tuple(name for name in USERS if name != "tenant")

FLAPPING_RUNS = 20
"""The newest runs in which users who flap are looked for."""

HEALING: dict[str, Any] = {
    "code": pl.String,
    "users": pl.UInt32,
    "healed": pl.UInt32,
    "failing": pl.UInt32,
    "median": pl.Duration("us"),
    "at_least": pl.Duration("us"),
}
"""Columns of ``time_to_heal``."""

FLAPPING: dict[str, Any] = {
    "key": pl.String,
    "identity": pl.String,
    "failed": pl.UInt32,
    "streaks": pl.UInt32,
    "codes": pl.List(pl.String),
}
"""Columns of ``flapping``."""


@dataclass(frozen=True, slots=True)
class RunOrder:
    """The place of a comparable run in its feed.

    Attributes:
        previous: the jobs of the feed's latest earlier run whose logs have everyone who failed: one, unless it was
            imported in parts; empty if there is none, or if the order is uncertain.
        recent: the jobs of the feed's comparable runs before it, at most ``SEEN_IN - 1``, the oldest first.
    """

    previous: tuple[str, ...]
    recent: tuple[tuple[str, ...], ...]


class _Run(NamedTuple):
    """A run of a feed: its jobs, the times between which it ended, and whether their logs have everyone who failed."""

    job_ids: tuple[str, ...]
    earliest: datetime | None
    latest: datetime
    names_all: bool


def run_orders(jobs: pl.DataFrame, queued: Mapping[str, QueuedJob]) -> dict[str, RunOrder]:
    """Return the place of each comparable run by job ID; the parts of an import have the same place.

    An aborted or unknown run doesn't show who would have failed, and a retry is part of the run that it repairs: they
    aren't compared.

    Args:
        jobs: from ``timeline``.
        queued: what is known of jobs that this program queued.
    """
    comparable = pl.col("outcome").is_in([Outcome.succeeded.value, Outcome.partial.value])
    is_run = pl.col("retry_of").is_null() & pl.col("feed").is_not_null()
    # A run with an incomplete log can't be a previous run: the missing users would count as new.
    runs = jobs.filter(comparable & is_run & pl.col("latest").is_not_null()).select(
        "feed", "job_id", "earliest", "latest", names_all=pl.col("not_updated").is_not_null()
    )
    orders: dict[str, RunOrder] = {}
    for frame in runs.partition_by("feed", include_key=False, maintain_order=True):
        rows = {row[0]: row for row in frame.iter_rows()}
        of_feed = [_run([rows[one] for one in members], queued) for members in members_by_run(rows, queued)]
        order = {job_id: at for at, job_id in enumerate(rows)}
        for place, (run, previous) in enumerate(_runs_before(of_feed)):
            # A part may have ended after this run, if another one was queued in between.
            first, recent = order[run.job_ids[0]], of_feed[max(0, place - SEEN_IN + 1) : place]
            before = (tuple(one for one in other.job_ids if order[one] < first) for other in recent)
            orders |= dict.fromkeys(run.job_ids, RunOrder(previous, tuple(before)))
    return orders


def _run(jobs: Sequence[tuple[str, datetime | None, datetime, bool]], queued: Mapping[str, QueuedJob]) -> _Run:
    ids, earliest, latest, names_all = zip(*jobs, strict=True)
    one = queued.get(ids[0])
    is_whole = one is None or one.parts == len(ids)
    begun = None if None in earliest else min(earliest)
    return _Run(ids, begun, max(latest), all(names_all) and is_whole)


def _runs_before(runs: Sequence[_Run]) -> Iterator[tuple[_Run, tuple[str, ...]]]:
    """Yield each run of a feed, and the jobs of its previous run; none if the order is uncertain.

    The order of two runs that the same pull first saw, one of them without a log, is unknown.
    """
    before: _Run | None = None
    latest: datetime | None = None  # of the runs before that one
    for run in runs:
        is_certain = before is not None and run.earliest is not None and before.latest <= run.earliest
        if is_certain and before is not None and latest is not None and before.earliest is not None:
            is_certain = latest <= before.earliest
        yield run, before.job_ids if before is not None and is_certain else ()
        if run.names_all:
            if before is not None:
                latest = before.latest if latest is None else max(latest, before.latest)
            before = run


def fold_users(
    users: pl.DataFrame, order: RunOrder | None, previous: pl.DataFrame | None, recent: pl.DataFrame
) -> pl.DataFrame:
    """Return the users of one job with their streaks.

    Args:
        users: from ``failures.by_user``.
        order: the run's place; None for a job that isn't a comparable run.
        previous: the users of the previous run, columns ``key``, ``since``, ``runs``; None if there is none.
        recent: the users of the recent runs, column ``key``, a row for each user and run.

    Returns:
        The columns of ``USERS`` without ``tenant``. ``new`` is null without a previous run; ``since``, ``runs``, and
        ``seen`` are null for a job that isn't a comparable run.
    """
    if order is None:
        unknown = {name: pl.lit(None, USERS[name]) for name in ("new", "since", "runs", "seen")}
        return users.with_columns(**unknown).select(*_OF_JOB)
    before = previous
    if before is None:
        before = pl.DataFrame(schema={"key": pl.String, "since": pl.String, "runs": pl.UInt32})
    recurs = pl.col("was_runs").is_not_null()
    return (
        users.lazy()  # one query, because single steps of it take longer than their work
        .join(
            before.lazy().rename({"since": "was_since", "runs": "was_runs"}),
            on="key",
            how="left",
            maintain_order="left",
        )
        .join(recent.lazy().group_by("key").agg(times=pl.len()), on="key", how="left", maintain_order="left")
        .with_columns(
            new=~recurs if previous is not None else pl.lit(None, pl.Boolean),
            since=pl.coalesce("was_since", "job_id"),
            runs=pl.col("was_runs").fill_null(0).cast(pl.UInt32) + 1,
            seen=pl.col("times").fill_null(0).cast(pl.UInt32) + 1,
        )
        .select(*_OF_JOB)
        .collect()
    )


def streak_counts(users: pl.LazyFrame) -> pl.DataFrame:
    """Count users by run, streak, and code.

    Args:
        users: columns ``job_id``, ``since``, and ``codes`` of the table ``users``, of some runs.

    Returns:
        Columns ``job_id``, ``since``, ``code`` String (the first of a user's codes), ``users`` UInt32; without
        users whose streak is unknown.
    """
    code = pl.col("codes").list.first().alias("code")
    return (
        users.filter(pl.col("since").is_not_null())
        .group_by("job_id", "since", code)
        .agg(users=pl.len())
        .collect(engine="streaming")
    )


def of_runs(counts: pl.DataFrame, run_ids: Mapping[str, str]) -> pl.DataFrame:
    """Put the counts of jobs together by their runs.

    Args:
        counts: from ``streak_counts``.
        run_ids: the run of each job.
    """
    if all(job_id == run_id for job_id, run_id in run_ids.items()):
        return counts
    return (
        counts.with_columns(pl.col("job_id", "since").replace(run_ids))
        .group_by("job_id", "since", "code")
        .agg(pl.col("users").sum())
    )


def time_to_heal(runs: pl.DataFrame, counts: pl.DataFrame) -> pl.DataFrame:
    """Return by code how long users fail, from the first run of a streak to the first run that updates them.

    The median is Kaplan and Meier's (1958, Journal of the American Statistical Association 53, 457-481), in which users
    who still fail count for as long as they have been failing.

    Args:
        runs: columns ``job_id`` and ``ran`` of the runs of one feed whose logs have all failures, the oldest first.
        counts: from ``streak_counts``, of at least these runs.

    Returns:
        Columns ``HEALING``, most users first: the streaks, how many of them ended and how many have not, their median
        duration, or the duration that it exceeds if too few have ended.
    """
    at = runs.select("job_id", pl.int_range(pl.len()).alias("at"), pl.col("ran"))
    begun = at.select(pl.col("job_id").alias("since"), pl.col("ran").alias("begun"))
    counted = counts.join(at.drop("ran"), on="job_id").join(begun, on="since").drop("job_id")
    ended = _ended(counted).join(at.select(pl.col("at") - 1, "ran"), on="at")
    failing = counted.filter(at=runs.height - 1).select(
        "code", "begun", ran=pl.lit(runs["ran"].last()), ended=pl.lit(0.0), failing=pl.col("users").cast(pl.Float64)
    )
    streaks = pl.concat([ended.select(*failing.columns[:-1], failing=pl.lit(0.0)), failing]).with_columns(
        lasted=pl.col("ran") - pl.col("begun")
    )
    return _medians(streaks)


def _ended(counted: pl.DataFrame) -> pl.DataFrame:
    """Return how many users of each streak and code fail in a run, but not in the next one."""
    streak = ["at", "since", "begun"]
    following = counted.filter(pl.col("at") > 0).with_columns(pl.col("at") - 1)
    both = counted.join(following, on=[*streak, "code"], how="full", coalesce=True, suffix="_after")
    now, after = (pl.col(name).fill_null(0).cast(pl.Float64) for name in ("users", "users_after"))
    less = (now - after).clip(0)
    # Users with another code than before are neither an end nor a begin.
    share = (now - after).sum().clip(0).over(streak) / less.sum().over(streak)
    return both.with_columns(ended=pl.when(less > 0).then(less * share).otherwise(0.0)).filter(pl.col("ended") > 0)


def _medians(streaks: pl.DataFrame) -> pl.DataFrame:
    """Return the table of ``time_to_heal`` from durations with numbers of users."""
    by_duration = streaks.group_by("code", "lasted").agg(pl.col("ended", "failing").sum()).sort("code", "lasted")
    at_risk = (pl.col("ended") + pl.col("failing")).cum_sum(reverse=True)
    survive = pl.when(at_risk > 0).then(1 - pl.col("ended") / at_risk).otherwise(1.0).cum_prod()
    half = pl.col("lasted").filter(pl.col("left") <= 0.5 + 1e-9).min()
    return (
        by_duration.with_columns(left=survive.over("code"))
        .group_by("code")
        .agg(
            users=(pl.col("ended") + pl.col("failing")).sum().round(),
            healed=pl.col("ended").sum().round(),
            failing=pl.col("failing").sum().round(),
            median=half,
            at_least=pl.when(half.is_null()).then(pl.col("lasted").max()),
        )
        .filter(pl.col("users") > 0)
        .sort("users", "code", descending=[True, False])
        .select(pl.col(name).cast(kind) for name, kind in HEALING.items())
    )


def flapping(users: pl.LazyFrame) -> pl.DataFrame:
    """Return the users who failed, succeeded, and failed again within some runs of a feed.

    Args:
        users: the table ``users`` of these runs, usually of the newest ``FLAPPING_RUNS`` whose logs have all failures.

    Returns:
        Columns ``FLAPPING``, most streaks first: ``failed`` is the number of runs that failed the user, ``codes`` has
        the user's first code in each.
    """
    return (
        users.filter(pl.col("since").is_not_null())
        .select("key", "identity", "since", code=pl.col("codes").list.first())
        .group_by("key")
        .agg(
            identity=pl.col("identity").min(),
            failed=pl.len(),
            streaks=pl.col("since").n_unique(),
            codes=pl.col("code").unique(),
        )
        .filter(pl.col("streaks") > 1)
        .with_columns(pl.col("codes").list.sort())
        .sort("streaks", "failed", "key", descending=[True, True, False])
        .select(pl.col(name).cast(kind) for name, kind in FLAPPING.items())
        .collect(engine="streaming")
    )


def open_after(jobs: pl.DataFrame) -> pl.DataFrame:
    """Return how many users of each run were open when the feed's next run came.

    Args:
        jobs: the table ``jobs`` with ``earliest``, the oldest first.

    Returns:
        Columns ``job_id`` String, ``open`` UInt32: users not updated by the run or by its retries until then, and for
        a feed's newest run until now; null if unknown. One row for each run that has ended.
    """
    runs = jobs.filter(pl.col("retry_of").is_null(), ~pl.col("outcome").is_in(NOT_ENDED))
    runs = runs.with_columns(next=pl.col("earliest").shift(-1).over("feed"), index=pl.int_range(pl.len()))
    retries = (
        jobs.filter(pl.col("retry_of").is_not_null())
        .select(pl.col("retry_of").alias("job_id"), "earliest", updated=pl.col("users") - pl.col("not_updated"))
        .join(runs.select("job_id", "next"), on="job_id")
        .filter(pl.col("next").is_null() | (pl.col("earliest") < pl.col("next")))
        .group_by("job_id")
        .agg(pl.col("updated").sum())
    )
    left = (pl.col("not_updated").cast(pl.Int64) - pl.col("updated").fill_null(0).cast(pl.Int64)).clip(0)
    is_newest = pl.col("index") == pl.col("index").max().over("feed")
    return runs.join(retries, on="job_id", how="left", maintain_order="left").select(
        "job_id", open=pl.when(is_newest).then("open").otherwise(left.cast(pl.UInt32))
    )
