"""What the charts show, and titles that claim no more."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from analyzer.model.service import JobError, State
from analyzer.report.model import Grid, Line, Series
from analyzer.report.trend import Change, codes_chart, outcomes_chart, runs_chart, small_trend

if TYPE_CHECKING:
    from tests.report.conftest import Lines, LittleLibrary

PARTIAL, ABORTED = JobError.ImportCompleteWithError, JobError.InvalidDataFile
DAYS = ("2026-10-05", "2026-10-12", "2026-10-19", "2026-10-26", "2026-11-02", "2026-11-09")


def weekly(little: LittleLibrary, lines: type[Lines], feed: str, failing: list[int]) -> None:
    for day, users in zip(DAYS, failing, strict=False):
        log = lines.unresolved(*(f"user{number}@contoso.com" for number in range(users)))
        little.job(f"{feed}-{day}", PARTIAL if users else 0, log or None, users=100)


def title(little: LittleLibrary) -> str:
    chart = runs_chart(little.view())
    assert chart is not None
    return chart.title


def test_a_feed_is_a_line_that_is_broken_where_the_number_is_unknown(little: LittleLibrary, lines: type[Lines]) -> None:
    little.job("hr-2026-11-09", PARTIAL, lines.unresolved("a@contoso.com"))
    little.job("hr-2026-11-16", JobError.InternalError)
    little.job("hr-2026-11-23", state=State.Processing)
    chart = runs_chart(little.view())
    assert chart is not None
    assert chart.lines == (
        Line("hr", ((datetime(2026, 11, 9, 2, tzinfo=UTC), 1), (datetime(2026, 11, 16, tzinfo=UTC), None))),
    )
    assert chart.note == "A line is broken where the number is unknown."
    assert chart.grid == Grid(
        ("Feed", "When", "Outcome", "Users not updated"),
        (("hr", "16 Nov 2026", "unknown", "unknown"), ("hr", "9 Nov 2026, 02:00", "partial", "1")),
    )


def test_the_worst_of_many_feeds_have_a_line(little: LittleLibrary) -> None:
    for number, name in enumerate("abcdefghi"):
        little.job(f"{name}-2026-11-23", JobError.InvalidDataFile, users=number + 1)
    chart = runs_chart(little.view())
    assert chart is not None
    assert [line.name for line in chart.lines] == list("ihgfedc")
    assert chart.note == "2 feeds with fewer are in the table only."
    assert len(chart.grid.rows) == 9


def test_the_title_says_that_failures_halved(little: LittleLibrary, lines: type[Lines]) -> None:
    weekly(little, lines, "hr", [40, 44, 42, 20, 22, 21])
    assert title(little) == "hr's failures halved: 21 users a run since 26 Oct 2026, 42 before"


def test_the_title_admits_that_there_is_no_trend(little: LittleLibrary, lines: type[Lines]) -> None:
    weekly(little, lines, "hr", [20, 22, 21, 20, 22, 21])
    assert title(little) == "Users not updated per run: no clear trend"


def test_three_runs_are_too_few_for_a_trend(little: LittleLibrary, lines: type[Lines]) -> None:
    weekly(little, lines, "hr", [40, 20, 1])
    assert title(little) == "Users not updated per run: too few runs for a trend"


def test_an_aborted_run_is_not_part_of_a_trend(little: LittleLibrary, lines: type[Lines]) -> None:
    weekly(little, lines, "hr", [20, 20, 20, 20])
    little.job("hr-2026-11-23", ABORTED, users=5000)
    assert title(little) == "Users not updated per run: no clear trend"


@pytest.mark.parametrize(
    ("before", "after", "verb"),
    [
        (10, 0, "ended: 0 users a run since 2 Nov, 10 before"),
        (10, 1.5, "fell by more than half: 1.5 users a run since 2 Nov, 10 before"),
        (10, 5, "halved"),
        (10, 7, "fell: 7 users"),
        (10, 15, "rose: 15"),
        (10, 20, "doubled"),
        (10, 90, "more than doubled"),
        (0, 1234, "began: 1,234 users a run since 2 Nov, 0 before"),
    ],
)
def test_the_verb_fits_the_numbers(before: float, after: float, verb: str) -> None:
    assert verb in Change("hr", before, after, "2 Nov").words


def test_outcomes_are_counted_by_week_without_a_gap(little: LittleLibrary) -> None:
    little.job("hr-2026-11-02")
    little.job("hr-2026-11-22", ABORTED)
    little.job("phones-2026-11-16", JobError.InternalError)
    chart = outcomes_chart(little.view())
    assert chart is not None
    assert chart.title == "1 of 3 runs succeeded; 1 aborted and 1 unknown"
    assert chart.weeks == (date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16))
    assert chart.series == (
        Series("succeeded", (1, 0, 0)),
        Series("aborted", (0, 0, 1)),
        Series("unknown", (0, 0, 1)),
    )
    assert chart.grid.rows[0] == ("16 Nov 2026", "0", "1", "1")


def test_codes_beyond_seven_are_put_together(little: LittleLibrary) -> None:
    log = "".join(f"Code{name}\ta@contoso.com\t?\r\n" * (20 - place) for place, name in enumerate("ABCDEFGHI"))
    little.job("hr-2026-11-23", PARTIAL, log)
    chart = codes_chart(little.view())
    assert chart is not None
    assert chart.title == "The most frequent code is CodeA: 20 of 144 entries"
    assert [series.name for series in chart.series] == [*(f"Code{name}" for name in "ABCDEF"), "other codes"]
    assert chart.series[-1].values == (14 + 13 + 12,)


def test_a_title_names_a_code_that_has_the_majority(little: LittleLibrary, lines: type[Lines]) -> None:
    little.job(
        "hr-2026-11-23", PARTIAL, lines.unresolved("a@contoso.com", "b@contoso.com") + "Odd\tc@contoso.com\t?\r\n"
    )
    chart = codes_chart(little.view())
    assert chart is not None
    assert chart.title == "Most entries are IdentityNotResolvable: 2 of 3 entries"


def test_the_small_trend_compares_the_last_two_weeks(little: LittleLibrary, lines: type[Lines]) -> None:
    weekly(little, lines, "hr", [4, 2])
    weekly(little, lines, "phones", [1, 1])
    chart = small_trend(little.view(), "hr")
    assert chart is not None
    assert chart.title == (
        "hr: 2 users not updated in the last run of the week of 12 Oct 2026, 4 in that of the week of 5 Oct 2026"
    )
    assert chart.series == (Series("users not updated", (4, 2)),)


def test_runs_of_one_week_are_not_added_up(little: LittleLibrary, lines: type[Lines]) -> None:
    for day, number in (("09", 5), ("10", 3), ("24", 2)):
        users = [f"user{place}@contoso.com" for place in range(number)]
        little.job(f"hr-2026-11-{day}", PARTIAL, lines.unresolved(*users))
    chart = small_trend(little.view(), "hr")
    assert chart is not None
    assert chart.grid.rows == (("23 Nov 2026", "2"), ("16 Nov 2026", "no run"), ("9 Nov 2026", "3"))


def test_what_is_older_than_half_a_year_is_not_drawn(little: LittleLibrary) -> None:
    little.job("hr-2026-05-25")
    little.job("hr-2026-11-23")
    chart = outcomes_chart(little.view())
    assert chart is not None
    assert chart.weeks == (date(2026, 11, 23),)


def test_without_a_time_there_is_nothing_to_draw(little: LittleLibrary) -> None:
    little.job("hr")
    view = little.view()
    assert (runs_chart(view), outcomes_chart(view), codes_chart(view), small_trend(view, "hr")) == (None,) * 4


def test_a_week_whose_number_is_unknown_says_so(little: LittleLibrary, lines: type[Lines]) -> None:
    weekly(little, lines, "hr", [3])
    little.job(f"hr-{DAYS[1]}", PARTIAL, lines.unresolved("a@contoso.com", ""))
    chart = small_trend(little.view(), "hr")
    assert chart is not None
    assert [users for _, users in chart.grid.rows] == ["at least 1", "3"]
    assert chart.title.startswith("hr: at least 1 user not updated in the last run of the week of")
    assert chart.note == "Weeks whose number is unknown have no bar."


def test_a_run_without_a_number_has_unknown_users_in_the_title(little: LittleLibrary, lines: type[Lines]) -> None:
    weekly(little, lines, "hr", [3])
    little.job(f"hr-{DAYS[1]}", JobError.InternalError)
    chart = small_trend(little.view(), "hr")
    assert chart is not None
    assert chart.title.startswith("hr: an unknown number of users not updated in the last run of the week of")


def test_a_run_of_unknown_time_is_in_no_week_and_counted_in_the_note(little: LittleLibrary) -> None:
    little.job("hr")
    little.job("hr-2026-11-23")
    chart = outcomes_chart(little.view())
    assert chart is not None
    assert chart.title == "1 of 1 run succeeded"
    assert chart.note == "Not counted: 1 run of unknown time."
