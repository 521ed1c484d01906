"""From the position in a message of the service to the record, the person and the fault: where log and source meet."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from analyzer.model.service import LogCode
from analyzer.source.diagnosis.locate import locate as look_up
from analyzer.source.model import Place, Sure
from analyzer.source.reader.fault import FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from analyzer.source.diagnosis.broken import Identity
    from analyzer.source.model import Spot
    from analyzer.source.reader.json_text import NotJsonError


_BEHIND = frozenset({FaultKind.comma_too_many, FaultKind.comma_missing, FaultKind.wrong_bracket})
"""Faults that stand behind a property's value and not in it."""


@dataclass(frozen=True, slots=True)
class Located:
    """What is known of the place that a message names.

    Attributes:
        message: the service's.
        place: what it names; None where it names none.
        spot: what stands there in the source file; None where we have none, or where nothing is to be found.
    """

    message: str
    place: Place | None
    spot: Spot | None

    @property
    def sentence(self) -> str:
        """What a person has to know, without a full stop at its end; empty where nothing is known."""
        identity = self.spot.identity if self.spot else None
        if identity is None or not identity.inferred:
            return self.clause
        return f"{self.clause}. Using {identity.property} as the ID property ({identity.because})"

    @property
    def clause(self) -> str:
        """The same without how the id property is known, for where that is said already."""
        if self.spot is not None:
            return _of_spot(self.spot)
        return _of_place(self.place) if self.place is not None else ""


def locate(message: str, source: Path | None, id_property: str | None = None) -> Located:
    """Finds the place that a message of a ``DataFileNotJson`` entry names.

    Args:
        message: the entry's.
        source: the source file, JSON or not; None where there is none.
        id_property: the name of the id property; None to infer it.

    Raises:
        InputError: the source file cannot be read.
    """
    place = place_in(message)
    return Located(message, place, look_up(source, place, id_property) if source is not None else None)


def located_json(located: Located) -> dict[str, object]:
    """The same for machines: the keys are always there, null where nothing is known."""
    place, spot = located.place, located.spot
    identity = spot.identity if spot else None
    record = spot.record if spot else (place.record if place else None)
    return {
        "message": located.message,
        "sentence": located.sentence,
        "path": place.path if place else None,
        "record": record,
        "behind_record": spot.behind if spot else None,
        "property": spot.property if spot else (place.property if place else None),
        "identity": identity.text if identity else None,
        "id_property": identity.property if identity else None,
        "id_property_because": identity.because if identity else None,
        "identity_caution": (identity.caution or None) if identity else None,
        "line": spot.line if spot else (place.line if place else None),
        "column": spot.column if spot else None,
        "excerpt": spot.excerpt if spot else None,
        "fault": spot.fault.kind.value if spot else None,
        "fault_words": spot.fault.words if spot else None,
        "sure": spot.sure.value if spot else None,
        "remarks": list(spot.remarks) if spot else [],
    }


def unreadable(entries: pl.DataFrame) -> str:
    """The message of a log's first entry that says that the source file cannot be read; empty where none does."""
    messages = entries.filter(pl.col("code") == LogCode.DataFileNotJson)["message"]
    return str(messages[0]) if len(messages) else ""


def name_person(error: NotJsonError, source: Path, message: str, id_property: str | None = None) -> None:
    """Add to the error of a source file that isn't valid JSON whose record it is, and that the service said the same.

    Args:
        error: as the reader raised it.
        source: the file.
        message: of the log's ``DataFileNotJson`` entry; empty where there is none.
        id_property: the name of the id property; None to infer it.

    Raises:
        InputError: the source file cannot be read.
    """
    spot = look_up(source, place_in(message), id_property)
    if spot is None or (spot.line, spot.column) != (error.line, error.column):
        return
    if spot.identity is not None and not spot.behind:
        error.what += f" ({whose(spot.identity)})"
    if message and spot.sure is Sure.sure:
        error.advice = f"The service refused the file for the same reason. {error.advice}"


def whose(identity: Identity) -> str:
    """An id as a sentence names it: with the property where that is inferred."""
    return f"{identity.property} {identity.text}" if identity.inferred else identity.text


def _of_spot(spot: Spot) -> str:
    place = f"line {spot.line:,}, column {spot.column:,}"
    excerpt = f"…{spot.excerpt}…, " if spot.excerpt else ""
    parts = [f"{_where(spot)}: {spot.fault.words} ({excerpt}{place})"]
    identity = spot.identity
    if identity is not None and identity.caution:
        parts.append(identity.caution)
    if spot.sure is not Sure.sure:
        doubts = "; ".join(spot.remarks)
        parts.append(f"this is {'likely' if spot.sure is Sure.likely else 'not sure'}: {doubts}")
    return ". ".join(part[:1].upper() + part[1:] for part in parts)


def _where(spot: Spot) -> str:
    if spot.record is None:
        return "the source file"
    who = whose(spot.identity) if spot.identity else "whose it is, is not known"
    where = f"{'after ' if spot.behind else ''}record {spot.record:,} ({who})"
    preposition = "after" if spot.fault.kind in _BEHIND else "in"
    return f"{where}, {preposition} {spot.property}" if spot.property else where


def _of_place(place: Place) -> str:
    position = f"line {place.line:,}, position {place.position:,}" if place.position is not None and place.line else ""
    if place.record is None:
        return f"The source file, {position}" if position else ""
    where = f"Record {place.record:,}" + (f", in {place.property}" if place.property else "")
    return f"{where}{f' ({position})' if position else ''}. Whose it is, the source file would tell"


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
