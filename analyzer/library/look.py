"""What the tenant has for a job: the files of its log folder, its source file. Asks, and writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from analyzer.errors import FaultError, RefusedError, SignInError
from analyzer.library.mirror import log_folders
from analyzer.uri import server_paths

if TYPE_CHECKING:
    from analyzer.job import Job
    from analyzer.tenant.interface import RemoteFile, Sink


class Source(Protocol):
    """The tenant as a pull needs it; ``tenant.site.Tenant`` is one. Its methods are called in several threads.

    Attributes:
        name: the tenant's, as it stands in tables.
        host: the main host, with its port where it has one: what a server-relative address means.
        connections: how many requests may be under way at once.
    """

    name: str
    host: str
    connections: int

    def jobs(self) -> list[Job]:
        """The job list."""
        ...

    def folder(self, uri: str, path: str) -> list[RemoteFile] | None:
        """The files of a folder; None where there is no such folder."""
        ...

    def file(self, uri: str, path: str) -> RemoteFile | None:
        """What is to be said of a file; None where there is no such file."""
        ...

    def content(self, file: RemoteFile, into: Sink) -> RemoteFile | None:
        """Receives a file whole; what is to be said of what came, None where there is no such file."""
        ...

    def stop(self) -> None:
        """Ends what waits or receives in other threads."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """What the tenant has.

    Attributes:
        files: a log folder's files, or the source file; None where there is no such folder or file.
        refused: why it could not be looked at; empty where it could.
        fault: whether that passes, so that the next pull is to look again.
    """

    files: list[RemoteFile] | None = None
    refused: str = ""
    fault: FaultError | None = None


def look_for_log(tenant: Source, job: Job) -> Found:
    """The files of a job's log folder, wherever it lies of the places that it can lie in.

    Raises:
        SignInError, UnreachableError: see ``pull``.
    """
    refused, fault = "", None
    for uri, folder in log_folders(job):
        try:
            files = tenant.folder(uri, folder)
        except SignInError:
            raise
        except RefusedError as error:
            refused = refused or error.what
        except FaultError as error:
            refused, fault = refused or error.what, fault or error
        else:
            if files is not None:
                return Found(files)
    return Found(None, refused, fault)


def look_for_source(tenant: Source, uri: str) -> Found:
    """The source file of a job, by the address that it was queued with.

    Raises:
        SignInError, UnreachableError: see ``pull``.
    """
    try:
        for path in server_paths(uri):
            file = tenant.file(uri, path)
            if file is not None:
                return Found([file])
    except SignInError:
        raise
    except RefusedError as error:
        return Found(None, error.what)
    except FaultError as error:
        return Found(None, error.what, error)
    return Found(None, "the tenant has no such file any more" if uri else "the job names no source file")
