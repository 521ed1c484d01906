"""Which files are logs: those named, those of a library, those in a folder whose names or folders say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.errors import InputError
from analyzer.facts import LOG_FILE_NAME, LOG_FOLDER_NAME
from analyzer.library.mirror import JOB_LIST, Library
from analyzer.library.paths import OWN_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class FoundLog:
    """A log file, its name as it stands in ``log_file``, and the tenant whose library it lies in."""

    path: Path
    name: str
    tenant: str | None


def find_logs(paths: Iterable[Path]) -> list[FoundLog]:
    """The log files that the paths mean, each once.

    Raises:
        InputError: a path does not exist, or a folder has no logs.
    """
    found: dict[Path, FoundLog] = {}
    for path in paths:
        if not path.exists():
            raise InputError(f"{path} does not exist", "Name a log file, a folder with logs, or a library.")
        logs = [FoundLog(path, str(path), None)] if not path.is_dir() else list(_in_folder(path))
        if not logs:
            raise InputError(f"{path} has no logs in it", "Logs end in .log, or lie in a folder named STEM-JOBID-Logs.")
        for log in logs:
            found.setdefault(log.path.resolve(), log)
    return list(found.values())


def _in_folder(folder: Path) -> Iterator[FoundLog]:
    is_library = (folder / JOB_LIST).is_file()
    tenant = Library(folder).tenant if is_library else None
    for path in sorted(folder.rglob("*")):
        if path.is_file() and OWN_FOLDER not in path.relative_to(folder).parts and _is_log(path):
            yield FoundLog(path, path.relative_to(folder).as_posix() if is_library else str(path), tenant)


def _is_log(path: Path) -> bool:
    return not path.name.startswith(".") and (
        path.suffix.lower() == ".log"
        or LOG_FILE_NAME.match(path.name) is not None
        or LOG_FOLDER_NAME.fullmatch(path.parent.name) is not None
    )
