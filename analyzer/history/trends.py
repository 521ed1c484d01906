"""Gather the trends of feeds: failures by run, time to heal, users who flap, and where codes cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from analyzer.analysis.failure_rate import failure_rates
from analyzer.analysis.streaks import FLAPPING_RUNS, flapping, open_after, streak_counts, time_to_heal
from analyzer.history.clusters import clusters_of
from analyzer.history.store import scanning

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from analyzer.history.clusters import Cluster
    from analyzer.history.load import Tables
    from analyzer.library.mirror import Library


@dataclass(frozen=True, slots=True)
class FeedTrend:
    """The runs of a feed.

    Attributes:
        feed: the feed.
        runs: columns ``failure_rate.RATES`` and ``open`` (``streaks.open_after``), the oldest first; at least one run.
    """

    feed: str
    runs: pl.DataFrame

    @property
    def newest(self) -> Mapping[str, Any] | None:
        """The newest run whose failures are known; None if there is none."""
        counted = self.runs.filter(pl.col("failed").is_not_null())
        return counted.row(-1, named=True) if counted.height else None

    @property
    def last_jump(self) -> Mapping[str, Any] | None:
        """The newest run whose failures jumped; None if there is none."""
        jumps = self.runs.filter("jump")
        return jumps.row(-1, named=True) if jumps.height else None


@dataclass(frozen=True, slots=True)
class TrendDetails:
    """What a feed's failed users tell.

    Attributes:
        jumped: how many of the users who were new in the feed's last jump still fail; None without a jump.
        healing: from ``streaks.time_to_heal``.
        flapping: from ``streaks.flapping``.
        clusters: of the newest run with failures.
    """

    jumped: int | None
    healing: pl.DataFrame
    flapping: pl.DataFrame
    clusters: Sequence[Cluster]


def feed_trends(tables: Tables, jobs: pl.DataFrame, since: datetime | None) -> list[FeedTrend]:
    """Return the runs of feeds, by the feeds' names.

    Args:
        tables: the tables of the library.
        jobs: the jobs of these feeds, a part of ``tables.jobs``.
        since: leave out runs before this time (UTC), which are still part of what is usual.
    """
    new = {job_id: tables.new_of(job_id) for job_id in jobs["job_id"]}
    counts = jobs.select("job_id", named="named_users", new=pl.Series(list(new.values()), dtype=pl.UInt32))
    rates = failure_rates(jobs, counts).join(open_after(jobs), on="job_id", how="left", maintain_order="left")
    if since is not None:
        rates = rates.filter(pl.col("ran") >= since)
    by_feed = rates.partition_by("feed", as_dict=True, maintain_order=True)
    return sorted((FeedTrend(str(feed), runs) for (feed,), runs in by_feed.items()), key=lambda one: one.feed)


def trend_details(library: Library, tables: Tables, trend: FeedTrend) -> TrendDetails:
    """Return what the failed users of a feed tell.

    Raises:
        InputError: a file of the history can't be read.
    """
    with scanning():
        return _details(library, tables, trend)


def _details(library: Library, tables: Tables, trend: FeedTrend) -> TrendDetails:
    counted = trend.runs.filter(pl.col("failed").is_not_null()).select("job_id", "ran")
    counts = streak_counts(tables.only(counted["job_id"]).scan_users())
    jumped, last = None, trend.last_jump
    if last is not None:
        newest = counts.filter(job_id=counted["job_id"][-1], since=last["job_id"])
        jumped = int(newest["users"].sum())
    return TrendDetails(
        jumped=jumped,
        healing=time_to_heal(counted, counts),
        flapping=flapping(tables.only(counted["job_id"].tail(FLAPPING_RUNS)).scan_users()),
        clusters=_clusters(library, tables, trend),
    )


def _clusters(library: Library, tables: Tables, trend: FeedTrend) -> list[Cluster]:
    newest = trend.newest
    if newest is None or not newest["failed"]:
        return []
    job = next((one for one in library.jobs() if one.job_id == newest["job_id"]), None)
    known = job is not None and newest["users"] is not None
    return clusters_of(tables, newest["job_id"], library.source_file(job) if job and known else None)
