"""Chunks decoded to columns have the values that the standard library finds, whatever the chunks before had."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.source.columns import ColumnDecoder

if TYPE_CHECKING:
    from analyzer.source.columns import Columns

NAMES = ["mail", "", "field_1", "Büro", 'a"b', "a\\b", "tab\t", "__slots__", "\u2028", "type"]
VALUES = (
    st.text(max_size=3) | st.none() | st.booleans() | st.integers(-5, 5) | st.lists(st.text(max_size=2), max_size=2)
)


@st.composite
def chunks(draw: st.DrawFn) -> list[list[dict[str, Any]]]:
    """Chunks whose records are mostly alike: texts in the same properties, in any order."""
    names = draw(st.lists(st.sampled_from(NAMES), max_size=4, unique=True))
    usual = st.permutations(names).flatmap(lambda order: st.fixed_dictionaries({name: st.text() for name in order}))
    other = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=2)
    changed = st.builds(dict.__or__, usual, other)
    chunk = st.lists(usual, min_size=1, max_size=3) | st.lists(usual | changed | other, min_size=1, max_size=3)
    return draw(st.lists(chunk, min_size=1, max_size=6))


def records_in(found: list[Columns]) -> dict[int, dict[str, object]]:
    return {
        number: {name: values[at] for name, values in zip(columns.names, columns.values, strict=True)}
        for columns in found
        for at, number in enumerate(columns.numbers)
    }


@given(chunks(), st.booleans())
def test_columns_have_the_values_and_types_of_each_record(chunks: list[list[dict[str, Any]]], escaped: bool) -> None:
    decoder = ColumnDecoder()
    first = 1
    for chunk in chunks:
        found = decoder.decode(json.dumps(chunk, ensure_ascii=escaped).encode(), first)
        assert records_in(found) == dict(enumerate(chunk, first))
        for columns in found:
            assert list(columns.numbers) == sorted(columns.numbers)
            assert columns.types == tuple({type(value) for value in values} for values in columns.values)
        first += len(chunk)


def test_the_last_value_of_a_repeated_property_counts() -> None:
    decoder = ColumnDecoder()
    for _ in range(2):
        assert records_in(decoder.decode(b'[{"mail":"a","mail":"b"},{"mail":"c"}]', 1)) == {
            1: {"mail": "b"},
            2: {"mail": "c"},
        }


@pytest.mark.parametrize("wrong", [b'[{"mail":"a"},null]', b'[{"mail":"a"}', b'[{"mail":"a",}]', b'[{"mail":"\xff"}]'])
def test_what_is_no_list_of_objects_is_refused_at_any_time(wrong: bytes) -> None:
    decoder = ColumnDecoder()
    for _ in range(2):
        with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
            decoder.decode(wrong, 1)
        decoder.decode(b'[{"mail":"a"}]', 1)


@pytest.mark.parametrize(
    "other",
    [
        {"City": "Oslo", "mail": "b"},
        {"mail": "b"},
        {"mail": "b", "City": "Oslo", "Floor": "3"},
        {"mail": "b", "City": 3},
        {"mail": None, "City": "Oslo"},
    ],
)
def test_a_record_unlike_those_of_earlier_chunks_is_read_as_it_is(other: dict[str, object]) -> None:
    decoder = ColumnDecoder()
    usual = {"mail": "a", "City": "Bergen"}
    for chunk in ([usual, usual], [usual, other], [usual, usual], [other], [other, other]):
        found = decoder.decode(json.dumps(chunk).encode(), 1)
        assert records_in(found) == dict(enumerate(chunk, 1))
        for columns in found:
            assert columns.types == tuple({type(value) for value in values} for values in columns.values)
