"""The retry files of a library's jobs: which need one, where it lies, what it holds."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from analyzer.analysis.outcome import FAILED, Outcome
from analyzer.errors import InputError, UsageError
from analyzer.files import sha256_of
from analyzer.job import name_in_files
from analyzer.retry.companions import described_choices
from analyzer.retry.make import Ingredients, file_name, make_retry
from analyzer.retry.told import Told
from analyzer.retry.words import lying_there

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.job import Job
    from analyzer.library.mirror import Library
    from analyzer.load import Tables

_IN_NO_NAME = frozenset('\\/:*?"<>|')
_NOT_SEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""What Unicode calls characters that are not seen but steer, and halves of some."""

_LONGEST_SOURCE_NAME = 150
"""Bytes; with the job's id and the companions' endings a name stays within the 255 that file systems allow."""


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
    source = library.source_state(job)
    row = tables.jobs.row(by_predicate=pl.col("job_id") == job.job_id, named=True)
    return Ingredients(
        source=library.source_file(job),
        source_missing=tables.source_problems.get(job.job_id, ""),
        logs=library.log_files(job),
        job_id=job.job_id,
        told=Told.by_table(tables.entries.filter(pl.col("job_id") == job.job_id)),
        outcome=Outcome(row["outcome"]),
        error=row["error"],
        id_property=id_property,
        source_sha256=source.sha256,
        source_changed=source.changed,
        unfinished_logs=sum(log.unfinished for log in tables.logs_of(job.job_id)),
        source_later=tables.source_later.get(job.job_id, ""),
    )


def retry_target(library: Library, job: Job, folder: Path) -> Path:
    """Where a job's retry file lies in a folder."""
    source = library.source_file(job)
    # A job list that somebody sent can hold anything: a name must not become a path, nor turn a printed line round.
    name = "".join(map(_in_name, source.name if source else job.source_name or "source"))
    while len(name.encode()) > _LONGEST_SOURCE_NAME:
        name = name[:-1]
    return folder / file_name(name, name_in_files(job.job_id))


def _in_name(character: str) -> str:
    return "-" if character in _IN_NO_NAME or unicodedata.category(character) in _NOT_SEEN else character


def make_retries(library: Library, tables: Tables, folder: Path) -> dict[str, JobRetry]:
    """Makes the retry file of each job that failed, unless there is one made from the same outcome and files.

    A file that cannot be made is a sentence in the result and no error: the other jobs still get theirs.

    Raises:
        OutputError: the folder cannot be written.
    """
    outcomes = dict(tables.jobs.select("job_id", "outcome").iter_rows())
    retries: dict[str, JobRetry] = {}
    for job in library.jobs():
        if outcomes.get(job.job_id) in FAILED:
            target = retry_target(library, job, folder)
            ingredients = ingredients_of(library, tables, job)
            retries[job.job_id] = _existing(target, ingredients, job) or _make(ingredients, target, job, library)
    return retries


def _existing(target: Path, ingredients: Ingredients, job: Job) -> JobRetry | None:
    """The retry file that lies there, where its manifest says that it was made from what we have now."""
    try:
        manifest = json.loads(target.with_name(f"{target.stem}.manifest.json").read_bytes())
        logs = [(log["name"], log["sha256"]) for log in manifest["logs"]]
        same = (
            manifest["outcome"] == ingredients.outcome.value
            # One that somebody made of some users only lies in the same place.
            and manifest["choices"] == described_choices((), ingredients.manner)
            and manifest.get("source_later", "") == ingredients.source_later
            and logs == [(log.name, sha256_of(log)) for log in ingredients.logs]
        )
        first = target.parent / manifest["files"][0]["name"]
        if not same or not _is_source(manifest["source"], ingredients.source, first):
            return None
        if any((target.parent / file["name"]).stat().st_size != file["bytes"] for file in manifest["files"]):
            return None
        return JobRetry(job.job_id, first, str(manifest["sentence"]), manifest["complete"] is True)
    except (OSError, InputError, LookupError, TypeError, ValueError):
        return None  # made anew, manifest and all


def _is_source(described: dict[str, object], source: Path | None, retry: Path) -> bool:
    """Whether a retry file was made from this source file; one that is older than the retry file is not read again."""
    if source is None or described["bytes"] != source.stat().st_size:
        return False
    if source.stat().st_mtime_ns < retry.stat().st_mtime_ns:
        return True
    return described["sha256"] == sha256_of(source)


def _make(ingredients: Ingredients, target: Path, job: Job, library: Library) -> JobRetry:
    try:
        made = make_retry(ingredients, target)
    except (InputError, UsageError) as error:
        source = ingredients.source
        # By its name in the library, which somebody may move or send.
        what = error.what.replace(str(source), library.name_of(source)) if source else error.what
        return JobRetry(job.job_id, None, what, complete=False)
    told = " ".join([made.sentence, *lying_there(made.earlier)])
    if made.retry is None:
        return JobRetry(job.job_id, None, told, complete=made.complete)
    return JobRetry(job.job_id, made.retry.path if made.retry.paths else None, told, complete=made.complete)
