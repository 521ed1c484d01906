"""Write a record as strict JSON (RFC 8259), or without some of its members; every other byte stays.

What a number means that JSON does not have is what Json.NET reads in it
(https://github.com/JamesNK/Newtonsoft.Json, ``JsonTextReader.ParseReadNumber``, ``ConvertUtils.Int64TryParse``).
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum, auto
from typing import Final, NamedTuple

import msgspec

from analyzer.model.text import shortened
from analyzer.source.model import GrammarError
from analyzer.source.reader.tolerant import (
    ESCAPE_OR_BACKSLASH,
    JSON_LITERAL,
    WIDE_BLANKS,
    TokenKind,
    is_utf8,
    name_of,
    read_object,
    tokens,
)

_strict = msgspec.json.Decoder(dict[str, msgspec.Raw])
_strict_all = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])

_literal = re.compile(JSON_LITERAL)
_decimal = re.compile(rb"(-?)0*+([0-9]*+)(?:(\.)([0-9]*+))?([eE][-+]?[0-9]++)?")
_other_base = re.compile(rb"0[xX](?P<hexadecimal>[0-9A-Fa-f]{1,16})|0++(?P<octal>[0-7]{0,22})")
_odd_in_gap = re.compile(
    rb"(?P<comment>//[^\r\n]*+|/\*(?s:.*?)\*/) | (?P<blank>(?:[\x0b\x0c]|%b)++) | (?P<comma>,)" % WIDE_BLANKS,
    re.VERBOSE,
)
_plain_text = re.compile(rb'"[ !#-\[\]-~]*+"')
# An escape, or a character that JSON writes as one
_odd_in_text = re.compile(rb"""\\(?s:.)|[\x00-\x1f"]""")
# A comma and a name, or the record's bracket and what follows it, after a value
BACKSLASH_ENDS: Final = re.compile(rb"""\s*+(?:,\s*+"[^"\\]*+"\s*+:|\}\s*+(?:,\s*+\{|\]))""")
_BACKSLASH_ENDS_ALONE = re.compile(rb"""\s*+(?:,\s*+"[^"\\]*+"\s*+:|\}\s*+\Z)""")
_WORDS: Final = {
    b"undefined": "a word that JSON does not have",
    b"NaN": "a number that JSON does not have",
    b"Infinity": "a number that JSON does not have",
    b"-Infinity": "a number that JSON does not have",
}
_LETTERS = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd"})
_LONGEST_INTEGER = 380
_INT64 = 2**63
_DEEPEST = 100
_MOST = 1000
_SHOWN = 30


class ChangeKind(StrEnum):
    """What was not JSON; its name is what JSON output says."""

    backslash = auto()
    """A backslash that begins no escape."""
    control_character = auto()
    """A line end, a tab or the like inside a text."""
    comma = auto()
    """A comma before a closing bracket."""
    comment = auto()
    quotes = auto()
    r"""A text in single quotes, or ``\'`` in one."""
    unquoted_name = auto()
    """A name without quotation marks."""
    blank = auto()
    """White space that JSON does not have."""
    number = auto()


class Change(NamedTuple):
    """A token that was respelled. A token that was not JSON in several ways has a change for each.

    Attributes:
        kind: what was not JSON.
        before: the token.
        after: its spelling in JSON; empty where it was removed.
        name: the property's name before it; empty if there is none.
    """

    kind: ChangeKind
    before: bytes
    after: bytes
    name: str = ""


@dataclass(frozen=True, slots=True)
class Respelled:
    """A record in strict JSON.

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


def strict_members(raw: bytes) -> dict[str, msgspec.Raw] | None:
    """Return a record's spelled values by name; None unless it is certainly strict JSON in UTF-8."""
    try:
        return _strict.decode(raw) if is_utf8(raw) else None
    except (msgspec.DecodeError, RecursionError):
        return None


def strict_members_of(joined: bytes) -> list[dict[str, msgspec.Raw]] | None:
    """Return the same for several records that the tolerant reader accepts; None where one of them is not strict.

    Args:
        joined: the records, with a comma between two of them.
    """
    try:
        # The first token that is not strict JSON ends it, so that none can be taken for a part of another.
        return _strict_all.decode(b"[%b]" % joined) if is_utf8(joined) else None
    except (msgspec.DecodeError, RecursionError):
        return None


def doubled(token: bytes, ends: re.Pattern[bytes] | None = None) -> tuple[bytes, list[int]]:
    r"""Double the backslashes that begin no escape; and those that end a value, where ``ends`` matches after it.

    Returns:
        The text, and where in it the first of two backslashes is for each that was doubled.

    >>> doubled(rb'"CONTOSO\ada"')[0]
    b'"CONTOSO\\\\ada"'
    >>> doubled(rb'{"Department":"Sales\","City":"R\V"}', BACKSLASH_ENDS)
    (b'{"Department":"Sales\\\\","City":"R\\\\V"}', [20, 33])
    """
    places = [
        found.start()
        for found in ESCAPE_OR_BACKSLASH.finditer(token)
        if found[1] is None or (ends is not None and found[1] == b'"' and ends.match(token, found.end()))
    ]
    parts = [token[start:end] for start, end in zip([0, *places], [*places, len(token)], strict=True)]
    return b"\\".join(parts), [place + number for number, place in enumerate(places)]


def doubled_in_record(raw: bytes) -> tuple[bytes, list[int]]:
    """As ``doubled``, of a whole record; of a backslash at the end of a value only where the record is none otherwise.

    Args:
        raw: a record, where backslashes are all that is wrong with it (``salvage.backslashes``).
    """
    text, places = doubled(raw)
    try:
        if rb"\"" in raw:  # nothing else hides the end of a value
            read_object(text, 0)
    except GrammarError:
        return doubled(raw, _BACKSLASH_ENDS_ALONE)
    return text, places


def respell(raw: bytes, *, repair: bool = False) -> Respelled:
    r"""Write a record as strict JSON; what JSON allows stays: order, repeated names, white space, escapes, numbers.

    Args:
        raw: a record that the tolerant reader accepts.
        repair: whether a backslash that begins no escape stands for itself and is doubled, ``"R\V"`` to ``"R\\V"``.
            A record that only fails by these can be given then.
    """
    if strict_members(raw) is not None:
        return Respelled(raw)
    text, places = doubled_in_record(raw) if repair else (raw, [])
    draft = _Draft(places)
    end = 0
    try:
        for kind, start, after in tokens(text):
            if start > end:
                draft.gap(text[end:start], end, last=kind is TokenKind.close)
            if kind is TokenKind.key:
                draft.name = name_of(text[start:after])
            draft.token(kind, text[start:after], start)
            end = after
    except GrammarError as error:
        return Respelled(None, (), (f"{_shown(text[error.offset :])} ({error.problem})",))
    draft.gap(text[end:], end, last=False)
    return draft.done(raw)


@dataclass(slots=True)
class _Draft:
    """A record as far as it is respelled."""

    places: list[int]
    spelled: bytearray = field(default_factory=bytearray)
    changes: list[Change] = field(default_factory=list)
    uncertain: list[str] = field(default_factory=list)
    further: int = 0
    depth: int = 0
    deepest: int = 0
    passed: int = 0
    name: str = ""

    def gap(self, gap: bytes, start: int, *, last: bool) -> None:
        """Add what is between two tokens; after the last value a comma goes."""
        signs = gap.strip(b" \t\r\n")
        if signs not in (b"", b":") and (last or signs != b","):
            at = 0
            for found in _odd_in_gap.finditer(gap):
                kind = ChangeKind(found.lastgroup or "")
                if kind is ChangeKind.comma and not last:
                    continue
                after = b" " * len(found[0].decode("utf-8")) if kind is ChangeKind.blank else b""
                self.spelled += gap[at : found.start()] + after
                self.change([kind], self._undoubled(found[0], start + found.start()), after)
                at = found.end()
            gap = gap[at:]
        self.spelled += gap

    def token(self, kind: TokenKind, token: bytes, start: int) -> None:
        """Add a token."""
        kinds: list[ChangeKind] = []
        problem = ""
        after = before = token
        if kind is TokenKind.open:
            self.depth += 1
            self.deepest = max(self.deepest, self.depth)
        elif kind is TokenKind.close:
            self.depth -= 1
        elif kind is TokenKind.members or _plain_text.fullmatch(token):
            pass
        elif token[:1] in (b'"', b"'"):
            after, kinds, problem = _as_text(token)
            if self.places and (before := self._undoubled(token, start)) != token:
                kinds.insert(0, ChangeKind.backslash)
        elif kind is TokenKind.key:
            after, kinds, problem = b'"%b"' % token, [ChangeKind.unquoted_name], _problem_of_name(token)
        elif not _literal.fullmatch(token):
            after, kinds, problem = _as_number(token)
        if problem:
            self.doubt(before, problem)
            return
        self.spelled += after
        if kinds:
            self.change(kinds, before, after)

    def _undoubled(self, token: bytes, start: int) -> bytes:
        """Return the token as it is in the source."""
        found = bytearray()
        at = 0
        while self.passed < len(self.places) and self.places[self.passed] < start + len(token):
            place = self.places[self.passed] - start
            self.passed += 1
            if place > 0:
                found += token[at:place]
                at = place + 1
        return bytes(found + token[at:])

    def change(self, kinds: list[ChangeKind], before: bytes, after: bytes) -> None:
        """Note changes of a token."""
        if len(self.changes) < _MOST:
            self.changes += [Change(kind, before, after, self.name) for kind in kinds]
        else:
            self.further += len(kinds)

    def doubt(self, token: bytes, problem: str) -> None:
        """Note a token without a certain spelling."""
        if len(self.uncertain) < _MOST:
            self.uncertain.append(f"{_shown(token)} ({problem})")
        else:
            self.further += 1

    def done(self, raw: bytes) -> Respelled:
        """Return the whole record."""
        if self.changes and self.deepest > _DEEPEST:
            self.doubt(raw, f"lists or objects more than {_DEEPEST} deep in one another")
        if self.uncertain:
            return Respelled(None, tuple(self.changes), tuple(self.uncertain), self.further)
        return Respelled(bytes(self.spelled), tuple(self.changes), (), self.further)


def _as_text(token: bytes) -> tuple[bytes, list[ChangeKind], str]:
    """Spell a text in quotation marks of either kind: the token, what was not JSON in it, and what is uncertain."""
    kinds = {ChangeKind.quotes} if token[:1] == b"'" else set()

    def spelled(found: re.Match[bytes]) -> bytes:
        part = found[0]
        if part == rb"\'":
            kinds.add(ChangeKind.quotes)
            return b"'"
        if part == b'"':
            return rb"\""
        if part[:1] == b"\\":
            return part
        kinds.add(ChangeKind.control_character)
        return json.dumps(part.decode("ascii"))[1:-1].encode("ascii")

    try:
        token.decode("utf-8")
    except UnicodeDecodeError:
        return token, [], "bytes that are not UTF-8"
    return b'"%b"' % _odd_in_text.sub(spelled, token[1:-1]), sorted(kinds), ""


def _problem_of_name(token: bytes) -> str:
    """Say why a name without quotation marks is uncertain: Json.NET ends it earlier or refuses it; empty if it isn't.

    Beyond U+FFFF .NET sees halves of a pair, which are not letters.
    """
    try:
        letters = set(token.decode("utf-8"))
    except UnicodeDecodeError:
        return "bytes that are not UTF-8"
    if token.isascii() or all(
        one in "_$" or (one <= "\uffff" and unicodedata.category(one) in _LETTERS) for one in letters
    ):
        return ""
    return "a name without quotation marks that has more than letters and digits"


def _as_number(token: bytes) -> tuple[bytes, list[ChangeKind], str]:
    if token.startswith(b"new") and token.endswith(b")"):
        return token, [], "a call, which JSON does not have"
    if token in _WORDS:
        return token, [], _WORDS[token]
    after = number(token)
    if after is None:
        return token, [], "neither JSON nor a number that the service takes"
    return after, [ChangeKind.number], ""


def number(token: bytes) -> bytes | None:
    """Return a number as JSON spells it; None where Json.NET refuses it, or that is uncertain.

    >>> [number(token) for token in (b"0x1F", b"017", b"-017", b".5", b"5.", b"+5")]
    [b'31', b'15', b'-17', b'0.5', b'5.0', None]
    """
    if token[:1] == b"0" and token[1:2] not in (b"", b".", b"e", b"E"):
        found = _other_base.fullmatch(token)
        value = int(found["hexadecimal"] or b"0", 16) | int(found["octal"] or b"0", 8) if found else 2 * _INT64
        # In two's complement of 64 bits.
        return b"%d" % (value - 2 * _INT64 if value >= _INT64 else value) if value < 2 * _INT64 else None
    found = _decimal.fullmatch(token)
    if found is None or not (found[2] or found[4] or b"0" in token[:2]):
        return None
    sign, whole, point, fraction, exponent = found.groups(b"")
    if not point and not exponent:
        return sign + (whole or b"0") if len(token) <= _LONGEST_INTEGER else None
    if float(token) in (float("inf"), float("-inf")):
        return None
    return sign + (whole or b"0") + (b"." + (fraction or b"0") if point else b"") + exponent


def _shown(token: bytes) -> str:
    return shortened(token[: 4 * _SHOWN].decode("utf-8", "replace"), _SHOWN)
