"""The types of a library: notes about its files and jobs, and the input and result of a pull."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003 - msgspec reads the annotations
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from analyzer.errors import FaultError, ThresholdError
    from analyzer.model.job import Job
    from analyzer.tenant.model import RemoteFile, Sink


class PullTime(msgspec.Struct, frozen=True, omit_defaults=True):
    """``pull.json``: the time of the last pull (UTC), its tenant, and whether SharePoint refused it the job list."""

    pulled_at: datetime
    tenant: str | None = None
    list_refused: bool = False


class Observation(msgspec.Struct, frozen=True):
    """One row of ``observations.json``: a pull saw a job new or changed. Times in UTC."""

    job_id: str
    observed_at: datetime
    previous_pull_at: datetime | None
    state: int
    error: int


class FileSeen(msgspec.Struct, frozen=True, omit_defaults=True):
    """One value of ``files.json``, by the file's key (``paths``): the tenant's version that our copy was made from.

    Attributes:
        etag: the tenant's ETag.
        length: bytes.
        sha256: hash of our copy when it was written, in hexadecimal; empty if unknown.
        modified_ns: when our copy was written, by the file system.
        modified: when the tenant's file was changed, in the tenant's ISO 8601; empty if unknown.
        host: the host that the file came from, in lower case; empty in notes of earlier versions.
        searched: whether our copy was searched for removed users (``library.forgotten``).
    """

    etag: str
    length: int
    sha256: str = ""
    modified_ns: int = 0
    modified: str = ""
    host: str = ""
    searched: bool = False


class JobNotes(msgspec.Struct, frozen=True, omit_defaults=True):
    """One value of ``notes.json``, by job ID.

    Attributes:
        source: the source file's path in the library, if it differs from its path on the server.
        source_modified: ``FileSeen.modified`` of that file.
        source_sha256: ``FileSeen.sha256`` of that file.
        source_missing: why there is no source file.
        source_removed: we removed our copy: a pull doesn't download it again. ``source`` is where it was.
        log_missing: why there is no log although one is expected.
        log_cleaned: we removed the log folder from the tenant, or were about to: that it is missing there is no news.
        source_cleaned: likewise the source file.
        fetched: the source file was downloaded by a pull that has not ended, or that failed.
        pending: the job was seen by a pull of other jobs; its files are yet to be downloaded.
    """

    source: str | None = None
    source_modified: str | None = None
    source_sha256: str | None = None
    source_missing: str | None = None
    source_removed: bool = False
    log_missing: str | None = None
    log_cleaned: bool = False
    source_cleaned: bool = False
    fetched: bool = False
    pending: bool = False


@dataclass(frozen=True, slots=True)
class SourceState:
    """Whether our copy of a source file is still what was pulled.

    Attributes:
        sha256: hash of our copy; empty if unknown.
        changed: the evidence that the copy has changed since it was pulled, a clause; empty if there is none.
    """

    sha256: str = ""
    changed: str = ""


class RemoteTenant(Protocol):
    """The tenant as a pull needs it, such as ``tenant.site.Tenant``. Methods are called in several threads.

    Attributes:
        name: as in tables.
        host: the main host, with its port if it has one; server-relative addresses are on this host.
        connections: how many requests may run at once.
    """

    name: str
    host: str
    connections: int

    def jobs(self) -> list[Job]:
        """Return the job list."""
        ...

    def job(self, job_id: str) -> Job | None:
        """Return one job; None if there is none with this ID."""
        ...

    def folder(self, uri: str, path: str) -> list[RemoteFile] | None:
        """Return the files of a folder; None if there is no such folder."""
        ...

    def file(self, uri: str, path: str) -> RemoteFile | None:
        """Return the metadata of a file; None if there is no such file."""
        ...

    def content(self, file: RemoteFile, into: Sink) -> RemoteFile | None:
        """Receive a whole file; return the metadata of what was received, or None if there is no such file."""
        ...

    def stop(self) -> None:
        """End the requests of other threads."""
        ...


@dataclass(frozen=True, slots=True)
class Choice:
    """What to pull.

    Attributes:
        job_ids: only the files of these jobs, each by a unique prefix of its ID; empty for all.
        since: only logs and source files of jobs that ran since (UTC).
        everything: also files that seem unchanged.
    """

    job_ids: frozenset[str] = frozenset()
    since: datetime | None = None
    everything: bool = False


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file that could not be downloaded, and why."""

    job_id: str
    what: str
    because: str


@dataclass(slots=True)
class PullResult:
    """The result of a pull.

    Attributes:
        tenant: the tenant's host.
        new: IDs of jobs that were not in the library.
        changed: IDs of jobs whose state or error changed.
        gone: IDs of jobs that the tenant no longer lists since this pull.
        log_files: log files written.
        source_files: source files written.
        received: bytes of both.
        skipped: files that could not be downloaded.
        fault: why the last failed file could not be downloaded; the next pull asks for it again.
        unlisted: why the job list, and so any new job, is missing although the pull completed.
        forgotten_users: users who were removed before, and again from the files of this pull (``history.forget``).
    """

    tenant: str
    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    log_files: int = 0
    source_files: int = 0
    received: int = 0
    skipped: list[SkippedFile] = field(default_factory=list)
    fault: FaultError | None = None
    unlisted: ThresholdError | None = None
    forgotten_users: int = 0
