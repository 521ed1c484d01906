"""Bytes of a log to text and lines, whatever the encoding and the line ends."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Not str.splitlines: it also splits at form feeds and U+2028, which stand inside messages.
_LINE_END = re.compile(r"\r\n|\n|\r")
_LONGEST_UTF8_SEQUENCE = 4


@dataclass(frozen=True, slots=True)
class Text:
    """A log's text, and what had to be assumed to read it.

    Attributes:
        text: the text, without the byte order mark.
        encoding: as Python names it: ``utf-8``, ``utf-16-le``, ``utf-16-be`` or ``cp1252``.
        replaced: how many characters stand for bytes that the encoding does not know.
    """

    text: str
    encoding: str
    replaced: int


def decode(raw: bytes) -> Text:
    """Decodes by byte order mark, else by what the bytes allow: UTF-8, UTF-16 without mark, Windows-1252.

    Never raises: what cannot be decoded becomes U+FFFD and is counted.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if raw.startswith(mark):
            return _replacing(raw[len(mark) :], encoding)
    encoding = _guess(raw)
    return _replacing(raw, encoding)


def split_lines(text: str) -> list[str]:
    """The lines of a text, without their ends; CRLF, LF and a lone CR all end a line."""
    lines = _LINE_END.split(text)
    if not lines[-1]:
        lines.pop()
    return lines


def _guess(raw: bytes) -> str:
    head = raw[:4096]
    zeros_even, zeros_odd = head[0::2].count(0), head[1::2].count(0)
    # Codes are ASCII: in UTF-16 at least every fifth unit of such a log has a zero half, always the same one.
    if max(zeros_even, zeros_odd) * 5 > len(head) // 2 and min(zeros_even, zeros_odd) * 5 <= len(head) // 2:
        return "utf-16-le" if zeros_odd > zeros_even else "utf-16-be"
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        # A file that was cut off inside a character is UTF-8 all the same.
        cut_off = error.reason == "unexpected end of data" and len(raw) - error.start < _LONGEST_UTF8_SEQUENCE
        return "utf-8" if cut_off else "cp1252"
    return "utf-8"


def _replacing(raw: bytes, encoding: str) -> Text:
    text = raw.decode(encoding, errors="replace")
    replaced = text.count("\ufffd")
    if replaced:
        # What is U+FFFD in the bytes already was not replaced by us.
        replaced -= raw.decode(encoding, errors="ignore").count("\ufffd")
    return Text(text, encoding, replaced)
