"""Values that the service refuses, fails for, or writes otherwise than they are meant."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.imports.property_schema import ProfileProperty, PropertySchema, ValueType
from analyzer.imports.value_checks import ValueChecks
from analyzer.imports.value_types import FITS
from tests.imports.batches import found

SCHEMA = PropertySchema(
    [
        ProfileProperty("OfficeCode", ValueType.text, 5),
        ProfileProperty("City", ValueType.text),
        ProfileProperty("Birthday", ValueType.date),
        ProfileProperty("Floor", ValueType.integer),
        ProfileProperty("Share", ValueType.number),
        ProfileProperty("Remote", ValueType.boolean),
        ProfileProperty("Manager", ValueType.person),
        ProfileProperty("Badge", ValueType.other),
    ],
    "schema.csv",
)
MAP = {
    "Office": "officecode",
    "City": "City",
    "Born": "Birthday",
    "Floor": "Floor",
    "Share": "Share",
    "Remote": "Remote",
    "Boss": "Manager",
    "Badge": "Badge",
    "Gone": "Missing",
}


def checks(schema: PropertySchema | None = SCHEMA) -> ValueChecks:
    return ValueChecks(MAP, "IdName", schema)


def record(**values: object) -> dict[str, Any]:
    return {"IdName": "ada@contoso.com", **values}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"City": ["Oslo", "Rome"]}, ("nested-value", "City is a list")),
        ({"City": {"Name": "Oslo"}}, ("nested-value", "City is an object")),
        ({"Unmapped": []}, ("nested-value", "Unmapped is a list")),
        ({"Office": "123456"}, ("too-long", "Office has 6 characters, but OfficeCode takes at most 5")),
        ({"Office": "1234😀"}, ("too-long", "Office has 6 characters, but OfficeCode takes at most 5")),
        ({"Office": 123456}, ("too-long", "Office has 6 characters, but OfficeCode takes at most 5")),
        ({"Office": False}, None),
        ({"Office": "12345"}, None),
        ({"Office": "123😀"}, None),
        ({"Office": "Rømer"}, None),
        ({"Office": ""}, None),
        ({"Born": ""}, ("empty-date", "Born is empty, which becomes 1 January")),
        ({"Born": "31.12.2026"}, ("wrong-type", "Born is '31.12.2026', not a date")),
        ({"Born": 20261231}, ("wrong-type", "Born is '20261231', not a date")),
        ({"Born": "2026-12-31"}, None),
        ({"Floor": "two"}, ("wrong-type", "Floor is 'two', not a whole number")),
        ({"Floor": 2.5}, ("wrong-type", "Floor is '2.5', not a whole number")),
        ({"Floor": 2.0}, None),
        ({"Floor": True}, ("wrong-type", "Floor is 'True', not a whole number")),
        ({"Floor": ""}, None),
        ({"Floor": 2}, None),
        ({"Share": "half"}, ("wrong-type", "Share is 'half', not a number")),
        ({"Share": 1e300}, None),
        ({"Remote": "yes"}, ("wrong-type", "Remote is 'yes', not true or false")),
        ({"Remote": 1}, ("wrong-type", "Remote is '1', not true or false")),
        ({"Remote": False}, None),
        ({"Boss": "Bo Smith"}, ("wrong-type", "Boss is 'Bo Smith', not a user of the tenant")),
        ({"Boss": "bo@contoso.com"}, None),
        ({"Badge": "anything"}, None),
        ({"Gone": "anything"}, None),
        ({"City": None}, ("null-value", "City is null in 1 record, which keeps the old value")),
    ],
)
def test_a_value_is_compared_with_its_property(values: dict[str, Any], expected: tuple[str, str] | None) -> None:
    rows = [(kind, message) for kind, _, _, message in found(checks(), [record(**values)])]
    assert rows == ([] if expected is None else [expected])


def test_a_person_is_compared_with_the_directory_if_there_is_one() -> None:
    check = ValueChecks(MAP, "IdName", SCHEMA, {"bo@contoso.com"})
    rows = found(check, [record(Boss="i:0#.f|membership|Bo@contoso.com"), record(Boss="eve@contoso.com")])
    assert [(kind, number) for kind, number, _, _ in rows] == [("wrong-type", 2)]


def test_the_id_is_no_value_but_a_nested_one_aborts() -> None:
    rows = found(ValueChecks(MAP | {"IdName": "OfficeCode"}, "IdName", SCHEMA), [record(), {"IdName": ["a"]}])
    assert rows == [("nested-value", 2, "IdName", "IdName is a list")]


def test_without_a_schema_nested_values_and_nulls_are_found() -> None:
    records = [record(City=[], Office="123456", Born="x"), record(City=None), record(City=None)]
    assert found(checks(None), records) == [
        ("nested-value", 1, "City", "City is a list"),
        ("null-value", None, "City", "City is null in 2 records, which keeps the old value"),
    ]


def test_a_bad_value_is_found_again_after_many_good_ones() -> None:
    records = [record(Floor=value) for value in ("1", "x", "1", "2", "x")]
    records.insert(3, record(City="Oslo"))
    assert [number for _, number, _, _ in found(checks(), records)] == [2, 6]


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**7), 10**7),
    st.floats(-1e6, 1e6).map(lambda number: round(number, 2)),
    st.text("aé😀 ", max_size=7),
    st.sampled_from(
        ["2026-11-23", "23.11.2026", "11/23/2026", "bo@contoso.com", "Bo", "true", "12", "1.5", "12345", ""]
    ),
    st.sampled_from([[], ["a"], {}, {"a": 1}]),
)
RECORDS = st.lists(st.dictionaries(st.sampled_from(list(MAP)), VALUES, max_size=5), max_size=12)


def written(value: str | float) -> str:
    if isinstance(value, float):
        return f"{value:.15G}" if value else "0"
    return str(value)


def by_the_book(records: list[dict[str, Any]]) -> set[tuple[str, int | None, str]]:
    """One value after the other."""
    rows: set[tuple[str, int | None, str]] = set()
    for number, values in enumerate(records, 1):
        for name, value in values.items():
            known = SCHEMA.get(MAP[name])
            if isinstance(value, (list, dict)):
                rows.add(("nested-value", number, name))
            elif value is None:
                rows.add(("null-value", None, name))
            elif known is not None:
                text = written(value)
                if known.max_length is not None and len(text.encode("utf-16-le")) / 2 > known.max_length:
                    rows.add(("too-long", number, name))
                if text == "" and known.type is ValueType.date:
                    rows.add(("empty-date", number, name))
                elif text and known.type in FITS and not FITS[known.type](text):
                    rows.add(("wrong-type", number, name))
    return rows


@settings(deadline=None)
@given(RECORDS)
def test_columns_are_checked_as_one_value_after_the_other(records: list[dict[str, Any]]) -> None:
    rows = found(checks(), [record(**values) for values in records])
    assert {(kind, number, name) for kind, number, name, _ in rows} == by_the_book(records)
    assert len(rows) == len(by_the_book(records))
