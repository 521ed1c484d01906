"""Read and write a library: a folder with one tenant's files by server-relative path, and its ``jobs.json``."""

from __future__ import annotations

import contextlib
import functools
import json
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING

from analyzer.errors import InputError
from analyzer.library.model import FileSeen, SourceState
from analyzer.library.paths import JOB_LIST, OWN_FOLDER, file_key, key_of, place_of
from analyzer.library.state import LibraryState, WritableState
from analyzer.model.job import Job, job_list
from analyzer.model.service import log_folder_name
from analyzer.model.uri import host_of, server_paths, tenant_of
from analyzer.storage.files import cannot_read, read_bytes, sha256_of, write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from analyzer.tenant.model import RemoteFile

__all__ = ["JOB_LIST", "Library", "WritableLibrary", "log_folders"]

EARLIER = f"{OWN_FOLDER}/earlier/"


class Library:
    """A library to read.

    Attributes:
        root: its folder.
        state: our notes about it, from ``.upa``.
    """

    _listed: tuple[bytes, list[Job]] | None = None
    """The content of the job list that was read last, and its jobs."""

    def __init__(self, root: Path) -> None:
        """Open the folder; it may be missing."""
        self.root = root
        self.state = LibraryState(root)

    @staticmethod
    def existing(root: Path) -> Library:
        """Open a folder that must be a library.

        Raises:
            InputError: the folder has no job list.
        """
        if not (root / JOB_LIST).is_file():
            what = "has no jobs.json" if root.is_dir() else "does not exist" if not root.exists() else "is a file"
            advice = "Specify the folder that contains jobs.json."
            raise InputError(f"{root} isn't a library: it {what}", advice)
        return Library(root)

    def jobs(self) -> list[Job]:
        """Return the jobs in the service's order; none before the first pull.

        Raises:
            InputError: ``jobs.json`` cannot be read, or isn't a job list.
        """
        path = self.root / JOB_LIST
        if not path.exists():
            return []
        content = read_bytes(path)
        if self._listed is not None and self._listed[0] == content:
            return list(self._listed[1])
        try:
            self._listed = content, job_list(json.loads(content.decode("utf-8-sig")))
            return list(self._listed[1])
        except ValueError as error:
            advice = "Restore it, or move it away: the next pull lists the jobs that the tenant still knows."
            raise InputError(f"{path} isn't a job list: {_problem(error)}", advice) from error

    @functools.cached_property
    def tenant(self) -> str | None:
        """The tenant's host as in tables; None if unknown."""
        if self.state.last_pull and self.state.last_pull.tenant:
            return self.state.last_pull.tenant
        jobs = self.jobs()
        # The log folder is always in the tenant; a source file may have been queued from another tenant.
        for uris in ([job.log_folder_uri for job in jobs], [job.source_uri for job in jobs]):
            hosts = Counter(tenant_of(host_of(uri)) for uri in uris if host_of(uri))
            if hosts:
                return hosts.most_common(1)[0][0]
        return None

    def readers_of_sources(self) -> dict[Path, list[str]]:
        """Return our copies of source files with the IDs of the jobs that read them."""
        readers: dict[Path, list[str]] = {}
        for job in self.jobs():
            if (source := self.source_file(job)) is not None:
                readers.setdefault(source, []).append(job.job_id)
        return readers

    def source_file(self, job: Job) -> Path | None:
        """Return our copy of the source file that the job read; None if there is none."""
        notes = self.state.notes.get(job.job_id)
        if notes and notes.source:
            return self._earlier(notes.source)
        host = _host(job.source_uri)
        is_foreign = bool(host) and self.tenant not in (None, tenant_of(host))
        for path in server_paths(job.source_uri):
            for key, place in self._copies(host, path):
                is_fetched = key in self.state.files
                if notes and notes.source_missing and is_fetched:
                    continue  # downloaded later for another job; a file added by hand is for this one
                if is_foreign and key == path and not is_fetched:
                    continue  # a file of the tenant under another host name would have been downloaded
                if self._may_be_of(host, key) and place.is_file():
                    return place
        return None

    def source_state(self, job: Job) -> SourceState:
        """Compare our copy of a job's source file with what was pulled; read it only if its date differs.

        Raises:
            InputError: the copy cannot be read.
        """
        source = self.source_file(job)
        seen = self.seen(source) if source else None
        return source_state(source, seen) if source and seen else SourceState()

    def pulled_sha256(self, job: Job) -> str:
        """Return the SHA-256 of a job's source file when it was pulled; empty if unknown."""
        notes = self.state.notes.get(job.job_id)
        if notes and notes.source:
            return notes.source_sha256 or ""
        host = _host(job.source_uri)
        places = chain.from_iterable(self._copies(host, path) for path in server_paths(job.source_uri))
        files = (self.state.files.get(key) for key, _ in places if self._may_be_of(host, key))
        return next((seen.sha256 for seen in files if seen), "")

    def log_files(self, job: Job) -> list[Path]:
        """Return the job's log files in the order of their names, which is that of time."""
        for uri, path in log_folders(job):
            host = _host(uri)
            logs: dict[str, Path] = {}
            for key, folder in self._copies(host, path):
                for log in folder.iterdir() if folder.is_dir() else ():
                    if not log.name.startswith(".") and self._may_be_of(host, f"{key}/{log.name}") and log.is_file():
                        logs.setdefault(log.name, log)
            if logs:
                return [logs[name] for name in sorted(logs)]
        return []

    def places_of(self, job: Job) -> list[Path]:
        """Return every place where the job's source file or log folder can be, whether something is there or not."""
        notes = self.state.notes.get(job.job_id)
        if notes and notes.source:
            kept = self._earlier(notes.source)
            places = [kept] if kept else []
        else:
            host = _host(job.source_uri)
            places = [place for path in server_paths(job.source_uri) for _, place in self._copies(host, path)]
        places += [place for uri, path in log_folders(job) for _, place in self._copies(_host(uri), path)]
        return list(dict.fromkeys(places))

    def seen(self, place: Path) -> FileSeen | None:
        """Return the notes on a file in the library from when it was pulled; None if there are none."""
        return self.state.files.get(key_of(self.name_of(place)))

    def _copies(self, host: str, path: str) -> Iterator[tuple[str, Path]]:
        """Yield the key and place of a file or folder: in its host's folder, and at its path without the host."""
        for key in dict.fromkeys([file_key(path, host), path]) if not path.startswith("//") else ():
            with contextlib.suppress(InputError):  # a path that can't be mirrored holds nothing
                yield key, place_of(self.root, key)

    def _may_be_of(self, host: str, key: str) -> bool:
        """Return whether a file can be from this host; a key without a host may be another host's file."""
        if key.startswith("//"):
            return True
        seen = self.state.files.get(key)
        if seen is not None and seen.host:
            return _name(seen.host) == (_name(host) or _name(seen.host))
        # Earlier versions stored the files of all hosts by path alone.
        return len(self._source_hosts.get(key, ())) <= 1

    @functools.cached_property
    def _source_hosts(self) -> dict[str, set[str]]:
        """By server-relative path, the names of the hosts from which jobs read a source file with this path."""
        hosts: dict[str, set[str]] = {}
        for job in self.jobs():
            name, noted = _name(_host(job.source_uri)) or self.tenant or "", self.state.notes.get(job.job_id)
            for path in server_paths(job.source_uri)[:1]:
                is_foreign = path not in self.state.files and self.tenant not in (None, tenant_of(name))
                if not is_foreign and not (noted and noted.source_missing):
                    hosts.setdefault(path, set()).add(name)
        return hosts

    def _earlier(self, name: str) -> Path | None:
        # The notes may come from somebody else's library: the path must not lead out of it.
        is_inside = name.startswith(EARLIER) and ".." not in name.replace("\\", "/").split("/")
        kept = self.root / name
        return kept if is_inside and kept.is_file() else None

    def name_of(self, path: Path) -> str:
        """Return a file's path in the library, with ``/`` on every platform."""
        return path.relative_to(self.root).as_posix()


class WritableLibrary(Library):
    """A library to write; only a pull does, one at a time."""

    state: WritableState

    def __init__(self, root: Path) -> None:
        """Open the folder; it may be missing."""
        self.root = root
        self.state = WritableState(root)

    def key(self, file: RemoteFile, main_host: str) -> str:
        """Return the key of a file of the tenant."""
        host = _host(file.uri)
        return file_key(file.path, "" if host == main_host else host)

    def would_replace(self, job: Job, source: Path, key: str) -> bool:
        """Return whether a new file with this key would change a job's copy of its source file."""
        if source == place_of(self.root, key):
            return True
        # A copy at the path alone, from an earlier version, is used until there is one in the host's folder.
        plain = self.name_of(source)
        return key == file_key(f"/{plain}", _host(job.source_uri))

    def save_jobs(self, jobs: Iterable[Job]) -> None:
        """Write the job list in the service's own shape, if it differs from what is there.

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
    """Return the places where a job's log can be, the likeliest first: as stated, else beside the source.

    Returns:
        Pairs: a URI with the host, and the folder's server-relative path.
    """
    stated = [(job.log_folder_uri, path) for path in server_paths(job.log_folder_uri)]
    beside: list[tuple[str, str]] = []
    for source in server_paths(job.source_uri):
        folder, _, name = source.rpartition("/")
        beside.append((job.source_uri, f"{folder}/{log_folder_name(name, job.job_id)}"))
    places: dict[tuple[str, str], tuple[str, str]] = {}
    for uri, path in [*stated, *beside]:
        places.setdefault((host_of(uri), path.lower()), (uri, path))  # usually both are the same place
    return list(places.values())


def _host(uri: str) -> str:
    """Return the host of a URI as in keys; empty for a server-relative one."""
    return host_of(uri).rpartition("@")[2].removesuffix(":443")


def _name(host: str) -> str:
    """Return a host without its port, which changes each time a local test tenant is started."""
    return host.partition(":")[0]


def _problem(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}: {error.msg}"
    return "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)


def source_state(path: Path, seen: FileSeen) -> SourceState:
    """Compare a copy of a source file with its notes, as ``Library.source_state`` does.

    Raises:
        InputError: the copy cannot be read.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise cannot_read(path, error) from error
    if status.st_size != seen.length:
        return SourceState(changed=f"it has {status.st_size:,} bytes, and had {seen.length:,} when it was pulled")
    if not seen.sha256 or status.st_mtime_ns == seen.modified_ns:
        return SourceState(seen.sha256)
    digest = sha256_of(path)
    return SourceState(digest, "" if digest == seen.sha256 else "its content has changed since it was pulled")
