"""Send an import to the tenant: upload each part, queue it, and wait for its job before the next part.

Each step is noted before it is taken (``storage.import_record``). If this process dies, the next one continues: an
upload where it was, and a queued file by its name, which no other file has. So nothing is queued twice.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.analysis.outcomes import STUCK_AFTER
from analyzer.catalogue import OURS
from analyzer.errors import RefusedError, UnreachableError
from analyzer.imports.watch import TenantJobs, WatchedJob, wait_for_end
from analyzer.model.service import IdType
from analyzer.model.text import SHORT_ID, count, listed
from analyzer.tenant.sharepoint.jobs import Import, jobs_with_source, queue_import
from analyzer.tenant.sharepoint.publish import check_library, make_readable
from analyzer.tenant.sharepoint.upload import UploadState, UploadTarget, upload_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import datetime

    from analyzer.imports.journal import Journal
    from analyzer.model.job import Job
    from analyzer.model.text import Progress
    from analyzer.storage.import_record import ImportPart, ImportRecord
    from analyzer.tenant.sharepoint.site import Tenant

SETTLING = 60.0
"""Seconds after a call that queues in which its job may still appear, although the process that sent it died."""


class StillRunningError(UnreachableError):
    """A job hasn't ended in the time that the user allows."""

    exit_code = 1


@dataclass(slots=True)
class Sender:
    """Sends the imports of one feed.

    Attributes:
        tenant: the tenant.
        journal: of the feed; held.
        say: shows a remark.
        progress: shows a stage, such as how much of a file is uploaded.
        on_change: shows the state of a job that is waited for.
        timeout: seconds to wait for a job; None to wait until it ends.
        settling: see ``SETTLING``.
    """

    tenant: Tenant
    journal: Journal
    say: Callable[[str], None]
    progress: Callable[[str], AbstractContextManager[Progress]]
    on_change: Callable[[WatchedJob], None]
    timeout: float | None = None
    settling: float = SETTLING
    _stopped: threading.Event = field(default_factory=threading.Event)

    def take_over(self, others: list[ImportRecord], because: Callable[[ImportRecord], str]) -> None:
        """Give up what is unsent of earlier imports of the feed; their jobs run on.

        SharePoint removes an unfinished upload by itself within a day (seen).

        Args:
            others: the unfinished imports.
            because: says why, a clause.

        Raises:
            AnalyzerError: the tenant can't be asked for a job that may have been queued.
        """
        for record in others:
            for part in record.parts:
                if part.queueing_at is not None and not part.job_id:
                    self._find(record, part)
            unsent = [part for part in record.parts if not part.job_id]
            record.abandoned = because(record)
            self.journal.keep(record)
            self.journal.remove_files(record)
            what = f"{len(unsent)} of {count(len(record.parts), 'part')}"
            self.say(f"Gave up the unfinished import of {record.path}: {record.abandoned}. Unsent: {what}.")

    def send(self, record: ImportRecord, *, until_end: bool = False) -> None:
        """Send what is still unsent of an import; of one that was given up, nothing.

        Args:
            record: the import.
            until_end: whether to wait for the last job as well.

        Raises:
            RefusedError: the tenant refuses the upload or the import.
            InputError: a file can't be read, or changed while it was sent.
            OutputError: a step can't be noted.
            StillRunningError: a job takes longer than ``timeout``.
            UnreachableError: the tenant can't be reached; the same command continues.
        """
        self.journal.keep(record)
        for number, part in enumerate(record.parts, 1):
            if part.ended_at is not None or (record.abandoned and not part.job_id):
                continue
            if not part.job_id:
                self._upload(record, part)
                self._wait_for_others(record)
                self._queue(record, part)
                name = f"part {number} of {len(record.parts)}" if len(record.parts) > 1 else part.name
                self.say(f"Queued {name} as job {part.job_id}.")
            if until_end or number < len(record.parts):
                self._wait(record, part)
        if not record.has_unsent_parts:
            self.journal.remove_files(record)

    def _upload(self, record: ImportRecord, part: ImportPart) -> None:
        if part.uploaded_at is not None:
            return

        def keep(upload_id: str, sent: int) -> None:
            part.upload_id, part.sent = upload_id, sent
            self.journal.keep(record)

        target = self._target(record, part)
        check_library(self.tenant.webs, target)
        state = UploadState(part.upload_id, part.sent)
        with self.progress(f"uploading {part.name}") as progress:
            upload_file(
                self.tenant.webs,
                target,
                self.journal.file_of(record, part),
                part.sha256,
                keep=keep,
                state=state,
                progress=lambda sent, size: progress(sent >> 20, size >> 20, "MiB"),
            )
        make_readable(self.tenant.webs, target)
        part.uploaded_at = self._now()
        self.journal.keep(record)

    def _wait_for_others(self, record: ImportRecord) -> None:
        """Wait for the jobs of the feed's other imports: whether the service keeps their order isn't known.

        Raises:
            StillRunningError: one takes longer than allowed.
        """
        clock = self.tenant.session.policy.clock
        since = clock.now() - STUCK_AFTER  # what takes longer may never end
        others = (part for one in self.journal.records if one.import_id != record.import_id for part in one.parts)
        ours = [
            part.job_id
            for part in others
            if part.job_id and part.ended_at is None and part.queued_at is not None and part.queued_at > since
        ]
        found = TenantJobs(self.tenant, self.say)(ours) if ours else {}
        running = [job_id for job_id, job in found.items() if job is not None and not job.ended]
        if not running:
            return
        names = listed(job_id[:SHORT_ID] for job_id in running)
        self.say(f"Waiting for {names}, so that older values of the feed aren't written last.")
        if wait_for_end(self.tenant, running, clock, self.on_change, self.timeout).running:
            raise StillRunningError(
                f"an earlier job of the feed hasn't ended: {names}", "Run the same command again: it continues."
            )

    def _queue(self, record: ImportRecord, part: ImportPart) -> None:
        """Queue an uploaded file, unless an earlier process has done so."""
        if part.queueing_at is not None and self._find(record, part):
            return
        part.queueing_at = self._now()
        self.journal.keep(record)
        wanted = Import(record.source_uri(part), IdType[record.id_type], record.id_property, record.property_map)
        try:
            job_id = queue_import(self.tenant.session, wanted)
        except RefusedError as error:
            part.queueing_at = None  # there is no job
            self.journal.keep(record)
            known = OURS.explain_message(error.what, None)
            error.advice = error.advice or " ".join(known.remedies if known else ())
            raise
        self._note_job(record, part, job_id)

    def _find(self, record: ImportRecord, part: ImportPart) -> bool:
        """Find the job of a file that may have been queued; return False if there is none.

        The name of the file is unique, so that its job is certain. A job may appear some time after the call that
        queued it if its sender died meanwhile.
        """
        assert part.queueing_at is not None  # noqa: S101 - checked by the callers
        clock = self.tenant.session.policy.clock
        passed = (clock.now() - part.queueing_at).total_seconds()
        # A clock that was set back must not make this longer.
        end = clock.monotonic() + min(self.settling, max(0.0, self.settling - passed))
        while True:
            found = jobs_with_source(self.tenant.session, record.source_uri(part))
            if found:
                self._note_job(record, part, found[0].job_id)
                if len(found) > 1:
                    others = ", ".join(job.job_id[:SHORT_ID] for job in found[1:])
                    self.say(
                        f"{part.name} was queued more than once: {others} too. Cancel them if they haven't started."
                    )
                return True
            left = end - clock.monotonic()
            if left <= 0:
                return False
            clock.wait(min(left, self.settling / 6), self._stopped)

    def _note_job(self, record: ImportRecord, part: ImportPart, job_id: str) -> None:
        part.job_id, part.queued_at = job_id.strip("{}").lower(), self._now()
        self.journal.keep(record)

    def _wait(self, record: ImportRecord, part: ImportPart) -> None:
        """Wait until a part's job has ended, and note how.

        Raises:
            StillRunningError: it takes longer than allowed.
        """
        clock = self.tenant.session.policy.clock
        (watched,) = wait_for_end(self.tenant, [part.job_id], clock, self.on_change, self.timeout).jobs
        job = None if watched.vanished else watched.job
        if not watched.ended:
            raise StillRunningError(
                f"job {part.job_id[:SHORT_ID]} of {part.name} hasn't ended", "Run the same command again: it continues."
            )
        note_end(part, job, self._now())
        self.journal.keep(record)
        if job is None:
            self.say(
                f"The tenant no longer lists job {part.job_id[:SHORT_ID]} of {part.name}: how it ended is unknown."
            )

    def _target(self, record: ImportRecord, part: ImportPart) -> UploadTarget:
        origin = self.tenant.session.hosts.origin(record.folder)
        return UploadTarget(origin, record.folder.removeprefix(origin), part.name)

    def _now(self) -> datetime:
        return self.tenant.session.policy.clock.now()


def note_end(part: ImportPart, job: Job | None, now: datetime) -> None:
    """Note in a part that its job has ended; None if the tenant no longer lists it."""
    part.ended_at = now
    part.state, part.error = (job.state, job.error) if job is not None else (None, None)
