"""From the position in a message of the service to the record, the person and the fault: where log and source meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from analyzer.model.service import LogCode
from analyzer.source.diagnosis.locate import locate as look_up
from analyzer.source.diagnosis.position import place_in
from analyzer.source.diagnosis.spot import Sure
from analyzer.source.reader.fault import FaultKind

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.source.diagnosis.person import Identity
    from analyzer.source.diagnosis.place import Place
    from analyzer.source.diagnosis.spot import Spot
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
