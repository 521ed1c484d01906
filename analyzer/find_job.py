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
        feed: a part of the feed's name, or a pattern with ``*``; empty for any feed.

    Raises:
        InputError: there is no such feed.
    """
    rows = [row for row in jobs.iter_rows(named=True) if _is_of(row["feed"], feed)]
    if feed and not rows:
        names = sorted({name for name in jobs["feed"] if name})
        raise InputError(f"the library has no feed {feed!r}", f"Its feeds are {', '.join(names)}." if names else "")
    failed = [row["job_id"] for row in rows if row["outcome"] in FAILED and row["retry_of"] is None]
    return failed[-1] if failed else None


def _is_of(name: str | None, wanted: str) -> bool:
    pattern = wanted.casefold() if "*" in wanted else f"*{wanted.casefold()}*"
    return not wanted or fnmatch.fnmatchcase((name or "").casefold(), pattern.replace("[", "[[]"))


def _some(jobs: Sequence[Job]) -> str:
    return ", ".join(job.job_id for job in jobs[:3])
