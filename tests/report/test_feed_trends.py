"""Charts: their titles against their points, and their drawing."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from analyzer.report.feed_lines import Feeds
from analyzer.report.feed_trends import change_text, points_by_feed, trend_of, trend_title
from analyzer.report.index_model import TrendPoint
from analyzer.report.plots import MOST_STRIPS, spark, strips_of, trend_plot
from analyzer.report.view import View
from tests.report.test_index_page import ABORTED, PARTIAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.report.conftest import Lines, LittleLibrary

START = datetime(2026, 10, 26, 2, tzinfo=UTC)


def points(*failed: int | None, days: int = 7, users: int | None = 100, jump: bool | None = None) -> list[TrendPoint]:
    """Runs with a number of failed users each, None for an aborted one; the newest may be a jump."""
    found = []
    for at, number in enumerate(failed):
        is_last = at == len(failed) - 1
        found.append(
            TrendPoint(
                job_id=f"job{at}",
                ran=START + timedelta(days=days * at),
                outcome="aborted" if number is None else "partial" if number else "succeeded",
                users=users,
                failed=number,
                rate=None if number is None or users is None else number / users,
                least=3 if is_last and jump is not None else None,
                most=9 if is_last and jump is not None else None,
                jump=jump if is_last else None,
                open=number,
            )
        )
    return found


@pytest.mark.parametrize(
    ("runs", "title", "change"),
    [
        (points(58, 40, 30, 20, 12), "58 → 12 failed users since 26 Oct 2026", "↓ from 58 on 26 Oct 2026"),
        (points(90, 58, 40, 30, 20, 62), "58 → 62 failed users since 2 Nov 2026", "↑ from 58 on 2 Nov 2026"),
        (points(5, None, 3, 0, 0), "no failed users since 16 Nov 2026", "↓ from 5 on 26 Oct 2026"),
        (points(0, 0), "no failed users since 26 Oct 2026", "→ steady"),
        (points(0, None, 0, 0), "no failed users since 9 Nov 2026", "→ steady"),
        (points(0, 2), "0 → 2 failed users since 26 Oct 2026", "↑ from 0 on 26 Oct 2026"),
        (points(4, 0), "4 → 0 failed users since 26 Oct 2026", "↓ from 4 on 26 Oct 2026"),
        (points(7, 8, 7), "7 failed users, as on 26 Oct 2026", "→ steady: 7 on 26 Oct 2026"),
        (points(1), "1 failed user on 26 Oct 2026", ""),
        (points(5, None), "1 of 2 runs aborted, the newest on 2 Nov 2026", "first abort since 26 Oct 2026"),
        (points(None, 4, None), "2 of 3 runs aborted, the newest on 9 Nov 2026", "also aborted on 26 Oct 2026"),
        (points(5, 40, jump=True), "40 failed users on 2 Nov 2026, usually at most 9", "↑ from 5 on 26 Oct 2026"),
    ],
)
def test_a_title_is_the_answer_and_its_numbers_are_those_of_points(
    little: LittleLibrary, runs: list[TrendPoint], title: str, change: str
) -> None:
    view = little.view()
    assert trend_title(view, runs) == title
    assert change_text(view, runs) == change
    known = {one.failed for one in runs} | {one.most for one in runs}
    for number in re.findall(r"^(\d+) (?:failed|→)|→ (\d+) failed|from (\d+) on|most (\d+)", f"{title}\n{change}"):
        assert {int(one) for one in number if one} <= known
    days = {f"{one.ran.day} {one.ran:%b %Y}" for one in runs}
    assert set(re.findall(r"\d+ \w+ 2026", f"{title} {change}")) <= days


def test_the_title_of_a_feeds_chart_matches_what_is_drawn(little: LittleLibrary, lines: type[Lines]) -> None:
    for day, number in {"2026-10-26": 5, "2026-11-16": 4, "2026-11-23": 2}.items():
        little.job(f"hr-{day}", PARTIAL, lines.unresolved(*(f"u{at}@contoso.com" for at in range(number))), users=10)
    little.job("badges-2026-11-23", ABORTED, users=30)
    view = little.view()
    found = points_by_feed(view)
    assert set(found) == {"hr", "badges"}
    drawn = trend_of(view, "hr", found["hr"])
    assert drawn.title == "5 → 2 failed users since 26 Oct 2026"
    assert [one.failed for one in drawn.points] == [5, 4, 2]
    assert drawn.plot.panels[0].most == "50%"
    assert [strip.title.split(": ")[1].split(",")[0] for strip in drawn.plot.strips] == [
        "5 of 10 failed",
        "4 of 10 failed",
        "2 of 10 failed",
    ]
    assert [strip.href for strip in drawn.plot.strips] == [f"jobs/{one.job_id}.html" for one in drawn.points]


@pytest.mark.parametrize("users", [0, 2])
def test_a_log_that_names_more_users_than_the_file_has_shows_no_share(
    little: LittleLibrary, lines: type[Lines], users: int
) -> None:
    little.job(
        "hr-2026-11-23", PARTIAL, lines.unresolved("a@contoso.com", "b@contoso.com", "c@contoso.com"), users=users
    )
    view = little.view()
    found = points_by_feed(view)["hr"]
    assert [one.rate for one in found] == [None]
    plot = trend_of(view, "hr", found).plot
    assert plot.panels[0].most == "5"
    assert plot.strips[0].title == "23 Nov 2026: 3 failed, 3 open"


def test_a_sparkline_goes_where_its_arrow_points(little: LittleLibrary, lines: type[Lines]) -> None:
    for day, failed, users in (("2026-10-26", 3, None), ("2026-11-16", 3, 10), ("2026-11-23", 6, 100)):
        log = lines.unresolved(*(f"user{at}@contoso.com" for at in range(failed)))
        little.job(f"hr-{day}", PARTIAL, log, users=users)
    view = little.view()
    (line,) = Feeds(view).lines(points_by_feed(view))
    assert line.spark is not None
    first, second, newest = heights(line.spark.line)
    assert line.change == "\u2191 from 3 on 26 Oct 2026"
    assert first == second > newest


def heights(path: str) -> list[float]:
    return [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", path)]


def plot_of(runs: Sequence[TrendPoint]) -> tuple[list[float], str]:
    drawn = trend_plot(runs, ("failed", "open"), (), ("", ""))
    return heights(drawn.panels[0].line), drawn.panels[0].most


def test_a_point_is_as_high_as_its_number() -> None:
    drawn = trend_plot(points(0, 10, 20), ("failed", "open"), (), ("", ""))
    rate, is_open = drawn.panels
    zero, half, whole = heights(rate.line)
    assert (zero, whole) == (rate.bottom, rate.top)
    assert half == pytest.approx((zero + whole) / 2)
    assert rate.most == "20%"
    assert heights(is_open.line)[0] == is_open.bottom
    assert is_open.most == "20"


def test_zero_is_a_line_on_the_axis_and_not_an_empty_chart() -> None:
    rate = trend_plot(points(0, 0, 0), ("failed", "open"), (), ("", "")).panels[0]
    assert heights(rate.line) == [rate.bottom] * 3


def test_an_aborted_run_is_a_gap_with_a_mark() -> None:
    drawn = trend_plot(points(5, None, 5), ("failed", "open"), (), ("", ""))
    assert drawn.panels[0].line.count("M") == 2
    assert drawn.aborted.count("l5 5") == 1
    small = spark([5, None, 5], [False, True, False])
    assert (small.line.count("M"), small.marks.count("M")) == (2, 1)


def test_one_great_number_is_beyond_the_chart_and_does_not_flatten_the_others() -> None:
    runs = points(*[3, 4, 5] * 8, 100)
    rate = trend_plot(runs, ("failed", "open"), (), ("", "")).panels[0]
    assert rate.beyond.count("M") == 1
    assert min(heights(rate.line)) == rate.top
    assert sorted(heights(rate.line))[len(runs) // 2] < (rate.bottom + rate.top) / 2 + 30


def test_without_the_number_of_users_the_chart_has_counts() -> None:
    _, most = plot_of(points(3, 20, users=None))
    assert most == "20"


def test_a_year_has_strips_that_can_be_hit_and_each_leads_to_its_worst_run() -> None:
    runs = points(*range(1, 366), days=1)
    runs[3] = replace(runs[3], failed=None, outcome="aborted")
    strips = strips_of(runs, lambda one: one.job_id, lambda several: str(len(several)))
    assert len(strips) <= MOST_STRIPS
    assert sum(int(strip.title) for strip in strips) == len(runs)
    assert strips[0].href == runs[3].job_id
    assert all(one.width > 2 for one in strips)
    assert sum(one.width for one in strips) == pytest.approx(340, abs=5)


def test_a_run_of_unknown_outcome_is_counted_and_is_a_gap(little: LittleLibrary, lines: type[Lines]) -> None:
    little.job("hr-2026-11-09", PARTIAL, lines.unresolved("user1@contoso.com"), users=10)
    little.job("hr-2026-11-16", 31, users=10)
    little.job("hr-2026-11-23", ABORTED, users=10)
    view = little.view()
    found = points_by_feed(view)["hr"]
    assert [one.outcome for one in found] == ["partial", "unknown", "aborted"]
    assert trend_title(view, found) == "1 of 3 runs aborted, the newest on 23 Nov 2026"
    assert [one.title for one in trend_of(view, "hr", found).plot.strips][1] == "16 Nov 2026: failed users unknown"


def test_nothing_is_compared_with_a_newest_run_whose_number_is_unknown(little: LittleLibrary) -> None:
    runs = points(58, 12, 3)
    runs[-1] = replace(runs[-1], failed=None, rate=None, outcome="unknown")
    assert change_text(little.view(), runs) == ""


def test_a_day_of_a_source_files_name_is_the_same_in_each_time_zone(little: LittleLibrary) -> None:
    little.job("hr-2026-11-16", users=3)
    little.job("hr-2026-11-23", users=3)
    view = View.of(replace(little.request(Path("report")), zone=ZoneInfo("America/New_York")), "1.0")
    drawn = trend_of(view, "hr", points_by_feed(view)["hr"])
    assert drawn.title == "no failed users since 16 Nov 2026"
    assert [one.title.split(":")[0] for one in drawn.plot.strips] == ["16 Nov 2026", "23 Nov 2026"]
