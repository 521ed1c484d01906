"""Moving and copying what is stored."""

from __future__ import annotations

import shutil
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from analyzer.emulator.model import ServiceError
from analyzer.emulator.storage import exists_already

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.emulator.storage import Storage


class Moves:
    """Moves and copies files and folders within the tenant; every path is server-relative, in any casing.

    Each method raises ``ServiceError``: 404 what is moved, or the folder that it goes to, is not there; 400 the target
    is there already, lies within what is moved, or is no name, or somebody has checked out a file; 403 it is a web; 423
    it is locked.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def move(self, source: str, target: str, *, overwrite: bool) -> None:
        """Moves a file or a folder; its ids go along."""
        with self._storage.lock:
            path, place = self._storage.locate(source)
            self._storage.check_no_web(path)
            self._storage.states.check_free(path)
            to_path, to_place = self._target(path, place, target, overwrite=overwrite)
            if to_place == place:
                return
            self._storage.states.check_free(to_path)
            self._storage.rename(path, place, to_path, to_place)

    def copy(self, source: str, target: str, *, overwrite: bool) -> None:
        """Copies a file or a folder."""
        with self._storage.lock:
            path, place = self._storage.locate(source)
            to_path, to_place = self._target(path, place, target, overwrite=overwrite)
            if to_place == place:
                raise exists_already(to_path)
            if place.is_dir():
                shutil.copytree(place, to_place)
                return
            with place.open("rb") as content:
                folder, _, name = to_path.rpartition("/")
                self._storage.add(folder, name, content, overwrite=True)

    def free(self, target: str) -> str:
        """A path that nothing lies at: this one, or with a number behind the name."""
        path = PurePosixPath(target)
        number = 0
        while self._storage.exists(str(path)):
            number += 1
            path = PurePosixPath(target).with_stem(f"{PurePosixPath(target).stem}{number}")
        return str(path)

    def _target(self, path: str, place: Path, target: str, *, overwrite: bool) -> tuple[str, Path]:
        folder = self._storage.folder(target.rpartition("/")[0])
        name = target.rpartition("/")[2]
        to_path, to_place = self._storage.find(f"{folder.path}/{name}")
        if f"{to_path}/".lower().startswith(f"{path}/".lower()) and to_place != place:
            text = f"The folder {path} cannot go into itself."
            raise ServiceError(400, "-2147024809, System.ArgumentException", text)
        if to_place != place and to_place.exists() and not (overwrite and place.is_file() and to_place.is_file()):
            raise exists_already(to_path)
        return to_path, to_place
