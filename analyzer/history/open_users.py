"""Retries and the runs that they repair; who is still open; what is superseded: for the jobs of one library."""

from __future__ import annotations

import functools
from itertools import islice
from typing import TYPE_CHECKING

import msgspec
import polars as pl

from analyzer.analysis.feeds import UNKNOWN_FEED, feeds_of, source_name
from analyzer.analysis.open_users import Import, OpenUsers, open_users
from analyzer.analysis.outcome import STILL_OPEN, Outcome
from analyzer.errors import InputError, UsageError
from analyzer.facts import JobError
from analyzer.identity import identity_key
from analyzer.source.find import find
from analyzer.source.identify import infer_id_property
from analyzer.source.records import read_records
from analyzer.source.scan import mark_of
from analyzer.source.spans import NO_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from analyzer.analysis.feeds import FeedRule
    from analyzer.job import Job

_SAMPLE = 50
"""Users of a source file by which it is told whether a later file holds the same users."""

_NO_FILE = (JobError.DataFileNotExist.name, JobError.DataFileNotInTenant.name)


class _ManifestFile(msgspec.Struct):
    sha256: str | None = None


class _Manifest(msgspec.Struct):
    """What a manifest tells of the job that its files repair."""

    job_id: str | None
    files: list[_ManifestFile]


def retries_of(jobs: Sequence[Job], hashes: Mapping[str, str], folder: Path | None) -> dict[str, str]:
    """Tell which jobs are retries, and which run each repairs.

    A retry is known by the job ID in the name that we give a retry file, and where somebody renamed the file, by its
    hash in a manifest.

    Args:
        jobs: of a library.
        hashes: by job ID the SHA-256 of its source file, where that is known.
        folder: with our retry files and their manifests; None where there is none.

    Returns:
        By the retry's job ID the ID of the run at the end of the chain, which the library need not know.
    """
    by_hash = dict(_manifests(folder)) if folder and hashes else {}
    direct: dict[str, str] = {}
    for job in jobs:
        repaired = source_name(job.source_uri).retry_of or by_hash.get(hashes.get(job.job_id, ""))
        if repaired and repaired != job.job_id:
            direct[job.job_id] = repaired
    return {job_id: _end_of_chain(job_id, direct) for job_id in direct}


def feeds_of_jobs(jobs: Sequence[Job], retries: Mapping[str, str], rules: Sequence[FeedRule] = ()) -> dict[str, str]:
    """Name the feed of each job; a retry has that of the run which it repairs, where the library knows it.

    Returns:
        By job ID.
    """
    by_id = {job.job_id: job for job in jobs}
    whose = {job.job_id: by_id.get(retries.get(job.job_id, job.job_id), job) for job in jobs}
    feeds = feeds_of((job.source_uri for job in whose.values()), rules)
    return {job_id: feeds.get(job.source_uri, UNKNOWN_FEED) for job_id, job in whose.items()}


def with_open_users(
    ordered: pl.DataFrame, named: pl.DataFrame, source_files: Mapping[str, Path]
) -> tuple[pl.DataFrame, dict[str, OpenUsers]]:
    """Complete the table ``jobs`` by who is open and what is superseded.

    Args:
        ordered: as ``timeline`` gives it.
        named: the entries as ``analysis.naming`` gives them.
        source_files: our copies by job ID, where there are any.

    Returns:
        ``ordered`` with the columns ``superseded`` and ``open``; and by job ID what that rests on.
    """
    keys = {
        str(job_id): frozenset(users)
        for job_id, users in named.filter("names").group_by("job_id").agg(pl.col("key").unique()).iter_rows()
    }
    columns = ("job_id", "feed", "retry_of", "outcome", "error", "not_updated")
    rows = ordered.select(columns).rows(named=True)
    imports = [
        Import(
            job_id=row["job_id"],
            feed=row["feed"] or UNKNOWN_FEED,
            retry_of=row["retry_of"],
            outcome=Outcome(row["outcome"]),
            failed=frozenset(map(mark_of, keys.get(row["job_id"], ()))),
            names_all=row["outcome"] != Outcome.partial or row["not_updated"] is not None,
            carried=row["error"] not in _NO_FILE,
        )
        for row in rows
        if row["feed"]
    ]
    found = open_users(imports, _SourceUsers(imports, keys, source_files))
    last = {job.feed: job.job_id for job in imports if job.outcome not in STILL_OPEN}
    for row in rows:
        users = found.setdefault(row["job_id"], OpenUsers(None, None))
        if users.open is None and last.get(row["feed"]) == row["job_id"]:
            users.open = users.due = row["not_updated"]
    order = ordered["job_id"]
    return ordered.with_columns(
        superseded=pl.Series([found[job_id].superseded_by is not None for job_id in order], dtype=pl.Boolean),
        open=pl.Series([found[job_id].open for job_id in order], dtype=pl.UInt32),
    ), found


class _SourceUsers:
    """The users of source files, as marks (``scan.mark_of``); read when they are asked for."""

    def __init__(
        self, imports: Sequence[Import], keys: Mapping[str, AbstractSet[str]], files: Mapping[str, Path]
    ) -> None:
        self._feeds = {job.job_id: job.feed for job in imports}
        self._keys, self._files = keys, files
        self._properties: dict[str, str] = {}
        self._all = functools.lru_cache(maxsize=4)(self._read_all)

    def all_of(self, job_id: str) -> AbstractSet[int] | None:
        return self._all(job_id)

    def first_of(self, job_id: str) -> AbstractSet[int] | None:
        path = self._files.get(job_id)
        name = self._id_property(job_id, path) if path else ""
        if not path or not name:
            return None
        try:
            texts = [record.text(name) for record in islice(read_records(path), _SAMPLE)]
        except InputError:
            return None
        return {mark_of(identity_key(text)) for text in texts if text} or None

    def _read_all(self, job_id: str) -> AbstractSet[int] | None:
        path = self._files.get(job_id)
        name = self._id_property(job_id, path) if path else ""
        if not path or not name:
            return None
        try:
            return frozenset(find(path, name, None).spans.marks) - {NO_ID} or None
        except InputError:
            return None

    def _id_property(self, job_id: str, path: Path) -> str:
        """Return the name of a file's ID property: that of the feed's other files where it has it, else inferred."""
        feed = self._feeds[job_id]
        usual = self._properties.get(feed)
        try:
            if usual and any(record.text(usual) for record in islice(read_records(path), _SAMPLE)):
                return usual
            name = infer_id_property(path, self._keys.get(job_id, frozenset())).name
        except (InputError, UsageError):
            return ""
        if name:
            self._properties.setdefault(feed, name)
        return name


def _manifests(folder: Path) -> Iterator[tuple[str, str]]:
    for path in folder.glob("*.manifest.json"):
        try:
            manifest = msgspec.json.decode(path.read_bytes(), type=_Manifest)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            continue  # it vouches for nothing
        for file in manifest.files:
            if file.sha256 and manifest.job_id:
                yield file.sha256, manifest.job_id


def _end_of_chain(job_id: str, direct: Mapping[str, str]) -> str:
    passed = {job_id}
    at = direct[job_id]
    while at in direct and at not in passed:
        passed.add(at)
        at = direct[at]
    return at
