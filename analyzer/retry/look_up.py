"""The selection's records in the source file, also in one that is no JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.errors import InputError
from analyzer.identity import identity_key
from analyzer.retry.interface import Reason, Unmatched
from analyzer.source.find import Found, find
from analyzer.source.json_text import opened
from analyzer.source.scan import mark_in, mark_of
from analyzer.source.spans import Spans

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.retry.interface import RetryRequest
    from analyzer.source.salvage.read import Lines
    from analyzer.source.salvage.unreadable import Unreadable


def look_up(request: RetryRequest) -> tuple[Found, list[Unmatched]]:
    """Finds the selection's records, and what cannot be read where the source file is read around its faults.

    Raises:
        InputError: the source file cannot be read, or it and the log are not of one job.
        NotJsonError: it is no JSON.
    """
    selection = request.selection
    wanted = None if selection.everybody else selection.identities.marks
    if request.manner.reads_around_faults:
        found, unreadable = _around_faults(request, wanted)
    else:
        found, unreadable = request.found or find(request.source, request.id_property.name, wanted), []
    if selection.everybody and request.named and not request.manner.force:
        marks = set(map(mark_of, request.named))
        if marks.isdisjoint(found.spans.marks):
            where = f" in {request.id_property.name!r}" if request.id_property.name else ""
            raise InputError(
                f"no record of {request.source} has one of the ids that the log names{where}",
                "Check that source and log belong to the same job, and --id-property; --force takes them all the same.",
            )
    return found, unreadable


def everybody(request: RetryRequest) -> Spans:
    """Where all records of the source file stand.

    Raises:
        InputError: the source file cannot be read.
        NotJsonError: it is no JSON, and is not read around its faults.
    """
    if request.manner.reads_around_faults:
        return _around_faults(request, None)[0].spans
    return find(request.source, request.id_property.name, None).spans


def _around_faults(request: RetryRequest, wanted: Mapping[str, int] | None) -> tuple[Found, list[Unmatched]]:
    from analyzer.source.salvage.read import Lines, Unreadable, salvage_of

    spans = Spans()
    unreadable: list[Unmatched] = []
    name = request.id_property.name
    records = 0
    with opened(request.source) as buffer:
        lines = Lines(buffer)
        for item in salvage_of(buffer, repair=request.manner.repair):
            records += 1
            if isinstance(item, Unreadable):
                unreadable += _listed(item, name, lines, wanted)
                continue
            mark = mark_in(wanted, identity_key(item.text(name) or ""))
            if mark is not None:
                spans.add(item.offset, item.offset + len(item.raw), item.position, mark)
    return Found(records, spans), unreadable


def _listed(item: Unreadable, name: str, lines: Lines, wanted: Mapping[str, int] | None) -> list[Unmatched]:
    """An unreadable record, unless it is known to be of somebody who is not wanted."""
    whose = item.identity(name) if name else None
    line, column = lines.at(item.offset)
    identity = whose.text if whose else ""
    if wanted is not None and whose and not whose.caution and identity_key(identity) not in wanted:
        return []
    place = "" if item.position is None else str(item.position + 1)
    return [Unmatched(identity, Reason.unreadable, place, f"line {line:,}, column {column:,}: {item.words}")]
