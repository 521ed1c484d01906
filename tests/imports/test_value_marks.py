"""The marks of values, against the values themselves."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.imports.value_marks import EMPTY, NULL, USER, ValueMarks, value_marks
from analyzer.source.model import mark_of
from tests.imports.batches import batches

VALUES = st.one_of(st.none(), st.text(max_size=3), st.integers(0, 3), st.booleans(), st.just(["a"]), st.just({"a": 1}))


@settings(deadline=None)
@given(st.lists(VALUES, max_size=20))
def test_equal_texts_have_equal_marks(values: list[object]) -> None:
    marks = value_marks(values).tolist()
    for one, mark in zip(values, marks, strict=True):
        for other, other_mark in zip(values, marks, strict=True):
            same = (one is None) == (other is None) and str(one) == str(other)
            assert (mark == other_mark) is same
        assert (mark == NULL) is (one is None)
        assert (mark == EMPTY) is (one == "")


def test_a_user_has_one_row_and_a_missing_property_is_null() -> None:
    marks = ValueMarks(lambda name: name != "Id")
    records: list[dict[str, object]] = [
        {"Id": "ada@contoso.com", "City": "Oslo"},
        {"Id": "ADA@contoso.com ", "City": "Bergen"},
        {"Id": "bob@contoso.com", "Floor": "1"},
        {"Id": None, "Floor": "2"},
    ]
    for batch in batches(records, "Id"):
        marks.take(batch)
    table = marks.table().sort("City", nulls_last=True)
    assert table.columns == [USER, "City", "Floor"]
    assert table[USER].to_list() == [mark_of("ada@contoso.com"), mark_of("bob@contoso.com")]
    assert table["City"].null_count() == table["Floor"].null_count() == 1
    assert marks.records == 3


@settings(deadline=None)
@given(st.integers(1, 300), st.integers(1, 30))
def test_of_a_large_file_the_same_part_of_the_users_is_remembered(users: int, most: int) -> None:
    marks, all_of_them = ValueMarks(lambda _: True, most), ValueMarks(lambda _: True)
    for first in range(0, users, 7):
        records: list[dict[str, object]] = [{"Id": f"u{one}"} for one in range(first, min(users, first + 7))]
        for batch in batches(records, "Id"):
            marks.take(batch)
            all_of_them.take(batch)
    assert marks.records == all_of_them.records == users
    assert len(marks.table()) * 2 <= most
    assert bool(marks.mask) is (users * 2 > most)
    all_of_them.restrict(marks.mask)
    assert set(marks.table()[USER]) == set(all_of_them.table()[USER])
    assert np.all(marks.table()[USER].to_numpy() & marks.mask == 0)


def test_records_without_an_id_are_not_remembered() -> None:
    marks = ValueMarks(lambda _: True, 10)
    for batch in batches([{"Id": ""}, {"Id": None}] * 50, "Id"):
        marks.take(batch)
    assert (marks.records, marks.mask, marks.table().height) == (0, 0, 0)
