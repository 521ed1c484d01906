"""Text from logs in files that a spreadsheet opens: never a formula."""

from __future__ import annotations

import csv
import io

import polars as pl
import pytest

from analyzer.storage.csv_cells import csv_bytes, guarded, rows_as_csv, unguarded

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff201"]
PLAIN = ["a=1", "1-1", "ada@contoso.com", " =1", "'=1", "", "\u2013 x", "ö"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_begins_as_a_formula_gets_an_apostrophe(text: str) -> None:
    assert guarded(pl.DataFrame({"a": [text]}))["a"].to_list() == ["'" + text]


@pytest.mark.parametrize("text", [*PLAIN, None])
def test_any_other_text_stays_as_it_is(text: str | None) -> None:
    assert guarded(pl.DataFrame({"a": [text]}, schema={"a": pl.String}))["a"].to_list() == [text]


@pytest.mark.parametrize("text", [*FORMULAS, "a=1", "ada@contoso.com", "'", "'a", ""])
def test_the_guard_can_be_undone(text: str) -> None:
    assert unguarded(guarded(pl.DataFrame({"a": [text]}))["a"][0]) == text


def test_what_is_no_text_stays_as_it_is() -> None:
    frame = pl.DataFrame({"a": [-1], "b": [-0.5]})
    assert guarded(frame).equals(frame)


@pytest.mark.parametrize("mark", [True, False])
def test_a_csv_holds_hostile_text_and_nothing_else_of_it(mark: bool) -> None:
    hostile = ['=cmd|" /C calc"!A0', 'a"b,c\r\nd', "ö\u2028"]
    raw = csv_bytes(pl.DataFrame({"message": hostile}), byte_order_mark=mark)
    assert raw.startswith(b"\xef\xbb\xbf") is mark
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert rows == [["message"], ["'" + hostile[0]], [hostile[1]], [hostile[2]]]


@pytest.mark.parametrize("text", [*FORMULAS, *PLAIN, 'a"b,c\r\nd', "a\rb", "ö\u2028"])
def test_a_short_table_reads_as_a_large_one(text: str) -> None:
    raw = rows_as_csv(["identity", "detail"], [[text, "x"], ["Zoë", text]])
    expected = csv_bytes(pl.DataFrame({"identity": [text, "Zoë"], "detail": ["x", text]}), byte_order_mark=True)
    rows, wanted = (list(csv.reader(io.StringIO(one.decode("utf-8-sig"), newline=""))) for one in (raw, expected))
    assert rows == wanted
