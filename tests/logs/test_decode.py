"""Bytes to UTF-8, chunk by chunk: by the mark, else by what the bytes allow; what cannot be read is counted."""

from __future__ import annotations

import codecs
import io
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.logs.decode import utf8_chunks
from analyzer.logs.model import Encoding
from tests.logs.reference_decoder import text_of

LINE = "IdentityNotResolvable\tjürgen@contoso.com\tUser identity cannot be resolved \u2013 Größe\r\n"
LATIN = LINE.replace("\u2013", "-")
LONG = "x" * 5000  # more than the first look takes in


def decode(raw: bytes, size: int = 1 << 20) -> tuple[str, str, int]:
    """Text, encoding and replaced characters; each chunk has to be UTF-8 by itself."""
    encoding = Encoding()
    chunks = [chunk.decode() for chunk in utf8_chunks(io.BytesIO(raw).read, encoding, itertools.repeat(size))]
    assert encoding.size == len(raw)
    return "".join(chunks), encoding.name, encoding.replaced


READABLE = {
    "UTF-8 with mark": (codecs.BOM_UTF8 + LINE.encode(), (LINE, "utf-8", 0)),
    "UTF-8": (LINE.encode(), (LINE, "utf-8", 0)),
    "UTF-16 little-endian with mark": (codecs.BOM_UTF16_LE + LINE.encode("utf-16-le"), (LINE, "utf-16-le", 0)),
    "UTF-16 big-endian with mark": (codecs.BOM_UTF16_BE + LINE.encode("utf-16-be"), (LINE, "utf-16-be", 0)),
    "UTF-16 little-endian": (LINE.encode("utf-16-le"), (LINE, "utf-16-le", 0)),
    "UTF-16 big-endian": (LINE.encode("utf-16-be"), (LINE, "utf-16-be", 0)),
    "Windows-1252": (LINE.encode("cp1252"), (LINE, "cp1252", 0)),
    "Latin-1": (LATIN.encode("latin-1"), (LATIN, "cp1252", 0)),
    "Windows-1252 far down": ((LONG + LATIN).encode("cp1252"), (LONG + LATIN, "cp1252", 0)),
    "Windows-1252 with one letter beyond ASCII, the last": (b"caf\xe9", ("café", "cp1252", 0)),
    "ASCII": (b"GenericError\t\tx", ("GenericError\t\tx", "utf-8", 0)),
    "nothing": (b"", ("", "utf-8", 0)),
    "a mark alone": (codecs.BOM_UTF8, ("", "utf-8", 0)),
    "a UTF-16 mark alone": (codecs.BOM_UTF16_LE, ("", "utf-16-le", 0)),
    "a replacement character that stood there": ("a\ufffdb".encode(), ("a\ufffdb", "utf-8", 0)),
    "a zero byte": (b"GenericError\t\ta\x00b", ("GenericError\t\ta\x00b", "utf-8", 0)),
    "pairs in UTF-16": (codecs.BOM_UTF16_LE + "a\U0001f600b".encode("utf-16-le"), ("a\U0001f600b", "utf-16-le", 0)),
}
UNREADABLE = {
    "UTF-8 cut off in a character": ("ä€".encode()[:-1], ("ä\ufffd", "utf-8", 1)),
    "UTF-8 with mark and a stray byte": (codecs.BOM_UTF8 + b"a\xffb", ("aÿb", "utf-8", 1)),
    "UTF-8 with a line pasted from Windows-1252": ("Jürgen ".encode() + b"Gr\xf6\xdfe", ("Jürgen Größe", "utf-8", 2)),
    "UTF-8 with a last byte that begins no character": (codecs.BOM_UTF8 + b"a\xf5", ("aõ", "utf-8", 1)),
    "UTF-16 cut off in a unit": (codecs.BOM_UTF16_LE + b"a\0b\0c", ("ab\ufffd", "utf-16-le", 1)),
    "UTF-16 with half a pair": (codecs.BOM_UTF16_LE + b"a\0\x00\xd8b\0", ("a\ufffdb", "utf-16-le", 1)),
    "UTF-16 cut off in a pair": (codecs.BOM_UTF16_LE + b"a\0\x00\xd8", ("a\ufffd", "utf-16-le", 1)),
    "a byte that Windows-1252 lacks": (b"\xe4\x81x", ("ä\ufffdx", "cp1252", 1)),
    "one of two replaced by us": (codecs.BOM_UTF8 + b"\xef\xbf\xbd\x8d", ("\ufffd\ufffd", "utf-8", 1)),
    "halves that look like the replacement": (
        codecs.BOM_UTF16_LE + b"a\xfd\xffb" + b"\x00\xd8a\0",
        ("\ufd61\u62ff\ufffda", "utf-16-le", 1),
    ),
}


DASHED = f"IdentityNotResolvable\tada@contoso.com\tnot found \u2013 \u201eAda\u201c\r\n{LINE}"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("bytes_lost", [1, 3, 7])
def test_utf_16_that_was_cut_inside_a_character_is_read_in_its_own_byte_order(encoding: str, bytes_lost: int) -> None:
    raw = DASHED.encode(encoding)[bytes_lost:]
    found = Encoding()
    text = b"".join(utf8_chunks(io.BytesIO(raw).read, found, itertools.repeat(1 << 20))).decode()
    assert (found.name, found.cut, found.replaced) == (encoding, True, 0)
    assert text == DASHED[(bytes_lost + 1) // 2 :]
    assert (found.size, found.difference) == (len(raw), 1)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_complete_utf_16_is_not_reported_as_cut(encoding: str) -> None:
    for raw in (DASHED.encode(encoding), DASHED.encode(encoding)[2:]):
        found = Encoding()
        assert b"".join(utf8_chunks(io.BytesIO(raw).read, found, itertools.repeat(9))).decode().endswith(DASHED[1:])
        assert (found.name, found.cut, found.swapped) == (encoding, False, False)


@pytest.mark.parametrize("between", [b"", b"x"], ids=["other-order", "shifted"])
def test_an_unreadable_part_of_utf_16_is_reported(between: bytes) -> None:
    found = Encoding()
    raw = DASHED.encode("utf-16") + between + DASHED.encode("utf-16-le" if between else "utf-16-be")
    for _ in utf8_chunks(io.BytesIO(raw).read, found, itertools.repeat(1 << 20)):
        pass
    assert found.swapped


@pytest.mark.parametrize("size", [1, 3, 1 << 20])
@pytest.mark.parametrize(("raw", "expected"), READABLE.values(), ids=READABLE.keys())
def test_a_log_is_read_in_its_encoding(raw: bytes, expected: tuple[str, str, int], size: int) -> None:
    assert decode(raw, size) == expected == text_of(raw)


@pytest.mark.parametrize("size", [1, 3, 1 << 20])
@pytest.mark.parametrize(("raw", "expected"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_cannot_be_decoded_is_counted(raw: bytes, expected: tuple[str, str, int], size: int) -> None:
    assert decode(raw, size) == expected == text_of(raw)


@pytest.mark.parametrize("tail", range(1, 4))
def test_a_file_cut_off_in_a_character_stays_utf_8(tail: int) -> None:
    text, encoding, replaced = decode(("GenericError\t\tJürgen " + "\U0001f600").encode()[:-tail])
    assert (text, encoding, replaced) == ("GenericError\t\tJürgen \ufffd", "utf-8", 1)


@pytest.mark.parametrize("filler", range(4090, 4100))
def test_a_character_at_the_border_of_two_chunks_is_not_split(filler: int) -> None:
    for raw, encoding in (((b"x" * filler) + "€".encode() + b"y", "utf-8"), ((b"x" * filler) + b"\xe4y", "cp1252")):
        text, name, replaced = decode(raw, 1)
        assert (text[filler:-1], text[-1], name, replaced) == ("€" if encoding == "utf-8" else "ä", "y", encoding, 0)


@settings(deadline=None)
@given(
    st.binary(max_size=400) | st.sampled_from(list(READABLE.values())).map(lambda case: case[0][:-1]),
    st.integers(0, 3).map(lambda far: b"x" * (4094 + far)) | st.just(b""),
    st.integers(1, 9),
)
def test_the_fast_and_the_slow_decoder_agree_on_any_bytes(raw: bytes, before: bytes, size: int) -> None:
    assert decode(before + raw, size) == text_of(before + raw)
