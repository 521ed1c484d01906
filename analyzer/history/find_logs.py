"""Find log files: specified files, and files in a folder, library, or archive that are logs by name or folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from analyzer.errors import InputError
from analyzer.library.mirror import JOB_LIST, Library
from analyzer.library.paths import OWN_FOLDER
from analyzer.logs.archives import is_zip, members
from analyzer.logs.model import LogFile
from analyzer.model.service import LOG_FILE_NAME, LOG_FOLDER_NAME
from analyzer.storage.files import cannot_read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STANDARD_INPUT = "-"
_ENDINGS = (".log", ".log.gz")
_NO_LOGS = (".parquet", ".csv", ".ndjson", ".xlsx", ".json", ".html")
"""Extensions of other files that are often beside logs, such as our own tables."""

_DAMAGED = -1
"""The member of an archive whose list cannot be read; opening it fails again."""


def find_logs(paths: Iterable[Path]) -> tuple[list[LogFile], list[InputError]]:
    """Return the log files at paths, each once, and the problems of paths without logs.

    ``-`` is standard input. A specified file is a log regardless of its name. The logs of a specified ZIP archive are
    its members with the name of a log, or all members if there are none.
    """
    by_place: dict[tuple[str, int | None], LogFile] = {}
    problems: list[InputError] = []
    for path in paths:
        known = len(problems)
        try:
            logs = list(_logs_at(path, problems))
        except OSError as error:
            problems.append(cannot_read(path, error))
            continue
        if not logs and len(problems) == known:
            advice = "Logs end in .log, or are in a folder named STEM-JOBID-Logs."
            problems.append(InputError(f"{path} has no logs in it", advice))
        for real, log in logs:
            by_place.setdefault((real, log.member), log)
    return list(by_place.values()), problems


def log_at(path: Path) -> LogFile:
    """Return a file as a log.

    Raises:
        InputError: the file does not exist.
    """
    try:
        return LogFile(path, _readable(str(path)), size=path.stat().st_size)
    except OSError as error:
        raise cannot_read(path, error) from error


def _logs_at(path: Path, problems: list[InputError]) -> Iterator[tuple[str, LogFile]]:
    """Yield logs, each with its real path, which identifies it under any name."""
    if str(path) == STANDARD_INPUT:
        yield STANDARD_INPUT, LogFile(None, STANDARD_INPUT)
        return
    if path.is_dir():
        yield from _in_folder(path, problems)
        return
    if not path.exists():
        problems.append(InputError(f"{path} does not exist", "Specify a log file, a folder with logs, or a library."))
        return
    real = os.path.realpath(path)
    if not is_zip(path):
        yield real, log_at(path)
        return
    logs = _in_archive(path, str(path), None)
    for log in [log for log in logs if _is_log(*_names(log.name))] or logs:
        yield real, log


def _in_folder(folder: Path, problems: list[InputError]) -> Iterator[tuple[str, LogFile]]:
    is_library = (folder / JOB_LIST).is_file()
    tenant = Library(folder).tenant if is_library else None
    for path, real, size in _files(folder, problems):
        name = path.relative_to(folder).as_posix() if is_library else str(path)
        if path.suffix.lower() == ".zip":
            for log in _in_archive(path, name, tenant):
                if log.member == _DAMAGED or _is_log(*_names(log.name)):
                    yield real, log
        elif _is_log(path.name, path.parent.name):
            yield real, LogFile(path, _readable(name), tenant, size=size)


def _files(folder: Path, problems: list[InputError]) -> Iterator[tuple[Path, str, int]]:
    """Yield the files below a folder with their real paths and sizes, except for our own files."""
    root = os.path.realpath(folder)

    def add_problem(error: OSError) -> None:
        problems.append(cannot_read(str(error.filename), error))

    for place, folders, names in os.walk(folder, onerror=add_problem):
        folders[:] = sorted(name for name in folders if name != OWN_FOLDER)
        below = os.path.relpath(place, folder)
        for name in sorted(names):
            path = Path(place, name)
            status = path.lstat()
            linked = stat.S_ISLNK(status.st_mode)
            if path.is_file() if linked else stat.S_ISREG(status.st_mode):
                real = os.path.realpath(path) if linked else os.path.normpath(f"{root}/{below}/{name}")
                yield path, real, status.st_size


def _in_archive(path: Path, name: str, tenant: str | None) -> list[LogFile]:
    """Return the members of a ZIP archive as logs; for a damaged archive, a log that cannot be read."""
    try:
        return [
            LogFile(path, _readable(f"{name}/{member.filename}"), tenant, place, member.compress_size)
            for place, member in members(path)
        ]
    except InputError:
        return [LogFile(path, _readable(name), tenant, _DAMAGED)]


def _readable(name: str) -> str:
    """Return a name for the column ``log_file``; what isn't Unicode is escaped."""
    return name.encode("utf-8", "backslashreplace").decode()


def _names(path: str) -> tuple[str, str]:
    """Return the names of a file and its folder."""
    pure = PurePosixPath(path)
    return pure.name, pure.parent.name


def _is_log(name: str, folder: str) -> bool:
    return (
        not name.startswith(".")
        and not name.lower().endswith(_NO_LOGS)
        and (
            name.lower().endswith(_ENDINGS)
            or LOG_FILE_NAME.match(name) is not None
            or LOG_FOLDER_NAME.fullmatch(folder) is not None
        )
    )
