"""The records of some users in a source file, or everybody's, as spans; fast, in memory that does not grow with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.source.reader.json_text import after_mark, recoded_from
from analyzer.source.reader.records import begin, finish, format_error, reading
from analyzer.source.reader.tolerant import skip_blank
from analyzer.source.scan.scan import Scanned, Scanner
from analyzer.source.scan.segments import scan_in_segments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from analyzer.source.reader.json_text import SourceFormatError
    from analyzer.source.scan.spans import Spans


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in a source file.

    Attributes:
        records: how many records it holds, values that are none among them.
        others: the places, from 0, of values in its list that are no objects.
        other_offsets: where these begin.
        other: the error of the first of them, for a caller that can't pass over them; None where there are none.
        spans: those that were wanted, in their order.
    """

    records: int
    spans: Spans
    others: Sequence[int] = ()
    other_offsets: Sequence[int] = ()
    other: SourceFormatError | None = None


def find(path: Path, id_property: str, wanted: Mapping[str, int] | None) -> Found:
    """Looks for records by the id of their user, with all processors where the file is large.

    Args:
        path: the source file.
        id_property: the name of the property with the ids; empty where nobody knows, and everybody is wanted.
        wanted: marks from 1 on by key (``identity_key``), of which none is empty, for the users that are wanted; None
            for everybody. Then marks are made by ``scan.mark_of``.

    Raises:
        InputError: the file cannot be read.
        NotJsonError: it isn't valid JSON even by what the service tolerates.
        NotImportFormatError: it is, but not in the import format; also where no value in its list is an object.
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
        if scanned.first_other is None:
            return Found(scanned.records, scanned.spans)
        if len(scanned.others) == scanned.records:
            raise scanned.first_other
        error = format_error(path, buffer, scanned.first_other)
        return Found(scanned.records, scanned.spans, scanned.others, scanned.other_offsets, error)
