"""Between which records the record of an entry is that names no user."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.analysis.named_users import BOUNDS, POSITIONS, Order, bounds

if TYPE_CHECKING:
    from collections.abc import Sequence


def log(*ids: str | None, codes: Sequence[str | None] = ()) -> pl.DataFrame:
    """The entries of a log that names these ids, as ``naming`` gives them; line 1 is the first."""
    return pl.DataFrame(
        {
            "log_file": ["a.log"] * len(ids),
            "line": range(1, len(ids) + 1),
            "code": codes or ["IdentityNotResolvable"] * len(ids),
            "identity": [one.upper() if one else None for one in ids],
            "key": ids,
            "names": [one is not None for one in ids],
        },
        schema_overrides={"line": pl.UInt32, "identity": pl.String, "key": pl.String, "names": pl.Boolean},
    )


def source(text: str) -> pl.DataFrame:
    """The records of a source file, an id a letter."""
    return pl.DataFrame([(key, at) for at, key in enumerate(text, 1)], schema=POSITIONS, orient="row")


N = None
# The log's ids, the source's, and for each entry without one: after which record, before which.
FOUND = {
    "between two": (["a", "c", N, "e", "f", "h"], "abcdefgh", "likely", [(3, 5)]),
    "two in a row": (["a", "c", N, N, "e", "f", "h"], "abcdefgh", "likely", [(3, 5), (3, 5)]),
    "before the first": ([N, "b", "c", "e", "f", "h"], "abcdefgh", "likely", [(None, 2)]),
    "after the last": (["a", "c", "e", "f", "g", N], "abcdefgh", "likely", [(7, None)]),
    "among the entries of one": (["a", "c", N, "c", "e", "f", "h"], "abcdefgh", "likely", [(3, 3)]),
    "ids that are in no record are passed over": (
        ["a", "x", "c", N, "y", "e", "f", "h"],
        "abcdefgh",
        "likely",
        [(3, 5)],
    ),
    "ids that are in two records are passed over": (
        ["a", "c", "d", N, "d", "e", "f", "h"],
        "dabcdefgh",
        "likely",
        [(4, 6)],
    ),
    "one out of order among many": (
        ["a", "b", "c", "j", "d", N, "e", "f", "g", "h", "i"],
        "abcdefghij",
        "unsure",
        [(4, 5)],
    ),
    "the order is not the source's": (["e", "a", N, "h", "c", "f"], "abcdefgh", None, []),
    "backwards": (["h", "f", N, "e", "c", "a"], "abcdefgh", None, []),
    "too few": (["a", "c", N, "e", "f"], "abcdefgh", None, []),
    "many entries of few": (["a", "a", "a", "c", "c", N, "e"], "abcdefgh", None, []),
    "no user is missing": (["a", "c", "e", "f", "h"], "abcdefgh", "likely", []),
    "nothing": ([], "", None, []),
}


@pytest.mark.parametrize(("ids", "records", "sure", "expected"), FOUND.values(), ids=FOUND.keys())
def test_an_entry_is_between_its_neighbours(
    ids: list[str | None], records: str, sure: str | None, expected: list[tuple[int | None, int | None]]
) -> None:
    found, order = bounds(log(*ids), source(records))
    assert found.schema == pl.Schema(BOUNDS)
    assert order.sure == sure
    assert found.select("after_record", "before_record").rows() == expected


def test_the_neighbours_are_named_as_the_log_spells_them() -> None:
    found, order = bounds(log("a", "c", None, "e", "f", "h"), source("abcdefgh"))
    assert found.rows() == [("a.log", 3, 3, "C", 5, "E")]
    assert order == Order(compared=5, in_order=5, records=5)


def test_text_that_is_no_entry_has_no_bounds() -> None:
    codes = ["A", "A", None, "A", "A", "A"]
    assert bounds(log("a", "c", None, "e", "f", "h", codes=codes), source("abcdefgh"))[0].is_empty()


def test_a_guid_that_is_nobodys_is_no_neighbour_and_has_bounds_itself() -> None:
    named = log("a", "c", "g", "e", "f", "h").with_columns(names=pl.col("line") != 3)
    assert bounds(named, source("abcdefgh"))[0].rows() == [("a.log", 3, 3, "C", 5, "E")]


@given(st.lists(st.integers(0, 9), max_size=9))
def test_the_entries_in_order_are_the_most_that_do_not_go_back(numbers: list[int]) -> None:
    keys = [chr(ord("a") + number) for number in numbers]
    order = bounds(log(*keys), source("abcdefghij"))[1]
    runs = (chosen for size in range(len(keys) + 1) for chosen in itertools.combinations(keys, size))
    assert order.in_order == max(len(chosen) for chosen in runs if list(chosen) == sorted(chosen))
    assert order.compared == len(keys)


def test_a_shuffled_log_says_nothing() -> None:
    letters = [chr(ord("a") + number) for number in range(26)]
    random.Random(7).shuffle(letters)
    assert bounds(log(None, *letters), source("abcdefghijklmnopqrstuvwxyz"))[1].sure is None
