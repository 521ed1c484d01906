"""The chart of a feed's runs as a file."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from analyzer.analysis.failure_rate import RATES
from analyzer.errors import OutputError
from analyzer.report.charts import draw_rates

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2026, 1, 1, 2, tzinfo=UTC)
_SVG = "{http://www.w3.org/2000/svg}"


def runs(number: int, **columns: object) -> pl.DataFrame:
    rows = [
        {
            "job_id": str(at),
            "feed": "hr-feed",
            "ran": START + timedelta(days=at),
            "outcome": "aborted" if at % 10 == 7 else "partial",
            "users": 300,
            "failed": None if at % 10 == 7 else 12 + at % 3,
            "rate": None if at % 10 == 7 else (12 + at % 3) / 300,
            "new": 2,
            "least": 9,
            "most": 20,
            "jump": None if at < 5 or at % 10 == 7 else at % 10 == 9,
        }
        | columns
        for at in range(number)
    ]
    return pl.DataFrame(rows, schema=RATES, orient="row")


def texts(path: Path) -> list[str]:
    return ["".join(text.itertext()) for text in ET.parse(path).getroot().iter(f"{_SVG}text")]


@pytest.mark.parametrize("number", [1, 30, 1_095])
def test_the_title_is_the_answer_and_the_legend_names_what_there_is(tmp_path: Path, number: int) -> None:
    path = tmp_path / "chart.svg"
    draw_rates(runs(number), "hr-feed: 12 of 300 users <failed>, as $usual$ (9 to 20)", path, ZoneInfo("Europe/Berlin"))
    found = texts(path)
    assert "hr-feed: 12 of 300 users <failed>, as $usual$ (9 to 20)" in found
    assert {"usual range", "failed"} <= set(found)
    assert ("jump" in found) is ("aborted run" in found) is (number > 1)
    assert any(text.endswith("%") for text in found)


def test_without_the_number_of_users_the_chart_has_counts(tmp_path: Path) -> None:
    path = tmp_path / "chart.svg"
    draw_rates(runs(20, users=None, rate=None), "title", path, None)
    assert not any(text.endswith("%") for text in texts(path))


def test_runs_of_which_none_was_counted_are_drawn(tmp_path: Path) -> None:
    path = tmp_path / "chart.svg"
    nothing = dict.fromkeys(("failed", "rate", "new", "least", "most", "jump"))
    draw_rates(runs(3, outcome="aborted", **nothing), "title", path, None)
    assert "aborted run" in texts(path)


def test_a_picture_is_the_same_each_time(tmp_path: Path) -> None:
    for ending, start in ((".png", b"\x89PNG"), (".svg", b"<?xml")):
        one, other = tmp_path / f"one{ending}", tmp_path / f"other{ending}"
        for path in (one, other):
            draw_rates(runs(30), "title", path, None)
        assert one.read_bytes().startswith(start)
        assert one.read_bytes() == other.read_bytes()


def test_a_folder_that_is_missing_is_a_plain_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError):
        draw_rates(runs(3), "title", tmp_path / "file" / "chart.svg", None)
