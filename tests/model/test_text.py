"""Numbers, counts, times and ids as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.model.text import count, day, duration, listed, moment, short_ids, size

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "expected"), [(0, "0 users"), (1, "1 user"), (2, "2 users"), (90_012, "90,012 users")]
)
def test_a_count_has_its_plural_and_thousands(number: int, expected: str) -> None:
    assert count(number, "user") == expected


def test_an_odd_plural_is_given() -> None:
    assert [count(number, "entry", "entries") for number in (1, 2)] == ["1 entry", "2 entries"]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (1_240, "1.2 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (1_234_567, "1.2 MB"),
        (2_147_483_648, "2.1 GB"),
        (5_000_000_000_000, "5000.0 GB"),
    ],
)
def test_a_size_is_in_the_unit_in_which_it_is_short(number: int, expected: str) -> None:
    assert size(number) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (0.2, "1 s"),
        (119, "119 s"),
        (120, "2 minutes"),
        (899.2, "15 minutes"),
        (7199, "120 minutes"),
        (7200, "2 hours"),
        (47 * 3600, "47 hours"),
        (366 * 86400, "366 days"),
    ],
)
def test_a_time_span_is_in_the_unit_in_which_it_is_short(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected


@pytest.mark.parametrize(
    ("words", "expected"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_words_are_listed_as_in_a_sentence(words: list[str], expected: str) -> None:
    assert listed(iter(words)) == expected


def test_an_id_is_as_short_as_it_is_alone() -> None:
    ids = ["5f05e38c-bd0e-1", "5f05e38c-bd0f-1", "a81b2f90-0000-1", "short", "a81b2f90-0000-1"]
    assert short_ids(ids) == {
        "5f05e38c-bd0e-1": "5f05e38c-bd0e",
        "5f05e38c-bd0f-1": "5f05e38c-bd0f",
        "a81b2f90-0000-1": "a81b2f90",
        "short": "short",
    }


@settings(deadline=None)
@given(st.lists(st.text("ab", max_size=14), max_size=8))
def test_short_ids_begin_their_ids_and_no_other(ids: list[str]) -> None:
    for job_id, short in short_ids(ids).items():
        assert job_id.startswith(short)
        assert short == job_id or not any(other.startswith(short) for other in ids if other != job_id)


MOMENTS = {
    "unknown": (None, BERLIN, "-"),
    "today": (TODAY, BERLIN, "today 09:00"),
    "today in UTC": (TODAY, None, "today 08:00"),
    "today there, yesterday in UTC": (TODAY.replace(day=22, hour=23, minute=30), BERLIN, "today 00:30"),
    "yesterday": (TODAY.replace(day=22), BERLIN, "22 Nov 09:00"),
    "summer time": (TODAY.replace(month=7, day=1), BERLIN, "1 Jul 10:00"),
    "another year": (TODAY - timedelta(days=365), BERLIN, "23 Nov 2025 09:00"),
}


@pytest.mark.parametrize(("time", "zone", "expected"), MOMENTS.values(), ids=MOMENTS.keys())
def test_a_moment_is_in_the_tenants_zone(time: datetime | None, zone: ZoneInfo | None, expected: str) -> None:
    assert moment(time, zone, TODAY) == expected


def test_a_day_has_its_year_where_it_is_another_one() -> None:
    assert [day(TODAY.replace(year=year), TODAY) for year in (2026, 2025)] == ["23 Nov", "23 Nov 2025"]
