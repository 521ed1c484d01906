"""Remove users or old jobs everywhere: from the library, retry files, reports, and the history; prove it by a search.

In source files and logs, a user's records and ID are replaced by a pseudonym that is drawn at random and not kept, so
that every count stays right and nothing leads back to the user. Files that are made from these are removed, or made
again.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from analyzer.errors import InputError
from analyzer.history.keep import old_pages
from analyzer.library.forgotten import Forgotten
from analyzer.library.mirror import Library, WritableLibrary
from analyzer.library.paths import OWN_FOLDER, key_of
from analyzer.library.removal import remove_empty, remove_sources
from analyzer.library.rewrite import id_property_of, keys_in, note_rewritten, redact_log, replace_records
from analyzer.logs.model import LogFile
from analyzer.logs.read import LogReader
from analyzer.model.identity import identity_key
from analyzer.model.job import name_in_files
from analyzer.storage.files import cannot_write, is_part
from analyzer.storage.import_record import made_files, why_needed
from analyzer.storage.lock import HOLDER, LOCK
from analyzer.storage.manifest_file import manifests_in
from analyzer.storage.traces import Pseudonyms, Redaction, Traces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import date, datetime

    from analyzer.storage.manifest_file import Manifest


class Action(StrEnum):
    """What is done with a file that has an ID in it."""

    replace_records = "replace the user's records by a pseudonym"
    redact = "replace the ID by a pseudonym"
    remove = "remove the file"
    rebuild = "make it again"
    keep = "keep it"


@dataclass(frozen=True, slots=True)
class Found:
    """A file with IDs of the users.

    Attributes:
        path: the file.
        number: how often they occur; 0 if it can't be searched.
        action: what is done with it.
        because: why it is kept; empty for the others.
    """

    path: Path
    number: int
    action: Action
    because: str = ""


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one tenant.

    Attributes:
        library: the library.
        retry: the retry files.
        reports: the reports.
        history: the history.
        root: the folder with all of these, except for a library from elsewhere.
    """

    library: Path
    retry: Path
    reports: Path
    history: Path
    root: Path

    @property
    def verified(self) -> Path:
        """The folder with the results of reading profiles back."""
        return self.root / "verified"

    @property
    def imports(self) -> Path:
        """The folder with what this program queued."""
        return self.root / "imports"

    @staticmethod
    def of_library(root: Path) -> Places:
        """Return the folders of a library without retry files and reports."""
        own = root / OWN_FOLDER
        return Places(root, own / "retry", own / "reports", own / "history", root)

    def files(self) -> Iterator[Path]:
        """Yield every file of the tenant once, without links."""
        known: set[str] = set()
        for top in (self.root, self.library, self.retry, self.reports, self.history):
            for folder, folders, names in os.walk(top):
                folders.sort()
                for path in (Path(folder, name) for name in sorted(names)):
                    if str(path) not in known and path.name not in {LOCK, HOLDER} and not path.is_symlink():
                        known.add(str(path))
                        yield path


class Search:
    """Searches a tenant's files for users, and decides what to do with each."""

    def __init__(self, places: Places, keys: Sequence[str], *, remove_sources: bool = False) -> None:
        """Prepare to search.

        Args:
            places: the tenant's folders.
            keys: keys of the users (``identity_key``).
            remove_sources: whether source files with the users are removed as a whole.
        """
        self._places, self._remove_sources = places, remove_sources
        self.traces = Traces(keys)
        library = Library(places.library)
        self.logs: dict[Path, str] = {}
        for job in library.jobs():
            self.logs |= dict.fromkeys(library.log_files(job), job.job_id)
        self.sources = library.readers_of_sources()
        self._of_imports = {path: why_needed(path, record) for path, record in made_files(places.imports)}
        self._of_retries = set(_retry_files(places.retry, lambda _manifest: True))

    def run(self, paths: Iterable[Path] | None = None) -> list[Found]:
        """Return the files with the users, of these or of all files, in the order in which they are changed."""
        found = [one for path in paths or self._places.files() if (one := self._look_at(path)) is not None]
        # Source files first, while the logs have the IDs by which their ID property is found.
        return sorted(found, key=lambda one: list(Action).index(one.action))

    def left(self) -> list[Found]:
        """Return the files that still have the users after these were removed, with the reason."""
        others = "other users' records name the user; --remove-sources removes the file"
        because = {Action.replace_records: others}
        return [
            Found(one.path, one.number, Action.keep, one.because or because.get(one.action, "it was written meanwhile"))
            for one in self.run()
        ]

    def _look_at(self, path: Path) -> Found | None:
        try:
            number = self.traces.count(path)
        except InputError as error:
            return Found(path, 0, Action.keep, f"it can't be searched: {error.what}")
        number += len(self.traces.find(path.name.encode(errors="surrogateescape")))
        return Found(path, number, *self._action(path)) if number else None

    def _action(self, path: Path) -> tuple[Action, str]:
        if path in self.logs or path.parent == self._places.verified:
            return Action.redact, ""
        if path in self.sources:
            return Action.remove if self._remove_sources else Action.replace_records, ""
        is_made = path in self._of_retries or self._is_of_retry(path) or self._is_of_report(path)
        is_made = is_made or self._of_imports.get(path, None if not is_part(path) else "") == ""
        if is_made or self._is_of_unused_history(path):
            return Action.remove, ""
        if self._places.history in path.parents:
            return Action.rebuild, ""
        return Action.keep, self._why_kept(path)

    def _why_kept(self, path: Path) -> str:
        if path == self._places.library / "jobs.json":
            return "it is the tenant's list of jobs"
        if path in self._of_imports:
            return self._of_imports[path]
        return "upa-analyzer didn't write it, or has to keep it"

    def _is_of_unused_history(self, path: Path) -> bool:
        """Return whether a file is in a history from before the library or the history was moved."""
        is_used = self._places.history in path.parents
        unused = (self._places.library / OWN_FOLDER / "history", self._places.root / "history")
        return not is_used and any(folder in path.parents for folder in unused)

    def _is_of_retry(self, path: Path) -> bool:
        """Return whether a file without a manifest is named like one of a retry, such as a copy of an altered one."""
        return path.parent == self._places.retry and "-retry" in path.stem and path.suffix in {".json", ".csv"}

    def _is_of_report(self, path: Path) -> bool:
        is_page = path.suffix in {".html", ".csv", ".xlsx"} or path.name.startswith(".upa-report")
        return is_page and self._places.reports in path.parents


def forget_users(
    places: Places,
    keys: Sequence[str],
    now: datetime,
    rebuild: Callable[[Redaction], object],
    *,
    without_sources: bool = False,
) -> list[Found]:
    """Remove users from the library, retry files, reports, and the history.

    Args:
        places: the tenant's folders.
        keys: keys of the users, each once.
        now: UTC.
        rebuild: makes the history again, and removes the users from what it keeps of the old one.
        without_sources: whether source files with the users are removed as a whole.

    Returns:
        What was done, by file.

    Raises:
        InputError: our notes are damaged, or a log can't be read.
        OutputError: a file can't be written or removed. The same command finishes what was begun.
    """
    forgotten = Forgotten(places.library)
    forgotten.add_users(keys, now)
    pseudonyms = Pseudonyms(keys, forgotten.begin(keys, Pseudonyms.drawn))
    search = Search(places, keys, remove_sources=without_sources)
    found = search.run()
    _apply(places, _Remover(search, keys, pseudonyms), found)
    rebuild(Redaction(search.traces, pseudonyms))
    forgotten.end()
    return found


def forget_again(root: Path) -> int:
    """Remove the users that were removed before from files that were pulled since; return how many users these had.

    Args:
        root: the library, which no other command may write.

    Raises:
        InputError, OutputError: as for ``forget_users``.
    """
    forgotten = Forgotten(root)
    if not forgotten.has_users:
        return 0
    library, places = Library(root), Places.of_library(root)
    fresh: dict[Path, frozenset[str]] = {}
    keys: set[str] = set()
    for job in library.jobs():
        logs = library.log_files(job)
        source = library.source_file(job)
        new = [path for path in logs if _is_new(library, path)]
        in_logs = _keys_in_logs(new) if new else frozenset()
        keys |= {key for key in in_logs if forgotten.is_user(key)}
        fresh |= dict.fromkeys(new, in_logs)
        if source is not None and source not in fresh and _is_new(library, source):
            keys |= keys_in(source, id_property_of(source, in_logs), forgotten.is_user)
            fresh[source] = in_logs
    search = Search(places, sorted(keys))
    pseudonyms = Pseudonyms(sorted(keys), [Pseudonyms.drawn() for _ in keys])
    _apply(places, _Remover(search, sorted(keys), pseudonyms), search.run(fresh) if keys else [])
    return len(keys)


def _is_new(library: Library, path: Path) -> bool:
    seen = library.seen(path)
    return seen is not None and not seen.searched


def _apply(places: Places, remover: _Remover, found: Sequence[Found]) -> None:
    library = WritableLibrary(places.library)
    library.state.begin_pull()
    try:
        for one in found:
            remover.apply(library, one)
        for key, seen in library.state.files.items():
            library.state.files[key] = replace(seen, searched=True)
    finally:
        library.state.save()


class _Remover:
    """Does what was decided for each file."""

    def __init__(self, search: Search, keys: Sequence[str], pseudonyms: Pseudonyms) -> None:
        self._search, self._keys, self._pseudonyms = search, keys, pseudonyms

    def apply(self, library: WritableLibrary, one: Found) -> None:
        match one.action:
            case Action.redact if one.path not in self._search.logs:
                redact_log(one.path, self._search.traces, self._pseudonyms)
            case Action.redact:
                note = functools.partial(note_rewritten, library, one.path)
                redact_log(one.path, self._search.traces, self._pseudonyms, note)
            case Action.replace_records:
                self._replace_records(library, one.path)
            case Action.remove if one.path in self._search.sources:
                self._remove_source(library, one.path)
            case Action.remove:
                _remove(one.path)

    def _replace_records(self, library: WritableLibrary, path: Path) -> None:
        log_keys = self._log_keys(self._search.sources[path])
        note = functools.partial(note_rewritten, library, path)
        if replace_records(path, id_property_of(path, log_keys), self._keys, self._pseudonyms, note) is None:
            self._remove_source(library, path)

    def _remove_source(self, library: WritableLibrary, path: Path) -> None:
        remove_sources(library, {path: self._search.sources[path]}, "removed with a user (history forget)")

    def _log_keys(self, job_ids: Sequence[str]) -> frozenset[str]:
        return _keys_in_logs([path for path, job_id in self._search.logs.items() if job_id in job_ids])


def files_of_jobs(places: Places, job_ids: frozenset[str], before: date) -> list[Path]:
    """Return the files that ``forget_jobs`` removes: logs, source files of no other job, retry files, and pages.

    Of the files that were made for imports, those go that were left over.

    Args:
        places: the tenant's folders.
        job_ids: the jobs.
        before: reports and imports of earlier days go, too.
    """
    library = Library(places.library)
    logs = [path for job in library.jobs() if job.job_id in job_ids for path in library.log_files(job)]
    sources = [path for path, readers in library.readers_of_sources().items() if job_ids.issuperset(readers)]
    retries = _retry_files(places.retry, lambda manifest: (manifest.job_id or "") in job_ids)
    endings = (".html", ".csv", "-failed.xlsx")
    pages = {f"{name_in_files(job_id)}{ending}" for job_id in job_ids for ending in endings}
    reports = [path for path in places.reports.rglob("*") if path.name in pages]
    tables = places.reports.rglob("data/*.csv")
    verified = [places.verified / f"{name_in_files(job_id)}.json" for job_id in job_ids]
    imports = [
        path
        for path, record in made_files(places.imports)
        if (record is None or record.created_at.date() < before) and not why_needed(path, record)
    ]
    files = [*logs, *sources, *retries, *verified, *reports, *tables, *imports]
    return [path for path in dict.fromkeys([*files, *old_pages(places.reports, before)]) if path.is_file()]


def forget_jobs(places: Places, job_ids: frozenset[str], files: Sequence[Path]) -> None:
    """Remove jobs from the library; the next ingest drops them from the history.

    Args:
        places: the tenant's folders.
        job_ids: the jobs.
        files: from ``files_of_jobs``.

    Raises:
        InputError: our notes are damaged.
        OutputError: a file can't be written or removed. The next call finishes what was begun.
    """
    forgotten = Forgotten(places.library)
    forgotten.add_jobs(job_ids)
    forgotten.save()
    library = WritableLibrary(places.library)
    state = library.state
    state.begin_pull()
    for path in files:
        _remove(path)
        remove_empty(path.parent, places.library if places.library in path.parents else places.root)
        if places.library in path.parents:
            state.files.pop(key_of(library.name_of(path)), None)
    library.save_jobs(job for job in library.jobs() if job.job_id not in job_ids)
    state.observations = [seen for seen in state.observations if seen.job_id not in job_ids]
    state.notes = {job_id: noted for job_id, noted in state.notes.items() if job_id not in job_ids}
    state.save()


def _keys_in_logs(paths: Iterable[Path]) -> frozenset[str]:
    reading = LogReader(LogFile(path, path.name) for path in paths)
    texts = (text for frame in reading.frames() for text in frame["identity"].drop_nulls().unique())
    return frozenset(identity_key(text) for text in texts)


def _retry_files(folder: Path, is_wanted: Callable[[Manifest], bool]) -> Iterator[Path]:
    for path, manifest in manifests_in(folder):
        if is_wanted(manifest):
            yield path
            yield from (folder / file.name for file in manifest.all_files)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
