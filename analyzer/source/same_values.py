"""Check that two spellings of a record have the same values: the check on what ``respell`` wrote.

The record before is read by the tolerant reader, the one after by the standard library. With ``respell`` it shares only
which backslashes stand for themselves.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from analyzer.source.model import GrammarError
from analyzer.source.reader.tolerant import TokenKind, tokens, unquote
from analyzer.source.respell import doubled_in_record

if TYPE_CHECKING:
    from collections.abc import Iterator

Value: TypeAlias = "tuple[str, object]"
"""A kind, and a value: equal where two spellings are of the same value."""

_number = re.compile(r"(-?)([0-9]*+)(?:(\.)([0-9]*+))?(?:[eE]([-+]?[0-9]++))?")
_other_base = re.compile(r"0x[0-9a-f]{1,16}|0++[0-7]{0,22}", re.IGNORECASE)
_LONGEST_EXPONENT = 18


def same_values(before: bytes, after: bytes) -> bool:
    """Return whether a record has the same names, texts and numbers in the same order, whatever is nested.

    A number with a point or an exponent is another one than the integer of its value, as it is for the service. Half
    a surrogate pair is U+FFFD.

    Args:
        before: as the tolerant reader accepts it, a backslash that begins no escape standing for itself.
        after: strict JSON; anything else is the same as nothing.
    """
    try:
        text = json.loads(
            after.decode("utf-8"),
            object_pairs_hook=_Object,
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_no_constant,
        )
        return list(_values_before(doubled_in_record(before)[0])) == list(_values_after(text))
    except (GrammarError, ValueError, RecursionError):
        return False


class _Object(list[tuple[str, object]]):
    """An object's names and values in their order."""


class _Number(str):
    """A number's digits; ``int`` refuses many."""

    __slots__ = ()


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} isn't valid JSON")


def _values_before(raw: bytes) -> Iterator[Value]:
    for token in tokens(raw):
        text = raw[token.start : token.end].decode("utf-8")
        if token.kind in (TokenKind.open, TokenKind.close):
            yield text, None
        elif text[0] in "\"'":
            yield str(token.kind), unquote(raw[token.start : token.end])
        else:
            yield (str(token.kind), text) if token.kind is TokenKind.key else _word_or_number(text)


def _values_after(value: object) -> Iterator[Value]:
    match value:
        case _Object():
            yield "{", None
            for name, one in value:
                yield str(TokenKind.key), _without_halves(name)
                yield from _values_after(one)
            yield "}", None
        case list():
            yield "[", None
            for one in value:
                yield from _values_after(one)
            yield "]", None
        case _Number():
            yield _word_or_number(str(value))
        case str():
            yield str(TokenKind.plain), _without_halves(value)
        case _:
            yield _word_or_number(json.dumps(value))


def _without_halves(text: str) -> str:
    """Replace half a surrogate pair by U+FFFD, as a file cannot hold it."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _word_or_number(token: str) -> Value:
    """Read a word or a number, without ``int`` on the digits of a file, which refuses many.

    Raises:
        ValueError: neither JSON nor Json.NET has it, or JSON has no counterpart to it.
    """
    if token in ("true", "false", "null"):
        return "word", token
    if token[0] == "0" and token[1:2] not in ("", ".", "e", "E"):
        return _of_64_bits(token)
    found = _number.fullmatch(token)
    if found is None:
        raise ValueError(f"{token[:30]} isn't a number")
    sign, whole, point, fraction, exponent = found.groups("")
    if len(exponent) > _LONGEST_EXPONENT:
        return "float", token
    digits = (whole + fraction).lstrip("0")
    significant = digits.rstrip("0")
    power = int(exponent or "0") - len(fraction) + len(digits) - len(significant)
    kind = "float" if point or exponent else "integer"
    return kind, (sign, significant, power if significant else 0)


def _of_64_bits(token: str) -> Value:
    """Read a hexadecimal or octal number, in two's complement."""
    if not _other_base.fullmatch(token):
        raise ValueError(f"{token[:30]} isn't a number")
    value = int(token, 16) if token[1] in "xX" else int(token, 8)
    if value >= 1 << 64:
        raise ValueError(f"{token[:30]} is too large")
    return _word_or_number(str(value - (1 << 64) if value >= 1 << 63 else value))
