r"""Find the record, user and fault for a message of the service.

The place in a Json.NET message is recognized by its quotes and numbers, in any language. Messages as seen in public
threads, in Json.NET's form (``JsonPosition.FormatMessage``)::

    Bad JSON escape sequence: \V. Path 'value[1672].Department', line 1, position 150235.
    After parsing a value an unexpected character was encountered: K. Path 'value[10].office', line 1, position 1244.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.model.service import LogCode
from analyzer.model.text import capitalised
from analyzer.source.model import Certainty, FaultKind, ReportedPlace
from analyzer.source.reader.tolerant import unescape

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import polars as pl

    from analyzer.source.model import FaultLocation, Identity
    from analyzer.source.reader.json_text import NotJsonError

_AFTER = frozenset({FaultKind.comma_too_many, FaultKind.comma_missing, FaultKind.wrong_bracket})
"""Faults after a property's value."""

_LOOKED_AT = 2_000
"""Characters at the end of a message that are searched for the place."""

_OPENING = "'\"`‘’‚“”„‹›«»"  # noqa: RUF001 - they are meant
# Other names are written in brackets (JsonPosition.WriteTo).
_NAME = r"""[^\ .'"/\[\]()\\\t\n\r\f\x08\x85\u2028\u2029]+"""
_STEP = r"""\.(?:NAME)|\[[0-9]+\]|\['[^'\\]*+(?:\\.[^'\\]*+)*'\]|\["[^"\\]*+(?:\\.[^"\\]*+)*"\]""".replace(
    "NAME", _NAME
)

# 'value[1672].Department', line 1, position 150235. A comma or the end must follow, because the unexpected character
# may also be in quotes.
_QUOTED = re.compile(
    rf"""
    [{_OPENING}]
    (?P<path> (?:{_NAME})? (?:{_STEP})* )
    [{_OPENING}]
    (?= [ \u00a0]* (?: [,;.、，] | \Z ) )
    """,  # noqa: RUF001
    re.VERBOSE | re.DOTALL,
)
# value[1672].Depart if the message was cut off, or its quotes were lost
_UNQUOTED = re.compile(r"value\[[0-9]+\]")
# 150235, 150,235 with any thousands separator, or 1,50,235
_NUMBER = r"(?:[0-9]{1,3}(?:[SEP][0-9]{2,3})*[SEP][0-9]{3}(?![0-9])|[0-9]+)".replace(
    "SEP", ",.'\u2019\u066c \xa0\u2009\u202f"
)
# , line 1, position 150235.
_NUMBERS = re.compile(rf"[^0-9]*({_NUMBER})(?:[^0-9]+({_NUMBER}))?")
# Starts of Json.NET's messages in English, such as: Bad JSON escape sequence: \V.
_SENTENCE = re.compile(
    r"(?P<escape>Bad JSON escape sequence|Invalid Unicode escape)|After parsing a value an unexpected character"
    r"|Unexpected character encountered|Invalid character after parsing|Invalid property identifier"
)
# value[1672].Department, value[3]['Cost Center']; the path below the property is ignored
_RECORD = re.compile(
    rf"""
    value \[ (?P<index> [0-9]+ ) \]
    (?: \. (?P<plain> {_NAME} ) | \[ (?P<quote> ['"] ) (?P<odd> (?: [^\\] | \\. )*? ) (?P=quote) \] )?
    """,
    re.VERBOSE | re.DOTALL,
)
_DIGITS = 12
"""Limit of digits; a file of 2 GB needs fewer."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The place that a message reports, and the fault in the source file.

    Attributes:
        message: the service's message.
        place: the reported place; None if there is none.
        spot: the fault in the source file; None without a source file, or if none was found.
    """

    message: str
    place: ReportedPlace | None
    spot: FaultLocation | None

    @property
    def sentence(self) -> str:
        """A description without a final period; empty if nothing is known."""
        identity = self.spot.identity if self.spot else None
        if identity is None or not identity.inferred:
            return self.clause
        return f"{self.clause}. Using {identity.property} as the ID property ({identity.because})"

    @property
    def clause(self) -> str:
        """The description without the source of the ID property."""
        if self.spot is not None:
            return _of_spot(self.spot)
        return _of_place(self.place) if self.place is not None else ""


def diagnose(message: str, source: Path | None, id_property: str | None = None) -> Diagnosis:
    """Find the place that the message of a ``DataFileNotJson`` entry reports.

    Args:
        message: the message.
        source: the source file, valid JSON or not; may be None.
        id_property: name of the ID property; None to infer it.

    Raises:
        InputError: the source file can't be read.
    """
    place = place_in(message)
    if source is None:
        return Diagnosis(message, place, None)
    from analyzer.source.diagnosis.locate_fault import locate  # loads all that reads source files

    return Diagnosis(message, place, locate(source, place, id_property))


def diagnosis_json(diagnosis: Diagnosis) -> dict[str, object]:
    """Return a diagnosis as a JSON object with all keys; unknown values are null."""
    place, spot = diagnosis.place, diagnosis.spot
    identity = spot.identity if spot else None
    record = spot.record if spot else (place.record if place else None)
    return {
        "message": diagnosis.message,
        "sentence": diagnosis.sentence,
        "path": place.path if place else None,
        "record": record,
        "behind_record": spot.after if spot else None,
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
    """Return the message of a log's first ``DataFileNotJson`` entry; empty if there is none."""
    messages = entries.filter(code=LogCode.DataFileNotJson)["message"]
    return str(messages[0]) if len(messages) else ""


def name_person(error: NotJsonError, source: Path, message: str, id_property: str | None = None) -> None:
    """Add the user of the record to an error, and whether the service reported the same fault.

    Args:
        error: the reader's error.
        source: the source file, which isn't valid JSON.
        message: message of the log's ``DataFileNotJson`` entry; may be empty.
        id_property: name of the ID property; None to infer it.

    Raises:
        InputError: the source file can't be read.
    """
    spot = diagnose(message, source, id_property).spot
    if spot is None or (spot.line, spot.column) != (error.line, error.column):
        return
    if spot.identity is not None and not spot.after:
        error.what += f" ({_id_words(spot.identity)})"
    if message and spot.sure is Certainty.sure:
        error.advice = f"The service refused the file for the same reason. {error.advice}"


def _id_words(identity: Identity) -> str:
    """Return the ID for a sentence, with the property if that is inferred."""
    return f"{identity.property} {identity.text}" if identity.inferred else identity.text


def _of_spot(spot: FaultLocation) -> str:
    place = f"line {spot.line:,}, column {spot.column:,}"
    excerpt = f"…{spot.excerpt}…, " if spot.excerpt else ""
    parts = [f"{_record_words(spot)}: {spot.fault.words} ({excerpt}{place})"]
    identity = spot.identity
    if identity is not None and identity.caution:
        parts.append(identity.caution)
    if spot.sure is not Certainty.sure:
        doubts = "; ".join(spot.remarks)
        parts.append(f"this is {'likely' if spot.sure is Certainty.likely else 'not sure'}: {doubts}")
    return ". ".join(map(capitalised, parts))


def _record_words(spot: FaultLocation) -> str:
    if spot.record is None:
        return "the source file"
    user = _id_words(spot.identity) if spot.identity else "user unknown"
    where = f"{'after ' if spot.after else ''}record {spot.record:,} ({user})"
    preposition = "after" if spot.fault.kind in _AFTER else "in"
    return f"{where}, {preposition} {spot.property}" if spot.property else where


def _of_place(place: ReportedPlace) -> str:
    position = f"line {place.line:,}, position {place.position:,}" if place.position is not None and place.line else ""
    if place.record is None:
        return f"The source file, {position}" if position else ""
    where = f"Record {place.record:,}" + (f", in {place.property}" if place.property else "")
    return f"{where}{f' ({position})' if position else ''}. The user is unknown without the source file"


def place_in(message: str) -> ReportedPlace | None:
    r"""Return the place that a message reports; None if there is none. Accepts any text.

    >>> place_in(r"After parsing a value … encountered: K. Path 'value[10].office', line 1, position 1244.")
    ReportedPlace(path='value[10].office', record=11, property='office', line=1, position=1244, escape=None)
    """
    end = message[-_LOOKED_AT:]
    # Use the last match: the sentence before it may quote the file.
    quoted = _last(_QUOTED.finditer(end))
    if quoted is not None:
        record, name = _record(quoted["path"])
        numbers = _NUMBERS.match(end, quoted.end())
        line, position = (_number(numbers[1]), _number(numbers[2])) if numbers else (None, None)
        # A quoted word without numbers isn't a path.
        if record is not None or position is not None:
            return ReportedPlace(quoted["path"], record, name, line, position, _escape(end[: quoted.start()]))
    cut = _last(_UNQUOTED.finditer(end))
    # An incomplete path may have an incomplete property.
    return ReportedPlace(cut[0], _record(cut[0])[0], None, None, None, _escape(end[: cut.start()])) if cut else None


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
    return index + 1, found["plain"] if found["odd"] is None else unescape(found["odd"])


def _number(digits: str | None) -> int | None:
    plain = re.sub(r"[^0-9]", "", digits or "")
    return int(plain) if plain and len(plain) <= _DIGITS else None
