"""Records that were found behind a fault: whether they are records."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.source.diagnosis.broken import read_broken
from analyzer.source.reader.fault import NAME_FOLLOWS
from analyzer.source.reader.tolerant import Record
from analyzer.source.salvage.boundary import begins, behind_stray, beside_record, file_ends
from analyzer.source.salvage.stretch import ENOUGH, Stop, stretch
from analyzer.source.salvage.unreadable import Repaired, doubtful, end_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from analyzer.source.model import GrammarError
    from analyzer.source.reader.json_text import Buffer
    from analyzer.source.salvage.element import How
    from analyzer.source.salvage.unreadable import Item

# ]}, as it stands behind a list in a record
_LIST_ENDS = re.compile(rb"\]\s*+,?\s*+\}\s*+,")
# },{"name":
_RECORD_WITHIN = {
    mark: re.compile(rb"""\}\s*+,?\s*+\{\s*+%(mark)b[^%(mark)b\\]*+%(mark)b\s*+:""" % {b"mark": mark})
    for mark in (b'"', b"'")
}


@dataclass(frozen=True, slots=True)
class Trial:
    """Elements that follow on one another behind a fault.

    Attributes:
        found: the elements, also those that ``stop`` holds.
        stop: where they end; None where enough were read.
        rest: those that follow then.
    """

    found: list[Item]
    stop: Stop | None
    rest: Generator[Item, None, Stop] | None = None


def on_trial(buffer: Buffer, at: int, position: int, how: How) -> Trial:
    """Reads elements from ``at`` on, as many as are enough to trust them."""
    items = stretch(buffer, at, position, how)
    found: list[Item] = []
    while not found or end_of(found[-1]) - at < ENOUGH:
        try:
            found.append(next(items))
        except StopIteration as ended:
            stop: Stop = ended.value
            return Trial([*found, *stop.held], stop)
    return Trial(found, None, items)


def ended_well(buffer: Buffer, stop: Stop | None, mark: bytes) -> bool:
    """Whether what stands behind the elements can stand behind records, and a text or an object does not go on."""
    if stop is None:
        return True
    if stop.error is None:
        return file_ends(buffer, stop.at)
    if _LIST_ENDS.match(buffer, stop.at):
        return False
    missing = NAME_FOLLOWS.match(buffer, stop.at) is not None and not stop.comma_missing
    return missing or beside_record(buffer, stop.at) or begins(buffer, behind_stray(buffer, stop.at), mark)


def tested(
    buffer: Buffer, trial: Trial, first_names: set[str], error: GrammarError, mark: bytes
) -> tuple[list[Item], Stop | None]:
    """The elements, those that are doubtful as such; and where they end, with those that it holds.

    Args:
        buffer: the source file.
        trial: the elements; one at least.
        first_names: with which records begin.
        error: the fault before them.
        mark: the quotation mark of the file's names.
    """
    items: list[Item] = []
    strange = True
    for item in trial.found:
        # Up to the first that begins as others do: these may be pieces.
        strange = strange and not first_names_of([item]) <= first_names
        repeats = isinstance(item, Record) and read_broken(text_in(item), 0).repeated
        items.append(checked(buffer, item, error, mark, doubt=bool(strange or repeats)))
    if trial.stop is None or not trial.stop.held:
        return items, trial.stop
    number = len(trial.stop.held)
    return items[:-number], dataclasses.replace(trial.stop, held=items[-number:])


def first_names_of(items: Iterable[Item]) -> set[str]:
    """The names of the first properties of records."""
    return {next(iter(item.members)) for item in items if isinstance(item, Record) and item.members}


def text_in(record: Record) -> bytes:
    """A record's text as the grammar takes it."""
    return record.respelled if isinstance(record, Repaired) else record.raw


def checked(buffer: Buffer, item: Item, error: GrammarError, mark: bytes, *, doubt: bool) -> Item:
    """An element beside a fault: doubtful also where another record stands within, or there is nothing in it."""
    if not isinstance(item, Record):
        return item
    holds_record = item.raw.find(b"{", 1) > 0 and _RECORD_WITHIN[mark].search(item.raw, 1) is not None
    if doubt or holds_record or not item.members:
        return doubtful(buffer, item.position, item.offset, end_of(item), error)
    return item
