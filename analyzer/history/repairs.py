"""Find the retries, open users, and superseded jobs of a library."""

from __future__ import annotations

import contextlib
import functools
from itertools import islice
from typing import TYPE_CHECKING

import polars as pl

from analyzer.analysis.feeds import UNKNOWN_FEED, feeds_of, source_name
from analyzer.analysis.open_and_superseded import Import, OpenUsers, open_users
from analyzer.errors import InputError, UsageError
from analyzer.model.identity import IdKind, id_kinds, identity_key
from analyzer.model.job import Outcome
from analyzer.model.redaction import shown_uri
from analyzer.model.service import JobError
from analyzer.source.find import find_records
from analyzer.source.id_property import infer_id_property
from analyzer.source.model import NO_ID, mark_of
from analyzer.source.reader.records import read_records
from analyzer.storage.manifest_file import manifests_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime
    from pathlib import Path

    from analyzer.analysis.feeds import FeedRule
    from analyzer.model.job import Job

_SAMPLE = 50
"""Users of a source file that are compared with those of a later file."""

_FEW = 5
"""Records of a source file from which its properties are read: all records have the same."""

_NO_FILE = (JobError.DataFileNotExist.name, JobError.DataFileNotInTenant.name)


def retries_of(
    jobs: Sequence[Job],
    hashes: Mapping[str, str],
    folder: Path | None,
    written: Mapping[str, datetime],
    logged: Mapping[str, datetime],
) -> dict[str, str]:
    """Return the retries among jobs, and the run that each repairs.

    A retry is recognized by the job ID in its file's name or, if the file was renamed, by its hash in a manifest.

    Args:
        jobs: the jobs of a library.
        hashes: known SHA-256 of source files by job ID.
        folder: the folder with retry files and their manifests; None if there is none.
        written: known times (UTC) at which source files were written, by job ID.
        logged: times of logs (UTC) by job ID.

    Returns:
        By the retry's job ID, the ID of the run at the end of the chain, which may be missing in the library.
    """
    by_hash: dict[str, list[str]] = {}
    for _, manifest in manifests_in(folder) if folder and hashes else ():
        for digest in manifest.hashes:
            if manifest.job_id:
                by_hash.setdefault(digest, []).append(manifest.job_id)
    direct: dict[str, str] = {}
    for job in jobs:
        repaired = source_name(job.source_uri).retry_of
        if not repaired:
            # Users who fail each night with the same records have the same retry file each night.
            candidates = by_hash.get(hashes.get(job.job_id, ""), [])
            repaired = _newest_before(written.get(job.job_id), candidates, logged)
        if repaired and repaired != job.job_id:
            direct[job.job_id] = repaired
    return {job_id: _end_of_chain(job_id, direct) for job_id in direct}


def feeds_of_jobs(jobs: Sequence[Job], retries: Mapping[str, str], rules: Sequence[FeedRule] = ()) -> dict[str, str]:
    """Return the feed of each job by job ID; a retry has the feed of the run that it repairs, if that is known."""
    by_id = {job.job_id: job for job in jobs}
    runs = {job.job_id: by_id.get(retries.get(job.job_id, job.job_id), job) for job in jobs}
    # A feed's name may contain its host, which must not show a login.
    uris = {job_id: shown_uri(job.source_uri) for job_id, job in runs.items()}
    feeds = feeds_of(uris.values(), rules)
    return {job_id: feeds.get(uri, UNKNOWN_FEED) for job_id, uri in uris.items()}


def with_open_users(
    jobs: pl.DataFrame, entries: pl.DataFrame, source_files: Mapping[str, Path]
) -> tuple[pl.DataFrame, dict[str, OpenUsers]]:
    """Add the columns ``superseded`` and ``open`` to the table ``jobs``.

    Args:
        jobs: from ``timeline``.
        entries: the entries with their users (``analysis.named_users``).
        source_files: our copies of source files by job ID.

    Returns:
        The table, and the open users of each job by ID.
    """
    keys = {
        str(job_id): frozenset(users)
        for job_id, users in entries.filter("names").group_by("job_id").agg(pl.col("key").unique()).iter_rows()
    }
    columns = ("job_id", "feed", "retry_of", "outcome", "error", "not_updated", "earliest", "latest")
    rows = jobs.select(columns).rows(named=True)
    imports = [
        Import(
            job_id=row["job_id"],
            feed=row["feed"] or UNKNOWN_FEED,
            retry_of=row["retry_of"],
            outcome=Outcome(row["outcome"]),
            failed=frozenset(map(mark_of, keys.get(row["job_id"], ()))),
            names_all=row["outcome"] != Outcome.partial or row["not_updated"] is not None,
            not_updated=row["not_updated"],
            carried=row["error"] not in _NO_FILE,
            earliest=row["earliest"],
            latest=row["latest"],
        )
        for row in rows
        if row["feed"]
    ]
    by_id = open_users(imports, SourceFiles(imports, keys, source_files))
    users = [by_id.setdefault(job_id, OpenUsers(None, None)) for job_id in jobs["job_id"]]
    return jobs.with_columns(
        superseded=pl.Series([one.superseded_by is not None for one in users], dtype=pl.Boolean),
        open=pl.Series([one.open for one in users], dtype=pl.UInt32),
    ), by_id


def with_open_flags(users: pl.DataFrame, open_users: Mapping[str, OpenUsers]) -> pl.DataFrame:
    """Add the column ``open`` Boolean to the users in logs; null if unknown."""
    flags = [open_users[job_id].is_open(mark_of(key)) for job_id, key in users.select("job_id", "key").iter_rows()]
    return users.with_columns(open=pl.Series(flags, dtype=pl.Boolean))


class SourceFiles:
    """The users of source files, as marks (``mark_of``); files are read on demand and most results are cached."""

    def __init__(
        self, imports: Sequence[Import], keys: Mapping[str, AbstractSet[str]], files: Mapping[str, Path]
    ) -> None:
        self._feeds = {job.job_id: job.feed for job in imports}
        self._keys, self._files = keys, files
        self.all_of = functools.lru_cache(maxsize=4)(self._read_all)  # each may hold millions of marks
        self.properties_of = functools.cache(self._read_properties)
        self._ids_of = functools.cache(self._read_ids)
        self._id_property = functools.cache(self._infer_id_property)
        self._usual = functools.cache(self._find_usual)

    def first_of(self, job_id: str) -> AbstractSet[int] | None:
        """Return the users in a file's first records; None if unknown."""
        return {mark_of(identity_key(text)) for text in self._sample(job_id) or () if text} or None

    def ids_differ(self, job_id: str, other_id: str) -> bool:
        """Return whether two files are known to have different kinds of IDs or different ID properties."""
        (name, kind), (other_name, other_kind) = self._ids_of(job_id), self._ids_of(other_id)
        if kind is not None and other_kind is not None and kind != other_kind:
            return True
        return bool(name and other_name) and name.casefold() != other_name.casefold()

    def _read_all(self, job_id: str) -> AbstractSet[int] | None:
        path, name = self._files.get(job_id), self._id_property(job_id)
        if not path or not name:
            return None
        try:
            return frozenset(find_records(path, name, None).spans.marks) - {NO_ID} or None
        except InputError:
            return None

    def _sample(self, job_id: str) -> list[str | None] | None:
        """Return the IDs in a file's first records; None if unknown."""
        path, name = self._files.get(job_id), self._id_property(job_id)
        if not path or not name:
            return None
        try:
            return [record.text(name) for record in islice(read_records(path), _SAMPLE)]
        except InputError:
            return None

    def _read_properties(self, job_id: str) -> AbstractSet[str] | None:
        path = self._files.get(job_id)
        if not path:
            return None
        try:
            names = {name for record in islice(read_records(path), _FEW) for name in record.members}
        except InputError:
            return None
        usual = self._usual(self._feeds[job_id])
        id_property = usual if usual in names else self._id_property(job_id)
        return {name.casefold() for name in names - {id_property}} if id_property else None

    def _read_ids(self, job_id: str) -> tuple[str, IdKind | None]:
        """Return the ID property of a job's file, empty if unknown, and the kind of its IDs."""
        sample = self._sample(job_id)
        texts = [*self._keys.get(job_id, ())] if sample is None else sample
        return self._id_property(job_id), id_kinds(filter(None, texts)).most

    def _infer_id_property(self, job_id: str) -> str:
        """Return the ID property of a job's file: that of the feed's other files, else inferred from the file."""
        path, keys = self._files.get(job_id), self._keys.get(job_id, frozenset())
        if not path:
            return ""
        try:
            usual = self._usual(self._feeds[job_id])
            if usual and _is_property(path, usual, keys):
                return usual
            return infer_id_property(path, keys).name
        except (InputError, UsageError):
            return ""

    def _find_usual(self, feed: str) -> str:
        """Return the ID property of the feed's newest file with a user in its log; empty if there is none."""
        for job_id, its_feed in reversed(self._feeds.items()):
            path, keys = self._files.get(job_id), self._keys.get(job_id)
            if its_feed != feed or not path or not keys:
                continue
            with contextlib.suppress(InputError, UsageError):
                inferred = infer_id_property(path, keys)
                if inferred.name and inferred.certain:
                    return inferred.name
        return ""


def _is_property(path: Path, name: str, keys: AbstractSet[str]) -> bool:
    """Return whether a file has this ID property, and no other property that may contain the log's IDs."""
    records = list(islice(read_records(path), _FEW))
    texts = [text for record in records if (text := record.text(name))]
    if not texts or not keys or any(identity_key(text) in keys for text in texts):
        return bool(texts)
    kind = id_kinds(keys).most
    others = {other for record in records for other in record.members if other != name}
    texts_of_others = ([text for record in records if (text := record.text(other))] for other in others)
    has_similar = any(id_kinds(texts_of_other).most is kind for texts_of_other in texts_of_others)
    return id_kinds(texts).most is kind and not (has_similar and kind in {IdKind.at_domain, IdKind.object_id})


def _newest_before(written: datetime | None, candidates: Sequence[str], logged: Mapping[str, datetime]) -> str | None:
    """Return the newest of the jobs that had ended when a file was written; None if it can't be determined."""
    if written is None:
        return candidates[0] if len(set(candidates)) == 1 else None
    before = [job_id for job_id in candidates if job_id not in logged or logged[job_id] <= written]
    if len(before) > 1:
        before = [job_id for job_id in before if job_id in logged]
    return max(before, key=lambda job_id: logged.get(job_id, written), default=None)


def _end_of_chain(job_id: str, direct: Mapping[str, str]) -> str:
    visited = {job_id}
    run_id = direct[job_id]
    while run_id in direct and run_id not in visited:
        visited.add(run_id)
        run_id = direct[run_id]
    return run_id
