"""Decide which log folders and source files may be removed from the tenant. Nothing is removed here.

A file may go if a chosen job names it, our copy is the tenant's version, and no other job needs it:

- The log files of a job, if each is in the library as the tenant lists it, and was read completely. Then the folder, if
  it is named after the job.
- A source file, if all jobs that name it may go, whichever version they read, and our copy is the tenant's version, or
  was that before it was removed on purpose (``keep_sources``, ``history forget``). Two files are the same only if host
  and path are.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

import polars as pl

from analyzer.errors import FaultError, InputError, RefusedError, SignInError
from analyzer.history.feed_status import of_feed
from analyzer.library.mirror import log_folders, source_state
from analyzer.library.paths import place_of
from analyzer.library.pull.list_remote import look_for_source
from analyzer.library.pull.parallel import FaultCounter, in_parallel
from analyzer.library.pull.pull import expects_log
from analyzer.model.job import NOT_ENDED
from analyzer.model.service import LOG_FILE_NAME, LOG_FOLDER_NAME
from analyzer.model.uri import named_places

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from analyzer.history.load import Tables
    from analyzer.library.mirror import WritableLibrary
    from analyzer.library.model import FileSeen, JobNotes
    from analyzer.library.pull.list_remote import RemoteListing
    from analyzer.model.job import Job
    from analyzer.model.text import Progress
    from analyzer.tenant.model import RemoteFile
    from analyzer.tenant.sharepoint.site import Tenant


class _Asked(Protocol):
    """An answer of the tenant."""

    @property
    def fault(self) -> FaultError | None:
        """Set if the request failed."""
        ...


_T = TypeVar("_T")
_Found = TypeVar("_Found", bound=_Asked)


@dataclass(frozen=True, slots=True)
class Choice:
    """The jobs whose files are to go.

    Attributes:
        before: only jobs that certainly ended before this time (UTC).
        outcome: only jobs with this outcome; empty for all that ended.
        feed: as ``--feed``; empty for all.
    """

    before: datetime
    outcome: str = ""
    feed: str = ""


@dataclass(frozen=True, slots=True)
class LogFolder:
    """A log folder to remove.

    Attributes:
        job: its job.
        feed: the job's feed.
        uri: absolute address of the folder, not encoded.
        path: server-relative.
        logs: its log files.
        stays: whether the folder itself stays, because it has other files.
        ended: a time by which the job had ended, UTC.
    """

    job: Job
    feed: str
    uri: str
    path: str
    logs: tuple[RemoteFile, ...]
    stays: bool
    ended: datetime


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A source file to remove.

    Attributes:
        file: as the tenant lists it.
        jobs: all jobs that name it.
        feed: that of the newest of them.
        ended: a time by which the newest had ended, UTC.
    """

    file: RemoteFile
    jobs: tuple[Job, ...]
    feed: str
    ended: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """Something of a chosen job that stays, and why.

    Attributes:
        job_id: the job.
        feed: its feed.
        what: ``log folder`` or ``source file``.
        because: a clause.
    """

    job_id: str
    feed: str
    what: str
    because: str


@dataclass(slots=True)
class CleanPlan:
    """What would be removed.

    Attributes:
        folders: log folders, the oldest first.
        sources: source files, the oldest first.
        kept: what stays of the chosen jobs although the tenant has it.
        listed: how many jobs the tenant lists.
    """

    folders: list[LogFolder] = field(default_factory=list)
    sources: list[SourceFile] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    listed: int = 0


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A chosen job, with its feed and the time by which it had ended."""

    job: Job
    feed: str
    ended: datetime


@dataclass(frozen=True, slots=True)
class _FolderListing:
    """The log folder of a job: None if the tenant has none, or why it can't be listed."""

    place: tuple[str, str] | None = None
    files: tuple[RemoteFile, ...] = ()
    refused: str = ""
    fault: FaultError | None = None


class Planner:
    """Plans for one tenant, whose folder no other command may write."""

    def __init__(
        self, tenant: Tenant, library: WritableLibrary, tables: Tables, protected: Collection[str] = ()
    ) -> None:
        """Prepare.

        Args:
            tenant: the tenant.
            library: its library, as the last pull left it.
            tables: its history, up to date with the library.
            protected: addresses of files that imports need that haven't ended.
        """
        self._tenant, self._library, self._tables = tenant, library, tables
        self._protected = frozenset().union(*(self._places(uri) for uri in protected))
        self._faults = FaultCounter()
        self._plan = CleanPlan()

    def run(self, choice: Choice, progress: Progress) -> CleanPlan:
        """Return what may be removed.

        Args:
            choice: the jobs.
            progress: called before each request.

        Raises:
            ThresholdError: SharePoint refuses the job list, so it isn't known which jobs need which files.
            SignInError, UnreachableError: as for a pull.
        """
        listed = self._tenant.jobs()
        self._plan.listed = len(listed)
        chosen = self._chosen(choice, {job.job_id: job for job in listed})
        names = [one.job.source_name or one.job.job_id for one in chosen]
        folders = self._ask(self._list_folder, [one.job for one in chosen], names, progress)
        may_go = [one for one, found in zip(chosen, folders, strict=True) if self._take_folder(one, found)]
        self._take_sources(may_go, {job.job_id: job for job in [*self._library.jobs(), *listed]}, progress)
        return self._plan

    def _chosen(self, choice: Choice, listed: Mapping[str, Job]) -> list[_Chosen]:
        """Return the chosen jobs whose files were pulled and read; note why others stay."""
        rows = of_feed(self._tables.jobs, choice.feed).filter(
            ~pl.col("outcome").is_in(NOT_ENDED), pl.col("latest") < choice.before
        )
        if choice.outcome:
            rows = rows.filter(pl.col("outcome") == choice.outcome)
        of_library = {job.job_id: job for job in self._library.jobs()}
        damaged = self._tables.unreadable
        chosen = []
        for job_id, feed, latest in rows.select("job_id", "feed", "latest").iter_rows():
            ours = of_library.get(job_id)
            if ours is None:
                continue  # the history kept it from a list that was lost
            because = self._not_pulled(ours, listed.get(job_id), is_damaged=job_id in damaged)
            if because:
                self._keep(_Chosen(ours, feed or "unknown", latest), "log folder and source file", because)
            else:
                chosen.append(_Chosen(ours, feed or "unknown", latest))
        return chosen

    def _not_pulled(self, ours: Job, now: Job | None, *, is_damaged: bool) -> str:
        """Return why a job's files must stay, a clause; empty if they were pulled and read completely."""
        notes = self._library.state.notes.get(ours.job_id)
        if now is not None and (now.state, now.error) != (ours.state, ours.error):
            return "the job has changed since the last pull"
        if notes is not None and (notes.pending or notes.fetched):
            return "the last pull didn't download all of its files"
        if is_damaged:
            return "its log can't be read completely"
        if expects_log(ours) and not self._library.log_files(ours):
            return "its log was never pulled"
        return ""

    def _list_folder(self, job: Job) -> _FolderListing:
        """List the log folder of a job, in its first possible place that exists; called in a thread."""
        refused, fault = "", None
        for uri, path in log_folders(job):
            try:
                files = self._tenant.folder(uri, path)
            except SignInError:
                raise
            except RefusedError as error:
                refused = refused or error.what
            except FaultError as error:
                refused, fault = refused or error.what, fault or error
            else:
                if files is not None:
                    return _FolderListing((self._tenant.session.hosts.origin(uri) + path, path), tuple(files))
        return _FolderListing(refused=refused, fault=fault)

    def _take_folder(self, one: _Chosen, found: _FolderListing) -> bool:
        """Add a log folder to the plan, or note why it stays; return whether the job's log is no reason to keep it."""
        if found.place is None:
            if found.refused:
                self._keep(one, "log folder", found.refused)
            return not found.refused
        uri, path = found.place
        because = _not_its_folder(one.job, path)
        logs = [file for file in found.files if _is_log_of(one.job, file.name)]
        because = because or next(filter(None, map(self._differs, logs)), "")
        if because:
            self._keep(one, "log folder", because)
            return False
        others = [file.name for file in found.files if file not in logs]
        if others:
            self._keep(one, "log folder", f"it has a file that isn't a log of its job: {others[0]}")
        if logs or not others:
            self._plan.folders.append(LogFolder(one.job, one.feed, uri, path, tuple(logs), bool(others), one.ended))
        return True

    def _take_sources(self, may_go: Sequence[_Chosen], all_jobs: Mapping[str, Job], progress: Progress) -> None:
        going = {one.job.job_id: one for one in may_go}
        readers: dict[tuple[str, str], list[Job]] = {}
        for job in all_jobs.values():
            for place in self._places(job.source_uri):
                readers.setdefault(place, []).append(job)
        uris = list(dict.fromkeys(one.job.source_uri for one in may_go if one.job.source_uri))
        found = self._ask(functools.partial(look_for_source, self._tenant), uris, uris, progress)
        of_uri: dict[str, RemoteListing] = dict(zip(uris, found, strict=True))
        done: set[tuple[str, str]] = set()
        for one in reversed(may_go):  # the newest reader first
            listing = of_uri.get(one.job.source_uri)
            if listing is not None and listing.files is None and listing.fault is not None:
                self._keep(one, "source file", listing.refused)
            for file in (listing.files if listing else None) or ():
                (place,) = self._places(file.uri, exact=True)
                if place not in done:
                    self._take_source(one, file, readers[place], going)
                done.add(place)
        self._plan.sources.reverse()

    def _take_source(
        self, one: _Chosen, file: RemoteFile, readers: Sequence[Job], going: Mapping[str, _Chosen]
    ) -> None:
        others = [job.job_id for job in readers if job.job_id not in going]
        because = ""
        if others:
            because = f"another job that stays names the same file: {others[-1]}"
        elif self._protected & self._places(file.uri):
            because = "an import that hasn't ended needs it"
        else:
            because = self._differs(file)
            if because and self._was_let_go(file, readers):
                because = ""
        if because:
            self._keep(one, "source file", because)
        else:
            self._plan.sources.append(SourceFile(file, tuple(readers), one.feed, one.ended))

    def _differs(self, file: RemoteFile) -> str:
        """Return why our copy isn't the tenant's version of a file, a clause; empty if it is, and is unchanged."""
        key = self._library.key(file, self._tenant.host)
        try:
            place = place_of(self._library.root, key)
            seen = self._library.state.files.get(key)
            if seen is None or not place.is_file():
                return f"the library doesn't have {file.name}"
            if _is_other_version(file, seen):
                return f"{file.name} has changed in the tenant since it was pulled"
            changed = source_state(place, seen).changed
        except InputError as error:
            return error.what
        return f"the library's copy of {file.name} isn't as it was pulled: {changed}" if changed else ""

    def _was_let_go(self, file: RemoteFile, readers: Sequence[Job]) -> bool:
        """Return whether we had this version of a source file, and removed our copy when its time had passed."""
        notes = [self._library.state.notes.get(job.job_id) for job in readers]
        return any(one is not None and _let_go(one, file) for one in notes)

    def _places(self, uri: str, *, exact: bool = False) -> frozenset[tuple[str, str]]:
        """Return the places that an address can mean, or with ``exact`` that of a listed file, which isn't encoded."""
        places = named_places(uri, self._tenant.host)
        if not exact:
            return places
        origin = self._tenant.session.hosts.origin(uri)
        return frozenset({(origin.removeprefix("https://"), uri.removeprefix(origin).lower())})

    def _keep(self, one: _Chosen, what: str, because: str) -> None:
        self._plan.kept.append(Kept(one.job.job_id, one.feed, what, because))

    def _ask(
        self, look: Callable[[_T], _Found], items: Sequence[_T], names: Sequence[str], progress: Progress
    ) -> list[_Found]:
        """Return what the tenant has for each item, in the order of the items."""
        found: dict[int, _Found] = {}
        threads, stop = self._tenant.connections, self._tenant.stop
        for index, result in in_parallel(look, items, threads=threads, stop=stop):
            progress(len(found), len(items), names[index])
            found[index] = result
            self._faults.count(result.fault)
        return [found[index] for index in range(len(items))]


def _not_its_folder(job: Job, path: str) -> str:
    """Return why a folder isn't a job's log folder, a clause; a job list may name any folder."""
    name = path.rpartition("/")[2]
    named = LOG_FOLDER_NAME.fullmatch(name)
    return "" if named and named["job_id"].lower() == job.job_id else f"the folder {name} isn't named after the job"


def _is_log_of(job: Job, name: str) -> bool:
    named = LOG_FILE_NAME.match(name)
    return named is not None and named["job_id"].lower() == job.job_id


def _is_other_version(file: RemoteFile, seen: FileSeen) -> bool:
    """Return whether the tenant's file isn't the version that was pulled: by its time and ETag, else by its length."""
    if seen.modified and file.modified and seen.modified != file.modified:
        return True
    return seen.etag != file.etag if seen.etag and file.etag else seen.length != file.length


def _let_go(notes: JobNotes, file: RemoteFile) -> bool:
    return notes.source_removed and bool(file.modified) and notes.source_modified == file.modified
