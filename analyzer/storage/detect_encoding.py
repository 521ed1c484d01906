"""Detect the encoding of a log or source file by its first bytes.

A byte order mark shows UTF-8 or UTF-16. Without one, a file is UTF-16 if one half of many units is zero: codes and
names are ASCII, so in UTF-16 at least every fifth unit has a zero half, always the same one.
"""

from __future__ import annotations

import codecs

UTF8, UTF16_LE, UTF16_BE, WINDOWS_1252 = "utf-8", "utf-16-le", "utf-16-be", "cp1252"
"""Python's names; ISO-8859-1 is read as Windows-1252, which has the same letters."""
UTF16 = (UTF16_LE, UTF16_BE)

HEAD = 4096
"""Bytes in which zeros are counted."""
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, UTF8),
    (codecs.BOM_UTF16_LE, UTF16_LE),
    (codecs.BOM_UTF16_BE, UTF16_BE),
)
_EVERY = 5


def encoding_by_head(head: bytes) -> tuple[str, int] | None:
    """Return the encoding that the first bytes show, and the length of their byte order mark; None if unclear."""
    for mark, name in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return name, len(mark)
    start = head[:HEAD]
    units = len(start) // 2
    zeros_even, zeros_odd = start[0::2].count(0), start[1::2].count(0)
    if max(zeros_even, zeros_odd) * _EVERY > units >= min(zeros_even, zeros_odd) * _EVERY:
        return UTF16_LE if zeros_odd > zeros_even else UTF16_BE, 0
    return None
