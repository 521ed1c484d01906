"""The tenant's job list, and how an import goes through it.

Submitted, Processing, Queued, then Succeeded or Error (the documentation's states). Nothing runs by itself:
``Jobs.advance`` does what is due by the service's clock, and whatever looks at the tenant calls it first. So what a
request sees depends on the clock alone, and a source file counts as it is when the service picks the job up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from threading import Lock, RLock
from typing import TYPE_CHECKING

from analyzer.emulator.import_run import ImportRun
from analyzer.emulator.importing import service_failed
from analyzer.emulator.scenarios import NORMAL
from analyzer.model.service import JobError, State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analyzer.emulator.clock import ServiceClock
    from analyzer.emulator.import_run import Surroundings
    from analyzer.emulator.importing import ImportRequest
    from analyzer.emulator.profiles import User

PICK_UP = NORMAL.pick_up
VALIDATION = 30.0
WRITING = 30.0
"""Service seconds that a job spends as Submitted, Processing and Queued, without a scenario."""


@dataclass(frozen=True, slots=True)
class Job:
    """``ImportProfilePropertiesJobInfo``; state and error may be undocumented numbers."""

    job_id: str
    state: int
    error: int
    error_message: str
    source_uri: str
    log_folder_uri: str

    def fields(self) -> dict[str, object]:
        """As the service lists it (names seen in its ``$metadata``)."""
        return {
            "Error": self.error,
            "ErrorMessage": self.error_message,
            "JobId": self.job_id,
            "LogFolderUri": self.log_folder_uri,
            "SourceUri": self.source_uri,
            "State": self.state,
        }


class Jobs:
    """The job list: what was loaded stays as it is, what is queued runs."""

    def __init__(self, loaded: Iterable[Job], surroundings: Surroundings, clock: ServiceClock) -> None:
        """Jobs in the order in which they are listed; queued ones come behind (the service's order is unknown)."""
        self._jobs = {job.job_id.lower(): job for job in loaded}
        self._runs: dict[str, ImportRun] = {}
        self._arrivals: list[tuple[float, User]] = []
        self._queued = 0
        self._failing: set[int] = set()
        self._surroundings = surroundings
        self._behaviour = surroundings.behaviour
        self._clock = clock
        self._listing = RLock()
        self._working = Lock()

    def listed(self) -> list[Job]:
        """All jobs."""
        with self._listing:
            return list(self._jobs.values())

    def job(self, job_id: str) -> Job | None:
        """One job; None where the tenant does not know it."""
        return self._jobs.get(job_id.lower())

    def queue(self, request: ImportRequest) -> Job:
        """A new job, to be picked up later; its source is not looked at before."""
        job = Job(request.job_id, State.Submitted, JobError.NoError, "", request.source_uri, "")
        with self._listing:
            self._queued += 1
            run = ImportRun(request, self._clock.seconds() + self._behaviour.pick_up)
            run.fails = self._queued in self._failing
            self._jobs[job.job_id.lower()] = job
            self._runs[job.job_id.lower()] = run
        return job

    def delete(self, job_id: str) -> bool:
        """Whether a job was deleted, which is then gone from the list.

        The service deletes what is "queued but not imported" (seen in PnPjs): a job in Submitted, or in Queued while
        no profile has been written (inferred).
        """
        key = job_id.lower()
        with self._listing:
            job = self._jobs.get(key)
            run = self._runs.get(key)
            if job is None or run is None or run.is_writing or job.state not in {State.Submitted, State.Queued}:
                return False
            self._forget(key)
            return True

    def fail(self, job_id: str) -> None:
        """Let a job that has not ended end with InternalError, no user updated: the service itself failed."""
        with self._listing:
            self._runs[job_id.lower()].result = service_failed()

    def forget(self, job_id: str) -> None:
        """Let a job vanish from the list, whatever its state; if it hasn't ended, it is never carried out."""
        with self._listing:
            self._forget(job_id.lower())

    def fail_queued(self, nth: int = 1) -> None:
        """Let the ``nth`` job that is queued from now on end with InternalError, no log and no profile written."""
        with self._listing:
            self._failing.add(self._queued + nth)

    def add_user(self, user: User, after: float = 0.0) -> None:
        """Make a user known, after so many service seconds: imports that are written before don't find it."""
        self.advance()  # what is due already doesn't find it
        with self._listing:
            self._arrivals.append((self._clock.seconds() + after, user))
        self.advance()

    def _forget(self, key: str) -> None:
        self._runs.pop(key, None)
        self._jobs.pop(key, None)

    def advance(self) -> None:
        """Does all that is due, the longest due first. While one caller works, the others see the jobs as they are."""
        if not self._working.acquire(blocking=False):
            return
        try:
            while (run := self._due(now := self._clock.seconds())) is not None:
                self._welcome(run.due)
                self._step(run)
            self._welcome(now)
        finally:
            self._working.release()

    def _due(self, now: float) -> ImportRun | None:
        with self._listing:
            return min((run for run in self._runs.values() if run.due <= now), key=lambda run: run.due, default=None)

    def _welcome(self, now: float) -> None:
        """Make those users known whose time has come."""
        with self._listing:
            here = [user for due, user in self._arrivals if due <= now]
            self._arrivals = [(due, user) for due, user in self._arrivals if due > now]
        for user in here:
            self._surroundings.store.add_user(user)

    def _step(self, run: ImportRun) -> None:
        state = self._state(run)
        if state == State.Submitted and self._change(run, State.Processing):
            run.validate(self._surroundings)
            run.due += VALIDATION if self._behaviour.ends else math.inf
        elif state == State.Processing and (folder := run.grow_log(self._surroundings, self._clock.utc(run.due))):
            self._change(run, State.Processing, log_folder_uri=folder)
            run.due += VALIDATION
        elif state == State.Processing and run.result is None:
            self._change(run, State.Queued)
            run.due += WRITING
        else:
            self._end(run)

    def _state(self, run: ImportRun) -> int | None:
        job = self.job(run.request.job_id)
        return job.state if job is not None else None

    def _change(self, run: ImportRun, state: State, log_folder_uri: str = "") -> bool:
        """Whether the job was still there to be changed: it may have been deleted at this moment."""
        key = run.request.job_id.lower()
        with self._listing:
            if key not in self._jobs:
                return False
            self._jobs[key] = replace(self._jobs[key], state=state, log_folder_uri=log_folder_uri)
            return True

    def _end(self, run: ImportRun) -> None:
        key = run.request.job_id.lower()
        with self._listing:
            job = self._jobs.get(key)
            run.is_writing = True  # from here on the job can't be deleted
        if job is not None:
            result = run.write(self._surroundings)
            log_folder_uri = run.leave_log(self._surroundings, self._clock.utc(run.due))
            ended = replace(
                job,
                state=State.Succeeded if result.error is JobError.NoError else State.Error,
                error=int(result.error),
                error_message=self._behaviour.words(result.error_message),
                log_folder_uri=log_folder_uri,
            )
            with self._listing:
                if key in self._jobs:  # it may have been forgotten at this moment
                    self._jobs[key] = ended
        with self._listing:
            self._runs.pop(key, None)
