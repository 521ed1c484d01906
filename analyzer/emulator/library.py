"""A library folder as the emulator takes it up: its job list, its settings, a copy of its files."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from analyzer.emulator.jobs import Job
from analyzer.emulator.model import EmulatorError, ServiceError
from analyzer.emulator.stored import time_in_name
from analyzer.emulator.uris import admin_host, is_admin_host, path_readings, split_uri
from analyzer.model.service import JobError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from analyzer.emulator.storage import Storage

_JOBS, _SETTINGS = "jobs.json", "emulator.json"
_HOSTS = "other-hosts.upa"
_NOT_THE_TENANTS = frozenset({_JOBS, _SETTINGS, "README.md", _HOSTS})
_FRESH = "/sites/hr/Shared Documents"
_LIBRARY_DEPTH = 3
_HOUR = 3600.0


def copy_library(library: Path, target: Path) -> None:
    """Copies what mirrors the tenant's files; what is our own at the top (``.upa``, the job list) is left out.

    The emulator is one host: of two files with one path on several hosts, it has the main host's.

    Raises:
        EmulatorError: there is no such folder, or it cannot be read.
    """
    if not library.is_dir():
        raise EmulatorError(f"{library} isn't a folder; give a library, such as sample_logs or one that pull made")
    top = str(library)

    def left_out(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if folder == top and (name in _NOT_THE_TENANTS or name.startswith("."))]

    try:
        shutil.copytree(library, target, ignore=left_out)
        for host in sorted((library / _HOSTS).glob("*/")):
            shutil.copytree(host, target, dirs_exist_ok=True, copy_function=_copy_new)
    except OSError as error:  # shutil.Error, too, which lists each file that could not be copied
        raise EmulatorError(f"the library {library} cannot be copied to {target}: {_words(error)}") from error


def _copy_new(source: str, target: str) -> None:
    if not os.path.lexists(target):
        shutil.copy2(source, target)


def load_settings(library: Path) -> dict[str, object] | None:
    """The content of ``emulator.json``; None where there is none.

    Raises:
        EmulatorError: it isn't a JSON object.
    """
    return _object(library / _SETTINGS)


def load_jobs(library: Path, origin: str) -> list[Job]:
    """The jobs that the tenant lists, their addresses moved to ``origin``.

    The tenant's hosts are those of the log folders and the one of most source files. A source file on another host was
    never in the tenant (its error says so) and keeps its address.

    Raises:
        EmulatorError: ``jobs.json`` is no job list.
    """
    place = library / _JOBS
    listed = (_object(place) or {}).get("value", [])
    if not isinstance(listed, list):
        raise EmulatorError(f"{place} isn't a job list: value isn't a list; pull it again, or remove it")
    jobs = [_job(place, number, row) for number, row in enumerate(listed) if not _is_gone(row)]
    hosts = _hosts(jobs)
    return [
        replace(
            job,
            source_uri=_moved(job.source_uri, hosts, origin),
            log_folder_uri=_moved(job.log_folder_uri, hosts, origin),
        )
        for job in jobs
    ]


def imports_folder(jobs: Sequence[Job], storage: Storage) -> str:
    """Server-relative path of a folder that imports are uploaded to: that of most jobs; a new one where none is."""
    parents = (path.rpartition("/")[0] for job in jobs for path in path_readings(job.source_uri))
    there = {folder.path.lower(): folder.path for folder in storage.walk()}
    counted = Counter(there[parent.lower()] for parent in parents if parent.lower() in there)
    if counted:
        return counted.most_common(1)[0][0]
    libraries = (path for path in there.values() if path.count("/") == _LIBRARY_DEPTH and path.startswith("/sites/"))
    return next(libraries, None) or storage.make_folder(_FRESH).path


def age_sources(jobs: Sequence[Job], storage: Storage) -> None:
    """Make source files older than the last log of the jobs that read them; copying had made them newer."""
    read: dict[Path, float] = {}
    for job in jobs:
        source = next(filter(None, map(storage.place, path_readings(job.source_uri))), None)
        last = max(_times_of_logs(job, storage), default=None)
        if source is not None and last is not None:
            read[source] = max(read.get(source, last), last)
    for source, when in read.items():
        if source.stat().st_mtime > when:
            os.utime(source, (when - _HOUR, when - _HOUR))


def _times_of_logs(job: Job, storage: Storage) -> Iterator[float]:
    for path in path_readings(job.log_folder_uri) if job.log_folder_uri else ():
        with suppress(ServiceError):  # it is no path
            folder = storage.find(path)[1]
            for log in folder.iterdir() if folder.is_dir() else ():
                if (when := time_in_name(log.name)) is not None:
                    yield when.timestamp()


def _object(place: Path) -> dict[str, object] | None:
    if not place.exists():
        return None
    try:
        content = json.loads(place.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise EmulatorError(f"{place} isn't valid JSON: {_words(error)}; fix it, or remove it") from error
    if not isinstance(content, dict):
        raise EmulatorError(f"{place} isn't a JSON object; fix it, or remove it")
    return content


def _is_gone(row: object) -> bool:
    return isinstance(row, dict) and row.get("Gone") is True


def _job(place: Path, number: int, row: object) -> Job:
    if not isinstance(row, dict) or not isinstance(row.get("JobId"), str):
        raise EmulatorError(f"{place} isn't a job list: value[{number}] has no JobId; pull it again, or remove it")
    return Job(
        job_id=row["JobId"],
        state=_number(place, number, row, "State"),
        error=_number(place, number, row, "Error"),
        error_message=str(row.get("ErrorMessage") or ""),
        source_uri=str(row.get("SourceUri") or ""),
        log_folder_uri=str(row.get("LogFolderUri") or ""),
    )


def _number(place: Path, number: int, row: Mapping[str, object], name: str) -> int:
    value = row.get(name, 0)
    if not isinstance(value, int):
        raise EmulatorError(f"{place} isn't a job list: {name} of value[{number}] isn't a number; fix it, or remove it")
    return value


def _hosts(jobs: Sequence[Job]) -> frozenset[str]:
    of_logs = {split_uri(job.log_folder_uri)[0] for job in jobs}
    inside = (job for job in jobs if job.error != JobError.DataFileNotInTenant)
    of_sources = Counter(host for job in inside if (host := split_uri(job.source_uri)[0]))
    return frozenset(of_logs | {host for host, _ in of_sources.most_common(1)}) - {""}


def _moved(uri: str, hosts: frozenset[str], origin: str) -> str:
    host, path = split_uri(uri)
    if host not in hosts:
        return uri
    return f"https://{admin_host(split_uri(origin)[0])}{path}" if is_admin_host(host) else origin + path


def _words(error: Exception) -> str:
    if isinstance(error, shutil.Error) and error.args and error.args[0]:
        source, _, why = error.args[0][0]
        return f"{source}: {why}"
    return str(error).splitlines()[0] if str(error) else type(error).__name__
