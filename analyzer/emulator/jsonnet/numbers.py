"""Numbers, and how .NET writes them as text."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from analyzer.emulator.jsonnet.model import BLANK, Fault, shown

if TYPE_CHECKING:
    from analyzer.emulator.jsonnet.model import Scalar

# Json.NET gathers whatever could belong to a number of any base, and looks at it afterwards.
_GATHERED = re.compile(r"[-+a-fA-FxX.0-9]*+")
_FOLLOWS = re.compile(rf"[{BLANK},}}\])/]|\Z")
_INTEGER = re.compile(r"-?[0-9]+")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_HEXADECIMAL = re.compile(r"0[xX]([0-9A-Fa-f]{1,16})")
_OCTAL = re.compile(r"[0-7]+")
_LONGEST = 380
_TOO_LARGE = 10**_LONGEST
_LEAST = -(10 ** (_LONGEST - 1))
_INT64 = 2**63


def begins_number(character: str) -> bool:
    """Whether Json.NET tries to read a number here (``char.IsNumber``, a point, a sign)."""
    return character in "-.0123456789" or (character <= "\uffff" and unicodedata.category(character)[0] == "N")


def number_end(text: str, start: int) -> int:
    """Where the number that begins at ``start`` ends.

    Raises:
        Fault: what follows it neither belongs to it nor parts it from what is next.
    """
    found = _GATHERED.match(text, start)
    end = found.end() if found else start
    if not _FOLLOWS.match(text, end):
        raise Fault(f"Unexpected character encountered while parsing number: {shown(text, end)}.", end)
    return end


def number_value(number: str, end: int) -> int | float:
    """What a number's text means: with a leading 0 octal, with 0x hexadecimal, both of 64 bits.

    Raises:
        Fault: nothing, or it is too large; at ``end``, where the number ends.
    """
    if number[0] == "0" and len(number) > 1 and number[1] not in ".eE":
        return _other_base(number, end)
    if _INTEGER.fullmatch(number):
        if len(number) > _LONGEST:
            raise Fault(f"JSON integer {number} is too large to parse.", end)
        return int(number)
    value = float(number) if _FLOAT.fullmatch(number) else None
    # .NET Framework, which the service runs on (inferred), refuses what is too large for a double.
    if value is None or value in (float("inf"), float("-inf")):
        raise _invalid(number, end)
    return value


def _other_base(number: str, end: int) -> int:
    hexadecimal = _HEXADECIMAL.fullmatch(number)
    if not hexadecimal and not _OCTAL.fullmatch(number):
        raise _invalid(number, end)
    value = int(hexadecimal[1], 16) if hexadecimal else int(number, 8)
    if value >= 2 * _INT64:
        raise _invalid(number, end)
    # Convert.ToInt64 reads 64 bits as two's complement.
    return value - 2 * _INT64 if value >= _INT64 else value


def _invalid(number: str, end: int) -> Fault:
    return Fault(f"Input string '{number}' is not a valid number.", end)


def too_long(value: Scalar) -> bool:
    """Whether Json.NET would have refused this value for its number of digits (a sign counts)."""
    return isinstance(value, int) and not _LEAST < value < _TOO_LARGE


def as_text(value: str | float) -> str:
    """A value as .NET Framework writes it without regard to a culture: ``True``, ``1E+20``, 15 digits at most."""
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int)):
        return str(value)
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN is what differs from itself
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    return f"{value:.15G}" if value else "0"
