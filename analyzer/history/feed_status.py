"""Select the jobs of a feed, and summarize each feed: its newest run, its retries, and its open users.

Polars isn't imported here, because ``retry`` without a library doesn't need it.
"""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from analyzer.errors import InputError
from analyzer.model.job import FAILED, WORST_FIRST, Outcome
from analyzer.model.language import ngettext
from analyzer.model.text import SHORT_ID, grouped

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    import polars as pl

    from analyzer.history.load import Tables


@dataclass(slots=True)
class FeedStatus:
    """The status of one feed. Jobs are rows of the table ``jobs``, runs those of ``analysis.feed_runs``.

    Attributes:
        feed: its name; the short ID of a job whose feed is unknown.
        run: the newest run that has ended; None if none has.
        runs: all runs, the oldest first, including those that have not ended.
        new: how many of the run's failed users are new; None if unknown.
        retries: the run's retries that have ended, the oldest first.
        earlier: other jobs of the feed with open users of their own, such as of a feed that sends only changes.
        stuck: jobs that don't end.
        silent: whether the run is acknowledged.
    """

    feed: str
    run: Mapping[str, Any] | None = None
    runs: list[Mapping[str, Any]] = field(default_factory=list)
    new: int | None = None
    retries: list[Mapping[str, Any]] = field(default_factory=list)
    earlier: list[Mapping[str, Any]] = field(default_factory=list)
    stuck: list[Mapping[str, Any]] = field(default_factory=list)
    silent: bool = False

    @property
    def has_open_users(self) -> bool:
        """Whether users of the newest run are open, or may be."""
        return self.run is not None and not self.silent and is_open(self.run)

    @property
    def is_well(self) -> bool:
        """Whether nothing is left to do."""
        return not (self.has_open_users or self.earlier or self.stuck)

    @property
    def earlier_clause(self) -> str:
        """How many earlier jobs have open users: ``2 earlier jobs have open users``."""
        text = ngettext(
            "{number} earlier job has open users", "{number} earlier jobs have open users", len(self.earlier)
        )
        return text.format(number=grouped(len(self.earlier)))

    @property
    def _badness(self) -> tuple[int, int, str]:
        outcomes = [str(self.run["outcome"])] if self.run is not None and self.has_open_users else []
        outcomes += [Outcome.stuck] if self.stuck else []
        worst = min((WORST_FIRST.index(Outcome(outcome)) for outcome in outcomes), default=len(WORST_FIRST))
        return worst, -((self.run or {}).get("open") or 0), self.feed


def feed_statuses(tables: Tables, silent: Container[str] = ()) -> list[FeedStatus]:
    """Return the status of each feed, the worst first.

    Args:
        tables: the tables of the library.
        silent: IDs of acknowledged jobs.
    """
    from analyzer.analysis.feed_runs import feed_runs

    feeds: dict[str, FeedStatus] = {}
    runs: dict[str, Mapping[str, Any]] = {}
    retries: dict[str, list[Mapping[str, Any]]] = {}
    for job in feed_runs(tables.jobs, tables.queued).iter_rows(named=True):
        name = feed_name(job)
        status = feeds.setdefault(name, FeedStatus(name))
        if not job["retry_of"]:
            status.runs.append(job)
        if not Outcome(job["outcome"]).ended:
            if job["outcome"] == Outcome.stuck and not job["gone"] and job["job_id"] not in silent:
                status.stuck.append(job)
        elif job["retry_of"]:
            retries.setdefault(job["retry_of"], []).append(job)
        else:
            runs[name] = job
    for job in tables.jobs.iter_rows(named=True):
        if job["job_id"] not in silent and is_open(job) and _needs_retry(tables, job["job_id"]):
            feeds[feed_name(job)].earlier.append(job)
    for name, run in runs.items():
        status, members = feeds[name], set(run["members"])
        status.run, status.new = run, new_of_run(tables, run["members"])
        to_see = [job_id for job_id in run["members"] if is_open(tables.job(job_id))] or [run["job_id"]]
        status.silent = all(job_id in silent for job_id in to_see)
        status.retries = retries.get(run["job_id"], [])
        status.earlier = [job for job in status.earlier if members.isdisjoint((job["job_id"], job["retry_of"]))]
    return sorted(feeds.values(), key=lambda status: status._badness)  # noqa: SLF001 - its own


def new_of_run(tables: Tables, members: Iterable[str]) -> int | None:
    """Return how many failed users of a run's jobs are new; None if unknown."""
    numbers = [tables.new_of(job_id) for job_id in members if tables.job(job_id)["named_users"]]
    return sum(filter(None, numbers)) if numbers and None not in numbers else None


def feed_name(job: Mapping[str, Any]) -> str:
    """Return the name of a job's feed; the short ID of a job whose feed is unknown."""
    return str(job["feed"] or job["job_id"][:SHORT_ID])


def is_open(job: Mapping[str, Any]) -> bool:
    """Return whether users of a job that has ended are open, or may be."""
    return job["outcome"] in FAILED and job["open"] != 0


def _needs_retry(tables: Tables, job_id: str) -> bool:
    users = tables.open_users.get(job_id)
    return users is None or users.needs_retry


def newest_failed(jobs: pl.DataFrame, feed: str = "") -> str | None:
    """Return the ID of the newest run that failed, without retries; None if none failed.

    Args:
        jobs: the table ``jobs``, the oldest first.
        feed: as for ``of_feed``.

    Raises:
        InputError: there is no such feed.
    """
    rows = of_feed(jobs, feed).iter_rows(named=True)
    failed = [row["job_id"] for row in rows if row["outcome"] in FAILED and row["retry_of"] is None]
    return failed[-1] if failed else None


def newest_to_retry(tables: Tables, feed: str = "") -> str | None:
    """Return the ID of the newest job, possibly a retry, whose retry file is to be imported now; None if none is.

    Raises:
        InputError: there is no such feed.
    """
    rows = of_feed(tables.jobs, feed).iter_rows(named=True)
    found = [row["job_id"] for row in rows if row["outcome"] in FAILED and tables.open_users[row["job_id"]].needs_retry]
    return found[-1] if found else None


def of_feed(jobs: pl.DataFrame, feed: str) -> pl.DataFrame:
    """Return only the jobs of a feed.

    Args:
        jobs: the table ``jobs``.
        feed: the feed's name, a part of it, or a pattern with ``*``; empty for any feed.

    Raises:
        InputError: there is no such feed.
    """
    if not feed:
        return jobs
    names = [(name or "").casefold() for name in jobs["feed"]]
    wanted = feed.casefold()
    pattern = (wanted if "*" in wanted or wanted in names else f"*{wanted}*").replace("[", "[[]")
    found = jobs.filter([fnmatch.fnmatchcase(name, pattern) for name in names])
    if found.is_empty():
        known = sorted({name for name in jobs["feed"] if name})
        raise InputError(f"the library has no feed {feed!r}", f"Its feeds are {', '.join(known)}." if known else "")
    return found
