"""A month of nights with ``queue --heal``: nobody is left out, and all that is said of the jobs is true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.model.service import JobError
from tests.cli.healing_month import DEATHS, FIRST, INTERNAL_ERROR, NO_ID, Month, TrueJob, guid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


NIGHTS = 30
OUTCOMES = {
    JobError.NoError: "succeeded",
    JobError.ImportCompleteWithError: "partial",
    JobError.InternalError: "unknown",
}


def test_nobody_is_left_out_and_all_that_is_said_is_true(month: Month) -> None:
    month.run(NIGHTS)
    jobs = list(month.jobs())
    _check_imports(month, jobs)
    _check_exit_codes(month)
    said = month.upa("jobs", "--json").json["jobs"]
    assert [one["job_id"] for one in said] == [job.job_id for job in jobs]
    run_of = _runs(jobs)
    for job, claim in zip(jobs, said, strict=True):
        expected = _claims(job, jobs, run_of)
        assert {name: claim[name] for name in expected} == expected, job.job_id
    _check_trend(month, jobs, run_of)
    _check_users(month, jobs)


def _check_imports(month: Month, jobs: Sequence[TrueJob]) -> None:
    """Each file was imported once, a retry has only users who were open, and in the end all profiles are up to date."""
    runs = [job for job in jobs if not job.retry_of]
    assert len({tuple(job.sent.items()) for job in runs}) == len(runs) == month.files
    run_of = _runs(jobs)
    left = {job.job_id: set(job.failed) for job in runs}
    for job in jobs:
        if job.retry_of:
            run = run_of[job.job_id]
            assert set(job.sent) <= left[run.job_id]
            assert job.sent.items() <= run.sent.items()
            left[run.job_id] -= job.updated
    assert month.hr.clock.now() < FIRST.replace(month=12)
    assert {user: month.city_of(user) for user in month.values} == month.values


def _check_exit_codes(month: Month) -> None:
    assert [night for night, ran in month.ran.items() if ran is None] == list(DEATHS)
    codes = {night: ran.code for night, ran in month.ran.items() if ran is not None}
    assert set(codes.values()) == {0, 1}
    assert codes[NIGHTS] == 0
    stopped = month.ran[NO_ID]
    assert stopped is not None
    assert "wasn't sent: its import would be aborted" in stopped.err
    unknown = month.ran[INTERNAL_ERROR]
    assert unknown is not None
    assert "an unknown number of users is open after 1 retry" in unknown.out


def _runs(jobs: Sequence[TrueJob]) -> dict[str, TrueJob]:
    """Return the run that each job belongs to."""
    found: dict[str, TrueJob] = {}
    for job in jobs:
        found[job.job_id] = found[job.retry_of] if job.retry_of else job
    return found


def _claims(job: TrueJob, jobs: Sequence[TrueJob], run_of: Mapping[str, TrueJob]) -> dict[str, Any]:
    """Return what the table ``jobs`` has to say of a job, from what the tenant knows of all."""
    run, later = run_of[job.job_id], jobs[jobs.index(job) + 1 :]
    updated = {user for other in later if other.error != JobError.InternalError for user in other.updated}
    perhaps = {user for other in later if other.error == JobError.InternalError for user in other.sent}
    left = job.failed - updated
    is_unknown = job.error == JobError.InternalError
    return {
        "outcome": OUTCOMES[job.error],
        "users": len(job.sent),
        "not_updated": None if is_unknown else len(job.failed),
        "open": None if left and (is_unknown or left & perhaps) else len(left),
        "feed": "hr-feed",
        "retry_of": run.job_id if run is not job else None,
        "superseded": bool(job.failed) and any(run_of[other.job_id] is other and other is not run for other in later),
    }


def _check_trend(month: Month, jobs: Sequence[TrueJob], run_of: Mapping[str, TrueJob]) -> None:
    """Each run's failed, new, and open users are those of the tenant."""
    (trend,) = month.upa("trend", "--json").json["feeds"]
    runs = [job for job in jobs if not job.retry_of and job.error != JobError.InternalError]
    assert [one["job_id"] for one in trend["runs"]] == [job.job_id for job in runs]
    before: TrueJob | None = None
    for job, claim in zip(runs, trend["runs"], strict=True):
        healed = {user for one in jobs if run_of[one.job_id] is job and one is not job for user in one.updated}
        new = None if before is None else len(job.failed - before.failed)
        assert (claim["failed"], claim["new"] or 0) == (len(job.failed), new or 0), job.job_id
        assert claim["open"] == len(job.failed - healed), job.job_id
        before = job


def _check_users(month: Month, jobs: Sequence[TrueJob]) -> None:
    """Which runs failed for a user, and since when, is what the tenant knows."""
    comparable = [job for job in jobs if not job.retry_of and job.error != JobError.InternalError]
    for person in ("ghost", "new-2", "new-6", 0):
        user, row = guid(person), 0
        expected = {}
        for place, job in enumerate(comparable):
            row = row + 1 if user in job.failed else 0
            if row:
                expected[job.job_id] = (row == 1 if place else None, row)
        said = month.upa("user", user, "--json").json
        found = {one["job_id"]: (one["new"], one["runs"]) for one in said["runs"] if one["runs"]}
        assert found == expected
        assert said["open"] is (person == "ghost")  # who was in no later file
