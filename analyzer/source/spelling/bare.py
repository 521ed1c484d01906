"""Names, words and numbers without quotation marks, as JSON spells them.

What a number means that JSON does not know is what Json.NET takes it for
(https://github.com/JamesNK/Newtonsoft.Json, ``JsonTextReader.ParseReadNumber``, ``ConvertUtils.Int64TryParse``).
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from analyzer.source.spelling.tokens import NUMBER, ChangeKind, Token, behind_gap, wide_blank

if TYPE_CHECKING:
    from collections.abc import Iterable

_name = re.compile(rb"[A-Za-z0-9_$\x80-\xff]++")
_constructor = re.compile(rb"new[ \t\r\n]++[A-Za-z.]++[ \t\r\n]*+\([^()]*+\)")
_literal = re.compile(rb"[-+.A-Za-z0-9]++")
_json = re.compile(rb"true|false|null|" + NUMBER)
_decimal = re.compile(rb"(-?)0*+([0-9]*+)(?:(\.)([0-9]*+))?([eE][-+]?[0-9]++)?")
_other_base = re.compile(rb"0[xX](?P<hexadecimal>[0-9A-Fa-f]{1,16})|0++(?P<octal>[0-7]{0,22})")
_WORDS: Final = {
    b"undefined": "a word that JSON does not have",
    b"NaN": "a number that JSON does not have",
    b"Infinity": "a number that JSON does not have",
    b"-Infinity": "a number that JSON does not have",
}
_LETTERS = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd"})
_LONGEST_INTEGER = 380
_INT64 = 2**63


def bare(raw: bytes, at: int) -> Token:
    """The name or value at ``at``; a colon follows a name and no value."""
    found = _name.match(raw, at)
    if found and (blank := wide_blank.search(raw, at, found.end())):
        found = _name.match(raw, at, blank.start())
    if found and raw.startswith(b":", behind_gap(raw, found.end())):
        return _as_name(found)
    found = _constructor.match(raw, at)
    if found:
        return Token(found.end(), problem="a call, which JSON does not have")
    found = _literal.match(raw, at)
    if found is None:
        return Token(len(raw), problem="neither a name nor a value")
    return _as_value(found)


def _as_name(found: re.Match[bytes]) -> Token:
    try:
        letters = found[0].decode("utf-8")
    except UnicodeDecodeError:
        return Token(found.end(), problem="bytes that are no UTF-8")
    if not letters.isascii() and not _may_be_name(set(letters)):
        # Json.NET ends the name there or refuses it, we read it as a whole.
        return Token(found.end(), problem="a name without quotation marks that has more than letters and digits")
    return Token(found.end(), b'"%b"' % found[0], (ChangeKind.unquoted_name,))


def _may_be_name(letters: Iterable[str]) -> bool:
    """Whether Json.NET takes all these for parts of a name; beyond U+FFFF .NET sees halves of a pair, no letters."""
    return all(
        letter in "_$" or (letter <= "\uffff" and unicodedata.category(letter) in _LETTERS) for letter in letters
    )


def _as_value(found: re.Match[bytes]) -> Token:
    token = found[0]
    if _json.fullmatch(token):
        return Token(found.end())
    if token in _WORDS:
        return Token(found.end(), problem=_WORDS[token])
    after = number(token)
    if after is None:
        return Token(found.end(), problem="neither JSON nor a number that the service takes")
    return Token(found.end(), after, (ChangeKind.number,))


def number(token: bytes) -> bytes | None:
    """A number as JSON spells it; None where Json.NET refuses it, or one cannot be sure.

    >>> [number(token) for token in (b"0x1F", b"017", b"-017", b".5", b"5.", b"+5")]
    [b'31', b'15', b'-17', b'0.5', b'5.0', None]
    """
    if token[:1] == b"0" and token[1:2] not in (b"", b".", b"e", b"E"):
        return _integer_of_64_bits(token)
    found = _decimal.fullmatch(token)
    if found is None or not (found[2] or found[4] or b"0" in token[:2]):
        return None
    sign, whole, point, fraction, exponent = found.groups(b"")
    if not point and not exponent:
        return sign + (whole or b"0") if len(token) <= _LONGEST_INTEGER else None
    if float(token) in (float("inf"), float("-inf")):
        return None
    return sign + (whole or b"0") + (b"." + (fraction or b"0") if point else b"") + exponent


def _integer_of_64_bits(token: bytes) -> bytes | None:
    """A number that begins with 0x or 0, in two's complement."""
    found = _other_base.fullmatch(token)
    if found is None:
        return None
    value = int(found["hexadecimal"], 16) if found["hexadecimal"] else int(found["octal"] or b"0", 8)
    if value >= 2 * _INT64:
        return None
    return b"%d" % (value - 2 * _INT64 if value >= _INT64 else value)
