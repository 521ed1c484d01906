"""Literals, comments, unquoted names and the head of ``new Date(…)``."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from analyzer.emulator.jsonnet.model import BLANK, UNEXPECTED_END, Fault, Scalar, Token, shown

_SKIPPED = re.compile(rf"[{BLANK}]*+")
_BLANK = re.compile(rf"[{BLANK}]")
_LINE_END = re.compile(r"[\r\n]|\Z")
_LETTERS = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd"})


@dataclass(frozen=True, slots=True)
class Word:
    """A literal: how it is spelled, what it means, and what is said when it is misspelled."""

    spelling: str
    token: Token
    value: Scalar
    problem: str


_BOOLEAN = "Error parsing boolean value."
TRUE = Word("true", Token.Boolean, value=True, problem=_BOOLEAN)
FALSE = Word("false", Token.Boolean, value=False, problem=_BOOLEAN)
NULL = Word("null", Token.Null, None, "Error parsing null value.")
UNDEFINED = Word("undefined", Token.Undefined, None, "Error parsing undefined value.")
NAN = Word("NaN", Token.Float, float("nan"), "Error parsing NaN value.")
INFINITY = Word("Infinity", Token.Float, float("inf"), "Error parsing Infinity value.")
MINUS_INFINITY = Word("-Infinity", Token.Float, float("-inf"), "Error parsing -Infinity value.")
_NEW = Word("new", Token.StartConstructor, None, "Unexpected content while parsing JSON.")


def skip_blank(text: str, offset: int) -> int:
    """The next character that is neither blank nor NUL."""
    found = _SKIPPED.match(text, offset)
    return found.end() if found else offset


def choose_word(text: str, offset: int) -> Word | None:
    """The literal that the text at ``offset`` must be, judged by its first letters; None for ``new``.

    Raises:
        Fault: an ``n`` that begins none.
    """
    if text[offset] != "n":
        words = {"t": TRUE, "f": FALSE, "u": UNDEFINED, "N": NAN, "I": INFINITY, "-": MINUS_INFINITY}
        return words[text[offset]]
    second = text[offset + 1 : offset + 2]
    if not second:
        raise Fault(UNEXPECTED_END, offset + 1)
    if second not in "ue":
        raise Fault("Unexpected character encountered while parsing value: n.", offset)
    return NULL if second == "u" else None


def scan_word(text: str, offset: int, word: Word, *, in_constructor: bool) -> int:
    """Where the literal that has to stand at ``offset`` ends.

    Raises:
        Fault: it is spelled otherwise, or goes on.
    """
    end = offset + len(word.spelling)
    if end > len(text):
        raise Fault(UNEXPECTED_END, len(text))
    for index, letter in enumerate(word.spelling, offset):
        if text[index] != letter:
            raise Fault(word.problem, index)
    if end < len(text) and not _parts(text, end, in_constructor=in_constructor):
        raise Fault(word.problem, end)
    return end


def _parts(text: str, offset: int, *, in_constructor: bool) -> bool:
    character = text[offset]
    if character == "/":
        return text[offset + 1 : offset + 2] in ("*", "/")
    return character in "}]," or (character == ")" and in_constructor) or _BLANK.match(character) is not None


def scan_comment(text: str, offset: int) -> int:
    """Where the comment ends whose slash stands at ``offset``; one of a line ends before the line end.

    Raises:
        Fault: it never ends, or is none.
    """
    # Json.NET wants two characters behind the slash: `//` as a file's last ones is refused.
    if offset + 2 >= len(text):
        raise Fault("Unexpected end while parsing comment.", offset + 1)
    if text[offset + 1] == "/":
        found = _LINE_END.search(text, offset + 2)
        return found.start() if found else len(text)
    if text[offset + 1] != "*":
        raise Fault(f"Error parsing comment. Expected: *, got {shown(text, offset + 1)}.", offset + 1)
    end = text.find("*/", offset + 2)
    if end < 0:
        raise Fault("Unexpected end while parsing comment.", len(text))
    return end + 2


def is_name_character(character: str) -> bool:
    """Whether it may be part of an unquoted name: a letter or digit of any script, ``_``, ``$``."""
    return character in ("_", "$") or _is_letter(character)


def _is_letter(character: str) -> bool:
    # Beyond U+FFFF .NET sees halves of a pair, which are no letters.
    return character <= "\uffff" and unicodedata.category(character) in _LETTERS


def scan_name(text: str, start: int) -> int:
    """Where the unquoted name ends that begins at ``start``.

    Raises:
        Fault: the text ends within it, or what follows neither belongs to it nor ends it.
    """
    end = start
    while end < len(text) and is_name_character(text[end]):
        end += 1
    if end == len(text):
        raise Fault("Unexpected end while parsing unquoted property name.", end)
    if text[end] != ":" and not _BLANK.match(text[end]):
        raise Fault(f"Invalid JavaScript property identifier character: {shown(text, end)}.", end)
    return end


def scan_constructor(text: str, offset: int, *, in_constructor: bool) -> int:
    """Behind the bracket of a ``new Name(`` that begins at ``offset``.

    Raises:
        Fault: it is none.
    """
    start = end = skip_blank(text, scan_word(text, offset, _NEW, in_constructor=in_constructor))
    while end < len(text) and _is_letter(text[end]):
        end += 1
    if end == len(text):
        raise Fault("Unexpected end while parsing constructor.", end)
    bracket = skip_blank(text, end)
    if bracket == start and text[start] == "(":
        raise Fault("Empty constructor name.", start)
    if text[bracket : bracket + 1] != "(":
        raise Fault(f"Unexpected character while parsing constructor: {shown(text, bracket)}.", bracket)
    return bracket + 1
