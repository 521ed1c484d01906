"""Check that two spellings of a record have the same values, to verify the output of ``respell``.

The tolerant reader reads the original, and the standard library reads the result. Shared with ``respell`` are only the
token bounds of the original, and which of its backslashes are literal.
"""

from __future__ import annotations

import json
import re
from typing import NoReturn

from analyzer.source.model import GrammarError
from analyzer.source.reader.tolerant import MEMBER, TokenKind, tokens, unescape
from analyzer.source.strict_json import doubled_in_record

_number = re.compile(r"(-?)([0-9]*+)(?:(\.)([0-9]*+))?(?:[eE]([-+]?[0-9]++))?")
_other_base = re.compile(r"0x[0-9a-f]{1,16}|0++[0-7]{0,22}", re.IGNORECASE)
_LONGEST_EXPONENT = 18
_WORDS = {"true": True, "false": False, "null": None}


def same_values(before: bytes, after: bytes) -> bool:
    """Return whether two records have the same names, texts and numbers in the same order, at any depth.

    A number with a point or an exponent differs from the equal integer, as for the service.

    Args:
        before: a record that the tolerant reader accepts; a backslash that begins no escape is literal.
        after: strict JSON; for anything else, the result is False.
    """
    try:
        value: object = _json.decode(after.decode("utf-8"))
        return _value_before(doubled_in_record(before)[0]) == value
    except (GrammarError, ValueError, RecursionError):
        return False


def _value_before(raw: bytes) -> object:
    """Return a record's value: an object is a tuple of names and values, an array a list, a number a tuple."""
    inner: list[object] = []
    outer: list[list[object]] = []
    for kind, start, end in tokens(raw):
        if kind is TokenKind.members:
            for name, value in MEMBER.findall(raw, start, end):
                inner += name[1:-1].decode("utf-8"), _plain_value(value.decode("utf-8"))
        elif kind is TokenKind.open:
            outer.append(inner)
            inner = []
        elif kind is TokenKind.close:
            value = inner if raw[start:end] == b"]" else tuple(zip(inner[::2], inner[1::2], strict=True))
            inner = outer.pop()
            inner.append(value)
        else:
            text = raw[start:end].decode("utf-8")
            inner.append(text if kind is TokenKind.key and text[0] not in "\"'" else _plain_value(text))
    return inner[0]


def _plain_value(token: str) -> object:
    if token[0] not in "\"'":
        return _WORDS[token] if token in _WORDS else _number_value(token)
    return unescape(token[1:-1], "surrogatepass")


def _number_value(token: str) -> object:
    """Read a number, without ``int`` on the digits of a file, which refuses many.

    Raises:
        ValueError: it is valid neither in JSON nor in Json.NET, or JSON has no equivalent.
    """
    if token[0] == "0" and token[1:2] not in ("", ".", "e", "E"):
        return _of_64_bits(token)
    match = _number.fullmatch(token)
    if match is None:
        raise ValueError(f"{token[:30]} isn't a number")
    sign, whole, point, fraction, exponent = match.groups("")
    if len(exponent) > _LONGEST_EXPONENT:
        return "float", token
    digits = (whole + fraction).lstrip("0")
    significant = digits.rstrip("0")
    power = int(exponent or "0") - len(fraction) + len(digits) - len(significant)
    kind = "float" if point or exponent else "integer"
    return kind, (sign, significant, power if significant else 0)


def _of_64_bits(token: str) -> object:
    """Read a hexadecimal or octal number, in two's complement."""
    if not _other_base.fullmatch(token):
        raise ValueError(f"{token[:30]} isn't a number")
    value = int(token, 16) if token[1] in "xX" else int(token, 8)
    if value >= 1 << 64:
        raise ValueError(f"{token[:30]} is too large")
    return _number_value(str(value - (1 << 64) if value >= 1 << 63 else value))


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} isn't valid JSON")


_json = json.JSONDecoder(
    object_pairs_hook=tuple, parse_int=_number_value, parse_float=_number_value, parse_constant=_no_constant
)
