"""The retry files of a library's jobs: which jobs need one, where it is, and what it contains."""

from __future__ import annotations

import dataclasses
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from analyzer.errors import AnalyzerError, InputError, UsageError
from analyzer.model.job import FAILED, Outcome, name_in_files
from analyzer.model.text import SHORT_ID, short_ids
from analyzer.retry.inputs import RetryInputs, inputs_of_job
from analyzer.retry.make import file_name, make_retry
from analyzer.retry.manifest import described_choices
from analyzer.retry.model import NO_EARLIER_FILES, EarlierFiles
from analyzer.retry.writing.write import clear, is_unaltered, remove_leftovers, unrelated_files
from analyzer.source.model import mark_of
from analyzer.storage.files import is_part, sha256_of
from analyzer.storage.manifest_file import manifest_path, program, read_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from analyzer.analysis.open_and_superseded import OpenUsers
    from analyzer.history.load import Tables
    from analyzer.library.mirror import Library
    from analyzer.model.job import Job
    from analyzer.storage.manifest_file import Manifest

_FORBIDDEN = frozenset('\\/:*?"<>|')
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of invisible characters."""
_LONGEST_SOURCE_NAME = 140
"""Bytes; with the job's ID, a variant, and all suffixes, a name stays within the 255 that file systems allow."""


@dataclass(frozen=True, slots=True)
class JobRetry:
    """The retry of one job.

    Attributes:
        job_id: of the job.
        path: the retry file; None if there is none.
        sentence: what it contains, or why there is none.
        complete: whether it contains every user who was not updated.
        advice: what to do if it can't be made; may be empty.
        left: if there is none, files under its names that must not be queued, a sentence each; also in ``sentence``.
        manifest: of the file; None if there is none.
    """

    job_id: str
    path: Path | None
    sentence: str
    complete: bool
    advice: str = ""
    left: tuple[str, ...] = ()
    manifest: Manifest | None = None


def retry_target(library: Library, job: Job, folder: Path) -> Path:
    """Return the path of a job's retry file in a folder."""
    source = library.source_file(job)
    # A job list is untrusted: a name must not become a path, nor reverse a printed line.
    name = "".join(map(_safe_character, source.name if source else job.source_name or "source"))
    while len(name.encode()) > _LONGEST_SOURCE_NAME:
        name = name[:-1]
    return folder / file_name(name, name_in_files(job.job_id))


def _safe_character(character: str) -> str:
    return "-" if character in _FORBIDDEN or unicodedata.category(character) in _INVISIBLE else character


def make_retries(library: Library, tables: Tables, folder: Path) -> dict[str, JobRetry]:
    """Make the retry file of each job that needs one, unless one made from the same outcome and files exists.

    A job needs none if a later run superseded it or later imports updated its users: then its file is removed, unless
    it was altered. A file that can't be made is a sentence in the result, not an error: the other jobs get theirs.

    Raises:
        OutputError: the folder can't be written.
    """
    short = short_ids(tables.jobs["job_id"])
    failed = set(tables.jobs.filter(pl.col("outcome").is_in(FAILED))["job_id"])
    may_have_files = _jobs_with_files(folder)
    return {
        job.job_id: _retry_of(library, tables, job, folder, short, may_have_files)
        for job in library.jobs()
        if job.job_id in failed
    }


def retry_of_job(library: Library, tables: Tables, job: Job, folder: Path) -> JobRetry:
    """Make the retry file of one failed job, as ``make_retries`` does.

    Raises:
        OutputError: the folder can't be written.
    """
    return _retry_of(library, tables, job, folder, short_ids(tables.jobs["job_id"]), _jobs_with_files(folder))


def _retry_of(  # noqa: PLR0913, PLR0917 - a job, where its file goes, and what is known of all
    library: Library,
    tables: Tables,
    job: Job,
    folder: Path,
    short: Mapping[str, str],
    may_have_files: Callable[[str], bool],
) -> JobRetry:
    users = tables.open_users.get(job.job_id)
    if users is not None and not users.needs_retry:
        earlier = NO_EARLIER_FILES
        if may_have_files(job.job_id):
            target = retry_target(library, job, folder)
            # The manifest stays: its hash identifies a retry that was queued under another name.
            earlier = clear(target, [manifest_path(target)])
        sentence = " ".join([why_not_needed(tables, short, job.job_id, users), *earlier.sentences])
        left = tuple(dataclasses.replace(earlier, removed=()).sentences)
        return JobRetry(job.job_id, None, sentence, complete=True, left=left)
    target = retry_target(library, job, folder)
    inputs = inputs_of_job(library, tables, job)
    return _existing(target, inputs, job) or _make(inputs, target, job, library)


def _jobs_with_files(folder: Path) -> Callable[[str], bool]:
    """Return a function that returns whether a folder may have retry files of a job, by the folder's names alone."""
    try:
        names = [path.name for path in folder.iterdir()]
    except OSError:
        return lambda _: True
    if any(is_part(folder / name) for name in names if name.startswith(".")):
        return lambda _: True  # their names are cut, maybe before the job's ID
    text = "\n".join(names)
    return lambda job_id: name_in_files(job_id) in text


def why_not_needed(tables: Tables, short: Mapping[str, str], job_id: str, users: OpenUsers) -> str:
    """Return why a job needs no retry file; ``short`` contains the short IDs of all jobs."""
    if users.superseded_by:
        later = short.get(users.superseded_by, users.superseded_by[:SHORT_ID])
        return f"Superseded: a later run of the feed has ended ({later}), and this job's records hold older values."
    if users.open == 0:
        return "Every user has been updated by a later import."
    run, after = tables.job(job_id)["retry_of"] or job_id, pl.col("job_id").eq(job_id).cum_sum().shift(1) > 0
    later_retries = tables.jobs.filter(after, pl.col("open").ne_missing(0), retry_of=run)["job_id"]
    if later_retries.is_empty():
        return "Later runs of the feed had newer records of all users who failed."
    return (
        f"The users who are still open failed again in a retry ({short[later_retries[-1]]}): its retry file holds them."
    )


def current_manifest(target: Path, inputs: RetryInputs) -> Manifest | None:
    """Return the manifest of the existing retry file if it is byte for byte what would be made now; else None.

    Raises:
        AnalyzerError: the file can't be read.
    """
    manifest = read_manifest(manifest_path(target))
    if manifest is None or not (_is_current(manifest, inputs) and is_unaltered(target, manifest)):
        return None
    return manifest


def _existing(target: Path, inputs: RetryInputs, job: Job) -> JobRetry | None:
    try:
        manifest = current_manifest(target, inputs)
        if manifest is None:
            return None
        unrelated = unrelated_files(target, manifest)
    except AnalyzerError:
        return None  # made anew, manifest and all
    remove_leftovers(target)
    sentence = " ".join([manifest.sentence, *EarlierFiles(remaining=unrelated).sentences])
    return JobRetry(
        job.job_id, target.with_name(manifest.files[0].name), sentence, manifest.complete, manifest=manifest
    )


def _is_current(manifest: Manifest, inputs: RetryInputs) -> bool:
    """Return whether a retry file was made by this version, with the same options, and from the same inputs."""
    source = inputs.source
    return (
        bool(manifest.files)
        and manifest.program == program()
        and manifest.job_id == inputs.job_id
        and (manifest.outcome, manifest.error) == (inputs.outcome.value, inputs.error)
        and manifest.choices == described_choices((), inputs.options, inputs.id_property or "")
        and manifest.source_later == inputs.source_later
        and manifest.unfinished_logs == inputs.unfinished_logs
        # The number only grows, as no job leaves a library.
        and manifest.left_to_later == _left_to_later(inputs)
        and source is not None
        and manifest.source.bytes == source.stat().st_size
        and manifest.source.sha256 == (inputs.source_sha256 or sha256_of(source))
        and [(log.name, log.sha256) for log in manifest.logs] == [(log.name, sha256_of(log)) for log in inputs.logs]
    )


def _left_to_later(inputs: RetryInputs) -> int:
    if inputs.outcome is not Outcome.partial or not inputs.newer:
        return len(inputs.newer)
    return sum(mark_of(key) in inputs.newer for key in inputs.named_users.ids)


def _make(inputs: RetryInputs, target: Path, job: Job, library: Library) -> JobRetry:
    try:
        result = make_retry(inputs, target)
    except (InputError, UsageError) as error:
        source = inputs.source
        # Use the name in the library, which may be moved or sent.
        what = error.what.replace(str(source), library.name_of(source)) if source else error.what
        return JobRetry(job.job_id, None, what, complete=False, advice=error.advice)
    sentence = " ".join([result.sentence, *result.earlier.sentences])
    if result.retry is None or not result.retry.paths:
        return JobRetry(job.job_id, None, sentence, complete=result.complete)
    manifest = read_manifest(result.retry.manifest)
    return JobRetry(job.job_id, result.retry.path, sentence, complete=result.complete, manifest=manifest)
