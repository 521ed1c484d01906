"""Download files from the tenant into the library: several at once, and move them to their places one by one."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from dataclasses import dataclass
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING

from msgspec.structs import replace

from analyzer.errors import FaultError, RefusedError, SignInError
from analyzer.library.copies import keep_earlier
from analyzer.library.model import FileSeen, SkippedFile
from analyzer.library.paths import place_of
from analyzer.library.pull.parallel import FaultCounter, in_parallel
from analyzer.model.uri import host_of
from analyzer.storage.files import beside_of, cannot_write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from analyzer.library.mirror import WritableLibrary
    from analyzer.library.model import PullResult, RemoteTenant
    from analyzer.model.job import Job
    from analyzer.tenant.model import RemoteFile

_MEGABYTE = 1 << 20
_WAITING = 16
"""Chunks that may wait to be hashed."""


@dataclass(frozen=True, slots=True)
class DownloadTask:
    """A file to download.

    Attributes:
        remote: the file in the tenant's listing.
        jobs: the jobs with this log or source file.
        what: the file in words.
        is_source: whether it is a source file; other jobs may have read an earlier version of it.
    """

    remote: RemoteFile
    jobs: tuple[Job, ...]
    what: str
    is_source: bool = False


@dataclass(frozen=True, slots=True)
class _Download:
    """A complete file under its temporary name, its key (``paths``), and the notes on it."""

    part: PartFile
    key: str
    seen: FileSeen


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why a file could not be downloaded, and the fault if it may be temporary."""

    because: str
    fault: FaultError | None = None


class Fetcher:
    """Downloads files that the library lacks, and adds them to ``result``.

    Attributes:
        faults: counts failed requests in a row.
        faulty: IDs of jobs that lack a file because a request failed.
    """

    def __init__(self, tenant: RemoteTenant, library: WritableLibrary, result: PullResult) -> None:
        self._tenant, self._library, self._result = tenant, library, result
        self._parts: set[PartFile] = set()
        self.faults = FaultCounter()
        self.faulty: set[str] = set()

    def is_unchanged(self, remote: RemoteFile) -> bool:
        """Return whether our copy is the tenant's version: by ETag and time, else by length.

        Raises:
            InputError: the tenant's path cannot be mirrored.
        """
        key = self._key(remote)
        path = place_of(self._library.root, key)
        if not path.is_file():
            return False
        size = path.stat().st_size
        seen = self._library.state.files.get(key)
        if seen is not None and size < seen.length:
            return False  # our copy lost data
        if seen is not None and seen.modified and remote.modified and seen.modified != remote.modified:
            return False
        host = host_of(remote.uri)
        if seen is not None and seen.etag and remote.etag:
            if seen.etag == remote.etag:
                self._library.state.files[key] = replace(seen, host=host)
            return seen.etag == remote.etag
        if remote.length is None or size != remote.length:
            return False
        self._library.state.files[key] = FileSeen(remote.etag, remote.length, modified=remote.modified, host=host)
        return True

    def download(self, tasks: Sequence[DownloadTask], readers: Sequence[Job]) -> Iterator[DownloadTask]:
        """Download files; yield each task when it is done.

        Args:
            tasks: begun in this order.
            readers: the jobs in the library, and those whose source files were downloaded.

        Raises:
            SignInError, UnreachableError, OutputError: see ``pull``.
        """
        threads, stop = self._tenant.connections, self._tenant.stop
        try:
            for index, result in in_parallel(self._receive, tasks, threads=threads, stop=stop):
                task = tasks[index]
                if isinstance(result, _Download):
                    self._place(task, result, readers)
                    self.faults.count(None)
                    self.settle(task)
                else:
                    self.faults.count(result.fault)
                    self.settle(task, result.because, result.fault)
                yield task
        finally:
            for part in self._parts:
                part.discard()  # files that were received after an error

    def settle(self, task: DownloadTask, because: str = "", fault: FaultError | None = None) -> None:
        """Note the end of a task for each of its jobs.

        Args:
            task: the task.
            because: why there is no file; empty if there is one.
            fault: set if the reason may be temporary.
        """
        for job in task.jobs:
            if task.is_source:
                self.note_source(job, because)
            if because:
                self.skip(job.job_id, task.what, because, fault)

    def note_source(self, job: Job, because: str = "") -> None:
        """Note that a job's source file was downloaded, or why not."""
        self._library.state.note(job.job_id, source_missing=because or None, fetched=not because)

    def skip(self, job_id: str, what: str, because: str, fault: FaultError | None = None) -> None:
        """Add a file that could not be downloaded to the result."""
        self._result.skipped.append(SkippedFile(job_id, what, because))
        if fault is not None:
            self.faulty.add(job_id)
            self._result.fault = fault

    def _key(self, remote: RemoteFile) -> str:
        return self._library.key(remote, self._tenant.host)

    def _receive(self, task: DownloadTask) -> _Download | _Failure:
        """Download one file under a temporary name; called in a thread."""
        part = PartFile(place_of(self._library.root, self._key(task.remote)))
        self._parts.add(part)
        self._library.state.begun(part.path)
        try:
            part.begin()
            remote = self._tenant.content(task.remote, part)
            if remote is not None:
                sha256, modified_ns = part.finish()
                host = host_of(remote.uri)
                seen = FileSeen(remote.etag, part.received, sha256, modified_ns, remote.modified, host)
                return _Download(part, self._key(remote), seen)
            failure = _Failure("it was deleted during the pull")
        except SignInError:
            raise
        except RefusedError as error:
            failure = _Failure(error.what)
        except FaultError as error:
            failure = _Failure(error.what, error)
        part.discard()
        return failure

    def _place(self, task: DownloadTask, download: _Download, readers: Sequence[Job]) -> None:
        if task.is_source:
            keep_earlier(self._library, download.key, task.jobs, readers)
        self._library.state.placed(download.part.path, download.key, download.seen)
        download.part.move_to_place()
        self._result.log_files += not task.is_source
        self._result.source_files += task.is_source
        self._result.received += download.seen.length


class PartFile:
    """A file that is downloaded under a temporary name, hashed, and renamed; a ``tenant.model.Sink``.

    Attributes:
        place: the final path.
        path: the temporary path.
        received: number of bytes written.
    """

    def __init__(self, place: Path, piece: int = 16 * _MEGABYTE) -> None:
        """Choose the temporary path; nothing is written before ``begin``.

        Args:
            place: the final path.
            piece: bytes after which memory is freed, and hashing moves to a thread.
        """
        self.place, self.path = place, beside_of(place)
        self.received = self._flushed = 0
        self._piece = piece
        self._digest = Digest(piece)

    def begin(self) -> None:
        """Create the file.

        Raises:
            OutputError: it cannot be written.
        """
        with self._output_error():
            self.place.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self.path.open("xb")

    def write(self, chunk: bytes) -> None:
        """Append bytes.

        Raises:
            OutputError: the disk is full, and the like.
        """
        with self._output_error():
            self._stream.write(chunk)
            self._digest.update(chunk)
            self.received += len(chunk)
            if self.received - self._flushed >= self._piece:
                self._free_memory()

    def restart(self) -> None:
        """Remove what was written.

        Raises:
            OutputError: the file cannot be written.
        """
        with self._output_error():
            self._stream.seek(0)
            self._stream.truncate()
        self._digest.end()
        self._digest = Digest(self._piece)
        self.received = self._flushed = 0

    def finish(self) -> tuple[str, int]:
        """Flush the file to the disk; return its SHA-256 in hexadecimal and its time of change in ns.

        Raises:
            OutputError: the disk is full, and the like.
        """
        with self._output_error():
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._stream.close()
            return self._digest.hexdigest(), self.path.stat().st_mtime_ns

    def move_to_place(self) -> None:
        """Rename the finished file to its place.

        Raises:
            OutputError: another program holds the file there, and the like.
        """
        with self._output_error():
            self.path.replace(self.place)

    def discard(self) -> None:
        """Remove the file, unless it has been moved to its place."""
        self._digest.end()
        with contextlib.suppress(OSError, AttributeError):
            self._stream.close()
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _free_memory(self) -> None:
        """Have the system write its cache of the file and free the memory.

        A virtual machine asks its host for the cache of a large file page by page, which took longer than receiving it.
        Pages that are being written cannot be freed yet, so the whole file is specified each time.
        """
        self._stream.flush()
        if sys.platform == "linux":
            with contextlib.suppress(OSError):  # only advice
                os.posix_fadvise(self._stream.fileno(), 0, self.received, os.POSIX_FADV_DONTNEED)
        self._flushed = self.received

    @contextlib.contextmanager
    def _output_error(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise cannot_write(self.place, error) from error


class Digest:
    """The SHA-256 of chunks in their order. Call ``hexdigest`` or ``end`` after the last one."""

    def __init__(self, large: int) -> None:
        """Begin without chunks.

        Args:
            large: bytes after which a thread hashes, outside Python's lock: hashing takes as long as receiving.
        """
        self._hash = hashlib.sha256()
        self._large, self._taken = large, 0
        self._chunks: Queue[bytes | None] = Queue(_WAITING)
        self._thread: Thread | None = None

    def update(self, chunk: bytes) -> None:
        """Take the next bytes, which must not change afterwards."""
        self._taken += len(chunk)
        if self._thread is not None:
            self._chunks.put(chunk)
            return
        self._hash.update(chunk)
        if self._taken > self._large:
            self._thread = Thread(target=self._run, name="digest", daemon=True)
            self._thread.start()

    def hexdigest(self) -> str:
        """Return the hash of all chunks in hexadecimal."""
        self.end()
        return self._hash.hexdigest()

    def end(self) -> None:
        """Wait until all chunks are hashed."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._chunks.put(None)
            thread.join()

    def _run(self) -> None:
        while (chunk := self._chunks.get()) is not None:
            self._hash.update(chunk)
