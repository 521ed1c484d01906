"""Find the values that a later import wrote: they aren't the fault of the job that is verified."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from analyzer.analysis.open_and_superseded import MAY_UPDATE
from analyzer.errors import AnalyzerError
from analyzer.imports.read_values import Verdict, compare
from analyzer.imports.updated_users import SourceRecord, records_of_users
from analyzer.model.job import NOT_ENDED
from analyzer.model.service import ABORTING
from analyzer.model.text import SHORT_ID, count, listed_first
from analyzer.source.batches import as_written

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from analyzer.imports.job_plan import JobPlan, JobPlans
    from analyzer.imports.verify_model import UserCheck
    from analyzer.model.job import Job


def note_later_imports(plans: JobPlans, job: Job, checks: Sequence[UserCheck]) -> None:
    """Note which differing values a later job wrote, or may have written.

    A later job is read only while a user differs, the newest first.

    Args:
        plans: what is known of the jobs.
        job: the job that was verified.
        checks: its users; changed.
    """
    settled: set[int] = set()
    for later in _later_jobs(plans, job):
        differing = [one for one in checks if any(id(value) not in settled for value in one.differing)]
        if not differing:
            return
        try:
            source = plans.source_of(later)
            plan = plans.of(later, source)
            plan.check_complete(source)
            settled |= _compare(later, plan, differing, _values_of(plans, later, plan, differing), settled)
        except AnalyzerError:
            if plans.tables.job(later.job_id)["feed"] == plans.tables.job(job.job_id)["feed"]:
                _doubt(later, plans.of(later, None), differing, settled)


def note_unpulled_jobs(
    known: Container[str], jobs: Callable[[], Sequence[Job]], checks: Sequence[UserCheck]
) -> Iterator[str]:
    """Make differing values unclear while the tenant has jobs that the library lacks: they may have written others.

    Args:
        known: IDs of the library's jobs.
        jobs: returns the tenant's job list; it is called only if a user differs.
        checks: the users; changed.

    Yields:
        Sentences about it.
    """
    differing = [value for user in checks for value in user.differing]
    if not differing:
        return
    try:
        listed = jobs()
    except AnalyzerError as error:
        yield f"Whether the tenant has jobs that aren't in the library is unknown: {error.what}."
        return
    unpulled = [job for job in listed if job.job_id not in known and job.error not in ABORTING]
    if not unpulled:
        return
    for value in differing:
        value.verdict, value.note = Verdict.unclear, "a job that isn't in the library may have overwritten it"
    them = (
        f"{count(len(unpulled), 'job')} of the tenant: {listed_first([job.job_id[:SHORT_ID] for job in unpulled], 3)}"
    )
    yield f"The library lacks {them}. Run `upa-analyzer pull`, and verify again."


def _later_jobs(plans: JobPlans, job: Job) -> Iterator[Job]:
    """Yield the jobs that may have written after a job, the newest first."""
    ended = plans.tables.job(job.job_id)["earliest"]
    may_write = [*MAY_UPDATE, *NOT_ENDED]
    is_later = pl.lit(value=True) if ended is None else pl.col("latest").is_null() | (pl.col("latest") > ended)
    rows = plans.tables.jobs.filter(is_later, pl.col("outcome").is_in(may_write), pl.col("job_id") != job.job_id)
    by_id = {one.job_id: one for one in plans.library.jobs()}
    yield from (by_id[job_id] for job_id in reversed(rows["job_id"].to_list()) if job_id in by_id)


def _values_of(plans: JobPlans, later: Job, plan: JobPlan, users: Sequence[UserCheck]) -> dict[int, dict[str, object]]:
    """Return what a later job wrote or may have written, by the users' numbers from 1 and by profile property."""
    failed = plans.failed_keys(later)
    wanted = {key: number for number, one in enumerate(users, 1) for key in one.keys if key not in failed}
    values: dict[int, dict[str, object]] = {}
    for number, record in records_of_users(plans.source_of(later), plan.plan.id_property, wanted):
        values.setdefault(number, {}).update(_by_profile_property(plan, record))
    return values


def _by_profile_property(plan: JobPlan, record: SourceRecord) -> Iterator[tuple[str, object]]:
    for name, value in record.values.items():
        target = plan.profile_property(name)
        if target is not None:
            yield target.lower(), value


def _compare(
    later: Job,
    plan: JobPlan,
    users: Sequence[UserCheck],
    written: dict[int, dict[str, object]],
    settled: AbstractSet[int],
) -> set[int]:
    """Note what a later job wrote; return the values (``id``) for which it wrote the same as the job."""
    same: set[int] = set()
    for number, user in enumerate(users, 1):
        for value in (one for one in user.differing if id(one) not in settled):
            other = written.get(number, {}).get(value.property.lower())
            if other is None:
                continue
            if as_written(other) == as_written(value.expected):
                same.add(id(value))
            elif plan.plan.property_map is None and compare(other, value.found) is not Verdict.same:
                # Under an unknown map, only the value itself proves that it was written here.
                value.verdict = Verdict.unclear
                value.note = f"job {later.job_id[:SHORT_ID]} may have overwritten it"
            else:
                value.overwritten_by = later.job_id
    return same


def _doubt(later: Job, plan: JobPlan, users: Sequence[UserCheck], settled: AbstractSet[int]) -> None:
    """Make values unclear that a later job of the feed may have overwritten, whose source file we don't have."""
    known = plan.plan.property_map
    written = None if known is None else {name.lower() for name in known.values()}
    for value in (value for user in users for value in user.differing):
        if id(value) not in settled and (written is None or value.property.lower() in written):
            value.verdict = Verdict.unclear
            value.note = f"job {later.job_id[:SHORT_ID]} may have overwritten it: its source file is unknown"
