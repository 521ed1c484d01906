from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.directory.misspelt import LEAST, one_letter, one_letter_away
from analyzer.directory.model import KEYS

_LETTERS = "abä1"
_LOCAL = st.text(_LETTERS, min_size=1, max_size=7)
_ADDRESS = st.builds("{}@{}".format, _LOCAL, st.sampled_from(["c.d", "e.f"]))


def variants(text: str) -> set[str]:
    """Every text that is one letter away."""
    edits = {text[:at] + text[at + 1 :] for at in range(len(text))}
    edits |= {text[:at] + letter + text[at + 1 :] for at in range(len(text)) for letter in _LETTERS}
    edits |= {text[:at] + letter + text[at:] for at in range(len(text) + 1) for letter in _LETTERS}
    edits |= {text[:at] + text[at + 1] + text[at] + text[at + 2 :] for at in range(len(text) - 1)}
    return edits - {text}


@settings(max_examples=500, deadline=None)
@given(_LOCAL, _LOCAL)
def test_two_texts_differ_in_one_letter_if_an_edit_makes_them_equal(one: str, other: str) -> None:
    for changed in (other, *sorted(variants(one))[:3]):
        assert (one_letter(one, changed) is not None) == (changed in variants(one))


@pytest.mark.parametrize(
    ("one", "other", "letters"),
    [("ada", "adda", "d"), ("ada", "aba", "db"), ("ada", "daa", "adda"), ("ada", "ad", "a"), ("u1", "u2", "12")],
)
def test_the_letters_that_differ_are_returned(one: str, other: str, letters: str) -> None:
    assert one_letter(one, other) == letters


@settings(max_examples=300, deadline=None)
@given(
    st.lists(_ADDRESS, min_size=1, max_size=8),
    st.lists(st.tuples(_ADDRESS, st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=12, unique=True),
)
def test_an_address_is_found_if_it_is_the_only_one_that_an_edit_leads_to(
    unknown: list[str], known: list[tuple[str, int, int]]
) -> None:
    asked = pl.DataFrame({"index": range(len(unknown)), "key": unknown}, {"index": pl.UInt32, "key": pl.String})
    found = one_letter_away(asked, pl.DataFrame(known, dict(KEYS), orient="row"))
    expected = {}
    for index, address in enumerate(unknown):
        local, _, domain = address.partition("@")
        near = [
            (kind, key, user)
            for key, user, kind in known
            if key.partition("@")[2] == domain and key.partition("@")[0] in variants(local)
        ]
        if len(local) >= LEAST and len({user for _, _, user in near}) == 1:
            kind, key, user = min(near)
            if "1" not in str(one_letter(local, key.partition("@")[0])):
                expected[index] = (user, kind, key)
    assert {index: rest for index, *rest in found.iter_rows()} == {key: list(value) for key, value in expected.items()}
