"""One tenant's folder in the data folder, ``DATA/TENANT``: its library, retry files, reports, and lock.

Version 0.1 had ``library/TENANT``, ``retry``, and ``reports`` in ``DATA`` for all tenants. These folders are moved
once, each by one rename, so that the next command finishes an interrupted move.
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
from analyzer.storage.manifest_file import manifests_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_LIBRARY, _RETRY, _REPORTS = "library", "retry", "reports"
_OLD_FOLDERS = frozenset({_LIBRARY, _RETRY, _REPORTS})
"""The folders of version 0.1 in ``DATA``: no tenant can have one of these names."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder of one tenant.

    Attributes:
        data: the data folder.
        name: the name of the tenant and of its folder.
    """

    data: Path
    name: str

    def __post_init__(self) -> None:
        """Check the name.

        Raises:
            UsageError: it cannot be a folder's name, or an earlier version has a folder of that name.
        """
        if self.name.lower() in _OLD_FOLDERS:
            what = f"a tenant can't be called {self.name!r}: earlier versions have a folder of that name"
            raise UsageError(what, f"Use another name, such as {self.name}-tenant.")
        if not _is_tenant_name(self.name):
            raise UsageError(
                f"{self.name!r} can't be the name of a tenant", "It becomes a folder's name: use letters and digits."
            )

    @property
    def root(self) -> Path:
        """The tenant's folder."""
        return self.data / self.name

    @property
    def library(self) -> Path:
        """The library; that of an earlier version if there is no other."""
        library, old = self.root / _LIBRARY, self.data / _LIBRARY / self.name
        return old if not library.exists() and old.is_dir() else library

    @property
    def retry(self) -> Path:
        """The folder of the retry files."""
        return self.root / _RETRY

    @property
    def reports(self) -> Path:
        """The folder of the report."""
        return self.root / _REPORTS

    @property
    def imports(self) -> Path:
        """The folder with what this program queued (``storage.import_record``)."""
        return self.root / "imports"

    @property
    def cleaned(self) -> Path:
        """The record of what ``clean`` removed from the tenant (``storage.clean_record``)."""
        return self.root / "cleaned.ndjson"

    @property
    def verified(self) -> Path:
        """The folder with the results of reading profiles back (``storage.verification_record``)."""
        return self.root / "verified"

    @property
    def history(self) -> Path:
        """The folder of the history, unless the configuration names another one."""
        return self.root / "history"

    @contextlib.contextmanager
    def held(self, command: str, say: Callable[[str], None], wait: float = 0) -> Iterator[None]:
        """Lock the tenant's folder, after moving the folders of an earlier version.

        Args:
            command: the name of the running command, for the message of another one.
            say: shows a line about what was moved.
            wait: seconds to wait for another command.

        Raises:
            LockedError: another command is running there.
            OutputError: the folder cannot be written.
        """
        move_old_layout(self.data, command, say)
        with data_lock(self.root, command, say, wait=wait):
            for folder in (self.root, self.retry):
                _remove_parts(folder)
            yield

    @staticmethod
    def of_library(data: Path, library: Path) -> Workspace:
        """Return the workspace for a library's reports and retry files: its own, if it is in a data folder.

        A data folder other than ``data``, such as that of the demo, is recognized by the tenant's lock. For a library
        from elsewhere it is a folder named after its tenant's host.

        Raises:
            InputError: it isn't a library.
        """
        # As specified and with links resolved: either may be a link, and the path may contain "..".
        for place, top in ((library.absolute(), data.absolute()), (library.resolve(), data.resolve())):
            if place.name == _LIBRARY and place.parent.parent == top:
                return Workspace(data, place.parent.name)
            if place.parent == top / _LIBRARY:
                return Workspace(data, place.name)
        place = library.absolute()
        if place.name == _LIBRARY and (place.parent / LOCK).is_file():
            return Workspace(library.parent.parent, place.parent.name)
        name = Library.existing(library).tenant or place.name
        if not _is_tenant_name(name):
            name = f"library-{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:8]}"
        return Workspace(data, name)

    @staticmethod
    def all_in(data: Path) -> list[Workspace]:
        """Return the tenants that have a library in the data folder, including those of an earlier version."""
        names = {folder.name for folder in [*_folders(data), *_folders(data / _LIBRARY)]}
        workspaces = [Workspace(data, name) for name in sorted(names) if _is_tenant_name(name)]
        return [workspace for workspace in workspaces if (workspace.library / JOB_LIST).is_file()]


def move_old_layout(data: Path, command: str, say: Callable[[str], None], wait: float = 30.0) -> None:
    """Move the folders of version 0.1, if any, into the tenants' folders.

    Args:
        data: the data folder.
        command: the name of the running command.
        say: shows a line about what was moved, and what stays because its tenant is unknown.
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
        left = [folder for name in sorted(_OLD_FOLDERS) if (folder := data / name).is_dir() and not _removed(folder)]
    if moved:
        why = "because it isn't clear which tenant they belong to, or the name is taken"
        stays = f" Left in place, {why}: {listed(map(_folder_and_count, left))}." if left else ""
        say(f"Moved {data} to one folder for each tenant: {listed(sorted(set(moved)))}.{stays}")


def _moves(data: Path) -> Iterator[tuple[Path, Path]]:
    """Yield old and new paths; planned again each time from the folders that exist."""
    libraries = [folder for folder in _folders(data / _LIBRARY) if _is_library(folder)]
    for folder in libraries:
        new = data / folder.name / _LIBRARY
        if _is_tenant_name(folder.name) and not new.exists():
            yield folder, new
    folders = [folder for folder in _folders(data) if folder.name.lower() not in _OLD_FOLDERS]
    tenants = {folder.name: folder / _LIBRARY for folder in folders if _is_library(folder / _LIBRARY)}
    if len({*tenants, *(folder.name for folder in libraries)}) == 1:
        for name, kind in ((name, kind) for name in tenants for kind in (_RETRY, _REPORTS)):
            yield from _whole(data / kind, data / name / kind)
    elif tenants:
        yield from _retry_files(data / _RETRY, tenants)


def _whole(old: Path, new: Path) -> Iterator[tuple[Path, Path]]:
    """Yield a folder or, if its new place exists, its files that are missing there."""
    if not old.is_dir() or old.is_symlink():
        return
    if not new.exists():
        yield old, new
        return
    yield from ((path, new / path.name) for path in sorted(old.iterdir()) if not (new / path.name).exists())


def _retry_files(old: Path, tenants: dict[str, Path]) -> Iterator[tuple[Path, Path]]:
    """Yield the retry files whose manifest has a job of exactly one tenant, each manifest after its files."""
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
        names = [name for file in manifest.all_files if (old / (name := file.name)).is_file()]
        if not any((new / name).exists() for name in [*names, path.name]):
            yield from ((old / name, new / name) for name in [*names, path.name])


def _is_tenant_name(name: str) -> bool:
    return is_name(name) and not name.startswith(".") and name.lower() not in _OLD_FOLDERS


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
    """Remove the temporary files of killed commands; while the lock is held, no other command writes there."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if is_part(path) and path.is_file() and not path.is_symlink():
                with contextlib.suppress(OSError):
                    path.unlink()
