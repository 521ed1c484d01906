"""The array of records in a file with faults: from each to the next place where a record begins."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from analyzer.source.reader.tolerant import Record, expect, skip_blank
from analyzer.source.salvage.boundary import Boundaries, begins, end_before_tail, first_name, mark_of
from analyzer.source.salvage.element import How
from analyzer.source.salvage.patience import Patience, reached
from analyzer.source.salvage.region import Opening, Region, broken_at
from analyzer.source.salvage.stretch import Stop, stretch
from analyzer.source.salvage.trial import checked, ended_well, first_names_of, on_trial, tested

if TYPE_CHECKING:
    from collections.abc import Generator

    from analyzer.source.model import GrammarError
    from analyzer.source.reader.json_text import Buffer
    from analyzer.source.salvage.trial import Trial
    from analyzer.source.salvage.unreadable import Item

_SAMPLE = 200
"""Records whose first properties' names are kept."""


class Reader:
    """Reads one array.

    Attributes:
        begun: the array was come to.
        end: where it ended, once it has.
        gave_up: no end of it was found, and all up to the file's end was given.
    """

    def __init__(self, buffer: Buffer, *, repair: bool) -> None:
        self.begun = self.gave_up = False
        self.end = 0
        self._buffer = buffer
        self._patience = Patience(buffer)
        self._how = How(b'"', repair, self._patience)
        self._boundaries = Boundaries(buffer, self._how.mark, self._patience)
        self._names: set[str] = set()
        self._broken_names: set[str] = set()

    def array(self, buffer: Buffer, offset: int) -> Generator[Item, None, int]:
        """Yields what is in the array at ``offset``; returns where it ends.

        Raises:
            GrammarError: there is no array.
        """
        at = skip_blank(buffer, expect(buffer, offset, b"["))
        self.begun = True
        self._how = dataclasses.replace(self._how, mark=mark_of(buffer, at))
        self._boundaries = Boundaries(buffer, self._how.mark, self._patience)
        stop = yield from self._beginning(at)
        while stop.error is not None:
            stop = yield from self._beyond(stop, stop.error)
        if stop.beside is not None:
            for item in stop.held:
                yield checked(buffer, item, stop.beside, self._how.mark, doubt=True)
        self.end = stop.at
        return stop.at

    def _beginning(self, at: int) -> Generator[Item, None, Stop]:
        """The array's beginning, up to its first fault."""
        items = stretch(self._buffer, at, 0, self._how)
        for _ in range(_SAMPLE):
            try:
                item = next(items)
            except StopIteration as ended:
                stop: Stop = ended.value
                self._names |= first_names_of(stop.held)
                return stop
            self._names |= first_names_of([item])
            yield item
        return (yield from items)

    def _beyond(self, stop: Stop, error: GrammarError) -> Generator[Item, None, Stop]:
        """From a fault to the next one, or to the array's end."""
        mark = self._how.mark
        region = yield from Opening(self._buffer, mark, self._names).region(stop, error)
        if region.position is None and begins(self._buffer, region.look, mark):
            # Nothing is wrong with this record but what stands before it.
            trial = self._on_trial(region.look, region.next)
            if trial.found and ended_well(self._buffer, trial.stop, mark):
                return (yield from self._accepted(region, region.start, trial))
            region = broken_at(self._buffer, region.look, region.next, _error_of(trial) or error)
        while True:
            self._patience.spend(region.cost)
            found = yield from self._next(region)
            if isinstance(found, Stop):
                return found
            region = found

    def _next(self, region: Region) -> Generator[Item, None, Region | Stop]:
        """Goes on to the next record that cannot be read, or over those that can to the next fault."""
        buffer, mark = self._buffer, self._how.mark
        for place in self._boundaries.behind(region.look):
            if self._patience.ended:
                break
            if place.array_ends:
                yield self._closed(region, place.end)
                return Stop(place.at, None, [], region.next)
            if not place.sure:
                if not begins(buffer, place.at, mark):
                    continue
                yield self._closed(region, place.end)
                return Region(place.at, place.at + 1, region.error, region.next, region.next + 1, doubtful=True)
            trial = self._on_trial(place.at, region.next)
            if trial.found and ended_well(buffer, trial.stop, mark):
                return (yield from self._accepted(region, place.end, trial))
            if trial.found and trial.stop is not None:
                # These lie in a text, or in a list within the record.
                region.look, region.cost = trial.stop.at, 0
                return region
            error = _error_of(trial)
            if error is not None and self._like_record(region, place.at):
                yield self._closed(region, place.end)
                return broken_at(buffer, place.at, region.next, error)
        yield self._closed(region, end_before_tail(buffer, region.start))
        self.gave_up = True
        return Stop(len(buffer), None, [], region.next)

    def _closed(self, region: Region, end: int) -> Item:
        name = None if region.doubtful else first_name(self._buffer, region.start, self._how.mark)
        if name is not None and len(self._broken_names) < _SAMPLE:
            self._broken_names.add(name)
        return region.closed(self._buffer, end)

    def _like_record(self, region: Region, at: int) -> bool:
        """Whether a record that cannot be read begins: with a name and a colon, or a name with which others begin."""
        mark = self._how.mark
        name = first_name(self._buffer, at, mark)
        known = (
            name in self._names or name in self._broken_names or name == first_name(self._buffer, region.start, mark)
        )
        return begins(self._buffer, at, mark) or (name is not None and known)

    def _on_trial(self, at: int, position: int) -> Trial:
        trial = on_trial(self._buffer, at, position, self._how)
        if trial.stop is not None:
            error = trial.stop.error or trial.stop.beside
            self._patience.spend(reached(self._buffer, error) - trial.stop.at if error is not None else 0)
        return trial

    def _accepted(self, region: Region, end: int, trial: Trial) -> Generator[Item, None, Stop]:
        """Yields what was on trial, and what follows on it."""
        buffer, mark = self._buffer, self._how.mark
        if region.position is not None or end > region.start:
            yield self._closed(region, end)
        names = self._names | self._broken_names
        names |= set() if self._names else first_names_of(trial.found[1:])
        items, stop = tested(buffer, trial, names, region.error, mark)
        self._names |= first_names_of(item for item in items[:_SAMPLE] if isinstance(item, Record))
        yield from items
        if stop is None:
            assert trial.rest is not None  # noqa: S101 - a trial ends by a stop or has a rest
            return (yield from trial.rest)
        return stop


def _error_of(trial: Trial) -> GrammarError | None:
    return trial.stop.error if trial.stop is not None else None
