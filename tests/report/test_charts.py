"""Chart rows to SVG."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime

import matplotlib as mpl
import pytest

from analyzer.report.charts import MARKERS, PALETTE, svg
from analyzer.report.model import Grid, Line, RunsChart, Series, WeeksChart
from analyzer.report.trend import MOST

NOTHING = Grid((), ())
MONDAY = date(2026, 11, 23)


def runs(*lines: Line) -> RunsChart:
    return RunsChart("runs", "title", "", "users not updated", lines, NOTHING)


def weeks(*series: Series, days: tuple[date, ...] = (MONDAY,), name: str = "codes") -> WeeksChart:
    return WeeksChart(name, "title", "", "log entries", days, series, NOTHING)


def line(name: str, *users: int | None) -> Line:
    return Line(name, tuple((datetime(2026, 11, 1 + day, tzinfo=UTC), number) for day, number in enumerate(users)))


def texts(drawn: str) -> list[str]:
    return ["".join(text.itertext()) for text in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "$x_1$", "_hidden", "a & b", "]]>", "\\frac", "$\\frac{", "人事", "x" * 27]
)
def test_a_name_is_drawn_as_it_is(name: str) -> None:
    for drawn in (svg(runs(line(name, 1, 2))), svg(weeks(Series(name, (1,)), Series("other", (2,))))):
        assert name in [text.strip() for text in texts(drawn)]
        assert "<script" not in drawn


def test_a_long_name_is_cut_where_it_would_fill_the_chart() -> None:
    assert "x" * 27 + "…" in texts(svg(runs(line("x" * 500, 1, 2))))


def test_the_same_rows_are_the_same_bytes() -> None:
    chart = weeks(Series("a", (1, 2)), Series("b", (3, 4)), days=(date(2026, 11, 16), MONDAY))
    assert svg(chart) == svg(chart)
    assert svg(runs(line("a", 1, None, 3))) == svg(runs(line("a", 1, None, 3)))


def test_a_chart_carries_no_date_and_no_address_but_namespaces() -> None:
    drawn = svg(runs(line("a", 1, 2)))
    assert "<metadata" not in drawn
    assert "<!DOCTYPE" not in drawn
    assert set(re.findall(r"https?://[^\"]+", drawn)) == {"http://www.w3.org/1999/xlink", "http://www.w3.org/2000/svg"}


def test_text_and_lines_take_the_pages_colours() -> None:
    drawn = svg(weeks(Series("a", (1,))))
    assert "fill: currentColor" in drawn
    assert "stroke: var(--line)" in drawn
    assert not re.search(r"#010203|#040506|#070809", drawn, re.IGNORECASE)


def test_groups_of_two_charts_share_no_id() -> None:
    assert '<g id="' not in svg(runs(line("a", 1, 2)))


def test_axes_have_labels_and_numbers_have_separators() -> None:
    shown = texts(svg(runs(line("a", 10_000, 20_000))))
    assert "users not updated" in shown
    assert "when the job ran (UTC)" in shown
    assert any(re.fullmatch(r"\d+,000", text) for text in shown)


def test_no_day_is_named_twice_on_an_axis() -> None:
    for chart in (runs(line("a", 1)), runs(line("a", 1, 2)), runs(line("a", *range(9)))):
        days = [text for text in texts(svg(chart)) if text.endswith((" Oct", " Nov"))]
        assert days
        assert len(set(days)) == len(days)


def test_no_number_is_named_twice_on_an_axis() -> None:
    for chart in (runs(line("a", 0)), runs(line("a", 0, 0)), weeks(Series("a", (0,))), weeks(Series("a", (1,)))):
        numbers = [text for text in texts(svg(chart)) if text.isdecimal()]
        assert "0" in numbers
        assert len(set(numbers)) == len(numbers)


def test_one_great_number_does_not_flatten_the_others() -> None:
    shown = texts(svg(runs(line("a", 3, 5, 4, 6), line("b", 12_480))))
    assert "users not updated (each step tenfold)" in shown
    assert {"1", "10", "10,000"} <= set(shown)


def test_the_newest_week_has_its_label() -> None:
    days = tuple(date.fromordinal(MONDAY.toordinal() - 7 * back) for back in range(25, -1, -1))
    assert "23 Nov" in texts(svg(weeks(Series("a", tuple(range(26))), days=days)))


def test_each_of_the_most_series_has_its_own_colour_and_mark() -> None:
    assert len(set(PALETTE)) == len(set(MARKERS)) == MOST == 7
    drawn = svg(runs(*(line(str(place), 1 + place, 2 + place) for place in range(MOST)))).lower()
    assert all(colour.lower() in drawn for colour in PALETTE)


def test_a_feed_without_numbers_draws_without_a_warning() -> None:
    assert "a" in texts(svg(runs(line("a", None, None))))


def test_an_outcome_keeps_its_colour_beside_others() -> None:
    def colour_of_aborted(*names: str) -> bool:
        return PALETTE[1].lower() in svg(weeks(*(Series(name, (1,)) for name in names), name="outcomes")).lower()

    assert colour_of_aborted("aborted")
    assert colour_of_aborted("succeeded", "partial", "aborted")
    assert not colour_of_aborted("succeeded", "partial")


def test_matplotlibs_settings_are_left_as_they_were() -> None:
    with mpl.rc_context({"font.size": 33, "svg.hashsalt": "of another program"}):
        svg(runs(line("a", 1, 2)))
        assert (mpl.rcParams["font.size"], mpl.rcParams["svg.hashsalt"]) == (33, "of another program")
