"""Where each feed is now: its newest run, what retries made of it, and what is still open. No wording."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from analyzer.history.job_facts import new_in
from analyzer.model.outcome import FAILED, Outcome
from analyzer.model.text import SHORT_ID

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from analyzer.history.load import Tables

_WORST_FIRST = (Outcome.aborted, Outcome.unknown, Outcome.stuck, Outcome.partial)


@dataclass(slots=True)
class FeedStatus:
    """One feed. Jobs are rows of the table ``jobs``.

    Attributes:
        feed: its name; the short ID of a job whose feed is unknown.
        run: the newest run that has ended; None where none has.
        new: how many of the run's failed users are new; None where that is unknown.
        retries: the run's retries that have ended, the oldest first.
        earlier: other jobs of the feed whose own users are open, such as of a feed that sends only changes.
        stuck: jobs that don't end.
        silent: whether the run is acknowledged.
    """

    feed: str
    run: Mapping[str, Any] | None = None
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
    def _badness(self) -> tuple[int, int, str]:
        outcomes = [str(self.run["outcome"])] if self.run is not None and self.has_open_users else []
        outcomes += [Outcome.stuck] if self.stuck else []
        worst = min((_WORST_FIRST.index(Outcome(outcome)) for outcome in outcomes), default=len(_WORST_FIRST))
        return worst, -((self.run or {}).get("open") or 0), self.feed


def feed_statuses(tables: Tables, silent: Container[str] = ()) -> list[FeedStatus]:
    """Say where each feed is, the worst first.

    Args:
        tables: as ``load`` gives them.
        silent: IDs of acknowledged jobs.
    """
    feeds: dict[str, FeedStatus] = {}
    runs: dict[str, Mapping[str, Any]] = {}
    retries: dict[str, list[Mapping[str, Any]]] = {}
    for job in tables.jobs.iter_rows(named=True):
        name = job["feed"] or job["job_id"][:SHORT_ID]
        status = feeds.setdefault(name, FeedStatus(name))
        if not Outcome(job["outcome"]).ended:
            if job["outcome"] == Outcome.stuck and not job["gone"] and job["job_id"] not in silent:
                status.stuck.append(job)
        elif job["retry_of"]:
            retries.setdefault(job["retry_of"], []).append(job)
        else:
            runs[name] = job
        if job["job_id"] not in silent and is_open(job) and _needs_retry(tables, job["job_id"]):
            status.earlier.append(job)
    for name, run in runs.items():
        status = feeds[name]
        status.run, status.silent = run, run["job_id"] in silent
        status.new = new_in(tables.users.filter(pl.col("job_id") == run["job_id"]))
        status.retries = retries.get(run["job_id"], [])
        status.earlier = [job for job in status.earlier if run["job_id"] not in (job["job_id"], job["retry_of"])]
    return sorted(feeds.values(), key=lambda status: status._badness)  # noqa: SLF001 - its own


def is_open(job: Mapping[str, Any]) -> bool:
    """Return whether users of a job that has ended are open, or may be."""
    return job["outcome"] in FAILED and job["open"] != 0


def _needs_retry(tables: Tables, job_id: str) -> bool:
    users = tables.open_users.get(job_id)
    return users is None or users.needs_retry
