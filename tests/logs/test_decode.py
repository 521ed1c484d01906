"""Bytes to text: by the mark, else by what the bytes allow; what cannot be read is counted."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.logs.decode import Text, decode

LINE = "IdentityNotResolvable\tjürgen@contoso.com\tUser identity cannot be resolved \u2013 Größe\r\n"
LATIN = LINE.replace("\u2013", "-")

READABLE = {
    "UTF-8 with mark": (codecs.BOM_UTF8 + LINE.encode(), Text(LINE, "utf-8", 0)),
    "UTF-8": (LINE.encode(), Text(LINE, "utf-8", 0)),
    "UTF-16 little-endian with mark": (codecs.BOM_UTF16_LE + LINE.encode("utf-16-le"), Text(LINE, "utf-16-le", 0)),
    "UTF-16 big-endian with mark": (codecs.BOM_UTF16_BE + LINE.encode("utf-16-be"), Text(LINE, "utf-16-be", 0)),
    "UTF-16 little-endian": (LINE.encode("utf-16-le"), Text(LINE, "utf-16-le", 0)),
    "UTF-16 big-endian": (LINE.encode("utf-16-be"), Text(LINE, "utf-16-be", 0)),
    "Windows-1252": (LINE.encode("cp1252"), Text(LINE, "cp1252", 0)),
    "Latin-1": (LATIN.encode("latin-1"), Text(LATIN, "cp1252", 0)),
    "ASCII": (b"GenericError\t\tx", Text("GenericError\t\tx", "utf-8", 0)),
    "nothing": (b"", Text("", "utf-8", 0)),
    "a mark alone": (codecs.BOM_UTF8, Text("", "utf-8", 0)),
    "a UTF-16 mark alone": (codecs.BOM_UTF16_LE, Text("", "utf-16-le", 0)),
    "a replacement character that stood there": ("a\ufffdb".encode(), Text("a\ufffdb", "utf-8", 0)),
    "a zero byte": (b"GenericError\t\ta\x00b", Text("GenericError\t\ta\x00b", "utf-8", 0)),
}


@pytest.mark.parametrize(("raw", "expected"), READABLE.values(), ids=READABLE.keys())
def test_a_log_is_read_as_what_it_was_written(raw: bytes, expected: Text) -> None:
    assert decode(raw) == expected


UNREADABLE = {
    "UTF-8 cut off in a character": ("a€".encode()[:-1], Text("a\ufffd", "utf-8", 1)),
    "UTF-8 with mark and a stray byte": (codecs.BOM_UTF8 + b"a\xffb", Text("a\ufffdb", "utf-8", 1)),
    "UTF-16 cut off in a unit": (codecs.BOM_UTF16_LE + b"a\0b\0c", Text("ab\ufffd", "utf-16-le", 1)),
    "UTF-16 with half a pair": (codecs.BOM_UTF16_LE + b"a\0\x00\xd8b\0", Text("a\ufffdb", "utf-16-le", 1)),
    "a byte that Windows-1252 lacks": (b"\xe4\x81x", Text("ä\ufffdx", "cp1252", 1)),
    "one of two replaced by us": (codecs.BOM_UTF8 + b"\xef\xbf\xbd\xff", Text("\ufffd\ufffd", "utf-8", 1)),
    "halves that look like the replacement": (
        codecs.BOM_UTF16_LE + b"a\xfd\xffb" + b"\x00\xd8a\0",
        Text("\ufd61\u62ff\ufffda", "utf-16-le", 1),
    ),
}


@pytest.mark.parametrize(("raw", "expected"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_cannot_be_decoded_is_replaced_and_counted(raw: bytes, expected: Text) -> None:
    assert decode(raw) == expected


@pytest.mark.parametrize("tail", range(1, 4))
def test_a_file_cut_off_in_a_character_stays_utf_8(tail: int) -> None:
    raw = ("GenericError\t\tJürgen " + "\U0001f600").encode()[:-tail]
    found = decode(raw)
    assert found.encoding == "utf-8"
    assert found.text.startswith("GenericError\t\tJürgen ")
    assert found.replaced == 1


@settings(deadline=None)
@given(st.binary(max_size=400) | st.sampled_from(list(READABLE.values())).map(lambda case: case[0][:-1]))
def test_no_bytes_raise(raw: bytes) -> None:
    found = decode(raw)
    assert found.replaced <= found.text.count("\ufffd")
    if not found.replaced and found.encoding != "utf-8":
        assert raw.endswith(found.text.encode(found.encoding))
