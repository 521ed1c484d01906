"""What speaks against a fault that our reader found being the one that the service tells of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.source.diagnosis.person import BETWEEN, MAY_GO_ON
from analyzer.source.model import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.source.diagnosis.between import Where
    from analyzer.source.diagnosis.place import Place
    from analyzer.source.model import GrammarError

OTHER_FAULT = "the log's message tells of another fault"


def doubts(place: Place, target: int | None, where: Where, error: GrammarError, reach: range) -> Iterator[str]:
    """Compares what the service says with what was found, as remarks; none where they agree.

    Args:
        place: as the service names it, a record that fits.
        target: the offset that its line and position mean; None where the file has none such.
        where: what was found.
        error: the fault.
        reach: the offsets that are the same place.
    """
    if place.line is None or place.position is None:
        yield "the log's message names no position: it was cut off, or has another form"
    elif target is None or target not in reach:
        yield "the position in the log's message is elsewhere in the file"
    if place.property is not None and place.property != where.property:
        yield f"the log's message names {place.property}, and our reader's first fault is elsewhere"
    if place.escape is not None and place.escape is not (error.trouble is Trouble.escape):
        yield OTHER_FAULT
    caution = where.identity.caution if where.identity else ""
    if caution == MAY_GO_ON:
        yield "the fault is directly after the ID"
    if caution == BETWEEN:
        yield "the fault is between two records"
