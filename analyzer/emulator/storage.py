"""The tenant's files: a folder on disk that holds them by server-relative path."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, BinaryIO
from uuid import uuid4

from analyzer.emulator.file_versions import PLAIN, FileVersion
from analyzer.emulator.ids import UniqueIds
from analyzer.emulator.model import ServiceError, no_file, no_folder
from analyzer.emulator.paths import check_name, locate
from analyzer.emulator.states import NOTHING, FileStates
from analyzer.emulator.stored import StoredFile, StoredFolder, describe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from analyzer.emulator.states import Bypass

_WEB = re.compile(r"(?:/(?:sites|teams|personal)(?:/[^/]+)?)?", re.IGNORECASE)


class Storage:
    """Files and folders; every path is server-relative, in any casing.

    Each method raises ``ServiceError``: 404 for what is not there, 400 for a name that SharePoint does not allow.

    Attributes:
        spool: where what is on its way may lie; on the same disk as the files.
        lock: held while something changes.
        ids: of files and folders.
        states: locks, checkouts, retention.
        kept: where what isn't in the tree any more may lie, as recycled files; on the same disk.
        now: UTC, by the service's clock.
    """

    def __init__(
        self,
        root: Path,
        spool: Path,
        host: str = "",
        origin: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Takes the files of ``root``, which is ours alone; ``spool`` is an empty folder on the same disk.

        Args:
            root: holds the files.
            spool: see ``Storage``.
            host: keeps the ids of two hosts apart; empty for the tenant's usual one.
            origin: comes before a path in errors that name an address.
            now: UTC, by the service's clock.
        """
        self._root = root
        self.spool = spool
        self.lock = RLock()
        self.ids = UniqueIds(host)
        self.states = FileStates(origin)
        self.now = now
        self.kept = spool.with_name("kept")
        self.kept.mkdir(exist_ok=True)
        self._known: dict[str, tuple[object, str]] = {}

    def folder(self, path: str) -> StoredFolder:
        """A folder."""
        there, place = self.find(path)
        if not place.is_dir():
            raise no_folder()
        return self._stored_folder(there, place)

    def file(self, path: str) -> StoredFile:
        """A file."""
        there, place = self.find(path)
        if not place.is_file():
            raise no_file(path)
        return self._described(there, place)

    def find(self, path: str) -> tuple[str, Path]:
        """The path in the casing that is on disk, and where that is, or would be."""
        return locate(self._root, path)

    def locate(self, path: str) -> tuple[str, Path]:
        """The same of a file or folder that is there."""
        there, place = self.find(path)
        if not place.exists():
            raise no_folder()
        return there, place

    def exists(self, path: str) -> bool:
        """Whether a file or a folder lies at a path."""
        return self.find(path)[1].exists()

    def place(self, path: str) -> Path | None:
        """Where a file is on disk; None where there is none, or the path is none."""
        try:
            place = locate(self._root, path)[1]
        except ServiceError:
            return None
        return place if place.is_file() else None

    def files(self, path: str) -> list[StoredFile]:
        """The files of a folder, by name."""
        folder = self.folder(path)
        return [
            self._described(f"{folder.path}/{place.name}", place) for place in _sorted(folder.place) if place.is_file()
        ]

    def folders(self, path: str) -> list[StoredFolder]:
        """The folders of a folder, by name."""
        folder = self.folder(path)
        return [
            self._stored_folder(f"{folder.path}/{place.name}", place)
            for place in _sorted(folder.place)
            if place.is_dir()
        ]

    def path_of(self, wanted: UUID) -> str:
        """The path of the file or folder with that ``UniqueId``."""
        paths = ("/" + place.relative_to(self._root).as_posix() for place in self._root.rglob("*"))
        found = next((path for path in paths if self.ids.of(path) == wanted), None)
        if found is None:
            raise no_folder()
        return found

    def walk(self) -> Iterator[StoredFolder]:
        """Every folder but the root, in an order that is the same everywhere."""
        for place in sorted(self._root.rglob("*")):
            if place.is_dir():
                yield self._stored_folder("/" + place.relative_to(self._root).as_posix(), place)

    def add(
        self, folder: str, name: str, content: BinaryIO, *, overwrite: bool, by_service: bool = False
    ) -> StoredFile:
        """Puts a file into a folder.

        Args:
            folder: the folder's path.
            name: of the file.
            content: of the file.
            overwrite: whether it may take the place of one of that name.
            by_service: whether the service itself writes it, which no lock keeps from doing so (inferred).

        Raises:
            ServiceError: also 400, there is one of that name, which may not be overwritten (code seen); 423.
        """
        check_name(name)
        path = f"{self.folder(folder).path}/{name}"
        with self._spooled(content) as spooled, self.lock:
            if not overwrite and self.place(path) is not None:
                raise exists_already(path)
            if not by_service:
                self._begin_change(path)
            return self._put(path, spooled)

    def replace(self, path: str, content: BinaryIO) -> StoredFile:
        """Gives a file that is there another content.

        Raises:
            ServiceError: also 423, it is locked; 400, somebody has checked it out.
        """
        with self._spooled(content) as spooled, self.lock:
            there = self.file(path).path
            self._begin_change(there)
            return self._put(there, spooled)

    def check_writable(self, path: str) -> None:
        """Pass a file whose content the application may change, or a path for a new one.

        Raises:
            ServiceError: 423, it is locked; 400, somebody has checked it out, or it has to be checked out before.
        """
        self.states.check_free(path)
        if self.place(path) is not None:
            self.states.version(path).check_writable(self.states.settings_of(path), self.states.address(path))

    def for_all(self, path: str) -> Path | None:
        """Where the content of a file is on disk that others than its author read; None where there is none."""
        place = self.place(path)
        version = self.states.version(self.find(path)[0]) if place is not None else FileVersion()
        return None if version.is_hidden else version.for_all or place

    def keep(self, place: Path) -> Path:
        """Keep a file's content as it is now; returns where."""
        kept = self.kept / str(uuid4())
        kept.hardlink_to(place)
        return kept

    def make_folder(self, path: str) -> StoredFolder:
        """A folder that is there afterwards, and those above it; one that was there stays as it is."""
        there, place = self.find(path)
        with self.lock:
            if any(above.is_file() for above in (place, *place.parents)):
                raise exists_already(path)
            place.mkdir(parents=True, exist_ok=True)
        return self._stored_folder(there, place)

    def delete_file(self, path: str, bypass: Bypass = NOTHING) -> None:
        """Removes a file.

        Raises:
            ServiceError: what ``check_removable`` raises.
        """
        with self.lock:
            there, place = self.check_removable(self.file(path).path, bypass)
            place.unlink(missing_ok=True)
            self.states.removed(there)

    def delete_folder(self, path: str, bypass: Bypass = NOTHING) -> None:
        """Removes a folder and all in it.

        Raises:
            ServiceError: what ``check_removable`` raises.
        """
        with self.lock:
            there, place = self.check_removable(self.folder(path).path, bypass)
            shutil.rmtree(place, ignore_errors=True)
            self.states.removed(there)

    def check_removable(self, path: str, bypass: Bypass = NOTHING) -> tuple[str, Path]:
        """Pass a file or folder that can be deleted or recycled; returns what ``locate`` does.

        Raises:
            ServiceError: also 403, it is a web and no folder, or a file has a label; 423, it or something in it is
                locked; 400, somebody has checked out a file; 500, a retention policy is in force for a folder that
                isn't empty (status, code, and text seen).
        """
        there, place = self.locate(path)
        self.check_no_web(there)
        self.states.check_free(there, bypass)
        if place.is_dir() and any(place.iterdir()) and self.states.is_retained(there):
            raise not_empty()
        self.states.check_unlabelled(there)
        return there, place

    def rename(self, path: str, place: Path, to_path: str, to_place: Path) -> None:
        """Move a file or folder on disk; IDs and states go along. What was at ``to_path`` is gone."""
        for below in (place, *place.rglob("*")):
            tail = below.relative_to(place).as_posix()
            self.ids.moved(_join(path, tail), _join(to_path, tail))
        place.replace(to_place)
        self.states.removed(to_path)
        self.states.moved(path, to_path)

    def check_no_web(self, path: str) -> None:
        """Passes the path of a folder or file.

        Raises:
            ServiceError: 403, it is a web's.
        """
        if _WEB.fullmatch(path):
            raise ServiceError(403, "-2147024891, System.UnauthorizedAccessException", "Access denied.")

    def _stored_folder(self, path: str, place: Path) -> StoredFolder:
        return StoredFolder(path, place, self.ids.of(path))

    @contextmanager
    def _spooled(self, content: BinaryIO) -> Iterator[Path]:
        """A copy beside the tree, so that a download meets the old content or the new one; removed if left there."""
        with tempfile.NamedTemporaryFile(dir=self.spool, delete=False) as spooled:
            shutil.copyfileobj(content, spooled, 1 << 20)
        try:
            yield Path(spooled.name)
        finally:
            Path(spooled.name).unlink(missing_ok=True)

    def _begin_change(self, path: str) -> None:
        """Make a version of what comes to a path."""
        self.check_writable(path)
        there, place = self.find(path)
        settings = self.states.settings_of(there)
        if settings == PLAIN and not self.states.version(there).checked_out_by:
            return
        version = self.states.of(there).version
        if place.is_file():
            version.change(settings, lambda: self.keep(place))
        elif not place.is_dir():
            version.create(settings)

    def _put(self, path: str, spooled: Path) -> StoredFile:
        """Moves a spooled content into its place."""
        there, place = self.find(path)
        if place.is_dir():
            raise exists_already(path)
        # The disk may give an earlier file's number and moment to this one.
        self._known.pop(there, None)
        spooled.replace(place)
        moment = self.now().timestamp()
        os.utime(place, (moment, moment))
        return self._described(there, place)

    def _described(self, path: str, place: Path) -> StoredFile:
        try:
            file, goes_by = describe(path, place, self.ids.of(path), self._known, self.states.version(path))
        except FileNotFoundError as error:
            raise no_file(path) from error
        self._known[path] = (goes_by, file.etag)
        return file


def exists_already(path: str) -> ServiceError:
    """What is answered where something would take the place of something else (code seen)."""
    message = f"A file or folder with the name {path} already exists."
    return ServiceError(400, "-2130575257, Microsoft.SharePoint.SPException", message)


def not_empty() -> ServiceError:
    """What is answered where a folder has to be empty before it is removed (status, code, and text seen)."""
    message = "You have to delete all the items in this folder before you can delete the folder."
    return ServiceError(500, "-2130575223, Microsoft.SharePoint.SPException", message)


def _join(path: str, tail: str) -> str:
    return path if tail == "." else f"{path}/{tail}"


def _sorted(folder: Path) -> list[Path]:
    return sorted(folder.iterdir(), key=lambda place: place.name.lower())
