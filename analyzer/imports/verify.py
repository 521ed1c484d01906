"""Verify a job: read back the profiles of users that it is said to have updated, and compare them with its file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.errors import UsageError
from analyzer.imports.later_imports import note_later_imports, note_unpulled_jobs
from analyzer.imports.read_back import ReadBack
from analyzer.imports.read_values import Verdict
from analyzer.imports.updated_users import UpdatedUsers
from analyzer.imports.verify_model import UserState
from analyzer.model.job import Outcome
from analyzer.model.text import SHORT_ID, count
from analyzer.storage.manifest_file import program
from analyzer.storage.verification_record import NotAsSaid, Verification

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from analyzer.directory.model import Directory
    from analyzer.imports.job_plan import JobPlans
    from analyzer.imports.verify_model import VerifyResult
    from analyzer.model.job import Job
    from analyzer.model.text import Progress
    from analyzer.tenant.sharepoint.profiles import Profile

_NO_UPDATE = {
    Outcome.aborted: "was aborted, so it updated no user",
    Outcome.unknown: "ended with an error of the service, so it is unknown which users it updated",
    Outcome.running: "hasn't ended",
    Outcome.stuck: "hasn't ended",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """Which users to read.

    Attributes:
        number: of users; None for all.
        seed: the same seed gives the same users.
    """

    number: int | None
    seed: int


@dataclass(frozen=True, slots=True)
class Reading:
    """How profiles are read.

    Attributes:
        read: returns the profile of an account name; None if there is none.
        directory: finds user principal names by other IDs; None without an export.
        progress: called with the number of users that were read, and of all.
        jobs: returns the tenant's job list.
    """

    read: Callable[[str], Profile | None]
    directory: Directory | None = None
    progress: Progress = field(default=lambda *_: None)
    jobs: Callable[[], Sequence[Job]] = list


def verify(plans: JobPlans, job: Job, sample: Sample, reading: Reading) -> VerifyResult:
    """Verify a job; if that is interrupted, the result has what was read.

    Args:
        plans: what is known of the tenant's jobs.
        job: the job.
        sample: which users to read.
        reading: how to read them.

    Raises:
        UsageError: it updated no user, or its users can't be found or looked up.
        InputError: we don't have the file that it read, or it can't be read.
    """
    row = plans.tables.job(job.job_id)
    if why := _NO_UPDATE.get(Outcome(row["outcome"])):
        raise UsageError(f"job {job.job_id} {why}", "Specify a job that updated users: upa-analyzer jobs lists them.")
    source = plans.source_of(job)
    plan = plans.of(job, source)
    plan.check_complete(source)
    users = UpdatedUsers.of(source, plan.plan.id_property, plans.failed_keys(job))
    if not len(users):
        raise UsageError(f"job {job.job_id} updated no user: its log names every user of its source file")
    result = ReadBack(plan, reading.read, reading.directory, reading.progress).run(users, sample.number, sample.seed)
    unpulled: list[str] = []
    try:
        note_later_imports(plans, job, result.checks)
        unpulled += note_unpulled_jobs(set(plans.tables.jobs["job_id"]), reading.jobs, result.checks)
    except KeyboardInterrupt as fault:
        result.fault = fault
        _withdraw(result)
    result.remarks = [*plan.remarks, *_remarks(plans, job, users), *result.remarks, *unpulled, *_unclear(result)]
    return result


def record_of(result: VerifyResult, now: datetime) -> Verification:
    """Return what is kept of a result; ``now`` is UTC."""
    counts = result.counts
    return Verification(
        program=program(),
        verified_at=now,
        users=result.users,
        sample=result.sample,
        seed=result.seed,
        checked=result.checked,
        differing=counts[UserState.differs],
        missing=counts[UserState.missing],
        overwritten=counts[UserState.overwritten],
        unclear=counts[UserState.unclear],
        not_found=counts[UserState.not_found],
        at_most=result.at_most,
        interrupted=result.fault is not None,
        not_as_said=[
            NotAsSaid(one.identity, [value.property for value in one.differing]) for one in result.not_as_said
        ],
    )


def _withdraw(result: VerifyResult) -> None:
    for value in (value for one in result.checks for value in one.differing):
        value.verdict, value.note = Verdict.unclear, "it is unknown whether a later job has overwritten it"


def _remarks(plans: JobPlans, job: Job, users: UpdatedUsers) -> Iterator[str]:
    """Yield what is uncertain about the users of a job, sentences."""
    tables = plans.tables
    if users.duplicates:
        several = count(users.duplicates, "user has", "users have")
        yield f"{several} several records in the source file and can't be verified."
    if unnamed := tables.unnamed_of(job.job_id):
        entries = count(unnamed, "entry of the log doesn't", "entries of the log don't")
        yield f"{entries} identify a user, so users who failed may be among those that differ."
    if any(log.unfinished for log in tables.logs_of(job.job_id)):
        yield "The log is incomplete, so users who failed may be among those that differ."
    if later := tables.superseded_by(job.job_id):
        yield f"A later run of the feed has ended ({later[:SHORT_ID]}): its values count as overwritten."


def _unclear(result: VerifyResult) -> Iterator[str]:
    """Yield which values can't be compared for certain, a sentence for each property and reason."""
    values = [value for one in result.checks for value in one.values if value.verdict is Verdict.unclear]
    for (name, note), number in Counter((value.property, value.note) for value in values).items():
        reason = f": {note}" if note else ""
        yield f"{name} can't be compared for certain for {count(number, 'user')}{reason}."
