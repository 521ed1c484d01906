"""Gather what is known of one user: the runs that failed the user, the newest source record, and retry files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from analyzer.errors import InputError, UsageError
from analyzer.history.job_sources import JobSources
from analyzer.history.store import scanning
from analyzer.model.identity import identity_key
from analyzer.model.text import common_length
from analyzer.source.find import find_records
from analyzer.source.id_property import infer
from analyzer.source.model import marks_of
from analyzer.source.reader.records import reading
from analyzer.source.reader.tolerant import record_at
from analyzer.storage.manifest_file import manifests_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from analyzer.history.load import Tables
    from analyzer.library.mirror import Library

_KNOWN_IDS = 50
"""Failed users of a feed by which the ID property of its source file is recognized."""

_SWAPPED = 2


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """What a feed's newest source file has of a user.

    Attributes:
        feed: the feed.
        job_id: the newest run of the feed whose source file the library has.
        values: the record's values by property, null as None; None if the file doesn't have the user.
        problem: why the file can't be searched; empty if it was.
    """

    feed: str
    job_id: str
    values: Mapping[str, str | None] | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RetryFile:
    """A retry file that has the user.

    Attributes:
        path: the file.
        job_id: the job that it repairs; None if it was made without a library.
        superseded: whether a later run of the feed has ended, so that the file has older values.
    """

    path: Path
    job_id: str | None
    superseded: bool


@dataclass(frozen=True, slots=True)
class UserHistory:
    """What is known of a user.

    Attributes:
        key: equal for all spellings of the ID.
        identity: the ID as the newest log spells it; as it was asked for if no log has it.
        runs: the jobs whose log has the user, the oldest first: columns ``job_id``, ``entries``, ``new``, ``since``,
            ``runs`` as in the table ``users``.
        entries: the entries of the user, columns ``job_id``, ``code``, ``property``, ``message``, ``detail``, in the
            order of ``runs``.
        open: the feeds in which the user is open, with the ID of the newest job that failed the user.
        unknown: the same for feeds in which that is unknown.
        records: of the feeds that failed the user; of all feeds if none did.
        retry_files: the retry files that have the user.
        similar: the ID of a user who failed that differs in one letter; empty if the user is known, or there is none.
    """

    key: str
    identity: str
    runs: pl.DataFrame
    entries: pl.DataFrame
    open: Mapping[str, str]
    unknown: Mapping[str, str]
    records: Sequence[SourceRecord]
    retry_files: Sequence[RetryFile]
    similar: str


def user_history(library: Library, tables: Tables, retry_folder: Path, identity: str) -> UserHistory:
    """Gather what is known of a user.

    Args:
        library: the library.
        tables: its tables.
        retry_folder: the folder with retry files; may be missing.
        identity: the user's ID in any spelling.

    Raises:
        InputError: a file of the history can't be read.
    """
    with scanning():
        return _user_history(library, tables, retry_folder, identity)


def _user_history(library: Library, tables: Tables, retry_folder: Path, identity: str) -> UserHistory:
    key = identity_key(identity)
    # Without the codes, which are lists: with them, polars reads every file in full.
    columns = ("job_id", "identity", "entries", "new", "since", "runs")
    found = tables.scan_users().filter(pl.col("key") == key).select(columns).collect(engine="streaming")
    runs = tables.jobs.select("job_id", "feed").join(found, on="job_id", maintain_order="left")
    entries = _entries(tables, key, runs["job_id"].to_list())
    newest = {feed: job_id for job_id, feed in runs.select("job_id", "feed").iter_rows()}
    states = {feed: _is_open(tables, job_id, key) for feed, job_id in newest.items()}
    records = list(_records(library, tables, key, set(newest) or set(tables.jobs["feed"])))
    known = runs.height or any(record.values is not None for record in records)
    return UserHistory(
        key=key,
        identity=runs["identity"][-1] if runs.height else identity.strip(),
        runs=runs.drop("feed", "identity"),
        entries=entries,
        open={feed or "": newest[feed] for feed, state in states.items() if state},
        unknown={feed or "": newest[feed] for feed, state in states.items() if state is None},
        records=records,
        retry_files=list(_retry_files(tables, retry_folder, key)),
        similar="" if known else _similar(tables, key),
    )


def _is_open(tables: Tables, job_id: str, key: str) -> bool | None:
    return next(iter(tables.users_of(job_id).filter(key=key)["open"]), None)


def _entries(tables: Tables, key: str, job_ids: Sequence[str]) -> pl.DataFrame:
    """Return the entries of a user in these jobs."""
    columns = ("job_id", "log_file", "line", "code", "property", "message", "detail")
    found = tables.only(job_ids).scan_entries_of_user(key).select(columns).collect(engine="streaming")
    order = pl.DataFrame({"job_id": job_ids}, schema={"job_id": pl.String})
    in_order = order.join(found.sort("log_file", "line"), on="job_id", maintain_order="left_right")
    return in_order.drop("log_file", "line")


def _records(library: Library, tables: Tables, key: str, feeds: set[str | None]) -> Iterator[SourceRecord]:
    """Yield the user's record in the newest source file of each feed."""
    sources = JobSources(library, tables)
    runs = tables.jobs.filter(pl.col("retry_of").is_null(), pl.col("source_bytes").is_not_null())
    for feed in sorted(feed for feed in feeds if feed):
        for job_id in runs.filter(feed=feed)["job_id"].reverse():
            if source := sources.file(job_id):
                yield _record(source, feed, job_id, key, _failed_in(tables, feed))
                break


def _failed_in(tables: Tables, feed: str) -> list[str]:
    """Return keys of users who failed in a feed's newest run with failures."""
    failed = tables.jobs.filter(pl.col("named_users") > 0, feed=feed)["job_id"]
    if failed.is_empty():
        return []
    return tables.users_of(failed[-1])["key"].head(_KNOWN_IDS).to_list()


def _record(source: Path, feed: str, job_id: str, key: str, failed: Sequence[str]) -> SourceRecord:
    try:
        name = infer(source, marks_of({key, *failed})).id_property.name
        if not name:
            return SourceRecord(feed, job_id, None, "its ID property is unknown")
        spans = find_records(source, name, {key: 1}).spans
        if not len(spans):
            return SourceRecord(feed, job_id, None)
        with reading(source) as buffer:
            record, _ = record_at(buffer, spans.starts[-1], spans.positions[-1])
            return SourceRecord(feed, job_id, {member: record.text(member) for member in record.members})
    except UsageError:
        return SourceRecord(feed, job_id, None, "the IDs in the log are in several of its properties")
    except InputError as error:
        return SourceRecord(feed, job_id, None, error.what.replace(str(source), source.name))


def _retry_files(tables: Tables, folder: Path, key: str) -> Iterator[RetryFile]:
    superseded = set(tables.jobs.filter("superseded")["job_id"])
    for path, manifest in manifests_in(folder):
        for file in (path.with_name(one.name) for one in manifest.files):
            if manifest.id_property and _has_user(file, manifest.id_property, key):
                yield RetryFile(file, manifest.job_id, manifest.job_id in superseded)


def _has_user(path: Path, id_property: str, key: str) -> bool:
    try:
        return len(find_records(path, id_property, {key: 1}).spans) > 0
    except InputError:
        return False  # it was removed or altered


def _similar(tables: Tables, key: str) -> str:
    """Return an ID that differs in one letter, or in the order of two; empty if there is none."""
    half, length = len(key) // 2, pl.col("key").str.len_chars().cast(pl.Int64)
    # With one other letter, the first or the second half is the same.
    shares_half = pl.col("key").str.starts_with(key[:half]) | pl.col("key").str.ends_with(key[half:])
    near = tables.scan_users().filter(shares_half, (length - len(key)).abs() <= 1).select("key", "identity")
    found = near.unique("key").collect(engine="streaming").sort("key").iter_rows()
    return next((str(identity) for other, identity in found if _is_one_off(key, other)), "")


def _is_one_off(one: str, other: str) -> bool:
    start = common_length(one, other)
    end = common_length(one[start:][::-1], other[start:][::-1])
    rests = one[start : len(one) - end], other[start : len(other) - end]
    return max(map(len, rests)) <= 1 or (len(rests[0]) == _SWAPPED and rests[0] == rests[1][::-1])
