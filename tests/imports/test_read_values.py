from __future__ import annotations

import pytest

from analyzer.imports.read_values import Verdict, compare

SAME, DIFFERS, UNCLEAR = Verdict.same, Verdict.differs, Verdict.unclear


@pytest.mark.parametrize(
    ("expected", "found", "verdict"),
    [
        pytest.param("Oslo", "Oslo", SAME, id="text"),
        pytest.param("Oslo", "Bergen", DIFFERS, id="another text"),
        pytest.param("Oslo", "oslo", DIFFERS, id="another case"),
        pytest.param("Oslo", "", DIFFERS, id="unset"),
        pytest.param("", "", SAME, id="empty and unset"),
        pytest.param(" ", "", UNCLEAR, id="blanks and unset"),
        pytest.param("", "Oslo", DIFFERS, id="empty and set"),
        pytest.param("", "1/1/0001 12:00:00 AM", UNCLEAR, id="empty date"),
        pytest.param(" Oslo", "Oslo", UNCLEAR, id="blanks around"),
        pytest.param("Cafe\u0301", "Caf\u00e9", UNCLEAR, id="decomposed"),
        pytest.param("R&D", "<p>R&D</p>", UNCLEAR, id="HTML"),
        pytest.param("https://contoso.com", "https://contoso.com/", UNCLEAR, id="address"),
        pytest.param("2019-02-08T07:53:37", "2/8/2019 7:53:37 AM", SAME, id="date and time"),
        pytest.param("2019-02-08T19:53:37.123Z", "2/8/2019 7:53:37 PM", SAME, id="UTC"),
        pytest.param("2019-02-08T07:53:37+01:00", "2/8/2019 6:53:37 AM", SAME, id="zone, in UTC"),
        pytest.param("2019-02-08T07:53:37+01:00", "2/8/2019 7:53:37 AM", UNCLEAR, id="zone, as written"),
        pytest.param("2019-02-08", "2/8/2019 12:00:00 AM", SAME, id="day"),
        pytest.param("8 Feb 2019", "2/8/2019 12:00:00 AM", SAME, id="month as a word"),
        pytest.param("2019-02-08", "2/7/2019 4:00:00 PM", UNCLEAR, id="day in another zone"),
        pytest.param("2019-02-08", "2/9/2019 12:00:00 AM", DIFFERS, id="another day"),
        pytest.param("02/08/2019", "2/8/2019 12:00:00 AM", SAME, id="month first"),
        pytest.param("02/08/2019", "8/2/2019 12:00:00 AM", UNCLEAR, id="perhaps day first"),
        pytest.param("02/08/2019", "3/8/2019 12:00:00 AM", DIFFERS, id="neither"),
        pytest.param("31.12.1990", "12/31/1990 12:00:00 AM", UNCLEAR, id="day first"),
        pytest.param("1990-12-31", "12/31/2000 12:00:00 AM", UNCLEAR, id="birthday"),
        pytest.param("1990-12-31", "12/31/2001 12:00:00 AM", DIFFERS, id="another year"),
        pytest.param("next week", "12/31/1990 12:00:00 AM", UNCLEAR, id="no date"),
        pytest.param("2019-02-08", "2019-02-09", DIFFERS, id="dates in a text property"),
        pytest.param(True, "True", SAME, id="Boolean"),
        pytest.param("true", "True", SAME, id="Boolean as a text"),
        pytest.param("true", "False", DIFFERS, id="another Boolean"),
        pytest.param("yes", "True", DIFFERS, id="no Boolean"),
        pytest.param(7, "7", SAME, id="number"),
        pytest.param(1.50, "1.50", SAME, id="number with another spelling"),
        pytest.param(0.1234567890123456, "0.123456789012346", SAME, id="15 digits"),
        pytest.param(7, "8", DIFFERS, id="another number"),
        pytest.param("007", "7", UNCLEAR, id="leading zeros"),
        pytest.param("a; b", "a|b", UNCLEAR, id="several values"),
        pytest.param("a;b", "a|c", DIFFERS, id="other values"),
        pytest.param(["a"], "a", UNCLEAR, id="list"),
        pytest.param("Ada@contoso.com", "i:0#.f|membership|ada@contoso.com", SAME, id="person"),
        pytest.param("bob@contoso.com", "i:0#.f|membership|ada@contoso.com", UNCLEAR, id="person by another ID"),
        pytest.param("AAEC", "System.Byte[]", UNCLEAR, id="bytes"),
    ],
)
def test_a_value_is_compared_with_what_the_profile_shows(expected: object, found: str, verdict: Verdict) -> None:
    assert compare(expected, found) is verdict
