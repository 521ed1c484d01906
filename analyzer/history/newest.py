"""Which jobs belong to a feed, and which of them is the newest that failed or needs a retry."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

from analyzer.errors import InputError
from analyzer.model.outcome import FAILED

if TYPE_CHECKING:
    import polars as pl

    from analyzer.history.load import Tables


def newest_failed(jobs: pl.DataFrame, feed: str = "") -> str | None:
    """The ID of the newest run that failed; a retry of another job is no run. None where none failed.

    Args:
        jobs: as ``load`` gives them, the oldest first.
        feed: as for ``of_feed``.

    Raises:
        InputError: there is no such feed.
    """
    rows = of_feed(jobs, feed).iter_rows(named=True)
    failed = [row["job_id"] for row in rows if row["outcome"] in FAILED and row["retry_of"] is None]
    return failed[-1] if failed else None


def newest_to_retry(tables: Tables, feed: str = "") -> str | None:
    """The ID of the newest job whose own retry file is the one to import now. None where no job needs one.

    That may be a retry in which users failed again.

    Raises:
        InputError: there is no such feed.
    """
    rows = of_feed(tables.jobs, feed).iter_rows(named=True)
    found = [row["job_id"] for row in rows if row["outcome"] in FAILED and tables.open_users[row["job_id"]].needs_retry]
    return found[-1] if found else None


def of_feed(jobs: pl.DataFrame, feed: str) -> pl.DataFrame:
    """Only the jobs of a feed.

    Args:
        jobs: the table ``jobs``.
        feed: the feed's name, else a part of it or a pattern with ``*``; empty for any feed.

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
