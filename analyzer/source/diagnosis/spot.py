"""What stands at a place of a source file, as its parts tell it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.source.diagnosis.person import Identity
    from analyzer.source.reader.fault import Fault


class Sure(StrEnum):
    """How sure it is that this is the record that the service stopped at."""

    sure = "sure"
    likely = "likely"
    unsure = "unsure"


@dataclass(frozen=True, slots=True)
class Spot:
    """What stands at a place.

    Attributes:
        record: from 1; None where the place is in no record.
        behind: the place is behind that record, before the next one.
        identity: whose record it is; None where nobody can say.
        property: the record's property in which, or behind which, the place is; None where it is in none.
        line: from 1.
        column: from 1, in characters; of the offending one.
        excerpt: the text around it, on one line.
        fault: what is wrong.
        sure: that this is the place.
        remarks: what speaks against it, or has to be known; sentences without a full stop.
    """

    record: int | None
    behind: bool
    identity: Identity | None
    property: str | None
    line: int
    column: int
    excerpt: str
    fault: Fault
    sure: Sure
    remarks: tuple[str, ...] = ()
