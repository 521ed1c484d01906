"""The report into its folder: every file is written in a staging folder, then all take their places, the index last."""

from __future__ import annotations

import contextlib
import importlib.metadata
import re
import secrets
import shutil
import time
from typing import IO, TYPE_CHECKING

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

    import polars as pl
    from filelock import BaseFileLock

__all__ = ["ReportRequest", "RetryLink", "write_report"]

INDEX = "index.html"

_STAGED = re.compile(r"\.upa-report-[0-9a-z_]{8}")
_LOCK = ".lock"
_INSIDE = frozenset({"new", "old"})
"""What a staging folder may hold; version 0.1 had an old report's files in it too."""

_HOUR = 3600
"""Seconds after which what has no lock is in use by nothing: a folder of version 0.1, a lock file without a folder."""


class _Unsynced(Disk):
    """A disk that need not have kept a report when the power fails: it can be made again, and is many files."""

    def sync(self, stream: IO[bytes]) -> None:
        """Leave it to the operating system when a file reaches the disk."""
        stream.flush()


def write_report(request: ReportRequest, *, progress: Callable[[int, int], None] | None = None) -> Path:
    """Write ``index.html``, ``jobs/JOBID.html`` and ``data/*.csv`` into the folder.

    Until every file of the report is written, nothing in the folder changes; files that are not the report's never
    change.

    Args:
        request: what and where to.
        progress: is given how many pages of how many are made.

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
    """Yield names within the folder and contents, the index last."""
    tables, renderer = request.tables, Renderer(request.templates)
    view = View.of(request, _version())
    total = len(view.runs) + 1
    for name, frame in (
        ("jobs", tables.jobs.select(*JOBS)),
        ("entries", _with_jobs(tables.entries, tables.jobs)),
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


def _with_jobs(entries: pl.DataFrame, jobs: pl.DataFrame) -> pl.DataFrame:
    """Return the table ``entries`` with ``feed`` and ``ran`` of each entry's job."""
    of_job = jobs.select("job_id", "feed", "ran")
    return entries.select(*ENTRIES).join(of_job, on="job_id", how="left", maintain_order="left")


def _encoded(html: str) -> bytes:
    # Half of a pair of UTF-16 units is no character, but JSON and file names can carry one.
    return html.encode("utf-8", "xmlcharrefreplace")


def _version() -> str:
    try:
        return importlib.metadata.version("upa-analyzer")
    except importlib.metadata.PackageNotFoundError:
        return "(not installed)"


_STAGED = re.compile(r"\.upa-report-[0-9a-z_]{8}")
_LOCK = ".lock"
_INSIDE = frozenset({"new", "old"})
"""What a staging folder may hold; version 0.1 had an old report's files in it too."""

_INSIDE = frozenset({"new", "old"})
_HOUR = 3600
"""Seconds after which what has no lock is in use by nothing: a folder of version 0.1, a lock file without a folder."""


@contextlib.contextmanager
def staging(out: Path) -> Iterator[Path]:
    """Give an empty folder in the report's folder, and remove it afterwards, as well as what killed processes left.

    Beside each such folder is a file that its process holds locked, made before the folder and removed after it. The
    operating system's lock ends with the process: a folder whose file can be locked is in use by nothing.

    Raises:
        OSError: the folder cannot be made.
    """
    _remove_left(out)
    folder = out / f".upa-report-{secrets.token_hex(4)}"
    lock = _locked(folder)
    try:
        folder.mkdir()
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _give_up(folder, lock)


def _remove_left(out: Path) -> None:
    """Remove what is ours by its name and what is in it, unless another process is at work in it."""
    for path in list(out.iterdir()):
        folder = path.with_name(path.name.removesuffix(_LOCK))
        if _STAGED.fullmatch(folder.name) and not path.is_symlink():
            with contextlib.suppress(OSError):  # the other process may end right now
                is_left = _is_left(folder) if path == folder else not folder.exists() and _is_old(path)
                if is_left and (lock := _locked(folder)) is not None:
                    shutil.rmtree(folder, ignore_errors=True)
                    _give_up(folder, lock)


def _is_left(folder: Path) -> bool:
    is_ours = folder.is_dir() and {path.name for path in folder.iterdir()} <= _INSIDE
    return is_ours and (_lock_file(folder).exists() or _is_old(folder))


def _is_old(path: Path) -> bool:
    return time.time() - max(one.stat().st_mtime for one in (path, *path.rglob("*"))) > _HOUR


def _lock_file(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}{_LOCK}")


def _locked(folder: Path) -> BaseFileLock | None:
    """Lock a folder; None where another process holds it, or where nothing can be locked."""
    from filelock import FileLock, Timeout

    lock = FileLock(_lock_file(folder), timeout=0, thread_local=False)
    try:
        lock.acquire()
    except (Timeout, NotImplementedError, OSError):
        return None
    return lock


def _give_up(folder: Path, lock: BaseFileLock | None) -> None:
    """End a lock; its file stays where the folder does, so that a later process knows it to be in use by nothing."""
    for _ in range(2):  # Windows removes no file that is open, and elsewhere nothing may lock it in between
        if not folder.exists():
            with contextlib.suppress(OSError):
                _lock_file(folder).unlink(missing_ok=True)
        if lock is not None:
            lock.release()
