"""One job's files from the tenant into the library."""

from __future__ import annotations

import contextlib
import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from analyzer.errors import InputError, RefusedError, SignInError, UnreachableError
from analyzer.files import cannot_write, replacing
from analyzer.library.own import FileSeen
from analyzer.library.paths import OWN_FOLDER, local_path
from analyzer.library.results import LeftOut
from analyzer.library.times import time_in_log_name
from analyzer.uri import server_paths

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from pathlib import Path

    from analyzer.job import Job
    from analyzer.library.mirror import Library
    from analyzer.library.results import Choice, Pulled
    from analyzer.tenant.interface import RemoteFile


BEFORE_CHOICE = "it ran before the day of --since; pull --all brings it"


class Source(Protocol):
    """The tenant as a pull needs it; ``tenant.site.Tenant`` is one."""

    name: str

    def jobs(self) -> list[Job]:
        """The job list."""
        ...

    def folder(self, uri: str, path: str) -> list[RemoteFile] | None:
        """The files of a folder; None where there is no such folder."""
        ...

    def file(self, uri: str, path: str) -> tuple[RemoteFile, Generator[bytes]] | None:
        """A file and its bytes; None where there is no such file."""
        ...


class Fetcher:
    """Fetches what the library lacks and keeps the count in ``result``."""

    def __init__(self, tenant: Source, library: Library, result: Pulled, choice: Choice) -> None:
        self._tenant, self._library, self._result, self._choice = tenant, library, result, choice
        self._readers = {job.job_id: job for job in library.jobs()}

    def begin(self, listed: Iterable[Job]) -> None:
        """Takes note of the jobs whose source file a pull that broke off has fetched."""
        for job in listed:
            noted = self._library.own.notes.get(job.job_id)
            if noted is not None and noted.fetched:
                self._readers[job.job_id] = job

    def log_folder(self, job: Job, uri: str, folder: str) -> bool:
        """Fetches the new and changed files of a log folder; False where the tenant has no such folder.

        Args:
            job: whose.
            uri: tells the host.
            folder: server-relative.

        Raises:
            RefusedError, UnreachableError, OutputError: see ``pull``.
        """
        listed = self._tenant.folder(uri, folder)
        if listed is None:
            return False
        wanted = [remote for remote in listed if not self._before_choice(remote)]
        if listed and not wanted:
            self.without_log(job, BEFORE_CHOICE)
            return True
        self._library.own.note(job.job_id, log_missing=None)
        for remote in wanted:
            try:
                self._log_file(job, remote)
            except SignInError:
                raise
            except (RefusedError, InputError) as error:
                self._result.left_out.append(LeftOut(job.job_id, f"log file {remote.name}", error.what))
        return True

    def before_choice(self, job: Job) -> bool:
        """Whether the job's log was left out for its age."""
        noted = self._library.own.notes.get(job.job_id)
        return self._choice.since is not None and noted is not None and noted.log_missing == BEFORE_CHOICE

    def without_log(self, job: Job, because: str) -> None:
        """Notes that there is no log where one is to be expected."""
        self._library.own.note(job.job_id, log_missing=because)
        self._result.left_out.append(LeftOut(job.job_id, "log", because))

    def source(self, job: Job, *, known: bool) -> None:
        """Fetches the source file of a job; that it cannot be had is a note on the job and no failure.

        Args:
            job: whose.
            known: whether the library had the job before. A copy that it has of its source file stays: what the
                tenant has under that name by now may be what another job reads.

        Raises:
            SignInError, UnreachableError, OutputError: see ``pull``.
        """
        noted = self._library.own.notes.get(job.job_id)
        if (known or (noted is not None and noted.fetched)) and self._library.source_file(job) is not None:
            return
        try:
            missing = self._source(job)
        except SignInError:
            raise
        except (RefusedError, InputError) as error:
            missing = error.what
        # Kept at once: should this pull break off, the next one must know whose copy lies there.
        self._library.own.note(job.job_id, source_missing=missing, fetched=missing is None)
        self._library.own.save()
        self._readers[job.job_id] = job
        if missing:
            self._result.left_out.append(LeftOut(job.job_id, "source file", missing))

    def _source(self, job: Job) -> str | None:
        for path in server_paths(job.source_uri):
            found = self._tenant.file(job.source_uri, path)
            if found is None:
                continue
            remote, chunks = found
            with contextlib.closing(chunks):
                if not self._unchanged(remote):
                    self._keep_earlier(remote, job)
                    self._write(remote, chunks)
                    self._result.source_files += 1
            return None
        return "the tenant has no such file any more" if job.source_uri else "the job names no source file"

    def _log_file(self, job: Job, remote: RemoteFile) -> None:
        if self._unchanged(remote) and not self._is_shorter(remote):
            return
        found = self._tenant.file(remote.uri, remote.path)
        if found is None:
            because = "it was deleted while we looked"
            self._result.left_out.append(LeftOut(job.job_id, f"log file {remote.name}", because))
            return
        with contextlib.closing(found[1]):
            self._write(*found)
        self._result.log_files += 1

    def _unchanged(self, remote: RemoteFile) -> bool:
        """Whether what we hold is what the tenant holds; of a file whose ETag we did not note, its length tells."""
        path = local_path(self._library.root, remote.path)
        if not path.is_file():
            return False
        seen = self._library.own.files.get(remote.path)
        if seen is not None and seen.etag and remote.etag:
            return seen.etag == remote.etag
        if remote.length is None or path.stat().st_size != remote.length:
            return False
        self._library.own.files[remote.path] = FileSeen(remote.etag, remote.length)
        return True

    def _is_shorter(self, remote: RemoteFile) -> bool:
        """Whether our copy holds less than we noted of it: something happened to it here."""
        seen = self._library.own.files.get(remote.path)
        return seen is not None and local_path(self._library.root, remote.path).stat().st_size < seen.length

    def _write(self, remote: RemoteFile, chunks: Generator[bytes]) -> None:
        path = local_path(self._library.root, remote.path)
        received = 0
        digest = hashlib.sha256()
        with replacing(path) as stream:
            for chunk in chunks:
                stream.write(chunk)
                digest.update(chunk)
                received += len(chunk)
            if remote.length is not None and received != remote.length:
                raise UnreachableError(
                    f"{remote.uri} broke off after {received:,} of {remote.length:,} bytes",
                    "Run the same command again.",
                )
        seen = FileSeen(remote.etag, received, digest.hexdigest(), path.stat().st_mtime_ns)
        self._library.own.files[remote.path] = seen
        self._result.received += received

    def _keep_earlier(self, remote: RemoteFile, job: Job) -> None:
        """Keeps the version that earlier jobs read: feeds may use one file name again and again."""
        path = local_path(self._library.root, remote.path)
        if not path.is_file():
            return
        others = [other for other in self._readers.values() if other.job_id != job.job_id]
        readers = [other.job_id for other in others if self._library.source_file(other) == path]
        if not readers:
            return
        seen = self._library.own.files.get(remote.path)
        # By what the tenant said of it: when we wrote our copy is another time each time.
        told = (seen.etag, seen.length) if seen else None
        version = hashlib.sha256(f"{remote.path}\n{told}".encode()).hexdigest()[:12]
        kept = self._library.root / OWN_FOLDER / "earlier" / version / path.name
        _link_or_move(path, kept)
        for job_id in readers:
            self._library.own.note(job_id, source=self._library.name_of(kept))
        self._library.own.save()

    def _before_choice(self, remote: RemoteFile) -> bool:
        if self._choice.since is None:
            return False
        written = time_in_log_name(remote.name) or _time(remote.modified)
        return written is not None and written < self._choice.since


def _link_or_move(path: Path, kept: Path) -> None:
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.unlink(missing_ok=True)
        kept.hardlink_to(path)
    except OSError:
        try:
            path.replace(kept)
        except OSError as error:
            raise cannot_write(kept, error) from error


def _time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else None
