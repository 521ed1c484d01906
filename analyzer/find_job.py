"""Which job a person means: by its id, or by as much of it as is its alone."""

from __future__ import annotations

import difflib
import fnmatch
from typing import TYPE_CHECKING

from analyzer.analysis.outcome import FAILED
from analyzer.errors import InputError
from analyzer.words import SHORT_ID

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from analyzer.job import Job
    from analyzer.load import Tables

_NEAR = 0.7
"""How alike an id has to be to one that was mistyped; less is chance, as ids are random."""


def find_job(jobs: Sequence[Job], wanted: str, *, holder: str = "the library") -> Job:
    """The job with this id; its first eight characters do where they are its alone.

    Args:
        jobs: among which to look.
        wanted: as the user wrote it.
        holder: whose jobs they are, for the error.

    Raises:
        InputError: there is none, or more than one.
    """
    key = wanted.strip("{} ").lower()
    found = [job for job in jobs if job.job_id == key] or [job for job in jobs if key and job.job_id.startswith(key)]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(f"the job id {wanted!r} is short for {len(found)} jobs", f"Give more of it: {_some(found)}.")
    nearest = difflib.get_close_matches(key, [job.job_id[: max(len(key), SHORT_ID)] for job in jobs], n=1, cutoff=_NEAR)
    near = [job for job in jobs if nearest and job.job_id.startswith(nearest[0])]
    advice = f"Did you mean {near[0].job_id}?" if near else "upa-analyzer jobs lists those there are."
    raise InputError(f"{holder} has no job {wanted!r}", advice)


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


def _some(jobs: Sequence[Job]) -> str:
    return ", ".join(job.job_id for job in jobs[:3])
