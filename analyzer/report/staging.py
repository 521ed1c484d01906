"""The folder in which a report is made before it takes its place, and what is left of those of killed processes.

Beside each such folder is a file that its process holds locked, made before the folder and removed after it. The
operating system's lock ends with the process: a folder whose file can be locked is in use by nothing.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from filelock import BaseFileLock

_STAGED = re.compile(r"\.upa-report-[0-9a-z_]{8}")
_LOCK = ".lock"
_INSIDE = frozenset({"new", "old"})
_HOUR = 3600
"""Seconds after which what has no lock is in use by nothing: a folder of version 0.1, a lock file without a folder."""


@contextlib.contextmanager
def staging(out: Path) -> Iterator[Path]:
    """Gives an empty folder in the report's folder, which is gone afterwards; removes what killed processes have left.

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
    """Removes what is ours by its name and what is in it, unless another process is at work in it."""
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
    """The lock of a folder; None where another process holds it, or where nothing can be locked."""
    from filelock import FileLock, Timeout

    lock = FileLock(_lock_file(folder), timeout=0, thread_local=False)
    try:
        lock.acquire()
    except (Timeout, NotImplementedError, OSError):
        return None
    return lock


def _give_up(folder: Path, lock: BaseFileLock | None) -> None:
    """Ends a lock; its file stays where the folder does, so that a later process knows it to be in use by nothing."""
    for _ in range(2):  # Windows removes no file that is open, and elsewhere nothing may lock it in between
        if not folder.exists():
            with contextlib.suppress(OSError):
                _lock_file(folder).unlink(missing_ok=True)
        if lock is not None:
            lock.release()
