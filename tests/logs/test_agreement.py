"""Properties of the parser over generated logs: entries come back, it agrees with the slow one, nothing is lost."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.logs.reading import WHOLE, read, rows_of
from tests.logs.reference_decoder import text_of
from tests.logs.reference_parser import CODES, lines_of, parse

no_deadline = settings(deadline=None)

CODE = st.sampled_from([*CODES, "ProfileLocked", "E2", "ACodeOfMoreThanTwentyFourLetters"])
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
BLOCK = st.sampled_from([WHOLE, 16, 100])
"""Also blocks of an entry or two, so that every kind of line comes to be at a border."""


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


@no_deadline
@given(st.lists(ENTRY, min_size=1, max_size=6), st.sampled_from(sorted(ENCODINGS)), BLOCK, st.data())
def test_entries_come_back_whatever_the_encoding_and_the_line_ends(
    written: list[Written], encoding: str, block: int, draw: st.DataObject
) -> None:
    lines = [line for entry in written for line in entry.lines] + ["GenericError\t\tthe last"]
    # A lone CR before an empty line that an LF ends would be one CRLF.
    ends = [draw.draw(END) if following else "\r\n" for following in lines[1:]] + [""]
    text = "".join(line + end for line, end in zip(lines, ends, strict=True))
    raw = ENCODINGS[encoding] + text.encode(encoding)
    ((found,), (log,)) = read([raw], block)
    expected = [(entry.code, entry.identity, entry.message, entry.detail) for entry in written]
    assert [row[1:] for row in found] == [*expected, ("GenericError", None, "the last", None)]
    assert (log.encoding.replaced, log.encoding.size, log.account.missing(log.encoding)) == (0, len(raw), 0)


@no_deadline
@given(st.lists(ENTRY, min_size=2, max_size=6), st.sampled_from(["utf-16-le", "utf-16-be"]))
def test_entries_come_back_from_utf_16_without_a_mark(written: list[Written], encoding: str) -> None:
    text = "".join(f"{line}\r\n" for entry in written for line in entry.lines)
    ((found,), (log,)) = read([text.encode(encoding)])
    assert found == parse(text)
    assert (log.encoding.name, log.encoding.replaced) == (encoding, 0)


SEPARATORS = (" - ", "-", "\u2013", " ", "\u00a0", "\t", "\t\t", "\n", "\r", "\r\n", "\n\n", "\x0b", "\u2028", "\x1f")
WORDS = (
    GUID,
    GUID[:-1],
    "ada@contoso.com",
    r"contoso\ada",
    "i:0#.f|m|x",
    "   at System.Data",
    "ProfileLocked",
    "\u3000",
    "\ufeff",
    "x",
    "A",
)
PIECE = st.sampled_from([*CODES, *SEPARATORS, *WORDS])
PAGE = st.lists(PIECE | st.text(max_size=5), max_size=25).map("".join)
MARK = st.sampled_from([b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
RAW = st.one_of(
    PAGE.map(lambda text: text.encode("utf-8", "replace")),
    PAGE.map(lambda text: text.encode("cp1252", "replace")),
    PAGE.map(lambda text: text.encode("utf-16-le", "surrogatepass")),
    st.lists(PIECE.map(str.encode) | st.binary(max_size=6), max_size=25).map(b"".join),
)


@no_deadline
@given(st.lists(st.builds(bytes.__add__, MARK, RAW), min_size=1, max_size=4), BLOCK)
def test_the_parser_agrees_with_the_slow_one_and_accounts_for_each_byte(raws: list[bytes], block: int) -> None:
    found, logs = read(raws, block)
    for raw, rows, log in zip(raws, found, logs, strict=True):
        text, encoding, replaced = text_of(raw)
        assert rows == parse(text)
        assert (log.encoding.name, log.encoding.replaced) == (encoding, replaced)
        assert (log.encoding.size, log.account.missing(log.encoding)) == (len(raw), 0)
        assert log.lines == len(lines_of(text))
        coded = sum(row.code is not None for row in rows)
        assert (log.entries, log.texts) == (coded, len(rows) - coded)


TABS_LOST = st.lists(
    st.sampled_from([*CODES, " ", " - ", "x", "ada@contoso.com", "\n", "\r\n", "\n   at Store\n"]), max_size=40
).map("".join)


@no_deadline
@given(TABS_LOST, st.integers(1, 60))
def test_a_log_that_lost_its_tabs_is_cut_where_an_entry_begins(text: str, block: int) -> None:
    assert rows_of(text, block) == parse(text)


@no_deadline
@given(PAGE, BLOCK)
@example(" - DataFileNotJson\t\t", 60)
def test_each_line_that_is_not_blank_is_in_one_entry(text: str, block: int) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    accounted: list[int] = []
    for row in rows_of(text, block):
        first = lines[row.line - 1]
        assert first.endswith(row.message)
        rest = first.removesuffix(row.message).removeprefix("\ufeff" if row.code else "")
        # Before a pasted line there may be a bullet, a quotation mark, and the like.
        assert re.sub(r"^[^A-Za-z]+", "", rest).startswith(row.code or "")
        assert (row.identity or "") in rest
        further = row.detail.split("\n") if row.detail is not None else []
        assert further == lines[row.line : row.line + len(further)]
        accounted += range(row.line, row.line + len(further) + 1)
    assert len(accounted) == len(set(accounted))
    assert all(line.strip() == "" for number, line in enumerate(lines, 1) if number not in accounted)
