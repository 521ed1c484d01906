"""Files from the tenant to their places in the library: received several at once, placed one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace

from analyzer.errors import FaultError, RefusedError, SignInError
from analyzer.library.earlier import keep_earlier
from analyzer.library.paths import place_of
from analyzer.library.pull.part import PartFile
from analyzer.library.pull.results import LeftOut
from analyzer.library.pull.several import Faults, in_parallel
from analyzer.library.state.model import FileSeen
from analyzer.model.uri import host_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analyzer.library.mirror import WritableLibrary
    from analyzer.library.pull.look import Source
    from analyzer.library.pull.results import Pulled
    from analyzer.model.job import Job
    from analyzer.tenant.model import RemoteFile

_DELETED = "it was deleted while we looked"


@dataclass(frozen=True, slots=True)
class Errand:
    """A file to be fetched.

    Attributes:
        remote: as the tenant lists it.
        jobs: whose log or source file it is.
        what: it in words.
        is_source: whether it is a source file, of which earlier jobs may have read an earlier version.
    """

    remote: RemoteFile
    jobs: tuple[Job, ...]
    what: str
    is_source: bool = False


@dataclass(frozen=True, slots=True)
class _Received:
    """What came of an errand, before it is in its place.

    Attributes:
        part: the whole file; None where there is none.
        key: how the file is noted.
        seen: what the tenant said of it.
        because: why there is none.
        fault: whether that passes.
    """

    part: PartFile | None = None
    key: str = ""
    seen: FileSeen | None = None
    because: str = ""
    fault: FaultError | None = None


class Fetcher:
    """Fetches what the library lacks and keeps the count in ``result``.

    Attributes:
        faults: how many things in a row did not come.
        faulty: ids of jobs of which something did not come because the tenant failed at it.
    """

    def __init__(self, tenant: Source, library: WritableLibrary, result: Pulled) -> None:
        self._tenant, self._library, self._result = tenant, library, result
        self._parts: set[PartFile] = set()
        self.faults = Faults()
        self.faulty: set[str] = set()

    def is_unchanged(self, remote: RemoteFile) -> bool:
        """Whether what we hold is what the tenant holds, by its ETag and its time; where they tell nothing, its length.

        Raises:
            InputError: the tenant's path cannot be mirrored.
        """
        key = self._key(remote)
        path = place_of(self._library.root, key)
        if not path.is_file():
            return False
        size = path.stat().st_size
        seen = self._library.own.files.get(key)
        if seen is not None and size < seen.length:
            return False  # something happened to our copy
        if seen is not None and seen.modified and remote.modified and seen.modified != remote.modified:
            return False
        host = host_of(remote.uri)
        if seen is not None and seen.etag and remote.etag:
            if seen.etag == remote.etag:
                self._library.own.files[key] = replace(seen, host=host)
            return seen.etag == remote.etag
        if remote.length is None or size != remote.length:
            return False
        self._library.own.files[key] = FileSeen(remote.etag, remote.length, modified=remote.modified, host=host)
        return True

    def bring(self, errands: Sequence[Errand], readers: Sequence[Job]) -> Iterator[Errand]:
        """Fetches files; yields each errand when it is done.

        Args:
            errands: in the order in which they are begun.
            readers: the jobs that the library knows, and those whose source files were fetched.

        Raises:
            SignInError, UnreachableError, OutputError: see ``pull``.
        """
        threads, stop = self._tenant.connections, self._tenant.stop
        try:
            for index, received in in_parallel(self._received, errands, threads=threads, stop=stop):
                errand = errands[index]
                if received.part is not None and received.seen is not None:
                    self._place(errand, received, received.part, received.seen, readers)
                self.faults.count(received.fault)
                self.settle(errand, received.because, received.fault)
                yield errand
        finally:
            for part in self._parts:
                part.discard()  # what came when nobody waited for it any more

    def settle(self, errand: Errand, because: str = "", fault: FaultError | None = None) -> None:
        """Notes how an errand ended, for each job that it is about.

        Args:
            errand: which.
            because: why the file could not be had; empty where we have it.
            fault: whether that passes.
        """
        for job in errand.jobs:
            if errand.is_source:
                self.note_source(job, because)
            if because:
                self.leave_out(job.job_id, errand.what, because, fault)

    def note_source(self, job: Job, because: str = "") -> None:
        """Notes that we have a job's source file, or why not."""
        self._library.own.note(job.job_id, source_missing=because or None, fetched=not because)

    def leave_out(self, job_id: str, what: str, because: str, fault: FaultError | None = None) -> None:
        """Notes in the result what could not be had."""
        self._result.left_out.append(LeftOut(job_id, what, because))
        if fault is not None:
            self.faulty.add(job_id)
            self._result.fault = fault

    def _key(self, remote: RemoteFile) -> str:
        return self._library.key(remote, self._tenant.host)

    def _received(self, errand: Errand) -> _Received:
        """In a thread: one file, whole, beside its place."""
        part = PartFile(place_of(self._library.root, self._key(errand.remote)))
        self._parts.add(part)
        self._library.own.begun(part.path)
        try:
            part.begin()
            now = self._tenant.content(errand.remote, part)
            if now is not None:
                sha256, modified_ns = part.finish()
                seen = FileSeen(now.etag, part.received, sha256, modified_ns, now.modified, host_of(now.uri))
                return _Received(part, self._key(now), seen)
            because, fault = _DELETED, None
        except SignInError:
            raise
        except RefusedError as error:
            because, fault = error.what, None
        except FaultError as error:
            because, fault = error.what, error
        part.discard()
        return _Received(because=because, fault=fault)

    def _place(
        self, errand: Errand, received: _Received, part: PartFile, seen: FileSeen, readers: Sequence[Job]
    ) -> None:
        if errand.is_source:
            keep_earlier(self._library, received.key, errand.jobs, readers)
        self._library.own.placed(part.path, received.key, seen)
        part.place_it()
        self._result.log_files += not errand.is_source
        self._result.source_files += errand.is_source
        self._result.received += seen.length
