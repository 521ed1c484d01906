"""Comments, and texts in the other kind of quotation marks: what looks like a record in them is none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.source.reader.json_text import Buffer

_BEHIND_TEXT = re.compile(rb"\s*+[,}\]:]")
_FAR = 1 << 20
"""Bytes up to which the end of such a stretch is looked for; what has none is a sign in a text."""


class Hidden:
    """Finds such stretches in ascending order, each byte looked at a fixed number of times."""

    def __init__(self, buffer: Buffer, other: bytes) -> None:
        self._buffer = buffer
        self._at = self._until = 0
        self._opens = re.compile(
            rb"(?P<long>/\*) | (?:^|[\n\r,{}\[\]]) [ \t]*+ (?P<line>//) | [:,\[{] \s*+ (?P<other>%b)" % other,
            re.VERBOSE,
        )
        self._closes = {
            "long": re.compile(rb"\*/"),
            "line": re.compile(rb"[\r\n]"),
            "other": re.compile(rb"(?<!\\)%b" % other),
        }
        # Up to where each end was looked for, and where it was found.
        self._known = dict.fromkeys(self._closes, (0, -1))

    def covers(self, start: int, offset: int) -> bool:
        """Whether a stretch that begins behind ``start`` goes on behind ``offset``; both ascend from call to call."""
        self._at = max(self._at, start)
        while self._until <= offset and (found := self._opens.search(self._buffer, self._at, offset)):
            self._at = found.end()
            end = self._end(found.lastgroup or "", found.end())
            if end is not None:
                self._at = self._until = end
        self._at = max(self._at, offset - 1)
        return self._until > offset

    def _end(self, kind: str, start: int) -> int | None:
        looked, end = self._known[kind]
        if end < start:
            # What was looked through without finding any need not be looked through again.
            begin = max(start, looked) if end < 0 else start
            found = self._closes[kind].search(self._buffer, begin, max(begin, start + _FAR))
            end = found.end() if found else -1
            self._known[kind] = (found.end() if found else start + _FAR, end)
        if end < 0 or end - start > _FAR:
            return None
        # A sign in a text is not closed by the next one, behind which something else stands.
        return end if kind != "other" or _BEHIND_TEXT.match(self._buffer, end) else None
