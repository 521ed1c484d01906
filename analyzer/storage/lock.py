"""Allow only one command at a time in a folder.

The operating system's lock ends with its process. A second file has the holder for messages, because a locked file
cannot be read on Windows.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from analyzer.errors import LockedError, OutputError
from analyzer.storage.files import cannot_write, plain_words, write_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from filelock import BaseFileLock

LOCK, HOLDER = ".upa-lock", ".upa-lock.json"
_NOT_OURS = frozenset({errno.EACCES, errno.EPERM, errno.EISDIR})
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP})


class Holder(msgspec.Struct, frozen=True):
    """The holder of a lock: its command, process, host, and start (UTC)."""

    command: str
    process: int
    host: str
    since: datetime


@contextlib.contextmanager
def data_lock(
    folder: Path,
    command: str,
    say: Callable[[str], None],
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    wait: float = 0,
) -> Iterator[None]:
    """Lock a folder; if it is new, remove it afterwards unless something was written to it.

    Args:
        folder: the folder.
        command: the name of the running command, for the message of another one.
        say: shows a warning if the file system has no locks.
        now: the clock.
        wait: seconds to wait for another process.

    Raises:
        LockedError: another process holds it.
        OutputError: the folder cannot be written.
    """
    try:
        new = [path for path in (folder, *folder.parents) if not path.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        lock = _acquired(folder, say, wait)
    except OSError as error:
        raise _cannot_lock(folder, error) from error
    try:
        holder = Holder(command, os.getpid(), socket.gethostname(), now())
        write_bytes(folder / HOLDER, msgspec.json.encode(holder) + b"\n")
        yield
    finally:
        _release(folder, lock, new)


def is_held(folder: Path) -> bool:
    """Return whether another process, or this one, holds the lock of a folder."""
    from filelock import FileLock, Timeout

    if not (folder / LOCK).exists():
        return False
    try:
        with FileLock(folder / LOCK, timeout=0, thread_local=False):
            return False
    except Timeout:
        return True
    except (NotImplementedError, OSError):
        return False


def check_lock(folder: Path) -> None:
    """Check that the lock file of a folder, if there is one, can be opened, without locking it.

    Raises:
        OutputError: it cannot, for example because it belongs to another account.
    """
    try:
        if os.path.lexists(folder / LOCK):
            with (folder / LOCK).open("r+b"):
                pass
    except OSError as error:
        raise _cannot_lock(folder, error) from error


def _cannot_lock(folder: Path, error: OSError) -> OutputError:
    lock = folder / LOCK
    if error.errno not in _NOT_OURS or not os.path.lexists(lock):
        return cannot_write(folder, error)
    advice = "If another account made it, have one account run upa-analyzer, or remove it while no command runs."
    return OutputError(f"{lock} cannot be used: {plain_words(error)}", advice)


def _acquired(folder: Path, say: Callable[[str], None], wait: float) -> BaseFileLock | None:
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK, timeout=wait, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise _held(folder) from None
    except NotImplementedError:
        pass
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    else:
        return lock
    say(f"Files in {folder} cannot be locked: don't run a second command on it at the same time.")
    return None


def _held(folder: Path) -> LockedError:
    try:
        holder = msgspec.json.decode((folder / HOLDER).read_bytes(), type=Holder)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return LockedError(f"{folder} is in use by another upa-analyzer", "Try again when it has ended.")
    since = f"{holder.since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    whose = f"process {holder.process} on {holder.host}"
    return LockedError(
        f"{folder} is in use by upa-analyzer {holder.command} since {since} ({whose})", "Try again when it has ended."
    )


def _release(folder: Path, lock: BaseFileLock | None, new: Sequence[Path]) -> None:
    """Release the lock, and remove new folders if nothing was written there."""
    with contextlib.suppress(OSError):
        (folder / HOLDER).unlink(missing_ok=True)
        if new and [path.name for path in folder.iterdir()] == [LOCK]:
            (folder / LOCK).unlink()
    if lock is not None:
        lock.release()
    with contextlib.suppress(OSError):
        for path in new:
            path.rmdir()
