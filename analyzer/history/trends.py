"""Gather the trends of feeds: failures by run, time to heal, users who flap, and where codes cluster."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

import polars as pl

from analyzer.analysis.failure_rate import failure_rates
from analyzer.analysis.failures import ALARM, Traits
from analyzer.analysis.feed_runs import feed_runs
from analyzer.analysis.streaks import FLAPPING_RUNS, flapping, of_runs, open_after, streak_counts, time_to_heal
from analyzer.errors import InputError, UsageError
from analyzer.history.feed_status import new_of_run
from analyzer.history.job_facts import shared_sentence
from analyzer.history.job_sources import JobSources
from analyzer.history.source_findings import MOST_RECORDS, traits_of, traits_of_id
from analyzer.history.store import scanning
from analyzer.model.identity import identity_key
from analyzer.source.id_property import infer_id_property
from analyzer.source.reader.records import read_records

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from analyzer.analysis.failures import SharedTrait
    from analyzer.history.load import Tables
    from analyzer.library.mirror import Library


@dataclass(frozen=True, slots=True)
class FeedTrend:
    """The runs of a feed.

    Attributes:
        feed: the feed.
        runs: columns ``failure_rate.RATES`` and ``open`` (``streaks.open_after``), the oldest first; at least one run.
        members: the jobs of each run that was imported in parts, by the run's job ID.
        notes: what to know of the numbers of runs, by job ID.
    """

    feed: str
    runs: pl.DataFrame
    members: Mapping[str, Sequence[str]] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)

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
    runs = feed_runs(jobs, tables.queued)
    members = runs["members"].to_list()
    new = [tables.new_of(*one) if len(one) == 1 else new_of_run(tables, one) for one in members]
    counts = runs.select("job_id", named="named_users", new=pl.Series(new, dtype=pl.UInt32))
    # Only with those who weren't sent are the users of a run the feed's.
    rates = failure_rates(runs.with_columns(users="whole"), counts)
    rates = rates.join(open_after(runs), on="job_id", how="left", maintain_order="left")
    if since is not None:
        rates = rates.filter(pl.col("ran") >= since)
    by_feed = rates.partition_by("feed", as_dict=True, maintain_order=True)
    in_parts = dict(runs.filter(pl.col("members").list.len() > 1).select("job_id", "members").iter_rows())
    notes = dict(runs.filter(pl.col("note") != "").select("job_id", "note").iter_rows())
    found = (FeedTrend(str(feed), of_feed, in_parts, notes) for (feed,), of_feed in by_feed.items())
    return sorted(found, key=lambda one: one.feed)


def trend_details(library: Library, tables: Tables, trend: FeedTrend) -> TrendDetails:
    """Return what the failed users of a feed tell.

    Raises:
        InputError: a file of the history can't be read.
    """
    with scanning():
        return _details(library, tables, trend)


def _details(library: Library, tables: Tables, trend: FeedTrend) -> TrendDetails:
    counted = trend.runs.filter(pl.col("failed").is_not_null()).select("job_id", "ran")
    run_ids = {job_id: run_id for run_id in counted["job_id"] for job_id in trend.members.get(run_id, (run_id,))}
    counts = of_runs(streak_counts(tables.only(run_ids).scan_users()), run_ids)
    newest_ids = set(counted["job_id"].tail(FLAPPING_RUNS))
    recent = [job_id for job_id, run_id in run_ids.items() if run_id in newest_ids]
    jumped, last = None, trend.last_jump
    if last is not None:
        newest = counts.filter(job_id=counted["job_id"][-1], since=last["job_id"])
        jumped = int(newest["users"].sum())
    return TrendDetails(
        jumped=jumped,
        healing=time_to_heal(counted, counts),
        flapping=flapping(tables.only(recent).scan_users()),
        clusters=_clusters(library, tables, trend),
    )


def _clusters(library: Library, tables: Tables, trend: FeedTrend) -> list[Cluster]:
    newest = trend.newest
    if newest is None or not newest["failed"]:
        return []
    is_known = newest["users"] is not None
    source = JobSources(library, tables).file(newest["job_id"]) if is_known else None
    return clusters_of(tables, newest["job_id"], source)


_FEWEST = 3
"""The number of users of a code from which it is examined."""

_KNOWN_IDS = 1_000
"""Failed users by which the ID property of a source file is recognized."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What more users with a code have in common than chance explains.

    Attributes:
        code: the code.
        shared: the value, and the numbers of users.
        of_failures: whether the users with the code were compared with the run's other failures, because the source
            file isn't known; otherwise with all users of the source file.
    """

    code: str
    shared: SharedTrait
    of_failures: bool

    @property
    def sentence(self) -> str:
        """What they have in common: ``9 of the 12 users with IdentityNotResolvable have the domain …``."""
        among = "users who failed" if self.of_failures else "users"
        return shared_sentence(self.shared, f"users with {self.code}", among)


def clusters_of(tables: Tables, job_id: str, source: Path | None) -> list[Cluster]:
    """Return what the users with each code of a run have in common, the least likely first.

    Of runs with random failures, at most one in a hundred (``ALARM``) has a cluster.

    Args:
        tables: the tables of the library.
        job_id: the run.
        source: the source file that it read; None if the library doesn't have it.
    """
    users = tables.users_of(job_id).select("key", "identity", "codes")
    by_code = {
        str(code): frozenset(keys)
        for code, keys in users.explode("codes").group_by("codes").agg("key").sort("codes").iter_rows()
        if len(keys) >= _FEWEST
    }
    if not by_code:
        return []
    population = _of_source(source, users) if source else None
    of_failures = population is None
    traits, everyone = population or _of_failures(tables, job_id, users)
    found = [
        Cluster(code, shared, of_failures)
        for code, keys in by_code.items()
        for shared in everyone.drawn(traits[key] for key in keys if key in traits).shared(ALARM / len(by_code))
    ]
    return sorted(found, key=lambda one: (one.shared.probability, one.code))


def _of_source(source: Path, users: pl.DataFrame) -> tuple[Mapping[str, Mapping[str, str]], Traits] | None:
    """Return the traits of the failed users by key, and those of all users of the source file; None if unknown."""
    failed, everyone = set(users["key"]), Traits()
    traits: dict[str, Mapping[str, str]] = {}
    try:
        name = infer_id_property(source, set(users["key"].head(_KNOWN_IDS))).name
        for record in islice(read_records(source), MOST_RECORDS) if name else ():
            text = record.text(name) or ""
            if key := identity_key(text):
                of_record = traits_of(record, key, text, name, "")
                everyone.add(of_record, failed=False)
                if key in failed:
                    traits[key] = of_record
    except (InputError, UsageError):
        return None
    return (traits, everyone) if traits else None


def _of_failures(tables: Tables, job_id: str, users: pl.DataFrame) -> tuple[Mapping[str, Mapping[str, str]], Traits]:
    """Return the traits of the failed users by key, and the same users as those to compare with."""
    of_entries = tables.scan_entries_of(job_id).filter("names", pl.col("property").is_not_null())
    properties = dict(of_entries.group_by("key").agg(pl.col("property").min()).collect(engine="streaming").iter_rows())
    everyone = Traits()
    traits: dict[str, Mapping[str, str]] = {}
    for key, identity in users.select("key", "identity").iter_rows():
        traits[key] = {**traits_of_id(key, identity), "property": properties.get(key, "")}
        everyone.add(traits[key], failed=False)
    return traits, everyone
