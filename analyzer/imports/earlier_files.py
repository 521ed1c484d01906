"""Find the files of a feed's earlier imports, with which a file is compared to send only what has changed.

Only what certainly was written counts. A job that may have written other values to unknown users ends the search:
nothing older says what they have now.
"""

from __future__ import annotations

import contextlib
import functools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from analyzer.errors import InputError
from analyzer.imports.delta import EarlierFile
from analyzer.model.job import Outcome
from analyzer.model.service import ABORTING, State
from analyzer.model.text import SHORT_ID, moment
from analyzer.storage.files import sha256_of
from analyzer.storage.import_record import all_imports, feed_folder, imports_of_feed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path
    from typing import Any
    from zoneinfo import ZoneInfo

    from analyzer.history.load import Tables
    from analyzer.imports.model import ImportPlan
    from analyzer.library.mirror import Library
    from analyzer.model.job import Job
    from analyzer.storage.import_record import ImportPart, ImportRecord

_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_BY_FILE = ("source", "name")
"""Values of ``ran_from`` for a time that is not the service's (``analysis.timeline``)."""


@dataclass(frozen=True, slots=True)
class _Import:
    """One job that may have written values.

    Attributes:
        job_id: empty if unknown.
        outcome: how it ended.
        earliest, latest: the times between which it wrote (UTC).
        row: of the table ``jobs``; None for a job that hasn't been pulled.
        record: what we noted when we queued it; None if it wasn't us.
        part: its part of that import.
    """

    job_id: str
    outcome: Outcome
    earliest: datetime
    latest: datetime
    row: Mapping[str, Any] | None = None
    record: ImportRecord | None = None
    part: ImportPart | None = None


@dataclass
class EarlierFiles:
    """The files of a feed's earlier imports, the newest first, as ``delta.write_delta`` takes them.

    They are looked for while they are iterated over, once.

    Attributes:
        library: the library.
        tables: its history.
        imports: the folder with the records of what we queued (``Workspace.imports``).
        feed: the feed's name, as in the table ``jobs``.
        plan: what the new file is to be queued with.
        zone: of times in messages; None for UTC.
        now: UTC.
        remarks: sentences on the files so far: what is inferred, and why older files don't count.
    """

    library: Library
    tables: Tables
    imports: Path
    feed: str
    plan: ImportPlan
    zone: ZoneInfo | None
    now: datetime
    remarks: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[EarlierFile]:
        """Yield the files that count.

        Raises:
            InputError: the record of one of the feed's imports can't be read.
        """
        found = [one for one in self._imports_of_feed() if one.outcome is not Outcome.aborted]
        for at, one in enumerate(found):
            older = max((other.latest for other in found[at + 1 :]), default=_FIRST)
            path = self._copy(one)
            problem = self._why_unusable(one) or ("" if path else "there is no copy of the file that it read")
            if problem or path is None:
                self.remarks.append(f"Nothing older than {self._name(one)} counts: {problem}.")
                return
            if one.record is None:
                self._remark_once(
                    "Another program queued some of the earlier files. That they had the same ID type and property map"
                    " is inferred."
                )
            if one.part is None and one.row is not None and one.row["ran_from"] in _BY_FILE and at + 1 < len(found):
                self._remark_once("That jobs ran in the order in which their files were written is inferred.")
            yield EarlierFile(path, self._name(one), self._not_updated(one), order_is_certain=older <= one.earliest)

    def _remark_once(self, remark: str) -> None:
        if remark not in self.remarks:
            self.remarks.append(remark)

    def _imports_of_feed(self) -> list[_Import]:
        """Return the feed's jobs, the newest first."""
        ours = {
            part.job_id: (record, part)
            for _, record in all_imports(self.imports)
            for part in record.parts
            if part.job_id
        }
        found = []
        for row in self.tables.jobs.filter(feed=self.feed).iter_rows(named=True):
            record, part = ours.get(row["job_id"], (None, None))
            outcome = Outcome(row["outcome"])
            if part is not None and not outcome.ended:
                outcome = _outcome(part)
            earliest = (part.queueing_at if part else None) or row["earliest"] or _FIRST
            latest = (part.ended_at if part else None) or row["latest"] or _LAST
            if outcome is Outcome.stuck:  # otherwise, nothing would be certain until it ends
                latest = earliest
            found.append(_Import(row["job_id"], outcome, earliest, latest, row, record, part))
        known = set(self.tables.jobs["job_id"])
        for record in imports_of_feed(feed_folder(self.imports, self.feed)):
            for part in record.parts:
                if part.queueing_at is not None and part.job_id not in known:
                    latest = part.ended_at or _LAST
                    found.append(_Import(part.job_id, _outcome(part), part.queueing_at, latest, None, record, part))
        return sorted(found, key=lambda one: (one.earliest, one.latest, one.job_id), reverse=True)

    def _why_unusable(self, one: _Import) -> str:
        """Return why the users of a job's file are unknown, a clause; empty if they aren't."""
        plan, record = self.plan, one.record
        if record is None:
            proven = self.tables.proven_id_property(one.job_id)
            is_other = bool(proven) and proven != plan.id_property
            return f"its IDs are in {proven}, not in {plan.id_property}" if is_other else ""
        if record.id_property != plan.id_property:
            return f"its IDs are in {record.id_property}, not in {plan.id_property}"
        if plan.id_type is None or record.id_type != plan.id_type.name:
            return f"it was queued with the ID type {record.id_type}"
        return ""

    def _not_updated(self, one: _Import) -> AbstractSet[str] | None:
        """Return the keys of the users that a job didn't update as this import would; None if unknown."""
        if one.record is not None and one.record.property_map != dict(self.plan.property_map or {}):
            self.remarks.append(f"All users of {self._name(one)} are sent: it was queued with another property map.")
            return None
        if one.outcome is Outcome.succeeded:
            return frozenset()
        if one.outcome is Outcome.partial and one.row is not None and one.row["not_updated"] is not None:
            return frozenset(self.tables.users_of(one.job_id)["key"])
        reason = "which users it updated is unknown"
        if one.outcome is Outcome.stuck:
            reason = "it hasn't ended; that it writes nothing after later jobs is inferred"
        self.remarks.append(f"All users of {self._name(one)} are sent: {reason}.")
        return None

    def _copy(self, one: _Import) -> Path | None:
        """Return our copy of the file that a job certainly read; None if there is none."""
        job = self._jobs.get(one.job_id)
        path = self.library.source_file(job) if job and one.row is not None else None
        if job and path and self._is_what_was_read(job, one.part):
            return path
        return _kept(self.imports, one.record, one.part) if one.record and one.part else None

    def _is_what_was_read(self, job: Job, part: ImportPart | None) -> bool:
        try:
            state = self.library.source_state(job)
        except InputError:
            return False
        if state.changed or job.job_id in self.tables.source_later:
            return False
        if part is not None and self.library.pulled_sha256(job):
            return self.library.pulled_sha256(job) == part.sha256
        return self.tables.has_certain_source(job.job_id)

    @functools.cached_property
    def _jobs(self) -> Mapping[str, Job]:
        return {job.job_id: job for job in self.library.jobs()}

    def _name(self, one: _Import) -> str:
        ran = one.row["ran"] if one.row else one.earliest
        if not one.job_id:
            return f"the file queued {moment(ran, self.zone, self.now)}"
        return f"job {one.job_id[:SHORT_ID]} ({moment(ran, self.zone, self.now)})"


def _kept(imports: Path, record: ImportRecord, part: ImportPart) -> Path | None:
    """Return the file that was sent, if it is still there and unchanged."""
    path = feed_folder(imports, record.feed) / record.import_id / part.file
    with contextlib.suppress(OSError, InputError):
        if path.stat().st_size == part.bytes and sha256_of(path) == part.sha256:
            return path
    return None


def _outcome(part: ImportPart) -> Outcome:
    """Return the outcome of a job that hasn't been pulled, as far as it is known without its log."""
    if part.ended_at is None:
        return Outcome.running
    if part.error in ABORTING:
        return Outcome.aborted
    return Outcome.succeeded if part.state == State.Succeeded and part.error == 0 else Outcome.unknown
