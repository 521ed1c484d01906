"""The array of records in a file with faults: from each fault to the next place where a record certainly begins."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.source.diagnosis.broken_record import read_broken
from analyzer.source.model import GrammarError, Trouble
from analyzer.source.reader.fault import NAME_FOLLOWS
from analyzer.source.reader.records import after_record, only_brackets
from analyzer.source.reader.tolerant import Record, after_value, expect, read_key, skip_blank, skip_value, unquote
from analyzer.source.salvage.element import ElementReader
from analyzer.source.salvage.model import ReadBudget, Repaired, doubtful, end_of, read_up_to, unreadable

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from analyzer.source.reader.json_text import Buffer
    from analyzer.source.salvage.model import Item

_SAMPLE = 200
"""Records whose first properties' names are kept."""
_ENOUGH = 1 << 20
"""Bytes of records that no text holds unescaped."""
_NEAR = 1 << 12
_AFTER_NAME = frozenset({b" ", b"\t", b"\r", b"\n", b":"})
_STRAY = re.compile(rb"[\s,]*+")
_BETWEEN = re.compile(rb"""[^"'{}\[\]/]{0,200}+""")
_NO_MARKS_TO_END = re.compile(rb"""[^"']{0,200}+\Z""")
# {"value": as where two files were joined
_ANOTHER = re.compile(rb""",?\s*+\{\s*+["']value["']\s*+:""")


@dataclass(slots=True)
class _Stop:
    """Where elements that follow one another end.

    Attributes:
        at: after the array; else where an element or a comma should be.
        error: the fault; None where the array ended.
        position: of the next element.
        held: the elements before the fault whose ends are not certain.
        after_element: what is wrong comes after the last element.
    """

    at: int
    error: GrammarError | None
    position: int
    held: list[Item] = field(default_factory=list)
    after_element: bool = False


@dataclass(slots=True)
class _Region:
    """A stretch that cannot be read: where it begins, and from where the next record is looked for.

    Attributes:
        position: of the record that it seems to be; None where it is in none.
        next: the position of the record after it.
        doubtful: nothing need be wrong with it but what is before it.
    """

    start: int
    look: int
    error: GrammarError
    position: int | None
    next: int
    doubtful: bool = False

    def item(self, buffer: Buffer, end: int) -> Item:
        """Return the region as an item, once its end is known."""
        if self.doubtful and self.position is not None:
            return doubtful(buffer, self.position, self.start, end, self.error)
        return unreadable(buffer, self.position, self.start, end, self.error)


class ArrayReader:
    """Reads one array.

    Attributes:
        begun: the array was reached.
        end: where it ended, once it has.
        gave_up: no end of it was found, and all up to the file's end was given.
    """

    def __init__(self, buffer: Buffer, *, repair: bool, commas: bool = False) -> None:
        self.begun = self.gave_up = False
        self.end = 0
        self._buffer = buffer
        self._budget = ReadBudget(buffer)
        self._reader = ElementReader(buffer, repair, self._budget, commas)
        self._names: set[str] = set()

    def items(self, offset: int) -> Generator[Item, None, int]:
        """Yield what is in the array at ``offset``; return where it ends.

        Raises:
            GrammarError: there is no array.
        """
        at = skip_blank(self._buffer, expect(self._buffer, offset, b"["))
        self.begun = True
        self._use_mark(b"'" if re.compile(rb"\{\s*+'").match(self._buffer, at) else b'"')
        stop = yield from self._noting_names(self._run(at, 0))
        while stop.error is not None:
            stop = yield from self._after_fault(stop, stop.error)
        self.end = stop.at
        return stop.at

    def _use_mark(self, mark: bytes) -> None:
        """Prepare expressions for names in these quotation marks; those in others may be in a text."""
        parts = {b"mark": mark}
        self._first_name = re.compile(rb"\{\s*+(%(mark)b(?:[^%(mark)b\\\r\n]|\\.){1,200}+%(mark)b)(\s*+:)?" % parts)
        self._begins = re.compile(rb"\{\s*+%(mark)b" % parts)
        # },{" or }{" before a record; ],{" or x",{" where a bracket is missing; ]," after the array
        self._place = re.compile(
            rb"""
            \}\s*+,?\s*+ (?=\{\s*+%(mark)b)
            | (?P<no_bracket> \]\s*+,? | ["'0-9A-Za-z]\s*+, ) \s*+ (?=\{\s*+%(mark)b)
            | (?P<array_end> \] )\s*+,\s*+ (?=%(mark)b)
            """
            % parts,
            re.VERBOSE,
        )
        self._record_within = re.compile(rb"\}\s*+,?\s*+\{\s*+%(mark)b[^%(mark)b\\]*+%(mark)b\s*+:" % parts)

    def _run(self, at: int, position: int) -> Generator[Item, None, _Stop]:
        """Yield the elements from ``at`` on, each once the next was read; return where they end.

        The next one makes the end of the one before certain, unless it is no record, or its names are in other
        quotation marks than the file's: then both may be pieces of a text.
        """
        buffer = self._buffer
        held: list[Item] = []
        end = at
        try:
            while buffer[at : at + 1] != b"]":
                item, end = self._reader.element_at(at, position)
                if held and (self._begins.match(buffer, at) or end - held[0].offset > _ENOUGH):
                    yield from held
                    held.clear()
                held.append(item)
                position += 1
                at = after_record(buffer, end)
                end = at
            self._check_end(at + 1)
        except GrammarError as error:
            # ``at`` is moved on once what follows the element was read.
            after_element = end > at
            return _Stop(error.offset if after_element else at, error, position, held, after_element)
        yield from held
        return _Stop(at + 1, None, position)

    def _check_end(self, at: int) -> None:
        """Check what follows the array's bracket: nothing that has quotation marks, or the rest of the file's object.

        Raises:
            GrammarError: something else does, so that the bracket may be one in a text.
        """
        buffer = self._buffer
        if self._stray_end(at) >= len(buffer) or only_brackets(buffer, at) or _NO_MARKS_TO_END.match(buffer, at):
            return
        start = at
        try:
            at = first = after_value(buffer, at, b"}")
            while buffer[at : at + 1] != b"}":
                _, at = read_key(buffer, at)
                at = after_value(buffer, skip_value(buffer, at), b"}")
        except GrammarError as error:
            self._budget.spend(read_up_to(buffer, error) - start)
            raise
        at = skip_blank(buffer, at + 1)
        closed = buffer[first : first + 1] == b"}"
        if at < len(buffer) and not (closed and (_ANOTHER.match(buffer, at) or _NO_MARKS_TO_END.match(buffer, at))):
            raise GrammarError(at, "text after the end of the JSON", Trouble.no_format)

    def _after_fault(self, stop: _Stop, error: GrammarError) -> Generator[Item, None, _Stop]:
        """Go on from a fault to the next one, or to the array's end."""
        buffer, at = self._buffer, stop.at
        follows = self._between_end(at)
        self._note(stop.held)
        self._names = self._names or self._likely_name(at)
        if (stop.after_element or follows > at) and self._begins_known(follows):
            doubt = stop.after_element and bool(stop.held) and _may_be_piece(stop.held[-1])
            yield from self._checked(stop.held, error, doubt=doubt)
            # A text between two commas has a place of its own.
            counted = not stop.after_element and b"," in bytes(buffer[at:follows]).lstrip(b" \t\r\n,")
            yield unreadable(buffer, stop.position if counted else None, at, follows, error)
            return (yield from self._noting_names(self._run(follows, stop.position + counted)))
        region = yield from self._region(stop, error)
        return (yield from self._resume(region))

    def _region(self, stop: _Stop, error: GrammarError) -> Generator[Item, None, _Region]:
        """Yield the elements before a fault that are whole or doubtful; return what cannot be read."""
        buffer, at, held = self._buffer, stop.at, stop.held
        if not stop.after_element and (buffer[at : at + 1] == b"{" or NAME_FOLLOWS.match(buffer, at)):
            name = self._first_name.match(buffer, at)
            yield from self._checked(held, error, doubt=name is None or name[2] is None)
            return self._broken_at(at, stop.position, error)
        end = end_of(held[-1]) if held else at
        if error.trouble is Trouble.unclosed or self._stray_end(at) >= len(buffer):
            hidden = error.trouble is not Trouble.unclosed and b"/" in bytes(buffer[end : end + _NEAR])
            yield from self._checked(held, error, doubt=hidden)
            return _Region(end, end, error, None, stop.position)
        if not held:
            return self._broken_at(at, stop.position, error)
        first = held[0].position or 0
        return _Region(held[0].offset, at, error, first, first + 1)

    def _broken_at(self, start: int, position: int, error: GrammarError) -> _Region:
        look = start
        if self._buffer[start : start + 1] == b"{":
            broken = read_broken(self._buffer, start)
            look = max(broken.value_at, start + 1)
            if broken.value_end is not None and self._buffer[look : look + 1] in (b"{", b"["):
                look = broken.value_end
            self._budget.spend(read_up_to(self._buffer, broken.error) - look if broken.error else 0)
        return _Region(start, look, error, position, position + 1)

    def _resume(self, region: _Region) -> Generator[Item, None, _Stop]:
        """Go on where a record certainly begins.

        That is after a closing bracket, where the record and those after it can be read up to the array's end, a fault
        in another record, or a mebibyte on. Else they may be in a text, or in a list within a record.
        """
        buffer = self._buffer
        while not self._budget.spent and (found := self._place.search(buffer, region.look)):
            at = region.look = found.end()
            if found["array_end"]:
                if self._array_ends(found.start() + 1):
                    yield region.item(buffer, found.start())
                    return _Stop(found.start() + 1, None, region.next)
                continue
            if not self._begins_known(at):
                continue
            if found["no_bracket"]:
                yield region.item(buffer, found.start() + 1)
                region = _Region(at, at + 1, region.error, region.next, region.next + 1, doubtful=True)
                continue
            items = self._run(at, region.next)
            trial, stop = _first_of(items, until=at + _ENOUGH)
            if stop is not None and stop.error is not None and not trial:
                self._budget.spend(read_up_to(buffer, stop.error) - at)
                yield region.item(buffer, found.start() + 1)
                region = self._broken_at(at, region.next, stop.error)
            elif stop is None or self._ended_well(stop):
                yield region.item(buffer, found.start() + 1)
                self._note(trial)
                held = stop.held if stop else []
                yield from self._checked(trial[: len(trial) - len(held)], region.error, after=True)
                return (yield from items) if stop is None else stop
            else:
                region.look = stop.at
        yield region.item(buffer, len(buffer))
        self.gave_up = True
        return _Stop(len(buffer), None, region.next)

    def _array_ends(self, at: int) -> bool:
        try:
            self._check_end(at)
        except GrammarError:
            return False
        return True

    def _ended_well(self, stop: _Stop) -> bool:
        """Return whether what follows some records can follow records, and no text or object goes on."""
        if stop.error is None or stop.error.trouble is Trouble.unclosed:
            return True
        no_bracket = not stop.after_element and NAME_FOLLOWS.match(self._buffer, stop.at) is not None
        ended = self._stray_end(stop.at) >= len(self._buffer)
        return no_bracket or ended or self._begins_known(self._between_end(stop.at))

    def _begins_known(self, at: int) -> bool:
        """Return whether a record begins at ``at`` with a name with which others begin."""
        return bool(self._first_names_at(at) & self._names)

    def _first_names_at(self, at: int) -> set[str]:
        found = self._first_name.match(self._buffer, at)
        return {unquote(found[1])} if found else set()

    def _likely_name(self, start: int) -> set[str]:
        """Return the name with which most records begin after a fault in the first one; empty where no two do.

        A letter directly after it shows that it isn't a name: in ``{","Note"``, a text ends and another one begins.
        """
        places = [found.end() for found in self._place.finditer(self._buffer, start, start + _ENOUGH)]
        begun = [self._first_name.match(self._buffer, place) for place in [start, *places]]
        names = Counter(
            unquote(found[1])
            for found in begun
            if found and self._buffer[found.end(1) : found.end(1) + 1] in _AFTER_NAME
        )
        return {name for name, count in names.most_common(1) if count > 1}

    def _stray_end(self, at: int) -> int:
        """Return the offset after blanks and commas."""
        found = _STRAY.match(self._buffer, at)
        return found.end() if found else at

    def _between_end(self, at: int) -> int:
        """Return the offset after a little text without quotation marks, brackets and comments."""
        found = _BETWEEN.match(self._buffer, at)
        return found.end() if found else at

    def _note(self, items: Iterable[Item]) -> None:
        """Note the names with which records begin."""
        self._names |= _first_names_of(items)

    def _noting_names(self, items: Generator[Item, None, _Stop]) -> Generator[Item, None, _Stop]:
        """Yield elements, and note the names with which the first ones begin."""
        first, stop = _first_of(items, count=_SAMPLE)
        self._note(first)
        yield from first[: len(first) - len(stop.held)] if stop else first
        return (yield from items) if stop is None else stop

    def _checked(
        self, items: Iterable[Item], error: GrammarError, *, doubt: bool = False, after: bool = False
    ) -> Iterator[Item]:
        """Yield elements beside a fault, or after it; a record that may be part of another one is doubtful."""
        for item in items:
            if isinstance(item, Record) and (doubt or self._is_doubtful(item, after=after)):
                yield doubtful(self._buffer, item.position, item.offset, end_of(item), error)
            else:
                yield item

    def _is_doubtful(self, record: Record, *, after: bool) -> bool:
        """Return whether a record is empty, holds another, or after a fault has two values of one name."""
        if not record.members or (record.raw.find(b"{", 1) > 0 and self._record_within.search(record.raw, 1)):
            return True
        text = record.respelled if isinstance(record, Repaired) else record.raw
        return after and bool(read_broken(text, 0).repeated)


def _first_names_of(items: Iterable[Item]) -> set[str]:
    return {next(iter(one.members)) for one in items if isinstance(one, Record) and one.members}


def _first_of(
    items: Generator[Item, None, _Stop], until: int | None = None, count: int | None = None
) -> tuple[list[Item], _Stop | None]:
    """Return the first elements, up to an offset or so many; and where they end, if they do, its held ones included."""
    found: list[Item] = []
    while (count is None or len(found) < count) and (until is None or not found or end_of(found[-1]) < until):
        try:
            found.append(next(items))
        except StopIteration as ended:
            stop: _Stop = ended.value
            return [*found, *stop.held], stop
    return found, None


def _may_be_piece(item: Item) -> bool:
    """Return whether a record without a comma after it may be a piece: it is empty, or a comma is at its end."""
    return not isinstance(item, Record) or not item.members or item.raw[:-1].rstrip().endswith(b",")
