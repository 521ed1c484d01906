"""The verdict of a job's page, and the sentences below it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from analyzer.catalogue.model import JobFacts
from analyzer.model.job import Outcome
from analyzer.model.service import JobError, State
from analyzer.report.verdict import below_verdict, verdict

if TYPE_CHECKING:
    from tests.report.conftest import Lines, LittleLibrary

PARTIAL = JobFacts(Outcome.partial, users=295, not_updated=12, failed=12, new=4)
UNCERTAIN = replace(PARTIAL, not_updated=None, failed=2, new=None)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(PARTIAL, "12 of 295 users weren't updated; 4 are new", id="several"),
        pytest.param(
            replace(PARTIAL, not_updated=1, failed=1, new=1), "1 of 295 users wasn't updated; 1 is new", id="one"
        ),
        pytest.param(replace(PARTIAL, new=0), "12 of 295 users weren't updated; none are new", id="none new"),
        pytest.param(replace(PARTIAL, new=None, users=None), "12 users weren't updated", id="no source file"),
        pytest.param(UNCERTAIN, "At least 2 of 295 users weren't updated", id="entries without a user"),
        pytest.param(
            replace(UNCERTAIN, failed=0), "Some users weren't updated; it is unknown who", id="nobody is named"
        ),
        pytest.param(
            JobFacts(Outcome.aborted, users=12480),
            "The import was aborted; none of 12,480 users was updated",
            id="abort",
        ),
        pytest.param(JobFacts(Outcome.aborted), "The import was aborted; no user was updated", id="abort, no file"),
        pytest.param(JobFacts(Outcome.aborted, users=0), "The source file has no users", id="empty file"),
        pytest.param(JobFacts(Outcome.unknown, users=3), "It is unknown who was updated", id="unknown"),
        pytest.param(JobFacts(Outcome.succeeded, users=113), "All 113 users were updated", id="success"),
        pytest.param(JobFacts(Outcome.succeeded), "All users were updated", id="success, no file"),
        pytest.param(
            JobFacts(Outcome.succeeded, users=3, failed=1),
            "All 3 users were updated, but the log names 1 user",
            id="odd",
        ),
        pytest.param(JobFacts(Outcome.stuck, state="Processing"), "The job is stuck in Processing", id="stuck"),
        pytest.param(JobFacts(Outcome.running, state="Queued"), "The job is still running (Queued)", id="running"),
    ],
)
def test_the_verdict_counts_users(facts: JobFacts, expected: str) -> None:
    assert verdict(facts) == expected


def test_a_partial_job_has_its_time_and_no_cause_below(little: LittleLibrary, lines: type[Lines]) -> None:
    job_id = little.job("hr-2026-11-23", JobError.ImportCompleteWithError, lines.unresolved("a@contoso.com"), users=9)
    view, run = little.run(job_id)
    assert below_verdict(view, run, view.facts_of(run)) == (
        "Ran 23 Nov 2026, 02:00 (from the log's name).",
        "All others were updated.",
    )


def test_a_job_that_a_pull_saw_running_took_at_least_that_long(little: LittleLibrary, lines: type[Lines]) -> None:
    job_id = little.job("hr-2026-11-23", JobError.ImportCompleteWithError, lines.unresolved("a@contoso.com"), users=9)
    view, run = little.run(job_id)
    begun = datetime(2026, 11, 23, 1, 27, tzinfo=UTC)
    first, _ = below_verdict(view, replace(run, started=begun), view.facts_of(run))
    assert first == "Ran 23 Nov 2026, 02:00 (from the log's name), for at least 33 minutes."
    assert run.finished is not None
    short = replace(run, started=run.finished - timedelta(seconds=59))
    assert "at least" not in below_verdict(view, short, view.facts_of(run))[0]


def test_an_aborted_job_says_why(little: LittleLibrary, lines: type[Lines]) -> None:
    log = lines.unmapped(["a@contoso.com"], "Floor")
    view, run = little.run(little.job("hr-2026-11-23", JobError.InvalidDataFile, log, users=9))
    assert below_verdict(view, run, view.facts_of(run))[1] == (
        "The property Floor is not mapped. The log names 1 user."
    )


def test_a_running_job_says_when_it_was_seen_last(little: LittleLibrary) -> None:
    little.own("pull", {"pulled_at": "2026-11-23T03:40:00Z"})
    view, run = little.run(little.job("hr-2026-11-23", state=State.Processing))
    assert below_verdict(view, run, view.facts_of(run)) == ("As of 23 Nov 2026, 03:40.",)
