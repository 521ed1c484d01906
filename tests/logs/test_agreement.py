"""Properties of the parser over generated logs: entries come back, nothing raises, nothing is lost."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.logs.decode import decode, split_lines
from analyzer.logs.entries import entries
from tests.logs.reference_parser import CODES, Row, lines_of, parse

no_deadline = settings(deadline=None)

CODE = st.sampled_from([*CODES, "ProfileLocked", "E2"])
GUID = "eb659162-3fb5-4f01-9a2e-8b1d5c3f7a10"
LETTERS = "abAB19 .@'_-äüß"  # also in Windows-1252, where none of them can be taken for UTF-8
IDENTITY = st.none() | st.text(LETTERS, min_size=1, max_size=12).filter(str.strip) | st.just(GUID)
MESSAGE = st.text(LETTERS + "\t", max_size=30)
FURTHER = st.lists(st.just("") | st.text(LETTERS, max_size=20).map("   at ".__add__), max_size=3)
END = st.sampled_from(["\n", "\r\n", "\r"])
ENCODINGS = {
    "utf-8": b"",
    "utf-8-sig": b"",
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "cp1252": b"",
}


@dataclass(frozen=True)
class Written:
    """A generated entry, as a log's writer knows it."""

    code: str
    identity: str | None
    message: str
    further: list[str]

    @property
    def lines(self) -> list[str]:
        """As the service writes it."""
        return [f"{self.code}\t{self.identity or ''}\t{self.message}", *self.further]

    @property
    def detail(self) -> str | None:
        """What the table has to hold of the further lines."""
        kept = "\n".join(self.further).split("\n") if self.further else []
        while kept and not kept[-1]:
            kept.pop()
        return "\n".join(kept) or None


ENTRY = st.builds(Written, CODE, IDENTITY, MESSAGE, FURTHER)


def rows(text: str) -> list[Row]:
    return [
        Row(entry.line, entry.code, entry.identity, entry.message, entry.detail) for entry in entries(split_lines(text))
    ]


@no_deadline
@given(st.lists(ENTRY, min_size=1, max_size=6), st.sampled_from(sorted(ENCODINGS)), st.data())
def test_entries_come_back_whatever_the_encoding_and_the_line_ends(
    written: list[Written], encoding: str, draw: st.DataObject
) -> None:
    lines = [line for entry in written for line in entry.lines] + ["GenericError\t\tthe last"]
    # A lone CR before an empty line that an LF ends would be one CRLF.
    ends = [draw.draw(END) if following else "\r\n" for following in lines[1:]] + [""]
    text = "".join(line + end for line, end in zip(lines, ends, strict=True))
    found = rows(decode(ENCODINGS[encoding] + text.encode(encoding)).text)
    expected = [(entry.code, entry.identity, entry.message, entry.detail) for entry in written]
    assert [row[1:] for row in found] == [*expected, ("GenericError", None, "the last", None)]


@no_deadline
@given(st.lists(ENTRY, min_size=2, max_size=6), st.sampled_from(["utf-16-le", "utf-16-be"]))
def test_entries_come_back_from_utf_16_without_a_mark(written: list[Written], encoding: str) -> None:
    text = "".join(f"{line}\r\n" for entry in written for line in entry.lines)
    found = decode(text.encode(encoding))
    assert (found.text, found.encoding, found.replaced) == (text, encoding, 0)


SEPARATORS = (" - ", "-", "\u2013", " ", "\u00a0", "\t", "\t\t", "\n", "\r", "\r\n", "\n\n", "\x0b", "\u2028", "\x1f")
WORDS = (
    GUID,
    GUID[:-1],
    "ada@contoso.com",
    r"contoso\ada",
    "i:0#.f|m|x",
    "   at System.Data",
    "ProfileLocked",
    "x",
    "A",
)
PIECE = st.sampled_from([*CODES, *SEPARATORS, *WORDS])
PAGE = st.lists(PIECE | st.text(max_size=5), max_size=25).map("".join)


@no_deadline
@given(PAGE)
def test_the_parser_agrees_with_the_slow_one(text: str) -> None:
    assert rows(text) == parse(text)


@no_deadline
@given(PAGE | st.binary(max_size=300).map(lambda raw: decode(raw).text))
def test_each_line_that_is_not_blank_is_in_one_entry(text: str) -> None:
    lines = lines_of(text)
    accounted: list[int] = []
    for entry in entries(split_lines(text)):
        first = lines[entry.line - 1]
        assert first.endswith(entry.message)
        rest = first.removesuffix(entry.message)
        assert rest.startswith(entry.code or "")
        assert (entry.identity or "") in rest
        assert entry.property_name is None or entry.property_name in entry.message
        assert entry.further == lines[entry.line : entry.line + len(entry.further)]
        accounted += range(entry.line, entry.line + len(entry.further) + 1)
    blank = [number for number, line in enumerate(lines, 1) if not line.strip()]
    assert len(accounted) == len(set(accounted))
    assert {*accounted, *blank} == {*range(1, len(lines) + 1)}
