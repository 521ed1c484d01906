"""What a word or a number says, however it is spelled."""

from __future__ import annotations

import re
from typing import TypeAlias

Said: TypeAlias = "tuple[str, object]"
"""A kind, and what is said: equal where two spellings say the same."""

_number = re.compile(r"(-?)([0-9]*+)(?:(\.)([0-9]*+))?(?:[eE]([-+]?[0-9]++))?")
_of_other_base = re.compile(r"0x[0-9a-f]{1,16}|0++[0-7]{0,22}", re.IGNORECASE)
_WORDS = ("true", "false", "null")
_LONGEST_EXPONENT = 18


def word_or_number(token: str) -> Said:
    """A word or a number, without ``int`` on the digits of a file, which refuses many.

    Raises:
        ValueError: neither JSON nor Json.NET has such a thing, or JSON has no counterpart to it.
    """
    if token in _WORDS:
        return "word", token
    if token[0] == "0" and token[1:2] not in ("", ".", "e", "E"):
        return _of_64_bits(token)
    found = _number.fullmatch(token)
    if found is None:
        raise ValueError(f"{token[:30]} is no number")
    sign, whole, point, fraction, exponent = found.groups("")
    if len(exponent) > _LONGEST_EXPONENT:
        return "float", token
    digits = (whole + fraction).lstrip("0")
    significant = digits.rstrip("0")
    power = int(exponent or "0") - len(fraction) + len(digits) - len(significant)
    kind = "float" if point or exponent else "integer"
    return kind, (sign, significant, power if significant else 0)


def _of_64_bits(token: str) -> Said:
    """Hexadecimal or octal, in two's complement."""
    if not _of_other_base.fullmatch(token):
        raise ValueError(f"{token[:30]} is no number")
    value = int(token, 16) if token[1] in "xX" else int(token, 8)
    if value >= 1 << 64:
        raise ValueError(f"{token[:30]} is too large")
    return word_or_number(str(value - (1 << 64) if value >= 1 << 63 else value))
