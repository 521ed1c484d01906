from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from analyzer.cli.context import FailOn, parse_day
from analyzer.errors import UsageError


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("", None, None),
        ("2026-11-23", None, datetime(2026, 11, 23, tzinfo=UTC)),
        ("2026-11-23", ZoneInfo("Europe/Berlin"), datetime(2026, 11, 22, 23, tzinfo=UTC)),
        ("2026-07-01", ZoneInfo("Europe/Berlin"), datetime(2026, 6, 30, 22, tzinfo=UTC)),
        ("2026-11-23T02:00", None, datetime(2026, 11, 23, 2, tzinfo=UTC)),
        ("2026-11-23T02:00+02:00", ZoneInfo("Europe/Berlin"), datetime(2026, 11, 23, tzinfo=UTC)),
    ],
)
def test_a_day_begins_in_the_tenant_s_zone(text: str, zone: ZoneInfo | None, expected: datetime | None) -> None:
    assert parse_day(text, zone) == expected


@pytest.mark.parametrize("text", ["soon", "23.11.2026", "2026-13-01", "0001-01-01x"])
def test_an_invalid_date_is_an_error_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="isn't a date"):
        parse_day(text, None)


@pytest.mark.parametrize(
    ("fail_on", "meets"),
    [
        (FailOn.never, set()),
        (FailOn.partial, {"partial"}),
        (FailOn.aborted, {"aborted"}),
        (FailOn.any, {"partial", "aborted", "unknown", "stuck"}),
        (FailOn.new, {"partial", "aborted", "unknown"}),
    ],
)
def test_fail_on_selects_the_outcomes_that_fail(fail_on: FailOn, meets: set[str]) -> None:
    outcomes = {"succeeded", "partial", "aborted", "unknown", "running", "stuck"}
    assert {outcome for outcome in outcomes if fail_on.met_by(outcome, 2, is_retry=False)} == meets


@pytest.mark.parametrize(
    ("new", "is_retry", "met"),
    [(1, False, True), (0, False, False), (None, False, True), (1, True, False)],
    ids=["new failures", "only recurring ones", "nothing to compare with", "a retry"],
)
def test_new_is_about_users_who_did_not_fail_before(new: int | None, is_retry: bool, met: bool) -> None:
    assert FailOn.new.met_by("partial", new, is_retry=is_retry) is met
