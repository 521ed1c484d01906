"""What the first bytes of a log or a source file show of its encoding."""

from __future__ import annotations

import codecs

import pytest

from analyzer.storage.detect_encoding import HEAD, UTF8, UTF16_BE, UTF16_LE, encoding_by_head

HEADS = {
    "nothing": (b"", None),
    "ASCII": (b"Ada", None),
    "the mark of UTF-8": (codecs.BOM_UTF8 + b"Ada", (UTF8, 3)),
    "the mark of UTF-16": (codecs.BOM_UTF16_LE + "Ada".encode("utf-16-le"), (UTF16_LE, 2)),
    "the other order's mark": (codecs.BOM_UTF16_BE + "Ada".encode("utf-16-be"), (UTF16_BE, 2)),
    "UTF-16 without a mark": ("Ada".encode("utf-16-le"), (UTF16_LE, 0)),
    "the other order without a mark": ("Ada".encode("utf-16-be"), (UTF16_BE, 0)),
    "one letter of five is ASCII": ("a王王王王".encode("utf-16-le"), None),
    "more than one letter of five is ASCII": ("a王王王".encode("utf-16-le"), (UTF16_LE, 0)),
    "zeros in both halves": (bytes(100), None),
    "zeros after the head": (b"A" * HEAD + "Ada".encode("utf-16-le") * 1000, None),
}


@pytest.mark.parametrize(("head", "expected"), HEADS.values(), ids=HEADS.keys())
def test_the_first_bytes_show_the_encoding(head: bytes, expected: tuple[str, int] | None) -> None:
    assert encoding_by_head(head) == expected
