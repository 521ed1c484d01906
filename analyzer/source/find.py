"""The records of some users in a source file, or everybody's, as spans; fast, in memory that does not grow with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.source.json_text import after_mark, recoded_from
from analyzer.source.records import begin, finish, reading
from analyzer.source.scan import Scanned, Scanner
from analyzer.source.segments import scan_in_segments
from analyzer.source.tolerant import skip_blank

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from analyzer.source.spans import Spans


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in a source file.

    Attributes:
        records: how many records it holds.
        spans: those that were wanted, in their order.
    """

    records: int
    spans: Spans


def find(path: Path, id_property: str, wanted: Mapping[str, int] | None) -> Found:
    """Looks for records by the id of their user, with all processors where the file is large.

    Args:
        path: the source file.
        id_property: the name of the property with the ids; empty where nobody knows, and everybody is wanted.
        wanted: marks from 1 on by key (``identity_key``), of which none is empty, for the users that are wanted; None
            for everybody. Then marks are made by ``scan.mark_of``.

    Raises:
        InputError: the file cannot be read.
        NotJsonError: it is no JSON even by what the service tolerates, or not in the import format.
    """
    with reading(path) as buffer:
        # Behind the bracket.
        scanned = Scanned(begin(buffer, skip_blank(buffer, after_mark(buffer))) + 1)
        scanner = Scanner(buffer, id_property, wanted)
        if wanted is None or recoded_from(path):
            scanner.scan(scanned)
        else:
            scan_in_segments(path, buffer, scanner, scanned, wanted)
        finish(buffer, scanned.end + 1)
        return Found(scanned.records, scanned.spans)
