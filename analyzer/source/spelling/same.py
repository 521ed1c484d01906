"""Whether two spellings of a record say the same: the check on what was respelled, which shares nothing with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from analyzer.source.model import GrammarError
from analyzer.source.reader.tolerant import after_value, escaped, expect, read_key, skip_blank, skip_value, unquote
from analyzer.source.spelling.strict import Strict
from analyzer.source.spelling.worth import word_or_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.source.spelling.worth import Said

_CLOSING = {"{": "}", "[": "]"}


def same_values(before: bytes, after: bytes) -> bool:
    """Whether a record says the same in two spellings: names, texts and numbers in their order, whatever is nested.

    A number with a point or an exponent is another one than the integer of its value, as it is for the service. Half
    a surrogate pair is U+FFFD.

    Args:
        before: as the tolerant reader takes it, a backslash that begins no escape standing for itself.
        after: as JSON has it; nothing else is the same as anything.
    """
    try:
        said = _said(_Tolerated(escaped(before) if b"\\" in before else before))
        return all(one == other for one, other in zip(said, _said(Strict(after.decode("utf-8"))), strict=True))
    except (GrammarError, ValueError):
        return False


class Spelling(Protocol):
    """A record in one grammar; every step raises GrammarError or ValueError where the grammar has nothing there."""

    def sign(self, at: int) -> str:
        """The sign that stands there."""

    def begin(self) -> int:
        """Where the record begins, which is an object."""

    def behind_blank(self, at: int) -> int:
        """The next sign that is not blank."""

    def name(self, at: int) -> tuple[str, int]:
        """A member's name, and where its value begins."""

    def plain(self, at: int) -> tuple[Said, int]:
        """A value that is neither object nor array, and where it ends."""

    def after_value(self, at: int, closing: str) -> int:
        """The next name or value behind a value, or the closing bracket."""

    def end(self, at: int) -> None:
        """Nothing stands there any more."""


def _said(record: Spelling) -> Iterator[Said]:
    """Brackets, names and values in their order; without recursion, as the depth is the file's choice."""
    closing: list[str] = []
    at = record.begin()
    while True:
        opened = record.sign(at)
        if opened in _CLOSING:
            yield opened, None
            closing.append(_CLOSING[opened])
            at = record.behind_blank(at + 1)
        else:
            value, at = record.plain(at)
            yield value
            at = record.after_value(at, closing[-1])
        while record.sign(at) == closing[-1]:
            yield closing.pop(), None
            if not closing:
                return record.end(at + 1)
            at = record.after_value(at + 1, closing[-1])
        if closing[-1] == "}":
            name, at = record.name(at)
            yield "name", name


class _Tolerated:
    """A record in the tolerated grammar."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def sign(self, at: int) -> str:
        return self._raw[at : at + 1].decode("latin-1")

    def begin(self) -> int:
        return expect(self._raw, 0, b"{") - 1

    def behind_blank(self, at: int) -> int:
        return skip_blank(self._raw, at)

    def name(self, at: int) -> tuple[str, int]:
        name, value = read_key(self._raw, at)
        if "\ufffd" in name:
            self._raw[at:value].decode("utf-8")  # raises where the name is no UTF-8
        return name, value

    def plain(self, at: int) -> tuple[Said, int]:
        end = skip_value(self._raw, at)
        token = self._raw[at:end]
        text = token.decode("utf-8")
        return (("text", unquote(token)) if text[0] in "\"'" else word_or_number(text)), end

    def after_value(self, at: int, closing: str) -> int:
        return after_value(self._raw, at, closing.encode("ascii"))

    def end(self, at: int) -> None:
        if skip_blank(self._raw, at) < len(self._raw):
            raise GrammarError(at, "text after the end of the record")
