"""A tenant as ``library.pull`` sees it: its jobs, the files of a folder, the content of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.model.uri import tenant_of
from analyzer.tenant.sharepoint import files, jobs
from analyzer.tenant.sharepoint.webs import Webs

if TYPE_CHECKING:
    from analyzer.model.job import Job
    from analyzer.tenant.http.session import Session
    from analyzer.tenant.model import RemoteFile, Sink


class Tenant:
    """One tenant through one session.

    Attributes:
        session: sends the requests.
        webs: which web has which files.
        name: the tenant's host as tables have it.
        host: the host of its sites, with its port if it has one.
        connections: how many requests may be under way at once.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.webs = Webs(session)
        self.host = session.hosts.site_host
        self.name = tenant_of(self.host)
        self.connections = session.policy.connections

    def jobs(self) -> list[Job]:
        """See ``sharepoint.jobs.list_jobs``."""
        return jobs.list_jobs(self.session)

    def job(self, job_id: str) -> Job | None:
        """See ``sharepoint.jobs.get_job``."""
        return jobs.get_job(self.session, job_id)

    def folder(self, uri: str, path: str) -> list[RemoteFile] | None:
        """Return the files of the folder ``path`` on the host of ``uri``; None if there is no such folder.

        Raises:
            RefusedError: the host is not the tenant's, or the folder may not be read.
            UnreachableError: the answer is invalid.
        """
        return files.list_folder(self.webs, self.session.hosts.origin(uri), path)

    def file(self, uri: str, path: str) -> RemoteFile | None:
        """Return the listed properties of the file ``path`` on the host of ``uri``; None if there is no such file.

        Raises:
            RefusedError: the host is not the tenant's, or the file may not be read.
            UnreachableError: the answer is invalid.
        """
        return files.file_info(self.webs, self.session.hosts.origin(uri), path)

    def content(self, file: RemoteFile, into: Sink) -> RemoteFile | None:
        """See ``sharepoint.files.download``."""
        return files.download(self.webs, file, into)

    def stop(self) -> None:
        """End waits and transfers in other threads."""
        self.session.stop()
