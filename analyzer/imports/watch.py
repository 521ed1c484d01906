"""Watch import jobs until they end: when to look next, what has changed, and what counts as gone.

Nothing is written, and nothing is lost when a watch is interrupted: the jobs go on, and the next watch begins anew.
Intervals are measured with a clock that is never set back; the time of day is only shown. So a wall clock that jumps
changes no interval, and after a machine was asleep the next look comes at most one interval later.
"""

from __future__ import annotations

import dataclasses
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.errors import ThresholdError, UnreachableError
from analyzer.model.service import State

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from datetime import datetime

    from analyzer.model.job import Job
    from analyzer.tenant.model import Clock
    from analyzer.tenant.sharepoint.site import Tenant

    Ask = Callable[[Collection[str]], Mapping[str, Job | None]]

_MINUTE, _HOUR = 60.0, 3600.0
_INTERVALS = ((3 * _MINUTE, 10.0), (_HOUR, 30.0), (4 * _HOUR, 2 * _MINUTE))
"""Up to which age of a state to look how often, in seconds. PnP PowerShell looks every 30 s to avoid throttling (seen);
the service fetches files about once an hour (seen)."""
_LONGEST_INTERVAL = 5 * _MINUTE
_CONFIRMED_AFTER = _MINUTE
"""How long a job has to be missing until it has vanished: a new one may be listed late (inferred)."""
BEGUN = frozenset({State.Processing, State.Queued})
"""The states in which the service works on a job."""


def interval_at(in_state: float) -> float:
    """Return the seconds from one look at a job to the next; a change of its state begins anew.

    Args:
        in_state: seconds since it is in its state.
    """
    return next((interval for until, interval in _INTERVALS if in_state < until), _LONGEST_INTERVAL)


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is known of a job from before the watch, in seconds before its start.

    Attributes:
        state: its state then; the rest counts only as far as it is still in it.
        in_state: since when it was in that state.
        age: since when it is queued, or was seen first.
        begun: since when the service works on it; None if unknown.
        is_exact: whether ``in_state`` is exact, not a lower bound.
    """

    state: int
    in_state: float
    age: float
    begun: float | None = None
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class WatchedJob:
    """A job as the last look found it; the times in seconds are those of ``Clock.monotonic``.

    Attributes:
        job_id: in lower case.
        job: as the tenant listed it last; None if it never did.
        seen_at: when it was first seen like this, UTC; by the wall clock, only to show it.
        since: since when it is in its state.
        is_exact: whether it is in it since then, up to the time between two looks; otherwise at least since then.
        known_since: when it was queued, or known first.
        begun: when the service was first known to work on it; None if it wasn't.
        missing_since: since when the tenant doesn't list it; None if it does.
        vanished: whether that is certain.
    """

    job_id: str
    job: Job | None
    seen_at: datetime
    since: float
    is_exact: bool
    known_since: float
    begun: float | None = None
    missing_since: float | None = None
    vanished: bool = False

    @property
    def ended(self) -> bool:
        """Whether there is nothing left to wait for."""
        return self.vanished or (self.job is not None and self.job.ended)

    @property
    def succeeded(self) -> bool:
        """Whether every profile was written, according to the service."""
        return not self.vanished and self.job is not None and self.job.succeeded

    @property
    def state_name(self) -> str:
        """Its state, such as ``Processing``; ``no longer listed``; ``unknown`` before the first answer."""
        if self.vanished:
            return "no longer listed"
        return self.job.state_name if self.job else "unknown"

    def seen(self, job: Job, at: datetime, now: float) -> WatchedJob:
        """Return the job as the tenant lists it now."""
        if self.job is not None and (job.state, job.error) == (self.job.state, self.job.error):
            return dataclasses.replace(self, job=job, missing_since=None)
        begun = now if self.begun is None and job.state in BEGUN else self.begun
        return dataclasses.replace(
            self, job=job, seen_at=at, since=now, is_exact=self.job is not None, begun=begun, missing_since=None
        )

    def missed(self, at: datetime, now: float, *, once: bool) -> WatchedJob:
        """Return the job after a look that didn't find it."""
        missing = now if self.missing_since is None else self.missing_since
        if not once and now - missing < _CONFIRMED_AFTER:
            return dataclasses.replace(self, missing_since=missing)
        return dataclasses.replace(
            self, seen_at=at, since=missing, is_exact=self.job is not None, missing_since=missing, vanished=True
        )


@dataclass(frozen=True, slots=True)
class WatchResult:
    """How a watch ended: all jobs have, or its time was up.

    Attributes:
        jobs: as they were seen last, in the order in which they were asked for.
    """

    jobs: tuple[WatchedJob, ...]

    @property
    def running(self) -> list[WatchedJob]:
        """The jobs that haven't ended."""
        return [one for one in self.jobs if not one.ended]

    @property
    def failed(self) -> list[WatchedJob]:
        """The jobs that ended in another way than with success, also those that vanished."""
        return [one for one in self.jobs if one.ended and not one.succeeded]


@dataclass(slots=True)
class Watch:
    """Looks at jobs again and again.

    Attributes:
        ask: returns the jobs with these IDs as they are now; None for one that the tenant doesn't list.
        clock: the time.
        say: shows a sentence about a temporary failure.
        on_change: called with each job when it is first seen, and when its state changes or it vanishes.
        on_look: called after each look with the seconds until the next (None after the last one), and with the time
            of the last answer, UTC (None before the first).
        stopped: set to end the watch.
        jobs: by their IDs, as they were seen last, also after an interruption.
    """

    ask: Ask
    clock: Clock
    say: Callable[[str], None] = lambda _: None
    on_change: Callable[[WatchedJob], None] = lambda _: None
    on_look: Callable[[float | None, datetime | None], None] = lambda _wait, _as_of: None
    stopped: threading.Event = field(default_factory=threading.Event)
    jobs: dict[str, WatchedJob] = field(default_factory=dict)
    _is_failing: bool = False
    _as_of: datetime | None = None

    def run(
        self,
        job_ids: Iterable[str],
        *,
        earlier: Mapping[str, Earlier] | None = None,
        once: bool = False,
        timeout: float | None = None,
    ) -> WatchResult:
        """Return when all jobs have ended or vanished, or when the time is up.

        A temporary failure of the tenant doesn't end the watch; it is shown once, until the tenant answers again.

        Args:
            job_ids: in lower case.
            earlier: what is known from before, by job ID.
            once: whether to look only once; a job that isn't listed then has vanished.
            timeout: seconds; None for no end.

        Raises:
            RefusedError: sign-in or permission.
            ThresholdError: SharePoint refuses the list and also single jobs, for good.
            UnreachableError: the tenant fails, with ``once``.
        """
        start, at, known = self.clock.monotonic(), self.clock.now(), earlier or {}
        self.jobs = {job_id: WatchedJob(job_id, None, at, start, False, start) for job_id in job_ids}
        while True:
            self._look(known, start, once=once)
            now = self.clock.monotonic()
            left = [one for one in self.jobs.values() if not one.ended]
            rest = float("inf") if timeout is None else start + timeout - now
            if not left or once or rest <= 0 or self.stopped.is_set():
                self.on_look(None, self._as_of)
                return WatchResult(tuple(self.jobs.values()))
            wait = min(rest, *(interval_at(now - one.since) for one in left))
            self.on_look(wait, self._as_of)
            self.clock.wait(wait, self.stopped)

    def _look(self, earlier: Mapping[str, Earlier], start: float, *, once: bool) -> None:
        """Ask for the jobs that haven't ended, and note what has changed."""
        try:
            found = self.ask([job_id for job_id, one in self.jobs.items() if not one.ended])
        except ThresholdError:
            raise
        except UnreachableError as error:
            if once:
                raise
            if not self._is_failing:
                self.say(f"Temporary failure: {error.what}. Still watching")
            self._is_failing = True
            return
        if self._is_failing:
            self.say("The tenant answers again")
        self._is_failing = False
        at, now = self.clock.now(), self.clock.monotonic()
        self._as_of = at
        for job_id, job in found.items():
            before = self.jobs[job_id]
            if job is None:
                after = before.missed(at, now, once=once)
            else:
                after = before.seen(job, at, now)
                if before.job is None and job_id in earlier:
                    after = _with_earlier(after, earlier[job_id], start)
            self.jobs[job_id] = after
            is_first = before.job is None and job is not None
            if is_first or (after.since, after.vanished) != (before.since, before.vanished):
                self.on_change(after)


def _with_earlier(one: WatchedJob, earlier: Earlier, start: float) -> WatchedJob:
    """Return a job that is seen for the first time with what is known from before."""
    is_same = one.job is not None and one.job.state == earlier.state
    begun = earlier.in_state if earlier.begun is None and earlier.state in BEGUN else earlier.begun
    return dataclasses.replace(
        one,
        since=start - max(0.0, earlier.in_state) if is_same else one.since,
        is_exact=is_same and earlier.is_exact,
        known_since=start - max(0.0, earlier.age),
        begun=one.begun if begun is None else start - max(0.0, begun),
    )


class TenantJobs:
    """Asks a tenant for jobs: with one call for several, or with one for each if SharePoint refuses the list.

    A job that one of the two calls lacks is looked for with the other: that both know a job equally long is unknown.
    """

    def __init__(self, tenant: Tenant, say: Callable[[str], None]) -> None:
        """Ask nothing yet; ``say`` shows a sentence when the list is refused."""
        self._tenant, self._say = tenant, say
        self._is_refused = False
        self._fresh: list[Job] | None = None

    def listed(self) -> list[Job] | None:
        """Return the job list, which also answers the next question; None if it is refused.

        Raises:
            RefusedError, UnreachableError: as ``list_jobs``.
        """
        if not self._is_refused:
            try:
                self._fresh = self._tenant.jobs()
            except ThresholdError as error:
                self._is_refused = True
                self._say(f"{error} Until then, each job is asked for on its own")
        return self._fresh

    def __call__(self, job_ids: Collection[str]) -> dict[str, Job | None]:
        """Return the jobs with these IDs; None for one that the tenant doesn't list.

        Raises:
            RefusedError, UnreachableError: as ``list_jobs`` and ``get_job``.
        """
        self._tenant.session.throttle.renew()
        if self._fresh is None and len(job_ids) > 1:
            self.listed()
        fresh, self._fresh = self._fresh, None
        of_list = {job.job_id: job for job in fresh or ()}
        found = {job_id: of_list.get(job_id) or self._tenant.job(job_id) for job_id in job_ids}
        if fresh is None and len(job_ids) == 1 and None in found.values():
            of_list = {job.job_id: job for job in self.listed() or ()}
            self._fresh = None
            found = {job_id: of_list.get(job_id) for job_id in job_ids}
        return found


def wait_for_end(
    tenant: Tenant,
    job_ids: Iterable[str],
    clock: Clock,
    on_change: Callable[[WatchedJob], None] = lambda _: None,
    timeout: float | None = None,
) -> WatchResult:
    """Wait until jobs have ended or vanished, or the time is up; the arguments and errors are those of ``Watch``."""
    say, stopped = tenant.session.policy.notify, tenant.session.throttle.stopped
    watch = Watch(TenantJobs(tenant, say), clock, say=say, on_change=on_change, stopped=stopped)
    return watch.run(job_ids, timeout=timeout)
