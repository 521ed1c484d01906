"""Keep the open users and superseded jobs of one feed up to date, at a cost that does not grow with its history.

Of the feed's source files, the facts that need not be read again are kept with each job.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
from typing import TYPE_CHECKING

import msgspec
import polars as pl

from analyzer.analysis.open_and_superseded import SourceFacts
from analyzer.analysis.open_incrementally import IncrementalFeed
from analyzer.errors import InputError, UsageError
from analyzer.history.store import CHECKPOINTS, METADATA, DamagedError, reading, replacing_table
from analyzer.model.identity import IdKind, id_kinds, identity_key, identity_keys
from analyzer.source.find import find_records
from analyzer.source.id_property import infer_id_property
from analyzer.source.model import NO_ID, mark_of
from analyzer.source.reader.records import read_records
from analyzer.source.reader.records import reading as reading_source
from analyzer.source.scan import first_records
from analyzer.storage.files import is_part

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from analyzer.analysis.open_and_superseded import Checkpoints, FeedJob, JobState, OpenUsers
    from analyzer.history.store import Store
    from analyzer.source.reader.tolerant import Record


class FeedUsers:
    """The users of one feed's jobs.

    To ingest: ``states = FeedUsers(...).update()``, then save the states; ``open``, ``due`` and ``superseded_by`` of
    *earlier* jobs change, too. To read: ``FeedUsers(...).of_job(job_id)``, which writes nothing.
    """

    def __init__(
        self,
        jobs: Sequence[FeedJob],
        keys_of: Callable[[str], Collection[str]],
        files: Mapping[str, Path],
        checkpoints: Checkpoints,
    ) -> None:
        """Prepare; nothing is read yet.

        Args:
            jobs: all jobs of the feed in the order of the table ``jobs``, the oldest first.
            keys_of: returns the distinct keys of the users in a job's log by job ID.
            files: our copies of source files by job ID, of the jobs that certainly read them.
            checkpoints: of this feed.
        """

        def named(job_id: str) -> dict[int, str]:
            return {mark_of(key): key for key in keys_of(job_id)}

        self._jobs = jobs
        self._source = SourceFiles(jobs, keys_of, files)
        self._feed = IncrementalFeed(jobs, named, mark_of, self._source, checkpoints)

    def update(self) -> dict[str, JobState]:
        """Compute the state of each job by ID, and save the checkpoints."""
        states = self._feed.update()
        return {job_id: msgspec.structs.replace(one, facts=self._source.kept(job_id)) for job_id, one in states.items()}

    def of_job(self, job_id: str) -> OpenUsers:
        """Return the users of one job, with ``newer`` and ``updated_since``."""
        return self._feed.of_job(job_id)

    def in_later_files(self, job_id: str) -> frozenset[int]:
        """Return all users in the files of later runs of the feed, of those that are known."""
        order = [one.job for one in self._jobs]
        place = next((place for place, job in enumerate(order) if job.job_id == job_id), len(order))
        run_id = order[place].retry_of or job_id if place < len(order) else job_id
        later = [job.job_id for job in order[place + 1 :] if job.retry_of != run_id]
        return frozenset().union(*(self._source.all_of(later_id) or () for later_id in later))

    def open_flags(self, job_id: str, keys: Iterable[str]) -> list[bool | None]:
        """Return whether users in a job's log are open by their keys; None if unknown."""
        users = self.of_job(job_id)
        return [users.is_open(mark_of(key)) for key in keys]


class FeedCheckpoints:
    """The checkpoints of one feed (``Checkpoints``): a small file for each."""

    def __init__(self, store: Store, feed: str) -> None:
        """Prepare; nothing is read yet."""
        name = hashlib.blake2b(feed.encode(errors="replace"), digest_size=8).hexdigest()
        self._folder = store.root / CHECKPOINTS / name

    def names(self) -> list[str]:
        """Return the names of all checkpoints."""
        return sorted(path.stem for path in self._folder.glob("*.parquet") if not is_part(path))

    def load(self, name: str) -> tuple[bytes, pl.DataFrame] | None:
        """Return a checkpoint; None if it can't be read."""
        path = self._folder / f"{name}.parquet"
        try:
            with reading(path):
                head = pl.read_parquet_metadata(path)[METADATA]
                return head.encode(), pl.read_parquet(path, memory_map=False)
        except (DamagedError, KeyError):
            return None

    def save(self, name: str, header: bytes, users: pl.DataFrame) -> None:
        """Save a checkpoint.

        Raises:
            OutputError: it can't be written.
        """
        path = self._folder / f"{name}.parquet"
        with replacing_table(path, sync=False) as beside:
            users.write_parquet(beside, compression_level=1, metadata={METADATA: header.decode()})

    def remove(self, name: str) -> None:
        """Remove a checkpoint."""
        with contextlib.suppress(OSError):
            (self._folder / f"{name}.parquet").unlink(missing_ok=True)


_SAMPLE = 50
"""Users of a source file that are compared with those of a later file."""

_FEW = 5
"""Records of a source file from which its properties are read: all records have the same."""

_FILES_IN_MEMORY = 4
"""Source files whose users are remembered: there may be millions of each."""


class SourceFiles:
    """The source files of one feed; their users are marks (``mark_of``). Files are read on demand."""

    def __init__(
        self, jobs: Sequence[FeedJob], keys_of: Callable[[str], Collection[str]], files: Mapping[str, Path]
    ) -> None:
        """Prepare; nothing is read yet.

        Args:
            jobs: of the feed, the oldest first.
            keys_of: returns the keys of the users in a job's log by job ID.
            files: our copies of source files by job ID.
        """
        self._jobs = {one.job.job_id: one for one in jobs}
        self._keys_in_log, self._files = keys_of, files
        self._gathered: dict[str, SourceFacts] = {}
        self._proven: dict[str, str] = {}
        self._samples: dict[str, AbstractSet[int] | None] = {}
        self._users: dict[str, AbstractSet[int] | None] = {}  # without a cycle, which would keep them in memory

    def all_of(self, job_id: str) -> AbstractSet[int] | None:
        """Return the users of a file; None if unknown."""
        users = self._users.pop(job_id) if job_id in self._users else self._read_all(job_id)
        self._users[job_id] = users
        if len(self._users) > _FILES_IN_MEMORY:
            del self._users[next(iter(self._users))]
        return users

    def first_of(self, job_id: str) -> AbstractSet[int] | None:
        """Return the users in a file's first records; None if unknown."""
        sample = self.facts_of(job_id).sample
        if sample not in self._samples:  # most files of a feed begin with the same users
            self._samples[sample] = frozenset(map(mark_of, sample.split("\n"))) if sample else None
        return self._samples[sample]

    def ids_differ(self, job_id: str, other_id: str) -> bool:
        """Return whether two files are known to have different kinds of IDs or different ID properties."""
        one, other = self.facts_of(job_id), self.facts_of(other_id)
        if one.kind is not None and other.kind is not None and one.kind != other.kind:
            return True
        names = one.id_property.casefold(), other.id_property.casefold()
        return all(names) and names[0] != names[1]

    def properties_of(self, job_id: str) -> AbstractSet[str] | None:
        """Return the properties in a file; None if unknown."""
        properties = self.facts_of(job_id).properties if job_id in self._jobs else None
        return None if properties is None else frozenset(properties)

    def version_of(self, job_id: str) -> str:
        """Return a text that changes when the other answers about a file do, except because it was removed."""
        facts = self.facts_of(job_id)
        return f"{facts.source} {facts.kind or ''} {facts.id_property}"

    def keys_of(self, job_id: str, users: AbstractSet[int]) -> Mapping[int, str]:
        """Return the keys of some users, if they are in a job's source file."""
        path, name = self._files.get(job_id), self.facts_of(job_id).id_property
        found: dict[int, str] = {}
        if path and name:
            with contextlib.suppress(InputError):
                for record in read_records(path):
                    key = identity_key(record.text(name) or "")
                    if mark_of(key) in users:
                        found[mark_of(key)] = key
                        if len(found) == len(users):
                            break
        return found

    def facts_of(self, job_id: str) -> SourceFacts:
        """Return the facts of a job's source file; read its beginning if it, its log, or ``usual`` changed."""
        if (facts := self._gathered.get(job_id)) is None:
            facts = self._gathered[job_id] = self._still_true(job_id) or self._gather(job_id)
        return facts

    def kept(self, job_id: str) -> SourceFacts | None:
        """Return the facts to be kept; None if none were needed so far."""
        state = self._jobs[job_id].stored
        facts = self._gathered.get(job_id) or (state.facts if state else None)
        proven = self._proven.get(job_id)
        return facts if facts is None or proven is None else msgspec.structs.replace(facts, proven=proven)

    @functools.cached_property
    def _usual(self) -> str:
        """The ID property of the feed's newest file with a user in its log; empty if there is none."""
        return next(filter(None, map(self._find_proven, reversed(self._jobs))), "")

    def _still_true(self, job_id: str) -> SourceFacts | None:
        """Return the facts that were kept, if they are true; those of a file that was removed stay so."""
        one = self._jobs[job_id]
        facts = one.stored.facts if one.stored else None
        if facts is None:
            return None
        if job_id not in self._files:
            if facts.log == one.log:
                return facts
            return msgspec.structs.replace(facts, log=one.log) if facts.source else None
        return facts if (facts.source, facts.log, facts.usual) == (one.source, one.log, self._usual) else None

    def _gather(self, job_id: str) -> SourceFacts:
        one, path, keys = self._jobs[job_id], self._files.get(job_id), frozenset(self._keys_in_log(job_id))
        if path is None:
            return SourceFacts(log=one.log, kind=id_kinds(keys).most)
        records, is_whole = _first_records(path)
        few = records[:_FEW] if is_whole or len(records) >= _FEW else None
        name = _id_property(path, few, self._usual, keys)
        texts = [record.text(name) for record in records] if name and is_whole else None
        return SourceFacts(
            source=one.source,
            log=one.log,
            usual=self._usual,
            id_property=name,
            kind=id_kinds(filter(None, keys if texts is None else texts)).most,
            sample="\n".join(identity_keys([text for text in texts or () if text and text.strip()])),
            properties=None if few is None else _properties(few, self._usual, name),
        )

    def _find_proven(self, job_id: str) -> str:
        """Return the ID property that a job's log proves; empty if it doesn't."""
        if job_id not in self._proven:
            self._proven[job_id] = self._read_proven(job_id)
        return self._proven[job_id]

    def _read_proven(self, job_id: str) -> str:
        one, path = self._jobs[job_id], self._files.get(job_id)
        facts = one.stored.facts if one.stored else None
        is_same = facts is not None and facts.log == one.log and (path is None or facts.source == one.source)
        if facts is not None and is_same and facts.proven is not None:
            return facts.proven
        keys = frozenset(self._keys_in_log(job_id)) if path else frozenset()
        if path and keys:
            with contextlib.suppress(InputError, UsageError):
                inferred = infer_id_property(path, keys)
                return inferred.name if inferred.certain else ""
        return ""

    def _read_all(self, job_id: str) -> AbstractSet[int] | None:
        path = self._files.get(job_id)
        name = self.facts_of(job_id).id_property if path else ""
        if not path or not name:
            return None
        try:
            return frozenset(find_records(path, name, None).spans.marks) - {NO_ID} or None
        except InputError:
            return None


def _first_records(path: Path) -> tuple[list[Record], bool]:
    """Return a file's first records, and whether they have no fault; without those after it."""
    records: list[Record] = []
    try:
        with reading_source(path) as buffer:
            records.extend(first_records(buffer, _SAMPLE))
    except InputError:
        return records, False
    return records, True


def _id_property(path: Path, few: Sequence[Record] | None, usual: str, keys: AbstractSet[str]) -> str:
    """Return the ID property of a file: that of the feed's other files, else inferred; empty if unknown."""
    if usual and few is None:
        return ""
    try:
        return usual if usual and _is_property(few or (), usual, keys) else infer_id_property(path, keys).name
    except (InputError, UsageError):
        return ""


def _properties(few: Sequence[Record], usual: str, name: str) -> tuple[str, ...] | None:
    """Return the names of properties except the ID property, in lower case; None if unknown."""
    names = {name for record in few for name in record.members}
    id_property = usual if usual in names else name
    return tuple(sorted({name.casefold() for name in names - {id_property}})) if id_property else None


def _is_property(records: Sequence[Record], name: str, keys: AbstractSet[str]) -> bool:
    """Return whether records have this ID property, and no other property that may contain the log's IDs."""
    texts = [text for record in records if (text := record.text(name))]
    if not texts or not keys or any(identity_key(text) in keys for text in texts):
        return bool(texts)
    kind = id_kinds(keys).most
    others = {other for record in records for other in record.members if other != name}
    texts_of_others = ([text for record in records if (text := record.text(other))] for other in others)
    has_similar = any(id_kinds(texts_of_other).most is kind for texts_of_other in texts_of_others)
    return id_kinds(texts).most is kind and not (has_similar and kind in {IdKind.at_domain, IdKind.object_id})
