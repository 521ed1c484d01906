"""One tenant's folder in the data folder, ``DATA/TENANT``: its library, retry files, reports, and lock.

Two tenants share none of these. Version 0.1 had ``library/TENANT``, ``retry`` and ``reports`` side by side in ``DATA``:
such folders are moved once, each by one rename, so that the next command finishes a move that was killed.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.errors import InputError, UsageError
from analyzer.library.mirror import JOB_LIST, Library
from analyzer.library.paths import OWN_FOLDER, is_name
from analyzer.model.text import count, listed
from analyzer.storage.files import cannot_write, is_part
from analyzer.storage.lock import LOCK, data_lock
from analyzer.storage.manifest import manifests_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_LIBRARY, _RETRY, _REPORTS = "library", "retry", "reports"
_BEFORE = frozenset({_LIBRARY, _RETRY, _REPORTS})
"""What ``DATA`` held before: no tenant can have one of these names."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder of one tenant.

    Attributes:
        data: the data folder.
        name: of the tenant and of its folder.
    """

    data: Path
    name: str

    def __post_init__(self) -> None:
        """Refuse a name that cannot be that of a folder.

        Raises:
            UsageError: it cannot.
        """
        if not is_name(self.name) or self.name.startswith("."):
            raise UsageError(
                f"{self.name!r} can't be the name of a tenant", "It becomes a folder's name: use letters and digits."
            )
        if self.name.lower() in _BEFORE:
            what = f"a tenant can't be called {self.name!r}: earlier versions have a folder of that name"
            raise UsageError(what, f"Use another name, such as {self.name}-tenant.")

    @property
    def root(self) -> Path:
        """The tenant's folder."""
        return self.data / self.name

    @property
    def library(self) -> Path:
        """The mirror of the tenant; that of an earlier version where there is no other."""
        library, before = self.root / _LIBRARY, self.data / _LIBRARY / self.name
        return before if not library.exists() and before.is_dir() else library

    @property
    def retry(self) -> Path:
        """The folder of the retry files."""
        return self.root / _RETRY

    def report(self, name: str) -> Path:
        """Return the folder of a report, which is named by its day and what tells it from others of that day."""
        return self.root / _REPORTS / name

    @contextlib.contextmanager
    def held(self, command: str, say: Callable[[str], None]) -> Iterator[None]:
        """Keep other commands from writing to the tenant's folder; first move what an earlier version has left.

        Args:
            command: the name of the running command, for the message of another one.
            say: shows in a line what was moved.

        Raises:
            LockedError: another command is running there.
            OutputError: the folder cannot be written.
        """
        move_old_layout(self.data, command, say)
        with data_lock(self.root, command, say):
            for folder in (self.root, self.retry):
                _remove_parts(folder)
            yield

    @staticmethod
    def of_library(data: Path, library: Path) -> Workspace:
        """Return where the reports and retry files of a library go: beside it, if it is in a data folder.

        A data folder other than ours, such as that of the demo, is known by the tenant's lock. Files for a library
        from elsewhere go to a folder with the name of its tenant's host.

        Raises:
            InputError: it isn't a library.
        """
        # As it is written, and where links lead: either may be a link, and ".." may be in the path.
        for place, top in ((library.absolute(), data.absolute()), (library.resolve(), data.resolve())):
            if place.name == _LIBRARY and place.parent.parent == top:
                return Workspace(data, place.parent.name)
            if place.parent == top / _LIBRARY:
                return Workspace(data, place.name)
        place = library.absolute()
        if place.name == _LIBRARY and (place.parent / LOCK).is_file():
            return Workspace(library.parent.parent, place.parent.name)
        name = Library.existing(library).tenant or place.name
        if not is_name(name) or name.startswith(".") or name.lower() in _BEFORE:
            name = f"library-{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:8]}"
        return Workspace(data, name)

    @staticmethod
    def all_in(data: Path) -> list[Workspace]:
        """Return the tenants that have a library in the data folder, including those of an earlier version."""
        folders = [*_folders(data), *_folders(data / _LIBRARY)]
        names = {folder.name for folder in folders if is_name(folder.name) and folder.name.lower() not in _BEFORE}
        found = (Workspace(data, name) for name in sorted(names) if not name.startswith("."))
        return [workspace for workspace in found if (workspace.library / JOB_LIST).is_file()]


def move_old_layout(data: Path, command: str, say: Callable[[str], None], wait: float = 30.0) -> None:
    """Move what version 0.1 has left into the tenants' folders, and say so in a line, if there is anything.

    Args:
        data: the folder of our data.
        command: the name of the running command.
        say: shows what was moved, and what stays because its tenant is unknown.
        wait: seconds to wait for another command that moves the same folders.

    Raises:
        LockedError: another command is running there, such as one of version 0.1.
        OutputError: something cannot be moved.
    """
    if not any(_moves(data)):
        return
    with data_lock(data, command, say, wait=wait):
        moved = []
        for old, new in _moves(data):
            try:
                new.parent.mkdir(parents=True, exist_ok=True)
                old.rename(new)
            except OSError as error:
                raise cannot_write(new, error) from error
            moved.append(new.relative_to(data).parts[0])
        left = [folder for name in sorted(_BEFORE) if (folder := data / name).is_dir() and not _removed(folder)]
    if moved:
        why = "because it isn't clear which tenant they belong to, or the name is taken"
        stays = f" Left in place, {why}: {listed(map(_folder_and_count, left))}." if left else ""
        say(f"Moved {data} to one folder for each tenant: {listed(sorted(set(moved)))}.{stays}")


def _moves(data: Path) -> Iterator[tuple[Path, Path]]:
    """Yield what to move and where, one after the other; planned anew each time from what is there."""
    libraries = [folder for folder in _folders(data / _LIBRARY) if _is_library(folder)]
    for folder in libraries:
        if is_name(folder.name) and folder.name.lower() not in _BEFORE and not folder.name.startswith("."):
            new = data / folder.name / _LIBRARY
            if not new.exists():
                yield folder, new
    # No tenant has the name of an old folder: what is below that is the old layout itself.
    folders = [folder for folder in _folders(data) if folder.name.lower() not in _BEFORE]
    tenants = {folder.name: folder / _LIBRARY for folder in folders if _is_library(folder / _LIBRARY)}
    if len({*tenants, *(folder.name for folder in libraries)}) == 1:
        for name, kind in ((name, kind) for name in tenants for kind in (_RETRY, _REPORTS)):
            yield from _whole(data / kind, data / name / kind)
    elif tenants:
        yield from _retry_files(data / _RETRY, tenants)


def _whole(old: Path, new: Path) -> Iterator[tuple[Path, Path]]:
    """Yield a folder; if its new place exists already, what is missing there."""
    if not old.is_dir() or old.is_symlink():
        return
    if not new.exists():
        yield old, new
        return
    yield from ((path, new / path.name) for path in sorted(old.iterdir()) if not (new / path.name).exists())


def _retry_files(old: Path, tenants: dict[str, Path]) -> Iterator[tuple[Path, Path]]:
    """Yield the retry files whose manifest names a job of only one tenant, each manifest after its files."""
    manifests = list(manifests_in(old))
    owners: dict[str, set[str]] = {}
    for name, library in tenants.items() if manifests else ():
        with contextlib.suppress(InputError):
            for job in Library(library).jobs():
                owners.setdefault(job.job_id, set()).add(name)
    for path, manifest in manifests:
        owner = owners.get((manifest.job_id or "").lower(), set())
        if len(owner) != 1:
            continue
        new = tenants[next(iter(owner))].parent / _RETRY
        names = [one.name for one in manifest.all_files]
        there = [name for name in [*names, path.name] if (old / name).is_file()]
        if not any((new / name).exists() for name in there):
            yield from ((old / name, new / name) for name in there)


def _is_library(folder: Path) -> bool:
    return (folder / JOB_LIST).is_file() or (folder / OWN_FOLDER).is_dir()


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
    except OSError:
        return []


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:
        return False
    return True


def _folder_and_count(folder: Path) -> str:
    return f"{folder} ({count(sum(1 for _ in folder.iterdir()), 'item')})"


def _remove_parts(folder: Path) -> None:
    """Remove what a killed command was writing; no other command writes there while the lock is held."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if is_part(path) and path.is_file() and not path.is_symlink():
                with contextlib.suppress(OSError):
                    path.unlink()
