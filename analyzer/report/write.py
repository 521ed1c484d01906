"""Write a report: create every file in a staging folder, then move them into place, the index last."""

from __future__ import annotations

import contextlib
import importlib.metadata
import re
import secrets
import shutil
import time
from typing import IO, TYPE_CHECKING

import polars as pl

from analyzer.model.tables import ENTRIES, JOBS, OBSERVATIONS
from analyzer.report.index_page import index_page
from analyzer.report.job_page import job_page
from analyzer.report.render import Renderer
from analyzer.report.view import ReportRequest, RetryLink, View, page_name
from analyzer.storage.file_set import Disk, FileSet
from analyzer.storage.files import cannot_write
from analyzer.storage.table_files import csv_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from filelock import BaseFileLock

    from analyzer.history.load import Tables

__all__ = ["ReportRequest", "RetryLink", "write_report"]

INDEX = "index.html"

_STAGING_NAME = re.compile(r"\.upa-report-[0-9a-z_]{8}")
_STAGING_CONTENT = frozenset({"new", "old"})
"""Names in a staging folder; version 0.1 also moved the previous report's files there."""
_LOCK = ".lock"
_ABANDONED_AFTER = 3600
"""Seconds: a folder without a lock file (version 0.1), or a lock file without a folder, is unused after that."""


class _Unsynced(Disk):
    """A disk without syncing: a report has many files, and can be created again after a power failure."""

    def sync(self, stream: IO[bytes]) -> None:
        """Flush the stream only; the operating system decides when to write it."""
        stream.flush()


def write_report(request: ReportRequest, *, progress: Callable[[int, int], None] | None = None) -> Path:
    """Write ``index.html``, ``jobs/JOBID.html`` and ``data/*.csv`` into the folder.

    The folder changes only after every file is written. Other files in it never change.

    Args:
        request: the report and its folder.
        progress: called with the number of pages written and the total.

    Returns:
        The path of ``index.html``.

    Raises:
        InputError: a template has an error.
        OutputError: the folder cannot be written.
    """
    out = request.out
    try:
        out.mkdir(parents=True, exist_ok=True)
        with staging(out) as staged, FileSet(_Unsynced(), staged / "new") as files:
            places = []
            for name, content in _files(request, progress):
                places.append(out / name)
                files.write(places[-1], content)
            files.put_in_place(places)
    except OSError as error:
        raise cannot_write(out, error) from error
    return out / INDEX


def _files(request: ReportRequest, progress: Callable[[int, int], None] | None) -> Iterator[tuple[str, bytes]]:
    """Yield the name and content of each file, the index last."""
    tables, renderer = request.tables, Renderer(request.templates)
    view = View.of(request, _version())
    total = len(view.runs) + 1
    for name, frame in (
        ("jobs", tables.jobs.select(*JOBS)),
        ("entries", _with_jobs(tables)),
        ("observations", tables.observations.select(*OBSERVATIONS)),
    ):
        yield f"data/{name}.csv", csv_bytes(frame, byte_order_mark=True)
    for done, run in enumerate(view.runs, 1):
        yield f"jobs/{page_name(run.job_id)}", _encoded(renderer.html(job_page(view, run)))
        if progress:
            progress(done, total)
    yield INDEX, _encoded(renderer.html(index_page(view)))
    if progress:
        progress(total, total)


def _with_jobs(tables: Tables) -> pl.DataFrame:
    """Return the table ``entries`` with ``feed`` and ``ran`` of each entry's job."""
    of_jobs = [tables.entries_of(job_id).select(*ENTRIES) for job_id in tables.jobs["job_id"]]
    of_job = tables.jobs.select("job_id", "feed", "ran")
    entries = pl.concat([pl.DataFrame(schema=ENTRIES), *of_jobs])
    return entries.join(of_job, on="job_id", how="left", maintain_order="left")


def _encoded(html: str) -> bytes:
    # JSON and file names can contain lone surrogates, which UTF-8 cannot encode.
    return html.encode("utf-8", "xmlcharrefreplace")


def _version() -> str:
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
