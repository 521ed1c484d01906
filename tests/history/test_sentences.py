"""How a job ended for its users, and what its retries changed, as clauses."""

from __future__ import annotations

import pytest

from analyzer.catalogue.advice import headline, retry_clause, still_open_clause
from analyzer.catalogue.model import JobFacts
from analyzer.model.job import Outcome


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (JobFacts(Outcome.succeeded, users=1), "all users updated"),
        (JobFacts(Outcome.succeeded, users=0), "the source file has no users"),
        (JobFacts(Outcome.succeeded, users=9, failed=2), "all 9 users updated, but the log names 2 users"),
        (JobFacts(Outcome.partial, users=9, not_updated=3, failed=3, new=1), "3 of 9 users not updated, 1 new"),
        (JobFacts(Outcome.partial, users=9, not_updated=3, failed=3, new=0), "3 of 9 users not updated, 0 new"),
        (JobFacts(Outcome.partial, users=9, failed=3), "at least 3 of 9 users not updated"),
        (JobFacts(Outcome.partial, users=0, error="E"), "the source file has no users (E)"),
        (JobFacts(Outcome.partial), "some users not updated; who is unknown"),
        (JobFacts(Outcome.aborted, users=9), "the import was aborted, none of 9 users updated"),
        (JobFacts(Outcome.aborted), "the import was aborted, no user updated"),
        (JobFacts(Outcome.unknown, error="InternalError"), "who was updated is unknown (InternalError)"),
        (JobFacts(Outcome.stuck, state="Submitted"), "the job is stuck in Submitted"),
        (JobFacts(Outcome.running, state="Submitted"), "the job is still running (Submitted)"),
    ],
)
def test_a_job_has_a_headline(facts: JobFacts, said: str) -> None:
    assert headline(facts) == said


@pytest.mark.parametrize(
    ("outcome", "users", "not_updated", "when", "said"),
    [
        pytest.param(
            Outcome.succeeded, 12, 0, "28 Nov 2026, 14:05", "retried 28 Nov 2026, 14:05: 12 of 12 updated", id="all"
        ),
        pytest.param(Outcome.partial, 12, 3, "by 28 Nov", "retried by 28 Nov: 9 of 12 updated", id="some"),
        pytest.param(Outcome.aborted, 12, 12, "", "retried: 0 of 12 updated", id="none, at an unknown time"),
        pytest.param(Outcome.running, 12, None, "28 Nov", "retried 28 Nov: the retry is running", id="running"),
        pytest.param(
            Outcome.unknown, 12, None, "28 Nov", "retried 28 Nov: unknown; how many were updated is unknown", id="?"
        ),
        pytest.param(
            Outcome.partial, 1, 3, "", "retried: partial; how many were updated is unknown", id="another source file"
        ),
    ],
)
def test_what_a_retry_made_of_its_run(
    outcome: Outcome, users: int | None, not_updated: int | None, when: str, said: str
) -> None:
    assert retry_clause(outcome, users, not_updated, when) == said


@pytest.mark.parametrize(("number", "said"), [(0, "0 still open"), (1200, "1,200 still open")])
def test_how_many_are_still_open_clause(number: int, said: str) -> None:
    assert still_open_clause(number) == said


def test_how_many_are_still_open_may_be_unknown() -> None:
    assert still_open_clause(None) == "how many are still open is unknown"
