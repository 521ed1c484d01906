"""What is known of files and folders besides their content: locks, versions, retention, settings of libraries.

Codes, the status 423, and the texts were seen in public threads (vgrem/office365-rest-python-client 697,
pnp/PnP-Sites-Core 1816). That a folder with such a file in it can't be removed or moved is inferred.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import RLock
from typing import TYPE_CHECKING, Final

from analyzer.emulator.file_versions import APPLICATION, PLAIN, FileVersion, LibrarySettings, checked_out
from analyzer.emulator.model import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock: who holds it, and whether others can hold it, too, as those of Office can."""

    holder: str
    shared: bool = True


@dataclass(frozen=True, slots=True)
class Bypass:
    """What doesn't keep a removal from being done, because the caller said so."""

    shared_locks: bool = False
    checkouts: bool = False


@dataclass(slots=True)
class FileState:
    """The state of one file or folder.

    Attributes:
        lock: None for a file that isn't locked.
        version: of a file.
        is_labelled: whether the file has a retention label that keeps it from being removed.
        is_retained: whether a retention policy is in force for the folder and all in it.
        settings: of the library that a folder is, and those in it; None for those above it.
    """

    lock: Lock | None = None
    version: FileVersion = field(default_factory=FileVersion)
    is_labelled: bool = False
    is_retained: bool = False
    settings: LibrarySettings | None = None


NOTHING: Final = Bypass()


class FileStates:
    """The states of one host's files and folders; every path is server-relative, in any casing."""

    def __init__(self, origin: str = "") -> None:
        """Start without any; ``origin`` comes before a path in errors."""
        self._origin = origin
        self._guard = RLock()
        self._states: dict[str, FileState] = {}

    def of(self, path: str) -> FileState:
        """Return the state of a file or folder, which can be changed."""
        with self._guard:
            return self._states.setdefault(path.lower(), FileState())

    def version(self, path: str) -> FileVersion:
        """Return a file's version, to be read only."""
        state = self._states.get(path.lower())
        return state.version if state is not None else FileVersion()

    def settings_of(self, path: str) -> LibrarySettings:
        """Return the settings of the library that a path is in: those that are set nearest above it."""
        with self._guard:
            known = [(at, state.settings) for at, state in self._states.items() if state.settings is not None]
        return max((pair for pair in known if _is_within(path, pair[0])), key=_depth, default=("", PLAIN))[1]

    def address(self, path: str) -> str:
        """Return the address of a file as errors name it."""
        return self._origin + path

    def check_unlocked(self, path: str, bypass: Bypass = NOTHING) -> None:
        """Pass a file or folder with no lock on it, above it, or in it.

        Raises:
            ServiceError: 423.
        """
        for _, state in self._around(path):
            lock = state.lock
            if lock is not None and not (lock.shared and bypass.shared_locks):
                kind = "shared" if lock.shared else "exclusive"
                text = f"The file {self.address(path)} is locked for {kind} use by {lock.holder}."
                raise ServiceError(423, "-2147018894, Microsoft.SharePoint.SPFileLockException", text)

    def check_free(self, path: str, bypass: Bypass = NOTHING) -> None:
        """Pass a file or folder that the application may change, remove, or move.

        Args:
            path: of the file or folder; a lock above or below it counts, too.
            bypass: what doesn't count.

        Raises:
            ServiceError: 423, it is locked; 400, somebody else has checked it out (the status is inferred).
        """
        self.check_unlocked(path, bypass)
        for at, state in self._around(path):
            holder = state.version.checked_out_by
            if holder not in {"", APPLICATION} and not bypass.checkouts and _is_within(at, path):
                raise checked_out(self.address(path), holder)

    def check_unlabelled(self, path: str) -> None:
        """Pass a file, or a folder with files, that no retention label keeps from being removed.

        Raises:
            ServiceError: 403, one does (threads disagree on whether it does; status, code, and text are inferred).
        """
        if any(state.is_labelled and _is_within(at, path) for at, state in self._around(path)):
            text = "This item cannot be deleted because it has a retention label."
            raise ServiceError(403, "-2130575223, Microsoft.SharePoint.SPException", text)

    def is_retained(self, path: str) -> bool:
        """Whether a retention policy is in force for a folder."""
        return any(state.is_retained and _is_within(path, at) for at, state in self._around(path))

    def moved(self, source: str, target: str) -> None:
        """Let the states of a file or folder, and of all in it, go along to another path."""
        with self._guard:
            self.put(target, self.removed(source))

    def removed(self, path: str) -> dict[str, FileState]:
        """Forget a file or folder and all in it; returns their states by what follows the path."""
        with self._guard:
            gone = [at for at in self._states if _is_within(at, path)]
            return {at[len(path) :]: self._states.pop(at) for at in gone}

    def put(self, path: str, states: dict[str, FileState]) -> None:
        """Take up states that ``removed`` returned."""
        with self._guard:
            self._states |= {path.lower() + tail: state for tail, state in states.items()}

    def _around(self, path: str) -> Iterator[tuple[str, FileState]]:
        with self._guard:
            known = list(self._states.items())
        return ((at, state) for at, state in known if _is_within(at, path) or _is_within(path, at))


def _is_within(path: str, folder: str) -> bool:
    return f"{path}/".lower().startswith(f"{folder}/".lower())


def _depth(of: tuple[str, LibrarySettings]) -> int:
    return len(of[0])
