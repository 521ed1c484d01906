from __future__ import annotations

from datetime import UTC, datetime

import pytest

from analyzer.library.times import time_in_log_name

_ID = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"


@pytest.mark.parametrize("end", ["", ".log", ".LOG", " (1).log"])
def test_the_time_is_read_whatever_follows_it(end: str) -> None:
    name = f"ImportProfileProperties-{_ID}-20151130-174205-993{end}"
    assert time_in_log_name(name) == datetime(2015, 11, 30, 17, 42, 5, 993000, tzinfo=UTC)


@pytest.mark.parametrize(
    "name",
    [
        f"ImportProfileProperties-{_ID}.log",
        f"ImportProfileProperties-{_ID}-20151399-174205-993.log",
        f"ImportProfileProperties-{_ID}-20151130-256161-993.log",
        "notes.log",
        "",
    ],
)
def test_a_name_that_tells_no_time_gives_none(name: str) -> None:
    assert time_in_log_name(name) is None


@pytest.mark.parametrize("date", ["00010101", "19991231", "21000101", "99991231"])
def test_a_year_that_nobody_means_is_no_time(date: str) -> None:
    name = f"ImportProfileProperties-5f05e38c-bd0e-49ec-8c9c-c4cfe370248c-{date}-000000-000.log"
    assert time_in_log_name(name) is None
