"""A record that has to be JSON, step by step."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NoReturn

from analyzer.source.spelling.worth import word_or_number

if TYPE_CHECKING:
    from analyzer.source.spelling.worth import Said

_blank = re.compile(r"[ \t\r\n]*+")


class Strict:
    """A record in JSON; its names and plain values are read by the standard library. Steps as in ``same.Spelling``."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._json = json.JSONDecoder(parse_int=_Number, parse_float=_Number, parse_constant=_no_constant)

    def sign(self, at: int) -> str:
        """The sign at ``at``; empty at the end."""
        return self._text[at : at + 1]

    def begin(self) -> int:
        """Where the record begins."""
        return self._expect(0, "{") - 1

    def behind_blank(self, at: int) -> int:
        """The next sign that is not blank."""
        found = _blank.match(self._text, at)
        return found.end() if found else at

    def name(self, at: int) -> tuple[str, int]:
        """A member's name, and where its value begins."""
        self._expect(at, '"')
        name, end = self._json.raw_decode(self._text, at)
        return _whole(name), self.behind_blank(self._expect(self.behind_blank(end), ":"))

    def plain(self, at: int) -> tuple[Said, int]:
        """A text, a number or a word, and where it ends."""
        value, end = self._json.raw_decode(self._text, at)
        if isinstance(value, _Number) or not isinstance(value, str):
            return word_or_number(self._text[at:end]), end
        return ("text", _whole(value)), end

    def after_value(self, at: int, closing: str) -> int:
        """The next name or value behind a value, or the closing bracket."""
        at = self.behind_blank(at)
        if self.sign(at) == closing:
            return at
        at = self.behind_blank(self._expect(at, ","))
        if self.sign(at) == closing:
            raise ValueError("a comma before a closing bracket")
        return at

    def end(self, at: int) -> None:
        """Nothing may stand at ``at`` but white space."""
        if self.behind_blank(at) < len(self._text):
            raise ValueError("text after the end of the record")

    def _expect(self, at: int, wanted: str) -> int:
        if self.sign(at) != wanted:
            raise ValueError(f"{wanted} is missing")
        return at + 1


class _Number(str):
    """A number's digits, of which ``int`` refuses many."""

    __slots__ = ()


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def _whole(text: str) -> str:
    """The text with half a surrogate pair as U+FFFD, as a file cannot hold it."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
