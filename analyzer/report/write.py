"""Write a report: create what has changed in a staging folder, then move it into place, the index last."""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import re
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO, TYPE_CHECKING

import msgspec

from analyzer.history.store import scanning
from analyzer.model.language import spoken
from analyzer.model.tables import JOBS, OBSERVATIONS
from analyzer.report.calendar import day_page_name, day_pages
from analyzer.report.day_page import day_page, jobs_of_day
from analyzer.report.failed_users import as_list
from analyzer.report.feed_lines import RunWords, run_words
from analyzer.report.index_page import index_page
from analyzer.report.job_page import job_page
from analyzer.report.kept import Kept, PageFacts, Part, Written, digest, read_kept, stamp, write_kept
from analyzer.report.people_page import people_page
from analyzer.report.view import ReportRequest, RetryLink, View, entries_name, has_entries, list_name, page_name
from analyzer.storage.file_set import Disk, FileSet
from analyzer.storage.files import cannot_write
from analyzer.storage.table_files import csv_bytes, workbook_bytes, write_csv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import polars as pl
    from filelock import BaseFileLock

    from analyzer.report.render import AnyPage, Renderer
    from analyzer.report.view import Run
    from analyzer.storage.file_set import Content

__all__ = ["ReportRequest", "RetryLink", "write_report"]

INDEX, PEOPLE = "index.html", "people.html"

_STAGING_NAME = re.compile(r"\.upa-report-[0-9a-z_]{8}")
_STAGING_CONTENT = frozenset({"new", "old"})
"""Names in a staging folder; version 0.1 also moved the previous report's files there."""
_LOCK = ".lock"
_ABANDONED_AFTER = 3600
"""Seconds: a folder without a lock file (version 0.1), or a lock file without a folder, is unused after that."""


_OF_JOB = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.html|\.csv|-failed\.csv|-failed\.xlsx)", re.IGNORECASE
)
"""Names of the files of a job."""


class _Unsynced(Disk):
    """A disk without syncing: a report has many files, and can be created again after a power failure."""

    def sync(self, stream: IO[bytes]) -> None:
        """Flush the stream only; the operating system decides when to write it."""
        stream.flush()


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the report.

    Attributes:
        name: in the report's folder.
        facts: the digest of what it is made from.
        content: returns its content.
        run: the job whose page it is; None for other files.
    """

    name: str
    facts: str
    content: Callable[[], Content]
    run: Run | None = None


def write_report(request: ReportRequest, *, progress: Callable[[int, int], None] | None = None) -> Path:
    """Write those files of a report whose facts have changed since it was written.

    These are ``index.html``, ``people.html`` if a log names a user, ``jobs/JOBID.html``, ``jobs/JOBID.csv``, lists of
    failed users, ``days/DATE.html`` if the request has a day, and ``data/*.csv``. Pages of jobs that are no longer in
    the report are removed. The folder changes only after every file is written. Other files in it never change.

    Args:
        request: the report and its folder.
        progress: called with the number of pages written and the total.

    Returns:
        The path of ``index.html``.

    Raises:
        InputError: a template has an error, or a file of the history can't be read.
        OutputError: the folder cannot be written.
    """
    out = request.out
    try:
        out.mkdir(parents=True, exist_ok=True)
        _Site(View.of(request, program_version()), read_kept(out)).update(progress)
    except OSError as error:
        raise cannot_write(out, error) from error
    return out / INDEX


class _Site:
    """The files of a report, which ``update`` brings up to date."""

    def __init__(self, view: View, kept: Kept) -> None:
        self._view, self._kept, self._out = view, kept, view.out
        self._facts = PageFacts(view)
        # A log that has changed can update other users of earlier jobs, in the same number.
        self._revised = {
            run.feed
            for run in view.runs
            if kept.versions.get(run.job_id, version := self._facts.versions[run.job_id]) != version
        }
        self._parts: dict[str, Part] = {}

    def update(self, progress: Callable[[int, int], None] | None) -> None:
        files = list(self._files())
        stale = {file.name: file for file in files if not self._is_current(file)}
        gone = self._gone(files)
        written = {file.name: self._kept.files[file.name] for file in files if file.name not in stale}
        if stale or gone:
            written |= self._write([*stale.values()], gone, progress)
        kept = Kept(files=written, parts=self._parts or self._kept.parts, versions=self._facts.versions)
        if kept != self._kept:
            write_kept(self._out, kept)

    def _files(self) -> Iterator[_File]:
        """Yield all files, the index last."""
        view, facts = self._view, self._facts
        for name, columns in (("jobs", JOBS), ("observations", OBSERVATIONS)):
            frame = getattr(view.tables, name)
            content = functools.partial(_table, frame, tuple(columns))
            yield _File(f"data/{name}.csv", facts.tables[name], content)
        for run in view.runs:
            if has_entries(view, run):
                yield _File(entries_name(run), facts.entries(run), functools.partial(self._entries, run))
            if view.has_list(run):
                for ending in (".xlsx", ".csv"):
                    yield _File(
                        list_name(run, ending), facts.jobs[run.job_id], functools.partial(self._list, run, ending), run
                    )
            page = functools.partial(job_page, view, run)
            yield _File(f"jobs/{page_name(run.job_id)}", facts.jobs[run.job_id], self._html(page), run)
        days = day_pages(self._out, view.days_from, *([view.day.date] if view.day else []))
        if view.day:
            page_facts = facts.day(view.day, jobs_of_day(view, view.day))
            yield _File(
                day_page_name(view.day.date), page_facts, self._html(functools.partial(day_page, view, view.day))
            )
        if any(run.named_users for run in view.runs):
            yield _File(PEOPLE, facts.people(), self._html(functools.partial(people_page, view)))
        yield _File(INDEX, facts.index(days), self._html(functools.partial(index_page, view, days, self._words)))

    def _is_current(self, file: _File) -> bool:
        """Return whether a file is as it was written, from the same facts."""
        written = self._kept.files.get(file.name)
        if written is None or written.facts != file.facts or (file.run and file.run.feed in self._revised):
            return False
        if written.source and file.run and self._source(file.run) != written.source:
            return False
        return stamp(self._out / file.name) == (written.size, written.modified_ns)

    def _gone(self, files: Iterable[_File]) -> list[Path]:
        """Return the pages and tables of jobs that are no longer in the report."""
        folder, names = self._out / "jobs", {file.name for file in files}
        there = [path.name for path in folder.iterdir() if _OF_JOB.fullmatch(path.name)] if folder.is_dir() else []
        # What is kept may be damaged: a name never leads out of the folder.
        kept = {name for name in self._kept.files if name == f"jobs/{PurePath(name).name}"}
        ours = {f"jobs/{name}" for name in there} | kept
        ours |= {PEOPLE} & self._kept.files.keys()
        return [path for name in sorted(ours - names) if (path := self._out / name).is_file()]

    def _write(
        self, stale: list[_File], gone: list[Path], progress: Callable[[int, int], None] | None
    ) -> dict[str, Written]:
        """Write files and remove others; return how they are now."""
        total, done = sum(file.name.endswith(".html") for file in stale), 0
        sources: dict[str, tuple[int, int] | None] = {}
        self._view.logs.read_together(dict.fromkeys(file.run.job_id for file in stale if file.run))
        with staging(self._out) as staged, FileSet(_Unsynced(), staged / "new") as files:
            places = []
            for file in stale:
                content = file.content()
                if not (isinstance(content, list) and file.name in self._kept.files and self._holds(file, content)):
                    places.append(self._out / file.name)
                    files.write(places[-1], content)
                sources[file.name] = self._source_read(file.run) if file.run else None
                if progress and file.name.endswith(".html"):
                    done += 1
                    progress(done, total)
            files.put_in_place(places, gone)
        stamps = {file: stamp(self._out / file.name) for file in stale}
        return {file.name: Written(file.facts, *now, sources[file.name]) for file, now in stamps.items() if now}

    def _holds(self, file: _File, content: list[bytes]) -> bool:
        """Return whether a file has this content, because its facts changed in what it doesn't show."""
        with contextlib.suppress(OSError):
            return (self._out / file.name).read_bytes() == b"".join(content)
        return False

    def _html(self, page: Callable[[], AnyPage]) -> Callable[[], list[bytes]]:
        return lambda: [_encoded(self._renderer.html(page()))]

    @functools.cached_property
    def _renderer(self) -> Renderer:
        from analyzer.report.render import Renderer  # jinja2 isn't imported if no page has changed

        return Renderer(self._view.templates)

    def _entries(self, run: Run) -> Content:
        """Return the table ``entries`` of a job with its feed and time as CSV."""
        log = self._view.log_of(run)
        table = log.table(run.feed, run.ran)
        if log.is_large:
            return functools.partial(_write_large, table, self._out / entries_name(run))
        return [csv_bytes(table, byte_order_mark=True)]

    def _list(self, run: Run, ending: str) -> Content:
        """Return the list of a job's failed users as XLSX or CSV."""
        zone = self._view.zone.key if self._view.zone else "UTC"
        table = as_list(self._view.failed_users_of(run), zone)
        return [csv_bytes(table, byte_order_mark=True) if ending == ".csv" else workbook_bytes(table)]

    def _words(self, view: View, run: Run) -> RunWords:
        """Return ``run_words`` as they were made before from the same facts, else make them."""
        facts = digest(
            [(self._facts.jobs[job_id], self._source(view.by_id[job_id])) for job_id in run.members],
            run.feed in self._revised,
            spoken().code,
            spoken().digest,
        )
        made = self._part(f"words {run.job_id}", facts, lambda: msgspec.json.encode(run_words(view, run)).decode())
        return msgspec.json.decode(made, type=RunWords)

    def _part(self, name: str, facts: str, make: Callable[[], str]) -> str:
        """Return a part of the index as it was made before from the same facts, else make it."""
        kept = self._kept.parts.get(name)
        self._parts[name] = kept if kept and kept.facts == facts else Part(facts, make())
        return self._parts[name].text

    def _source(self, run: Run) -> tuple[int, int] | None:
        path = self._view.source_of(run.job_id)
        return stamp(path) if path else None

    def _source_read(self, run: Run) -> tuple[int, int] | None:
        """Return size and time of the source file if a job's page shows what is in it."""
        view = self._view
        return self._source(run) if view.findings.get(run.job_id) or view.whereabouts_of(run) else None


def _table(frame: pl.DataFrame, columns: tuple[str, ...]) -> list[bytes]:
    return [csv_bytes(frame.select(columns), byte_order_mark=True)]


def _write_large(table: pl.LazyFrame, path: Path, stream: IO[bytes]) -> None:
    with scanning():
        write_csv(table, path, stream)


def _encoded(html: str) -> bytes:
    # JSON and file names can contain lone surrogates, which UTF-8 cannot encode.
    return html.encode("utf-8", "xmlcharrefreplace")


def program_version() -> str:
    """Return the version of this program."""
    try:
        return importlib.metadata.version("upa-analyzer")
    except importlib.metadata.PackageNotFoundError:
        return "(not installed)"


@contextlib.contextmanager
def staging(out: Path) -> Iterator[Path]:
    """Create an empty staging folder and remove it afterward; first remove those that killed processes left.

    A process locks a file beside its staging folder from before the folder exists until after it is removed. The lock
    ends with the process, so a folder whose file can be locked is unused.

    Raises:
        OSError: the folder cannot be made.
    """
    _remove_abandoned(out)
    folder = out / f".upa-report-{secrets.token_hex(4)}"
    lock = _locked(folder)
    try:
        folder.mkdir()
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _release(folder, lock)


def _remove_abandoned(out: Path) -> None:
    """Remove staging folders, recognized by name and content, that no other process uses."""
    for path in list(out.iterdir()):
        folder = path.with_name(path.name.removesuffix(_LOCK))
        if _STAGING_NAME.fullmatch(folder.name) and not path.is_symlink():
            with contextlib.suppress(OSError):  # the other process may be removing it
                abandoned = _is_abandoned(folder) if path == folder else not folder.exists() and _is_old(path)
                if abandoned and (lock := _locked(folder)) is not None:
                    shutil.rmtree(folder, ignore_errors=True)
                    _release(folder, lock)


def _is_abandoned(folder: Path) -> bool:
    is_ours = folder.is_dir() and {path.name for path in folder.iterdir()} <= _STAGING_CONTENT
    return is_ours and (_lock_file(folder).exists() or _is_old(folder))


def _is_old(path: Path) -> bool:
    return time.time() - max(one.stat().st_mtime for one in (path, *path.rglob("*"))) > _ABANDONED_AFTER


def _lock_file(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}{_LOCK}")


def _locked(folder: Path) -> BaseFileLock | None:
    """Lock a folder; return None if another process holds the lock, or locking is not supported."""
    from filelock import FileLock, Timeout

    lock = FileLock(_lock_file(folder), timeout=0, thread_local=False)
    try:
        lock.acquire()
    except (Timeout, NotImplementedError, OSError):
        return None
    return lock


def _release(folder: Path, lock: BaseFileLock | None) -> None:
    """Release a lock; keep its file if the folder remains, so that a later process can remove both."""
    for _ in range(2):  # Windows cannot remove an open file; elsewhere, remove it before another process can lock it
        if not folder.exists():
            with contextlib.suppress(OSError):
                _lock_file(folder).unlink(missing_ok=True)
        if lock is not None:
            lock.release()
