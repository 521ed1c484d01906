r"""Quoted strings, with what Json.NET takes beyond JSON: either quote, raw line ends, ``\'``, lone surrogates."""

from __future__ import annotations

import re

from analyzer.emulator.jsonnet.model import Fault, shown

_PLAIN = {'"': re.compile(r'[^"\\]*+'), "'": re.compile(r"[^'\\]*+")}
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "\\": "\\", '"': '"', "'": "'", "/": "/"}
# Halves of a surrogate pair that follow each other are one character, so they are resolved together.
_UNICODE = re.compile(r"(?:\\u[0-9A-Fa-f]{4})+")
_DIGITS = 4


def scan_string(text: str, start: int) -> tuple[str, int]:
    """The string whose quote stands at ``start``, its escapes resolved, and where it ends.

    Half a surrogate pair becomes U+FFFD.

    Raises:
        Fault: it never ends, or a backslash begins nothing.
    """
    quote = text[start]
    plain = _PLAIN[quote]
    at = start + 1
    parts: list[str] = []
    while found := plain.match(text, at):
        parts.append(found[0])
        at = found.end()
        if text[at : at + 1] == quote:
            return "".join(parts), at + 1
        if at == len(text):
            raise _unterminated(quote, at)
        part, at = _escape(text, at, quote)
        parts.append(part)
    raise _unterminated(quote, at)  # pragma: no cover - the expression matches nothing, too


def _unterminated(quote: str, at: int) -> Fault:
    return Fault(f"Unterminated string. Expected delimiter: {quote}.", at)


def _escape(text: str, backslash: int, quote: str) -> tuple[str, int]:
    """What the escape at ``backslash`` stands for, and where it ends."""
    letter = text[backslash + 1 : backslash + 2]
    if not letter:
        raise _unterminated(quote, backslash + 1)
    if letter in _ESCAPES:
        return _ESCAPES[letter], backslash + 2
    if letter != "u":
        raise Fault(f"Bad JSON escape sequence: \\{shown(text, backslash + 1)}.", backslash + 1, beyond=1)
    return _unicode(text, backslash)


def _unicode(text: str, backslash: int) -> tuple[str, int]:
    found = _UNICODE.match(text, backslash)
    end = found.end() if found else backslash + 2 + _DIGITS
    if end >= len(text):
        # Json.NET wants to see what follows the four digits.
        digits = end - _DIGITS if found else backslash + 2
        raise Fault("Unexpected end while parsing Unicode escape sequence.", digits)
    if not found:
        raise Fault(f"Invalid Unicode escape sequence: \\u{text[backslash + 2 : end]}.", backslash + 2)
    return bytes.fromhex(found[0].replace("\\u", "")).decode("utf-16-be", "replace"), end
