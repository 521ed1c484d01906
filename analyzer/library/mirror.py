"""A library: a folder that mirrors one tenant, files by their server-relative path, and ``jobs.json``."""

from __future__ import annotations

import functools
import json
from collections import Counter
from typing import TYPE_CHECKING

from analyzer.errors import InputError
from analyzer.facts import log_folder_name
from analyzer.files import read_bytes, write_bytes
from analyzer.job import Job, job_list
from analyzer.library.own import Own
from analyzer.library.paths import JOB_LIST, OWN_FOLDER, local_path
from analyzer.library.source_state import SourceState, source_state
from analyzer.uri import host_of, server_paths, tenant_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["JOB_LIST", "Library", "log_folders"]

EARLIER = f"{OWN_FOLDER}/earlier/"


class Library:
    """One library on disk.

    Attributes:
        root: its folder.
        own: what only we know of it, from ``.upa``.
    """

    def __init__(self, root: Path) -> None:
        """Opens the folder, which need not exist yet: ``pull`` begins with an empty one."""
        self.root = root
        self.own = Own(root)

    @staticmethod
    def existing(root: Path) -> Library:
        """Opens a library that must be one.

        Raises:
            InputError: the folder has no job list.
        """
        if not (root / JOB_LIST).is_file():
            what = "has no jobs.json" if root.is_dir() else "does not exist" if not root.exists() else "is a file"
            advice = "Name the folder that pull wrote, or one that somebody sent: the one with jobs.json in it."
            raise InputError(f"{root} is no library: it {what}", advice)
        return Library(root)

    def jobs(self) -> list[Job]:
        """The job list, in the service's order; empty before the first pull.

        Raises:
            InputError: ``jobs.json`` cannot be read or is no job list.
        """
        path = self.root / JOB_LIST
        if not path.exists():
            return []
        try:
            return job_list(json.loads(read_bytes(path).decode("utf-8-sig")))
        except ValueError as error:
            advice = (
                "Restore it, or move it away: the next pull begins it anew with the jobs that the tenant still knows."
            )
            raise InputError(f"{path} is no job list: {_problem(error)}", advice) from error

    def save_jobs(self, jobs: Iterable[Job]) -> None:
        """Writes the job list in the service's own shape, when it differs from what is there.

        Raises:
            OutputError: it cannot be written.
        """
        path = self.root / JOB_LIST
        text = json.dumps({"value": [dict(job.answer) for job in jobs]}, ensure_ascii=False, indent=1) + "\n"
        # Half a surrogate pair has no UTF-8; its backslash escape is JSON's own.
        content = text.encode("utf-8", "backslashreplace")
        if not path.exists() or path.read_bytes() != content:
            write_bytes(path, content)

    @functools.cached_property
    def tenant(self) -> str | None:
        """The tenant's host as it stands in tables; None where nothing tells it."""
        if self.own.last_pull and self.own.last_pull.tenant:
            return self.own.last_pull.tenant
        # The log folder lies in the tenant for certain; a source file may have been queued from another one.
        for uris in ([job.log_folder_uri for job in self.jobs()], [job.source_uri for job in self.jobs()]):
            hosts = Counter(tenant_of(host_of(uri)) for uri in uris if host_of(uri))
            if hosts:
                return hosts.most_common(1)[0][0]
        return None

    def source_file(self, job: Job) -> Path | None:
        """Our copy of the source file that the job read; None where we have none."""
        noted = self.own.notes.get(job.job_id)
        if noted and noted.source:
            return self._earlier(noted.source)
        paths = server_paths(job.source_uri)
        fetched = [path for path in paths if path in self.own.files]
        if noted and noted.source_missing:
            # What was fetched since was for another job; what somebody put there by hand was for this one.
            paths, fetched = [path for path in paths if path not in fetched], []
        foreign = host_of(job.source_uri) and self.tenant not in (None, tenant_of(host_of(job.source_uri)))
        if foreign and not fetched:
            return None  # a host of the tenant under another name is one from which we fetched
        return next((path for path in self._places(paths) if path.is_file()), None)

    def source_state(self, job: Job) -> SourceState:
        """Whether our copy of a job's source file is still what was pulled, by its size and date.

        Raises:
            InputError: it cannot be read.
        """
        source = self.source_file(job)
        if source is not None:
            for path in server_paths(job.source_uri):
                seen = self.own.files.get(path)
                if seen is not None and source in self._places([path]):
                    return source_state(source, seen)
        return SourceState()

    def pulled_sha256(self, job: Job) -> str:
        """Return the SHA-256 of a job's source file as it was pulled; empty where that is unknown."""
        noted = self.own.notes.get(job.job_id)
        if noted and noted.source:
            return ""
        seen = (self.own.files.get(path) for path in server_paths(job.source_uri))
        return next((one.sha256 for one in seen if one), "")

    def log_files(self, job: Job) -> list[Path]:
        """The job's log files, the oldest first by name; none where there is no log."""
        for folder in self._places(path for _, path in log_folders(job)):
            if folder.is_dir():
                return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
        return []

    def _earlier(self, noted: str) -> Path | None:
        # The note may come from a library that somebody sent: it must not lead out of it.
        inside = noted.startswith(EARLIER) and ".." not in noted.replace("\\", "/").split("/")
        kept = self.root / noted
        return kept if inside and kept.is_file() else None

    def name_of(self, path: Path) -> str:
        """A file's path within the library, with ``/`` on every platform."""
        return path.relative_to(self.root).as_posix()

    def _places(self, paths: Iterable[str]) -> Iterable[Path]:
        for path in paths:
            try:
                yield local_path(self.root, path)
            except InputError:
                continue  # a path that can be mirrored nowhere holds nothing


def log_folders(job: Job) -> list[tuple[str, str]]:
    """Where a job's log can lie, the likeliest first: as told, else beside the source.

    Returns:
        Pairs of the URI that tells the host and the folder's server-relative path.
    """
    told = [(job.log_folder_uri, path) for path in server_paths(job.log_folder_uri)]
    beside: list[tuple[str, str]] = []
    for source in server_paths(job.source_uri):
        folder, _, name = source.rpartition("/")
        beside.append((job.source_uri, f"{folder}/{log_folder_name(name, job.job_id)}"))
    places: dict[tuple[str, str], tuple[str, str]] = {}
    for uri, path in [*told, *beside]:
        places.setdefault((host_of(uri), path.lower()), (uri, path))  # mostly both are one place
    return list(places.values())


def _problem(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}: {error.msg}"
    return "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
