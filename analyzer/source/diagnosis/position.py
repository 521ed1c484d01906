r"""The place that a Json.NET message names, taken by its shape: quotes and numbers, whatever the language.

The messages, as seen in public threads, and how Json.NET writes them (``JsonPosition.FormatMessage``)::

    Bad JSON escape sequence: \V. Path 'value[1672].Department', line 1, position 150235.
    After parsing a value an unexpected character was encountered: K. Path 'value[10].office', line 1, position 1244.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING

from analyzer.source.diagnosis.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOOKED_AT = 2_000
"""Characters at a message's end; the place stands there, and a longer one is nothing that people would write."""

_OPENING = "'\"`‘’‚“”„‹›«»"  # noqa: RUF001 - they are meant
# A name with anything else in it than this goes into brackets (JsonPosition.WriteTo).
_NAME = r"""[^\ .'"/\[\]()\\\t\n\r\f\x08\x85\u2028\u2029]+"""
_STEP = r"""\.(?:NAME)|\[[0-9]+\]|\['[^'\\]*+(?:\\.[^'\\]*+)*'\]|\["[^"\\]*+(?:\\.[^"\\]*+)*"\]""".replace(
    "NAME", _NAME
)

# 'value[1672].Department', line 1, position 150235. The quote must close before a comma or the end, since the
# character that Json.NET complains of may stand in quotes as well.
_QUOTED = re.compile(
    rf"""
    [{_OPENING}]
    (?P<path> (?:{_NAME})? (?:{_STEP})* )
    [{_OPENING}]
    (?= [ \u00a0]* (?: [,;.、，] | \Z ) )
    """,  # noqa: RUF001
    re.VERBOSE | re.DOTALL,
)
# value[1672].Depart where the message was cut off, or its quotes were lost
_UNQUOTED = re.compile(r"value\[[0-9]+\]")
# 150235 or 150,235 with whatever parts thousands; 1,50,235 where they part them so
_NUMBER = r"(?:[0-9]{1,3}(?:[SEP][0-9]{2,3})*[SEP][0-9]{3}(?![0-9])|[0-9]+)".replace(
    "SEP", ",.'\u2019\u066c \xa0\u2009\u202f"
)
# , line 1, position 150235.
_NUMBERS = re.compile(rf"[^0-9]*({_NUMBER})(?:[^0-9]+({_NUMBER}))?")
# Bad JSON escape sequence: \V. as Json.NET begins; another language's sentence tells nothing here
_SENTENCE = re.compile(
    r"(?P<escape>Bad JSON escape sequence|Invalid Unicode escape)|After parsing a value an unexpected character"
    r"|Unexpected character encountered|Invalid character after parsing|Invalid property identifier"
)
# value[1672].Department, value[3]['Cost Center']; what is below the property does not matter
_RECORD = re.compile(
    rf"""
    value \[ (?P<index> [0-9]+ ) \]
    (?: \. (?P<plain> {_NAME} ) | \[ (?P<quote> ['"] ) (?P<odd> (?: [^\\] | \\. )*? ) (?P=quote) \] )?
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_DIGITS = 12
"""More than these no file of 2 GB needs."""


def place_in(message: str) -> Place | None:
    r"""The place that a message names; None where it names none. Nothing raises.

    >>> place_in(r"Bad JSON escape sequence: \V. Path 'value[1672].Department', line 1, position 150235.")
    Place(path='value[1672].Department', record=1673, property='Department', line=1, position=150235, escape=True)
    """
    end = message[-_LOOKED_AT:]
    # The last one: what stands before it is the message's own sentence, which may quote the file.
    found = _last(_QUOTED.finditer(end))
    if found is not None:
        record, name = _record(found["path"])
        numbers = _NUMBERS.match(end, found.end())
        line, position = (_number(numbers[1]), _number(numbers[2])) if numbers else (None, None)
        # A quoted word alone is no path.
        if record is not None or position is not None:
            return Place(found["path"], record, name, line, position, _escape(end[: found.start()]))
    cut = _last(_UNQUOTED.finditer(end))
    # A path whose end is not sure names no property.
    return Place(cut[0], _record(cut[0])[0], None, None, None, _escape(end[: cut.start()])) if cut else None


def _last(found: Iterator[re.Match[str]]) -> re.Match[str] | None:
    return next(iter(deque(found, maxlen=1)), None)


def _escape(sentence: str) -> bool | None:
    found = _SENTENCE.search(sentence)
    return found["escape"] is not None if found else None


def _record(path: str) -> tuple[int | None, str | None]:
    found = _RECORD.match(path)
    index = _number(found["index"]) if found else None
    if found is None or index is None:
        return None, None
    return index + 1, found["plain"] if found["odd"] is None else _ESCAPE.sub(_resolve, found["odd"])


def _resolve(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else _ESCAPED.get(found[2], found[2])


def _number(digits: str | None) -> int | None:
    plain = re.sub(r"[^0-9]", "", digits or "")
    return int(plain) if plain and len(plain) <= _DIGITS else None
