"""Compare the users of each run with those of the feed's runs before it: who is new, and since when the others fail.

This is a fold: it needs the users of the previous run with their own streaks, and who failed in the last few runs, so
that its cost doesn't depend on the length of the history.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from analyzer.model.job import Outcome
from analyzer.model.tables import USERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

SEEN_IN = 20
"""The number of comparable runs, the newest included, in which ``seen`` counts a user's failures."""

_OF_JOB = {name: kind for name, kind in USERS.items() if name != "tenant"}


@dataclass(frozen=True, slots=True)
class RunOrder:
    """The place of a comparable run in its feed.

    Attributes:
        previous: the feed's latest earlier run whose log has everyone who failed; None if there is none, or if the
            order is uncertain.
        recent: the feed's comparable runs before it, at most ``SEEN_IN - 1``, the oldest first.
    """

    previous: str | None
    recent: tuple[str, ...]


def run_orders(jobs: pl.DataFrame) -> dict[str, RunOrder]:
    """Return the place of each comparable run by job ID.

    An aborted or unknown run doesn't show who would have failed, and a retry is part of the run that it repairs: they
    aren't compared.

    Args:
        jobs: from ``timeline``.
    """
    comparable = pl.col("outcome").is_in([Outcome.succeeded.value, Outcome.partial.value])
    is_run = pl.col("retry_of").is_null() & pl.col("feed").is_not_null()
    # A run with an incomplete log can't be a previous run: the missing users would count as new.
    runs = jobs.filter(comparable & is_run & pl.col("latest").is_not_null()).select(
        "feed", "job_id", "earliest", "latest", names_all=pl.col("not_updated").is_not_null()
    )
    orders: dict[str, RunOrder] = {}
    for frame in runs.partition_by("feed", include_key=False, maintain_order=True):
        rows = frame.rows()
        job_ids = [row[0] for row in rows]
        for place, (job_id, previous) in enumerate(_runs_before(rows)):
            orders[job_id] = RunOrder(previous, tuple(job_ids[max(0, place - SEEN_IN + 1) : place]))
    return orders


def _runs_before(runs: Sequence[tuple[str, datetime | None, datetime, bool]]) -> Iterator[tuple[str, str | None]]:
    """Yield the ID of each run of a feed and that of its previous run; None if the order is uncertain.

    The order of two runs that the same pull first saw, one of them without a log, is unknown.
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
    before = pl.DataFrame(schema={"key": pl.String, "since": pl.String, "runs": pl.UInt32})
    before = before if previous is None else previous
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
