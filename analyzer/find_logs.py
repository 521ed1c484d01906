"""Which files are logs: those named, those of a library, those in a folder or an archive whose names or folders say so."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from analyzer.errors import InputError
from analyzer.facts import LOG_FILE_NAME, LOG_FOLDER_NAME
from analyzer.files import cannot_read
from analyzer.library.mirror import JOB_LIST, Library
from analyzer.library.paths import OWN_FOLDER
from analyzer.logs.containers import is_zip, members
from analyzer.logs.interface import LogFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STANDARD_INPUT = "-"
_ENDINGS = (".log", ".log.gz")


def find_logs(paths: Iterable[Path]) -> list[LogFile]:
    """The log files that the paths mean, each once; ``-`` is standard input.

    A named file is a log whatever it is called. Of a ZIP archive the members are that are called so, or all where none is.

    Raises:
        InputError: a path does not exist, a folder has no logs, or a named archive cannot be read.
    """
    found: dict[tuple[str, str | None], LogFile] = {}
    for path in paths:
        logs = list(_logs_at(path))
        if not logs:
            raise InputError(f"{path} has no logs in it", "Logs end in .log, or lie in a folder named STEM-JOBID-Logs.")
        for log in logs:
            found.setdefault((os.path.realpath(log.path or STANDARD_INPUT), log.member), log)
    return list(found.values())


def log_at(path: Path) -> LogFile:
    """A named file as a log.

    Raises:
        InputError: it is not there.
    """
    try:
        return LogFile(path, str(path), size=path.stat().st_size)
    except OSError as error:
        raise cannot_read(path, error) from error


def _logs_at(path: Path) -> Iterator[LogFile]:
    if str(path) == STANDARD_INPUT:
        yield LogFile(None, STANDARD_INPUT)
    elif path.is_dir():
        yield from _in_folder(path)
    elif not path.exists():
        raise InputError(f"{path} does not exist", "Name a log file, a folder with logs, or a library.")
    elif is_zip(path):
        yield from _in_archive(path, str(path), None) or _in_archive(path, str(path), None, named_so=False)
    else:
        yield log_at(path)


def _in_folder(folder: Path) -> Iterator[LogFile]:
    is_library = (folder / JOB_LIST).is_file()
    tenant = Library(folder).tenant if is_library else None
    for path, size in _files(folder):
        name = path.relative_to(folder).as_posix() if is_library else str(path)
        if path.suffix.lower() == ".zip" and is_zip(path):
            yield from _in_archive(path, name, tenant)
        elif _is_log(path.name, path.parent.name):
            yield LogFile(path, name, tenant, size=size)


def _files(folder: Path) -> Iterator[tuple[Path, int]]:
    """The files below a folder with their sizes, ordered by folder and name; our own are left out."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != OWN_FOLDER)
        for name in sorted(names):
            path = os.path.join(place, name)  # noqa: PTH118 - thousands of files: a Path of each costs more than its log
            ...
