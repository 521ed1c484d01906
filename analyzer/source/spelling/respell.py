"""A record in valid JSON (RFC 8259): what the service tolerates beyond it is respelled, every other byte stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from analyzer.source.spelling.bare import bare
from analyzer.source.spelling.members import is_utf8, strict_members
from analyzer.source.spelling.quoted import quoted
from analyzer.source.spelling.tokens import ChangeKind, Token, comma, comment, odd_blanks, strict_until

__all__ = ["Change", "ChangeKind", "Respelled", "respell"]

_MOST: Final = 1000
_SHOWN: Final = 30


@dataclass(frozen=True, slots=True)
class Change:
    """A token that was respelled, under one of the things that were no JSON in it.

    Attributes:
        kind: what was no JSON. A token with several such things has a change for each, with the same bytes.
        before: the token.
        after: its spelling in JSON; empty where it went.
        offset: where the token begins in the record.
    """

    kind: ChangeKind
    before: bytes
    after: bytes
    offset: int


@dataclass(frozen=True, slots=True)
class Respelled:
    """A record in valid JSON.

    Attributes:
        raw: its bytes; None where a token has no certain spelling.
        changes: what was respelled, in its order; the first 1,000 or so, as a hostile record has millions.
        uncertain: the tokens without a certain spelling, shortened, and what they are, as in
            ``NaN (a number that JSON does not have)``; the first 1,000.
        further: how many changes and uncertain tokens there are beyond those.
    """

    raw: bytes | None
    changes: tuple[Change, ...] = ()
    uncertain: tuple[str, ...] = ()
    further: int = 0


def respell(raw: bytes, *, repair: bool = False) -> Respelled:
    r"""A record in valid JSON; what JSON allows stays, as order, names that occur twice, white space, escapes, numbers.

    Args:
        raw: a record that the tolerant reader takes (``read_object``); what is none gives no valid JSON.
        repair: whether a backslash that begins no escape stands for itself and is doubled, ``"R\V"`` to ``"R\\V"``;
            else it has no certain spelling. A record that only fails by these can be given then.
    """
    utf8 = is_utf8(raw)
    if strict_members(raw) is not None:
        return Respelled(raw)
    draft = _Draft(raw)
    at = 0
    while (at := strict_until(raw, at, utf8=utf8)) < len(raw):
        token = _token(raw, at, repair=repair)
        if token.kinds or token.problem:
            draft.take(at, token)
        at = token.end
    return draft.done()


def _token(raw: bytes, at: int, *, repair: bool) -> Token:
    match raw[at : at + 1]:
        case b'"' | b"'":
            return quoted(raw, at, repair=repair)
        case b",":
            return comma(raw, at)
        case b"/":
            return comment(raw, at)
        case _:
            return odd_blanks(raw, at) or bare(raw, at)


class _Draft:
    """The record as far as it is respelled."""

    __slots__ = ("_changes", "_copied", "_further", "_raw", "_spelled", "_uncertain")

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._spelled = bytearray()
        self._copied = 0
        self._changes: list[Change] = []
        self._uncertain: list[str] = []
        self._further = 0

    def take(self, at: int, token: Token) -> None:
        """Takes the token at ``at``, and everything before it as it is."""
        if token.problem:
            if len(self._uncertain) < _MOST:
                self._uncertain.append(f"{_shown(self._raw, at, token.end)} ({token.problem})")
            else:
                self._further += 1
            return
        self._spelled += self._raw[self._copied : at]
        self._spelled += token.after
        self._copied = token.end
        if len(self._changes) < _MOST:
            before = self._raw[at : token.end]
            self._changes += [Change(kind, before, token.after, at) for kind in token.kinds]
        else:
            self._further += len(token.kinds)

    def done(self) -> Respelled:
        """The record, everything behind the last token taken as it is."""
        if self._uncertain:
            return Respelled(None, tuple(self._changes), tuple(self._uncertain), self._further)
        if not self._changes:
            return Respelled(self._raw)
        self._spelled += self._raw[self._copied :]
        return Respelled(bytes(self._spelled), tuple(self._changes), (), self._further)


def _shown(raw: bytes, at: int, end: int) -> str:
    text = raw[at : min(end, at + 4 * _SHOWN + 4)].decode("utf-8", "replace")
    short = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in short)
