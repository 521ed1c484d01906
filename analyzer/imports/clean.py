"""Remove what was planned from the tenant, into the recycle bin: log files, then their folder, then source files.

Each step is recorded before it is taken, and noted for the next pull, so that a missing log or source file isn't news.
A command that died is completed by the next one: what is already gone counts as removed.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec.structs import replace

from analyzer.errors import FaultError, RefusedError, SignInError, UnreachableError
from analyzer.library.pull.parallel import FaultCounter
from analyzer.model.uri import named_places
from analyzer.storage.clean_record import CleanedItem, Kind, Step
from analyzer.tenant.sharepoint.recycle import is_empty, recycle_file, recycle_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from typing import Any

    from analyzer.imports.clean_plan import CleanPlan, LogFolder, SourceFile
    from analyzer.library.mirror import WritableLibrary
    from analyzer.model.job import Job
    from analyzer.model.text import Progress
    from analyzer.storage.clean_record import CleanRecord
    from analyzer.tenant.model import Clock, RemoteFile
    from analyzer.tenant.sharepoint.site import Tenant
    from analyzer.tenant.sharepoint.webs import Webs

_NOT_EMPTY = "something else is in it"
_CHANGED = "it has changed in the tenant meanwhile"
_NEEDED = "a job that was queued meanwhile names it"
_FRESH = 60.0
"""Seconds for which the job list counts when source files are removed: many take hours."""
_INTERRUPTED = "the command was interrupted before it was removed"


@dataclass(slots=True)
class CleanResult:
    """What was done.

    Attributes:
        items: what was removed, or refused, in this order.
        fault: why a request failed for no reason of the item's own; None if none did.
        listed: how many jobs the tenant lists afterwards; None if unknown.
    """

    items: list[CleanedItem] = field(default_factory=list)
    fault: FaultError | None = None
    listed: int | None = None

    @property
    def refused(self) -> list[CleanedItem]:
        """What couldn't be removed."""
        return [item for item in self.items if item.step is Step.refused]

    @property
    def removed(self) -> list[CleanedItem]:
        """What was removed."""
        return [item for item in self.items if item.step is Step.removed]


class Cleaner:
    """Removes from one tenant, whose folder no other command may write."""

    def __init__(self, tenant: Tenant, library: WritableLibrary, record: CleanRecord, clock: Clock) -> None:
        self._tenant, self._library, self._record, self._clock = tenant, library, record, clock
        self._faults = FaultCounter()
        self._result = CleanResult()
        self._progress: Progress = lambda _done, _total, _doing: None
        self._done = self._total = 0

    def run(self, plan: CleanPlan, progress: Progress) -> CleanResult:
        """Remove what was planned.

        Args:
            plan: made just before.
            progress: called before each item.

        Returns:
            What was done. An item that the tenant refuses doesn't keep the others.

        Raises:
            SignInError: the token is refused.
            UnreachableError: the tenant failed several times in a row, or keeps asking to wait.
            InputError: our notes are damaged.
            OutputError: the record or our notes can't be written.
        """
        self._complete_interrupted()
        self._progress = progress
        self._total = sum(len(folder.logs) + (not folder.stays) for folder in plan.folders) + len(plan.sources)
        self._library.state.begin_pull()
        try:
            for folder in plan.folders:
                self._clean_folder(folder)
            named, asked = None, 0.0
            for source in plan.sources:
                if named is None or self._clock.monotonic() - asked > _FRESH:
                    asked = self._clock.monotonic()
                    named = _NamedFiles(self._tenant.jobs(), self._tenant.host)
                self._clean_source(source, named)
        finally:
            self._library.state.save()
        with contextlib.suppress(UnreachableError):
            self._result.listed = len(self._tenant.jobs())
        return self._result

    def _complete_interrupted(self) -> None:
        """Record what became of items whose removal was begun by a command that died."""
        for item in self._record.unfinished():
            with contextlib.suppress(RefusedError, FaultError):  # such as a host that isn't the tenant's any more
                path = item.uri.removeprefix(self._tenant.session.hosts.origin(item.uri))
                look = self._tenant.folder if item.kind is Kind.log_folder else self._tenant.file
                if look(item.uri, path) is None:
                    self._end(item, Step.removed)
                else:
                    self._record.add(replace(item, at=self._clock.now(), step=Step.refused, because=_INTERRUPTED))

    def _clean_folder(self, folder: LogFolder) -> None:
        webs, job_id = self._tenant.webs, folder.job.job_id
        self._library.state.note(job_id, log_cleaned=True)
        origin = self._tenant.session.hosts.origin(folder.uri)
        are_gone = True
        for log in folder.logs:
            item = self._item(Kind.log, log, (job_id,), folder.feed)
            are_gone &= self._remove(item, functools.partial(recycle_file, webs, origin, log.path))
        if are_gone and not folder.stays:
            item = self._item(Kind.log_folder, folder.uri, (job_id,), folder.feed)
            self._remove(item, functools.partial(_recycle_empty, webs, origin, folder.path))

    def _clean_source(self, source: SourceFile, named: _NamedFiles) -> None:
        file, job_ids = source.file, tuple(job.job_id for job in source.jobs)
        item = self._item(Kind.source, file, job_ids, source.feed)

        def remove() -> str | None:
            if named.is_needed(file, job_ids):
                raise RefusedError(_NEEDED)
            now = self._tenant.file(file.uri, file.path)
            if now is not None and (now.etag, now.length, now.modified) != (file.etag, file.length, file.modified):
                raise RefusedError(_CHANGED)
            return recycle_file(self._tenant.webs, self._tenant.session.hosts.origin(file.uri), file.path)

        for job_id in job_ids:
            self._library.state.note(job_id, source_cleaned=True)
        self._remove(item, remove)

    def _remove(self, item: CleanedItem, recycle: Callable[[], str | None]) -> bool:
        """Remove an item, or note why not; return whether it is gone."""
        self._progress(self._done, self._total, item.uri.rpartition("/")[2])
        self._done += 1
        self._record.add(item)
        try:
            bin_id = recycle()
        except SignInError:
            raise
        except RefusedError as error:
            self._end(replace(item, because=error.what), Step.refused)
            self._faults.count(None)
            return False
        except FaultError as error:
            # It may have been removed: the next command looks, because the record says that it was begun.
            self._result.items.append(replace(item, step=Step.refused, because=error.what))
            self._result.fault = error
            self._faults.count(error)
            return False
        self._end(replace(item, bin_id=bin_id), Step.removed)
        self._faults.count(None)
        return True

    def _end(self, item: CleanedItem, step: Step) -> None:
        ended = replace(item, at=self._clock.now(), step=step)
        self._record.add(ended)
        self._result.items.append(ended)

    def _item(self, kind: Kind, what: RemoteFile | str, job_ids: tuple[str, ...], feed: str) -> CleanedItem:
        of_file: dict[str, Any] = {"uri": what}
        if not isinstance(what, str):
            of_file = {"uri": what.uri, "bytes": what.length, "etag": what.etag, "modified": what.modified}
        return CleanedItem(at=self._clock.now(), step=Step.begun, kind=kind, job_ids=job_ids, feed=feed, **of_file)


class _NamedFiles:
    """The source files that the tenant's jobs name, as the job list was less than a minute before they are removed."""

    def __init__(self, jobs: Sequence[Job], main_host: str) -> None:
        self._host = main_host
        self._readers: dict[tuple[str, str], list[Job]] = {}
        for job in jobs:
            for place in named_places(job.source_uri, main_host):
                self._readers.setdefault(place, []).append(job)

    def is_needed(self, file: RemoteFile, job_ids: Collection[str]) -> bool:
        """Return whether a job that hasn't ended, or isn't one of these, names a file."""
        readers = itertools.chain.from_iterable(
            self._readers.get(place, ()) for place in named_places(file.uri, self._host)
        )
        return any(not job.ended or job.job_id not in job_ids for job in readers)


def _recycle_empty(webs: Webs, origin: str, path: str) -> str | None:
    """Move a folder into the recycle bin, unless something is in it.

    Raises:
        RefusedError: also if something is in it.
    """
    if not is_empty(webs, origin, path):
        raise RefusedError(_NOT_EMPTY)
    return recycle_folder(webs, origin, path)
