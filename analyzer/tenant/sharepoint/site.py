"""A tenant as ``library.pull`` sees it: its jobs, the files of a folder, the bytes of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.model.uri import tenant_of
from analyzer.tenant.sharepoint import files, jobs
from analyzer.tenant.sharepoint.download import download

if TYPE_CHECKING:
    from analyzer.model.job import Job
    from analyzer.tenant.http.session import Session
    from analyzer.tenant.model import RemoteFile, Sink


class Tenant:
    """One tenant through one session.

    Attributes:
        session: what sends the requests.
        name: the tenant's host as it stands in tables.
        host: the host of its sites, with its port where it has one.
        connections: how many requests may be under way at once.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.host = session.hosts.site_host
        self.name = tenant_of(self.host)
        self.connections = session.policy.connections

    def jobs(self) -> list[Job]:
        """See ``tenant.jobs.list_jobs``."""
        return jobs.list_jobs(self.session)

    def job(self, job_id: str) -> Job | None:
        """See ``tenant.jobs.get_job``."""
        return jobs.get_job(self.session, job_id)

    def folder(self, uri: str, path: str) -> list[RemoteFile] | None:
        """The files of the folder ``path`` on the host of ``uri``; None where there is no such folder.

        Raises:
            RefusedError: the host is not the tenant's, or the folder may not be read.
            UnreachableError: the answer is none.
        """
        return files.list_folder(self.session, self.session.hosts.origin(uri), path)

    def file(self, uri: str, path: str) -> RemoteFile | None:
        """What the tenant says of the file ``path`` on the host of ``uri``; None where there is no such file.

        Raises:
            RefusedError: the host is not the tenant's, or the file may not be read.
            UnreachableError: the answer is none.
        """
        return files.file_info(self.session, self.session.hosts.origin(uri), path)

    def content(self, file: RemoteFile, into: Sink) -> RemoteFile | None:
        """See ``tenant.download.download``."""
        return download(self.session, file, into)

    def stop(self) -> None:
        """Ends what waits or receives in other threads."""
        self.session.stop()
