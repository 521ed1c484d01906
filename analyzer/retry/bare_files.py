"""A retry from a source file and logs that lie somewhere, outside of a library."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from analyzer.analysis.naming import NAMED, SOURCE_IDS, NamedUsers, naming
from analyzer.errors import InputError, UsageError
from analyzer.history.find_logs import find_logs
from analyzer.logs.read import Reading, job_id_in
from analyzer.retry.make import RetryInputs
from analyzer.retry.selection.select import outcome_suggested_by
from analyzer.source.measure import has_guid_ids

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from analyzer.logs.model import LogRead


def inputs_of_files(source: Path, logs: Sequence[Path]) -> RetryInputs:
    """What a retry is made from, its outcome as the logs suggest it.

    Args:
        source: the source file of a job.
        logs: its log files, or folders or archives with them; ``-`` is standard input.

    Raises:
        InputError: a file is missing or cannot be read, or a log has no entry.
        UsageError: the logs are of several jobs.
    """
    if not source.is_file():
        raise InputError(f"{source} is no file", "Name the source file of the job.")
    files, problems = find_logs(logs)
    if problems:
        raise problems[0]
    guid_ids = has_guid_ids(source)
    reading = Reading(files)
    # What names no user is not kept: of a large log it is most of the memory.
    entries = pl.concat([pl.DataFrame(schema=NAMED), *(frame.select(*NAMED) for frame in reading.frames())])
    _check(reading.logs)
    # They are of one job, whether their names tell it or not.
    source_ids = pl.DataFrame({"job_id": [None], "guid_ids": [guid_ids]}, SOURCE_IDS)
    named_users = NamedUsers(naming(entries.with_columns(job_id=pl.lit(None, pl.String)), source_ids))
    return RetryInputs(
        source=source,
        source_missing="",
        logs=list(dict.fromkeys(file.path for file in files if file.path and file.path.is_file())),
        job_id=None,
        named_users=named_users,
        outcome=outcome_suggested_by(named_users),
        unfinished_logs=sum(log.unfinished for log in reading.logs),
    )


def _check(logs: Sequence[LogRead]) -> None:
    problem = next((log.problem for log in logs if log.problem), None)
    if problem:
        raise problem
    for log in logs:
        if log.texts and not log.entries:
            raise InputError(f"{log.name} has no entry of a known shape", "Is it the log of an import job?")
    jobs = sorted({job_id for log in logs if log.entries and (job_id := job_id_in(log.name))})
    if len(jobs) > 1:
        raise UsageError(
            f"the logs are of {len(jobs)} jobs: {', '.join(jobs[:3])}",
            "Name the log file or the folder of one with --log.",
        )
