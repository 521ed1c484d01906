"""Decide which jobs a watch is about, what is known of them from before, and which of them take too long."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.analysis.feeds import UNKNOWN_FEED, feeds_of, source_name
from analyzer.analysis.outcomes import STUCK_AFTER
from analyzer.analysis.rhythm import usual_duration
from analyzer.errors import InputError
from analyzer.imports.watch import BEGUN, Earlier
from analyzer.model.job import Job, find_job
from analyzer.model.service import GUID, State
from analyzer.model.text import duration
from analyzer.model.uri import file_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from analyzer.analysis.feeds import FeedRule
    from analyzer.analysis.rhythm import Usual
    from analyzer.imports.watch import WatchedJob
    from analyzer.library.model import Observation
    from analyzer.storage.import_record import ImportPart, ImportRecord


@dataclass(frozen=True, slots=True)
class Known:
    """What is known when a watch begins.

    Attributes:
        now: UTC.
        listed: the tenant's job list; None if SharePoint refuses it.
        of_library: the jobs of the library; may be empty.
        observations: what pulls saw of them, in the order of time.
        records: of the imports that this program queued.
        rules: the feeds of the configuration.
        running_times: by feed, how long its runs took from the first time that a pull saw them running, in seconds.
    """

    now: datetime
    listed: Sequence[Job] | None
    of_library: Sequence[Job] = ()
    observations: Sequence[Observation] = ()
    records: Sequence[ImportRecord] = ()
    rules: Sequence[FeedRule] = ()
    running_times: Mapping[str, Sequence[float]] | None = None


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What is known of a job besides its state.

    Attributes:
        feed: its name.
        earlier: from before the watch; None if nothing is.
        usual: how long the feed's runs usually take; None if too few are known, and for a retry.
        from_queueing: whether that is from queueing to the end, and not only while the service works on it.
        is_overtaken: whether a later run of its feed had ended when the watch began.
        was_running: whether the tenant listed it then, and it hadn't ended.
    """

    feed: str
    earlier: Earlier | None = None
    usual: Usual | None = None
    from_queueing: bool = False
    is_overtaken: bool = False
    was_running: bool = False

    @property
    def was_stuck(self) -> bool:
        """Whether it was stuck when the watch began, by the rule of the table ``jobs``, so that it may never end."""
        is_old = self.earlier is not None and self.earlier.age > STUCK_AFTER.total_seconds()
        return self.was_running and (self.is_overtaken or is_old)


@dataclass(frozen=True, slots=True)
class TooLong:
    """That a job takes too long.

    Attributes:
        word: ``stuck`` or ``slow``, as ``feeds`` has them.
        reason: a clause.
    """

    word: str
    reason: str


def plan_watch(wanted: Sequence[str], known: Known) -> dict[str, JobFacts]:
    """Return the facts of the jobs to watch, by their IDs.

    Args:
        wanted: IDs, or their unique beginnings; empty for all jobs that haven't ended, and those that this program
            queued and neither it nor a pull has seen ended.
        known: what is known.

    Raises:
        InputError: there is no such job, or several are meant.
    """
    parts = dict(_parts(known))
    listed = known.listed if known.listed is not None else [job for job in known.of_library if not job.gone]
    of_tenant = {job.job_id: job for job in listed}
    running = {job.job_id for job in listed if not job.ended}
    jobs = {job_id: _job_of(*part) for job_id, part in parts.items()} | of_tenant
    if wanted:
        chosen = _named(wanted, jobs, is_list_refused=known.listed is None)
    else:
        waiting = _queued_and_not_seen_ended(parts, known)
        chosen = [job_id for job_id in jobs if job_id in waiting or job_id in running]
    facts = _facts(chosen, jobs, parts, known)
    return {job_id: dataclasses.replace(one, was_running=job_id in running) for job_id, one in facts.items()}


def too_long(one: WatchedJob, facts: JobFacts, now: float) -> TooLong | None:
    """Return why a job takes too long; None if it doesn't, or has ended.

    Args:
        one: the job.
        facts: what is known of it.
        now: by the clock of the watch.
    """
    if one.ended:
        return None
    age = now - one.known_since
    if age > STUCK_AFTER.total_seconds():
        return TooLong("stuck", f"in {one.state_name} after {duration(age)}")
    if facts.is_overtaken:
        return TooLong("stuck", f"in {one.state_name}, and a later run of its feed has ended")
    begun = one.known_since if facts.from_queueing else one.begun
    if facts.usual is not None and begun is not None and now - begun > facts.usual.limit:
        return TooLong("slow", f"running for {duration(now - begun)}, usually {duration(facts.usual.median)}")
    return None


def _parts(known: Known) -> Iterator[tuple[str, tuple[ImportRecord, ImportPart]]]:
    """Yield the parts of imports that are jobs, by their IDs; an unknown one is found by the name of its file."""
    by_name = {file_name(job.source_uri).casefold(): job.job_id for job in known.listed or ()}
    for record in known.records:
        for part in record.parts:
            job_id = part.job_id or (by_name.get(part.name.casefold(), "") if part.queueing_at else "")
            if job_id:
                yield job_id, (record, part)


def _job_of(record: ImportRecord, part: ImportPart) -> Job:
    """Return the job of a part as its record has it."""
    state = State.Submitted if part.state is None else part.state
    return Job(part.job_id, state, part.error or 0, source_uri=record.source_uri(part))


def _named(wanted: Sequence[str], jobs: Mapping[str, Job], *, is_list_refused: bool) -> list[str]:
    """Return the IDs of the jobs that are meant."""
    found = []
    for text in wanted:
        key = text.strip("{} ").lower()
        if is_list_refused and GUID.fullmatch(key):
            found.append(key)
            continue
        try:
            found.append(find_job(list(jobs.values()), key, holder="the tenant").job_id)
        except InputError as error:
            if not is_list_refused:
                raise
            raise InputError(error.what, "SharePoint refuses the job list: specify the whole ID of the job.") from error
    return list(dict.fromkeys(found))


def _queued_and_not_seen_ended(parts: Mapping[str, tuple[ImportRecord, ImportPart]], known: Known) -> set[str]:
    seen_ended = {job.job_id for job in known.of_library if job.ended or job.gone}
    waiting = {job_id for job_id, (one, part) in parts.items() if part.ended_at is None and not one.abandoned}
    return waiting - seen_ended


def _facts(
    chosen: Sequence[str],
    jobs: Mapping[str, Job],
    parts: Mapping[str, tuple[ImportRecord, ImportPart]],
    known: Known,
) -> dict[str, JobFacts]:
    everything = [*known.of_library, *jobs.values()]
    feeds = feeds_of([job.source_uri for job in everything], known.rules)
    last_ended, times, seen = _last_ended(everything, feeds), _queueing_times(known.records), _seen(known.observations)
    found = {}
    for job_id in chosen:
        job = jobs.get(job_id) or Job(job_id, State.Unknown, 0)
        record, part = parts.get(job_id, (None, None))
        feed = record.feed if record else feeds.get(job.source_uri, UNKNOWN_FEED)
        earlier = _earlier(job, part.queued_at if part else None, seen.get(job_id, []), known.now)
        name = source_name(job.source_uri)
        if name.retry_of or (record and record.retry_of):
            found[job_id] = JobFacts(feed, earlier)
            continue
        own = usual_duration(times.get(feed, ()))
        found[job_id] = JobFacts(
            feed,
            earlier,
            own or usual_duration((known.running_times or {}).get(feed, ())),
            from_queueing=own is not None,
            is_overtaken=name.time is not None and last_ended.get(feed, name.time) > name.time,
        )
    return found


def _last_ended(jobs: Sequence[Job], feeds: Mapping[str, str]) -> dict[str, datetime]:
    """Return by feed the newest time in the name of a run's file that has ended (as ``outcomes`` decides)."""
    last: dict[str, datetime] = {}
    for job in jobs:
        name = source_name(job.source_uri)
        if job.ended and name.retry_of is None and name.time is not None:
            feed = feeds[job.source_uri]
            last[feed] = max(name.time, last.get(feed, name.time))
    return last


def _seen(observations: Sequence[Observation]) -> dict[str, list[Observation]]:
    seen: dict[str, list[Observation]] = {}
    for one in observations:
        seen.setdefault(one.job_id, []).append(one)
    return seen


def _queueing_times(records: Sequence[ImportRecord]) -> dict[str, list[float]]:
    """Return by feed how long the jobs of its runs took from queueing to the end, the oldest first."""
    times: dict[str, list[float]] = {}
    for record in sorted(records, key=lambda one: one.created_at):
        for part in record.parts:
            if not record.retry_of and part.queued_at and part.ended_at and part.ended_at > part.queued_at:
                times.setdefault(record.feed, []).append((part.ended_at - part.queued_at).total_seconds())
    return times


def _earlier(job: Job, queued: datetime | None, seen: Sequence[Observation], now: datetime) -> Earlier | None:
    """Return what the record of its import, or else pulls, know of a job."""
    first = queued or (seen[0].observed_at if seen else None)
    if first is None:
        return None

    def ago(time: datetime) -> float:
        return max(0.0, (now - time).total_seconds())

    begun = next((ago(one.observed_at) for one in seen if one.state in BEGUN), None)
    if queued is not None and job.state == State.Submitted:
        return Earlier(job.state, ago(queued), ago(queued), begun, is_exact=True)
    is_same = bool(seen) and seen[-1].state == job.state
    return Earlier(job.state, ago(seen[-1].observed_at) if is_same else 0.0, ago(first), begun)
