"""Remove our copies of source files from a library; the notes on their jobs say why they are missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.errors import InputError
from analyzer.library.mirror import EARLIER, source_state
from analyzer.library.paths import key_of
from analyzer.storage.files import cannot_write

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence
    from pathlib import Path

    from analyzer.library.mirror import Library, WritableLibrary


@dataclass(frozen=True, slots=True)
class Removed:
    """What was removed: the number of files, and their bytes."""

    files: int = 0
    bytes: int = 0

    def plus(self, other: Removed) -> Removed:
        """Return the sum."""
        return Removed(self.files + other.files, self.bytes + other.bytes)


def copies_only_for(library: Library, job_ids: Container[str]) -> dict[Path, list[str]]:
    """Return our copies of source files that no other jobs read, with the IDs of the jobs that do.

    A file that was put there by hand, or was changed since it was pulled, isn't our copy. A file whose removal was
    interrupted is among them, without its jobs: these have their notes.
    """
    readers: dict[Path, list[str]] = {}
    for job in library.jobs():
        notes = library.state.notes.get(job.job_id)
        if notes is not None and notes.source_removed:
            readers.setdefault(library.root / (notes.source or ""), [])
        elif (source := library.source_file(job)) is not None:
            readers.setdefault(source, []).append(job.job_id)
    return {
        path: its
        for path, its in readers.items()
        if all(job_id in job_ids for job_id in its) and path.is_file() and _is_ours(library, path)
    }


def remove_sources(library: WritableLibrary, copies: Mapping[Path, Sequence[str]], because: str) -> Removed:
    """Remove copies of source files. This is noted first, so that the next call finishes an interrupted one.

    Args:
        library: the library.
        copies: the files, with the IDs of all jobs that read them.
        because: why, a clause, such as ``removed after 90 days (keep_sources)``.

    Raises:
        InputError: our notes are damaged.
        OutputError: the notes can't be written, or a file can't be removed.
    """
    state = library.state
    state.begin_pull()
    for path, job_ids in copies.items():
        for job_id in job_ids:
            modified, sha256 = _version(library, path, job_id)
            state.note(
                job_id,
                source=library.name_of(path),
                source_modified=modified,
                source_sha256=sha256,
                source_missing=because,
                source_removed=True,
            )
    state.save()
    removed = Removed()
    try:
        for path in copies:
            removed = removed.plus(Removed(1, path.stat().st_size))
            _remove(path, library.root)
            state.files.pop(key_of(library.name_of(path)), None)
    finally:
        state.save()
    return removed


def remove_empty(folder: Path, top: Path) -> None:
    """Remove a folder if it is empty, and so those above it, but not ``top``."""
    while top in folder.parents:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent


def _version(library: Library, path: Path, job_id: str) -> tuple[str | None, str | None]:
    """Return when the tenant's file was written, and the SHA-256 of our copy; None if unknown."""
    noted, seen = library.state.notes.get(job_id), library.seen(path)
    if noted is not None and noted.source is not None:
        return noted.source_modified, noted.source_sha256
    return (seen.modified or None, seen.sha256 or None) if seen else (None, None)


def _remove(path: Path, root: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        raise cannot_write(path, error) from error
    remove_empty(path.parent, root)


def _is_ours(library: Library, path: Path) -> bool:
    if library.name_of(path).startswith(EARLIER):
        return True
    seen = library.seen(path)
    try:
        return seen is not None and not source_state(path, seen).changed
    except InputError:
        return False
