"""A library: a folder that mirrors one tenant, files by their server-relative path, and ``jobs.json``."""

from __future__ import annotations

import contextlib
import functools
import json
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING

from analyzer.errors import InputError
from analyzer.library.paths import JOB_LIST, OWN_FOLDER, file_key, key_of, place_of
from analyzer.library.state.own import Own, PullState
from analyzer.library.state.source_state import SourceState, source_state
from analyzer.model.job import Job, job_list
from analyzer.model.service import log_folder_name
from analyzer.model.uri import host_of, server_paths, tenant_of
from analyzer.storage.files import read_bytes, write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from analyzer.library.state.model import FileSeen
    from analyzer.tenant.model import RemoteFile

__all__ = ["JOB_LIST", "Library", "WritableLibrary", "log_folders"]

EARLIER = f"{OWN_FOLDER}/earlier/"


class Library:
    """One library on disk, to be read.

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
        host = _host(job.source_uri)
        is_foreign = bool(host) and self.tenant not in (None, tenant_of(host))
        for path in server_paths(job.source_uri):
            for key, place in self._copies(host, path):
                is_fetched = key in self.own.files
                if noted and noted.source_missing and is_fetched:
                    continue  # it was fetched since, for another job; what somebody put there by hand was for this one
                if is_foreign and key == path and not is_fetched:
                    continue  # a host of the tenant under another name is one from which we fetched
                if self._may_be_of(host, key) and place.is_file():
                    return place
        return None

    def source_state(self, job: Job) -> SourceState:
        """Whether our copy of a job's source file is still what was pulled, by its size and date.

        Raises:
            InputError: it cannot be read.
        """
        source = self.source_file(job)
        seen = self.seen(source) if source else None
        return source_state(source, seen) if source and seen else SourceState()

    def pulled_sha256(self, job: Job) -> str:
        """Return the SHA-256 of a job's source file as it was pulled; empty where that is unknown."""
        noted = self.own.notes.get(job.job_id)
        if noted and noted.source:
            return noted.source_sha256 or ""
        host = _host(job.source_uri)
        places = chain.from_iterable(self._copies(host, path) for path in server_paths(job.source_uri))
        seen = (self.own.files.get(key) for key, _ in places if self._may_be_of(host, key))
        return next((one.sha256 for one in seen if one), "")

    def log_files(self, job: Job) -> list[Path]:
        """The job's log files, the oldest first by name; none where there is no log."""
        for uri, path in log_folders(job):
            host = _host(uri)
            found: dict[str, Path] = {}
            for key, folder in self._copies(host, path):
                for log in folder.iterdir() if folder.is_dir() else ():
                    if not log.name.startswith(".") and self._may_be_of(host, f"{key}/{log.name}") and log.is_file():
                        found.setdefault(log.name, log)
            if found:
                return [found[name] for name in sorted(found)]
        return []

    def seen(self, place: Path) -> FileSeen | None:
        """What the tenant said of a file in the library when it was pulled; None where nothing is noted."""
        return self.own.files.get(key_of(self.name_of(place)))

    def _copies(self, host: str, path: str) -> Iterator[tuple[str, Path]]:
        """Where a file or folder of a host can be, by key: below its host's folder, or at its path alone."""
        for key in dict.fromkeys([file_key(path, host), path]) if not path.startswith("//") else ():
            with contextlib.suppress(InputError):  # a path that can be mirrored nowhere holds nothing
                yield key, place_of(self.root, key)

    def _may_be_of(self, host: str, key: str) -> bool:
        """Whether a file can be of this host; where it has the path alone, that may have been another host's."""
        if key.startswith("//"):
            return True
        seen = self.own.files.get(key)
        if seen is not None and seen.host:
            return _name(seen.host) == (_name(host) or _name(seen.host))
        # An earlier version, which looked at paths alone, had one place for the files of all hosts.
        return len(self._source_hosts.get(key, ())) <= 1

    @functools.cached_property
    def _source_hosts(self) -> dict[str, set[str]]:
        """By server-relative path, the names of the hosts that jobs read a source file with this path from."""
        hosts: dict[str, set[str]] = {}
        for job in self.jobs():
            name, noted = _name(_host(job.source_uri)) or self.tenant or "", self.own.notes.get(job.job_id)
            for path in server_paths(job.source_uri)[:1]:
                is_foreign = path not in self.own.files and self.tenant not in (None, tenant_of(name))
                if not is_foreign and not (noted and noted.source_missing):
                    hosts.setdefault(path, set()).add(name)
        return hosts

    def _earlier(self, noted: str) -> Path | None:
        # The note may come from a library that somebody sent: it must not lead out of it.
        inside = noted.startswith(EARLIER) and ".." not in noted.replace("\\", "/").split("/")
        kept = self.root / noted
        return kept if inside and kept.is_file() else None

    def name_of(self, path: Path) -> str:
        """A file's path within the library, with ``/`` on every platform."""
        return path.relative_to(self.root).as_posix()


class WritableLibrary(Library):
    """One library as a pull writes it: nothing else may, and one at a time."""

    own: PullState

    def __init__(self, root: Path) -> None:
        """Opens the folder, which need not exist yet."""
        self.root = root
        self.own = PullState(root)

    def key(self, file: RemoteFile, main_host: str) -> str:
        """How a file of the tenant is noted."""
        host = _host(file.uri)
        return file_key(file.path, "" if host == main_host else host)

    def gives_way(self, job: Job, source: Path, key: str) -> bool:
        """Whether a job's copy of its source file would be another once a file took the place that a key means."""
        if source == place_of(self.root, key):
            return True
        # A copy from an earlier version, at the path alone, counts until there is one below the host's folder.
        plain = self.name_of(source)
        return key == file_key(f"/{plain}", _host(job.source_uri))

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


def _host(uri: str) -> str:
    """The host of a URI as keys have it; empty for a server-relative one."""
    return host_of(uri).rpartition("@")[2].removesuffix(":443")


def _name(host: str) -> str:
    """A host without its port: a local test tenant has another one each time that it is started."""
    return host.partition(":")[0]


def _problem(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}: {error.msg}"
    return "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
