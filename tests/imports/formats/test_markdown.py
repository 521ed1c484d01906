"""Markdown, by a reader of CommonMark with tables."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from analyzer.imports.formats.markdown import MOST_BYTES, escaped, markdown
from analyzer.imports.formats.model import visible
from tests.imports.formats.checked import HOSTILE, with_findings, without_findings

READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def cells(text: str) -> list[list[str]]:
    html = READER.render(text)
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    return [[unescape(cell) for cell in re.findall(r"<t[hd]>(.*?)</t[hd]>", row, re.DOTALL)] for row in rows]


def test_a_table_of_what_is_wrong_and_what_to_do() -> None:
    rows = cells(markdown([with_findings(text="Floor")]))
    assert rows[0] == ["Finding", "Effect", "Certainty", "Log code", "What to do"]
    assert rows[3] == [
        "3 records have a property that the map lacks (Floor)",
        "aborts the import",
        "sure",
        "InvalidProperty",
        "Add the property to the map, or take it out of the feed.",
    ]


def test_the_first_records_are_listed() -> None:
    html = READER.render(markdown([with_findings(users=500)]))
    assert "<li>Record 1 (u1@contoso.com): ada@contoso.com isn't in the map</li>" in html
    assert "<li>490 more</li>" in html


def test_a_file_without_findings_says_so() -> None:
    html = READER.render(markdown([without_findings()]))
    assert "good.json" in html
    assert "No findings in 12,480 records." in html
    assert "<table>" not in html


@pytest.mark.parametrize("text", [HOSTILE, "- x", "1. x", "# x", "    code", "```", "<script>", "![x](y)", "=", "---"])
def test_hostile_text_is_text(text: str) -> None:
    row = cells(markdown([with_findings(text=text)]))[3]
    words = f"3 records have a property that the map lacks ({visible(text)})"
    assert (re.sub(r"\s+", " ", row[0]), row[1:3]) == (re.sub(r"\s+", " ", words), ["aborts the import", "sure"])
    assert unescape(READER.render(escaped(text))).strip() == f"<p>{visible(text).strip()}</p>"


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_any_text_of_a_file_is_text(text: str) -> None:
    inner = re.sub(r"\s+", " ", visible(text)).strip()
    html = re.sub(r"\s+", " ", unescape(READER.render(escaped(text)))).strip()
    assert html == (f"<p>{inner}</p>" if inner else "")


def test_links_in_values_are_not_links() -> None:
    assert "://" not in escaped("see https://example.com")
    assert "www." not in escaped("see www.example.com")


def test_it_fits_in_the_summary_of_a_job() -> None:
    files = [with_findings(f"feed-{number}.json", users=30, text="\U0001f600" * 200) for number in range(200)]
    text = markdown(files)
    assert len(text.encode()) <= MOST_BYTES
    assert re.search(r"^\d+ more files not shown\.$", text, re.MULTILINE)
    assert cells(text)
