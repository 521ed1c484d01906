"""Offsets of lines and UTF-16 units, in files of one long line and of many."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.emulator.jsonnet.places import line_and_position
from analyzer.source.reader.json_text import offset_of

PIECE = 1 << 20

PLACES = {
    "the start": ("abc", 1, 0, 0),
    "in the first line": ("abc", 1, 2, 2),
    "behind a byte order mark": ("\ufeffabc", 1, 1, 4),
    "in the third line": ("a\r\nb\rcd", 3, 1, 6),
    "behind a letter of two units": ("😀x", 1, 2, 4),
    "in a letter of two units": ("a😀x", 1, 2, 5),
    "behind letters of one unit": ("ä€x", 1, 2, 5),
    "behind the end": ("abc", 1, 99, 3),
    "no such line": ("abc\n", 3, 0, None),
    "nothing": ("", 1, 5, 0),
    "over the border of a piece": ("a" * (PIECE - 1) + "€😀x", 1, PIECE + 2, PIECE + 6),
}


@pytest.mark.parametrize(("text", "line", "units", "offset"), PLACES.values(), ids=PLACES.keys())
def test_units_of_a_line_lead_to_a_byte(text: str, line: int, units: int, offset: int | None) -> None:
    assert offset_of(text.encode(), line, units) == offset


@given(st.text(st.sampled_from("a😀€\r\n"), max_size=30), st.integers(0, 30))
def test_what_the_service_counts_leads_back_to_the_character(text: str, at: int) -> None:
    at = min(at, len(text))
    # A CRLF at the very end is counted as two by the service.
    if text[at - 1 : at + 1] != "\r\n" and not (at == len(text) and text.endswith("\r\n")):
        line, position = line_and_position(text, at)
        assert offset_of(text.encode(), line, position) == len(text[:at].encode())
