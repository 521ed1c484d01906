r"""One element of the array: a record, or a stretch that is none although its end is certain.

Backslashes that begin no escape, as ``"R\V"``, leave the pairs of quotation marks as they are: with each of them
doubled the record is JSON, and its end is as certain as that of any other. What they mean is not: in
``"C:\Users\new"`` one of them is read as a line end. So a value that has escapes as well is not repaired.

A value that ends in a backslash hides its own end: of ``"Sales\"},{"IdName":`` the reader takes all up to the next
quotation mark for the value. ``\"`` before a comma and a name, or before the record's end, is read as a backslash and
the value's end where the record then is JSON and has exactly the properties of another record.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.source.model import Fault, FaultKind, GrammarError, Trouble
from analyzer.source.reader.fault import fault_of
from analyzer.source.reader.other_formats import shown_value
from analyzer.source.reader.records import no_record_at
from analyzer.source.reader.tolerant import (
    ESCAPE_OR_BACKSLASH,
    FLAT,
    after_value,
    read_object,
    record_at,
    skip_blank,
    skip_value,
)
from analyzer.source.salvage.model import Repaired, Unreadable, read_up_to
from analyzer.source.strict_json import BACKSLASH_ENDS, doubled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.source.reader.json_text import Buffer
    from analyzer.source.salvage.model import Item, ReadBudget

_KNOWN = 200
"""Records whose names are kept: the first ones."""
_SIZES = (1 << 10, 1 << 14, 1 << 18)
"""Bytes from a record's beginning in which its end is looked for."""
_CUT = 40
"""Bytes before the end of these where a fault may be that of the cut."""
_MOST_COMMAS = 20
"""Commas of a record that are corrected."""
_LONGEST_BLANK = 1 << 10
_BLANK_BEFORE = re.compile(rb"[ \t\r\n]*+\Z")
_MAY_HIDE_ITS_END = frozenset({Trouble.escape, Trouble.after_value, Trouble.unexpected, Trouble.endless})
_MIXED = "{}; the same value has escapes, so which backslashes are meant is not known"
# A comment, and either kind of string
_TEXT = re.compile(
    rb"""(?s)//[^\r\n]*+|/\*.*?\*/|"[^"\\]*+(?:\\.[^"\\]*+)*"|'[^'\\]*+(?:\\.[^'\\]*+)*'""",
)


@dataclass(frozen=True, slots=True)
class ElementReader:
    """How elements are read.

    Attributes:
        buffer: the source file.
        repair: whether a record whose only fault is backslashes is one.
        budget: for what is read again.
        commas: whether a record whose only faults are commas is one.
        known: the names in the first records that were read; grows.
    """

    buffer: Buffer
    repair: bool
    budget: ReadBudget
    commas: bool = False
    known: set[frozenset[str]] = field(default_factory=set)

    def element_at(self, at: int, position: int) -> tuple[Item, int]:
        """Return the element at ``at``, and where it ends.

        Raises:
            GrammarError: where the element ends is unknown.
        """
        try:
            record, end = record_at(self.buffer, at, position)
        except GrammarError as error:
            found = None
            if self.buffer[at : at + 1] == b"{":
                found = self._with_backslashes(at, position, error) if error.trouble in _MAY_HIDE_ITS_END else None
                if found is None and self.commas:
                    found = self._with_commas(at, position, error)
            elif error.offset == at and self.buffer[at : at + 1] not in (b'"', b"'"):
                found = self._other_value(at, position)
            if found is None:
                raise
            return found
        if position < _KNOWN:
            self.known.add(frozenset(record.members))
        return record, end

    def _with_backslashes(self, at: int, position: int, error: GrammarError) -> tuple[Item, int] | None:
        found = self._doubled_at(at, None) if error.trouble is Trouble.escape else None
        if found is None:
            found = self._doubled_at(at, BACKSLASH_ENDS)
            if found is None or not self._names_of_another(frozenset(found.members), at + len(found.raw)):
                return None
        end = at + len(found.raw)
        if self.repair and found.certain:
            return Repaired(position, at, found.raw, dict(found.members), found.text), end
        fault = fault_of(self.buffer, error)
        if not found.certain:
            fault = Fault(FaultKind.backslash, _MIXED.format(fault.words))
        return Unreadable(position, at, end, fault, error, _buffer=self.buffer), end

    def _with_commas(self, at: int, position: int, error: GrammarError) -> tuple[Item, int] | None:
        """Return a record without surplus commas and with missing ones, if it then has the names of another record."""
        if _comma_corrected(self.buffer, error) is None:
            return None
        for raw in self._pieces(at, flat=True):
            text: bytes = raw
            for _ in range(_MOST_COMMAS):
                try:
                    record = read_object(text, 0)
                except GrammarError as further:
                    corrected = _comma_corrected(text, further)
                    if corrected is None:
                        break
                    text = corrected
                    continue
                end = at + record.end - len(text) + len(raw)
                text = text[: record.end]
                if not self._names_of_another(frozenset(record.members), end):
                    return None
                return Repaired(position, at, bytes(self.buffer[at:end]), record.members, text, commas=True), end
        return None

    def _doubled_at(self, at: int, ends: re.Pattern[bytes] | None) -> _Doubled | None:
        """Return the record at ``at`` with backslashes doubled; None where these are not all that is wrong with it."""
        for raw in self._pieces(at, flat=ends is None):
            text, places = doubled(raw, ends)
            try:
                record = read_object(text, 0)
            except GrammarError as error:
                if read_up_to(text, error) < len(text) - _CUT:
                    return None
                continue
            places = [place for place in places if place < record.end]
            text = text[: record.end]
            return _Doubled(raw[: record.end - len(places)], text, record.members, not _mixes(text, set(places)))
        return None

    def _pieces(self, at: int, *, flat: bool) -> Iterator[bytes]:
        """Yield the record, where its brackets show its end; else longer and longer pieces from its beginning."""
        found = FLAT.match(self.buffer, at) if flat else None
        if found is not None:
            yield found[0]
            return
        for size in _SIZES:
            piece = bytes(self.buffer[at : at + size])
            self.budget.spend(len(piece))
            yield piece
            if len(piece) < size or self.budget.spent:
                return

    def _names_of_another(self, names: frozenset[str], end: int) -> bool:
        """Return whether a record that was read, or the one after ``end``, has exactly these names."""
        if names in self.known:
            return True
        at = skip_blank(self.buffer, end)
        try:
            following = record_at(self.buffer, skip_blank(self.buffer, at + 1), 0)[0]
        except GrammarError:
            return False
        return self.buffer[at : at + 1] == b"," and names == frozenset(following.members)

    def _other_value(self, at: int, position: int) -> tuple[Item, int] | None:
        """Return a value that is not an object where a record, null, or the array's end follows."""
        try:
            end = skip_value(self.buffer, at)
            follows = after_value(self.buffer, end, b"]")
        except GrammarError:
            return None
        if self.buffer[follows : follows + 1] not in (b"]", b"{") and self.buffer[follows : follows + 4] != b"null":
            return None
        fault = Fault(FaultKind.import_format, f"{shown_value(self.buffer, at)} in place of a record")
        error = no_record_at(self.buffer, at, position)
        return Unreadable(position, at, end, fault, error, _buffer=self.buffer), end


def _comma_corrected(text: Buffer, error: GrammarError) -> bytes | None:
    """Return a text with the comma that its first fault lacks, or without the one that is too many; else None."""
    at = error.offset
    if error.trouble is Trouble.after_value and text[at : at + 1] == b'"':
        found = _BLANK_BEFORE.search(text, max(0, at - _LONGEST_BLANK), at)
        end = found.start() if found else at
        return b"%b,%b" % (text[:end], text[end:])
    if error.trouble is Trouble.unexpected and text[at : at + 1] == b",":
        return b"%b%b" % (text[:at], text[at + 1 :])
    return None


@dataclass(frozen=True, slots=True)
class _Doubled:
    """A record with its backslashes doubled.

    Attributes:
        raw: as in the file.
        text: the same with backslashes doubled.
        members: the spelled values of ``text`` by name.
        certain: whether no value mixes such backslashes with escapes.
    """

    raw: bytes
    text: bytes
    members: dict[str, bytes]
    certain: bool


def _mixes(text: bytes, places: set[int]) -> bool:
    """Return whether a value has escapes beside the backslashes that were doubled, at these places."""
    for value in _TEXT.finditer(text):
        escapes = {value.start() + found.start() for found in ESCAPE_OR_BACKSLASH.finditer(value[0])}
        if escapes & places and escapes - places:
            return True
    return False
