"""How many users a job did not update, in words."""

from __future__ import annotations

import pytest

from analyzer.model.outcome import NotUpdatedCount, Outcome, not_updated_text


@pytest.mark.parametrize(
    ("number", "total", "words"),
    [
        (NotUpdatedCount(1, exact=True), 3, "1 of 3 users"),
        (NotUpdatedCount(2, exact=False), None, "at least 2 users"),
        (NotUpdatedCount(1, exact=True), None, "1 user"),
        (NotUpdatedCount(3, exact=True), 3, "3 of 3 users"),
        (NotUpdatedCount(6, exact=False), 1, "at least 6 users"),
        (NotUpdatedCount(None, exact=False), 9, "an unknown number of users"),
    ],
)
def test_a_number_is_of_all_users_unless_these_are_fewer(
    number: NotUpdatedCount, total: int | None, words: str
) -> None:
    assert number.users(total) == words


@pytest.mark.parametrize(
    ("outcome", "not_updated", "named", "words"),
    [
        (Outcome.partial, 1200, 1200, "1,200"),
        (Outcome.partial, None, 12, "at least 12"),
        (Outcome.partial, None, 0, "unknown"),
        (Outcome.aborted, None, 3, "all"),
        (Outcome.unknown, None, 3, "unknown"),
        (Outcome.running, None, 0, "-"),
    ],
)
def test_a_cell_has_the_number_or_says_why_there_is_none(
    outcome: Outcome, not_updated: int | None, named: int, words: str
) -> None:
    assert not_updated_text(outcome, not_updated, named, dash="-") == words
