"""What .NET reads as a date, a number, a Boolean, and which forms an account name has."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.imports.value_types import is_account, is_boolean, is_date, is_integer, is_number

EARLIEST = datetime(1000, 1, 1)  # noqa: DTZ001 - without a zone, as in a file
DATES = [
    *("2026-11-23", "2026/11/23", "2026.1.2", "2026-11-23T00:00:00Z", "2026-11-23T10:20:30.1234567+01:00", "2026-11"),
    *("11/23/2026", "1/2/26", "11-23-2026", "1.2.2026", "11/23", "11/23/2026 8:00 AM", "2/8/2019 7:53:37 AM"),
    *("23 Nov 2026", "23-Nov-2026", "23 November", "Nov 23, 2026", "November 23 2026", "Nov 2026", "may 1"),
    *("Monday, November 23, 2026", "2024-02-29", " 2026-11-23 ", "2026-11-23 23:59", "02/29"),
]
NOT_DATES = [
    *("23/11/2026", "31.12.2026", "2026-13-01", "2026-02-30", "2023-02-29", "0000-01-01", "20261123", "2026-11-23T"),
    *(
        "tomorrow",
        "n/a",
        "0",
        "True",
        "11/23/2026 13:00 PM",
        "2026-11-23 24:00",
        "1 Foo 2026",
        "2026-11/23",
        "Nov",
        "٢٠٢٦-1-2",
    ),
]


@pytest.mark.parametrize(("text", "expected"), [*((one, True) for one in DATES), *((one, False) for one in NOT_DATES)])
def test_a_date_of_numbers_begins_with_the_year_or_the_month(text: str, expected: bool) -> None:
    assert is_date(text) is expected


@given(
    st.datetimes(EARLIEST),
    st.sampled_from(["%Y-%m-%d", "%m/%d/%Y", "%d %B %Y", "%b %d, %Y", "%Y-%m-%dT%H:%M:%S"]),
)
def test_every_day_is_a_date(when: datetime, form: str) -> None:
    assert is_date(when.strftime(form))


@pytest.mark.parametrize(
    ("text", "integer", "number"),
    [
        *[("12", True, True), ("-7", True, True), ("+7", True, True), (" 12 ", True, True), ("007", True, True)],
        *[("9223372036854775807", True, True), ("9223372036854775808", False, True)],
        *[
            ("1.5", False, True),
            (".5", False, True),
            ("5.", False, True),
            ("1E+20", False, True),
            ("1,000", False, True),
        ],
        *[("9" * 5000, False, True), ("0" * 5000 + "7", True, True), ("-", False, False)],
        *[("1,5", False, True), ("", False, False), ("x", False, False), ("1-", False, False), ("0x1F", False, False)],
        *[
            ("True", False, False),
            ("1 000", False, False),
            (".", False, False),
            ("²", False, False),
            ("٣", False, False),
        ],
    ],
)
def test_numbers_have_a_decimal_point_and_integers_64_bits(text: str, integer: bool, number: bool) -> None:
    assert (is_integer(text), is_number(text)) == (integer, number)


@pytest.mark.parametrize(
    ("text", "expected"), [("true", True), ("False", True), (" TRUE ", True), ("1", False), ("yes", False), ("", False)]
)
def test_a_boolean_is_true_or_false(text: str, expected: bool) -> None:
    assert is_boolean(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ada@contoso.com", True),
        ("i:0#.f|membership|ada@contoso.com", True),
        ("bo_fabrikam.com#EXT#@contoso.onmicrosoft.com", True),
        ("CONTOSO\\ada", False),
        ("Ada Lovelace", False),
        ("0b4b2e33-9d7f-4a0b-9c1e-1f6f3b9a4c01", False),
    ],
)
def test_an_account_has_the_form_of_a_user_principal_name(text: str, expected: bool) -> None:
    assert is_account(text) is expected
