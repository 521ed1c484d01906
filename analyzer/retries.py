"""The retry files of a library's jobs: which need one, where it lies, what it holds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from analyzer.analysis.outcomes import Outcome
from analyzer.errors import InputError, UsageError
from analyzer.retry.make import Ingredients, file_name, make_retry

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

    from analyzer.job import Job
    from analyzer.library.mirror import Library
    from analyzer.load import Tables

FAILED = (Outcome.partial, Outcome.aborted, Outcome.unknown)
"""The outcomes after which there is somebody to retry."""


@dataclass(frozen=True, slots=True)
class JobRetry:
    """What there is to retry of one job.

    Attributes:
        job_id: of the job.
        path: the retry file; None where there is none.
        sentence: what it holds, or why there is none.
        complete: whether it is the whole truth.
    """

    job_id: str
    path: Path | None
    sentence: str
    complete: bool


def ingredients_of(library: Library, tables: Tables, job: Job, id_property: str | None = None) -> Ingredients:
    """What a job's retry is made from."""
    row = tables.jobs.row(by_predicate=pl.col("job_id") == job.job_id, named=True)
    return Ingredients(
        source=library.source_file(job),
        source_missing=tables.source_problems.get(job.job_id, ""),
        logs=library.log_files(job),
        job_id=job.job_id,
        named=tables.entries.filter(pl.col("job_id") == job.job_id),
        outcome=Outcome(row["outcome"]),
        id_property=id_property,
    )


def retry_target(library: Library, job: Job, folder: Path) -> Path:
    """Where a job's retry file lies in a folder."""
    source = library.source_file(job)
    return folder / file_name(source.name if source else job.source_name or "source", job.job_id)


def make_retries(library: Library, tables: Tables, folder: Path, changed: Container[str]) -> dict[str, JobRetry]:
    """Makes the retry file of each job that failed, where there is none yet or the job has changed.

    A file that cannot be made is a sentence in the result and no error: the other jobs still get theirs.

    Raises:
        OutputError: the folder cannot be written.
    """
    outcomes = dict(tables.jobs.select("job_id", "outcome").iter_rows())
    return {
        job.job_id: _existing(retry_target(library, job, folder), job, changed)
        or _make(library, tables, job, retry_target(library, job, folder))
        for job in library.jobs()
        if outcomes.get(job.job_id) in FAILED
    }


def _existing(target: Path, job: Job, changed: Container[str]) -> JobRetry | None:
    manifest = target.with_name(f"{target.stem}.manifest.json")
    if job.job_id in changed or not target.is_file():
        return None
    try:
        content = json.loads(manifest.read_bytes())
        return JobRetry(job.job_id, target, str(content["sentence"]), content["complete"] is True)
    except (OSError, ValueError, KeyError, TypeError):
        return None  # made anew, manifest and all


def _make(library: Library, tables: Tables, job: Job, target: Path) -> JobRetry:
    try:
        made = make_retry(ingredients_of(library, tables, job), target)
    except (InputError, UsageError) as error:
        return JobRetry(job.job_id, None, error.what, complete=False)
    if made.retry is None:
        return JobRetry(job.job_id, None, made.sentence, complete=True)
    return JobRetry(job.job_id, made.retry.path, made.sentence, made.retry.complete)
