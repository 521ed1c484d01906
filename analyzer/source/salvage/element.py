"""One element of the array: a record, or a stretch whose end is sure although it is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.source.model import Fault, FaultKind, GrammarError, Trouble
from analyzer.source.reader.fault import fault_of
from analyzer.source.reader.records import no_record_at
from analyzer.source.reader.shape import shown_value
from analyzer.source.reader.tolerant import after_value, record_at, skip_value
from analyzer.source.salvage.backslashes import ended_at, respelled_at
from analyzer.source.salvage.boundary import array_ends, begins
from analyzer.source.salvage.unreadable import Repaired, Unreadable

if TYPE_CHECKING:
    from analyzer.source.reader.json_text import Buffer
    from analyzer.source.salvage.patience import Patience
    from analyzer.source.salvage.unreadable import Item


@dataclass(frozen=True, slots=True)
class How:
    """How records are read.

    Attributes:
        mark: the quotation mark of the file's names.
        repair: whether a record whose only fault is backslashes is one.
        patience: for what is read again.
        known: the names in the first records that were read; grows.
    """

    mark: bytes
    repair: bool
    patience: Patience
    known: set[frozenset[str]] = field(default_factory=set)


_ENOUGH = 200
"""Records whose names are kept: the first ones."""
_MAY_HIDE_ITS_END = frozenset({Trouble.escape, Trouble.after_value, Trouble.unexpected, Trouble.endless})
_MIXED = "{}; the same value has escapes, so which backslashes are meant is not known"


def element_at(buffer: Buffer, at: int, position: int, how: How) -> tuple[Item, int]:
    """The element at ``at``, and where it ends.

    Raises:
        GrammarError: where the element ends cannot be said.
    """
    try:
        record, end = record_at(buffer, at, position)
    except GrammarError as error:
        if buffer[at : at + 1] == b"{" and error.trouble in _MAY_HIDE_ITS_END:
            found = _backslashes(buffer, at, position, error, how)
            if found is not None:
                return found
        elif error.offset == at and buffer[at : at + 1] not in (b'"', b"'"):
            behind = _other_value(buffer, at, how.mark)
            if behind is not None:
                fault = Fault(FaultKind.import_format, f"{shown_value(buffer, at)} in place of a record")
                no_record = no_record_at(buffer, at, position)
                return Unreadable(position, at, behind, fault, no_record, _buffer=buffer), behind
        raise
    if position < _ENOUGH:
        how.known.add(frozenset(record.members))
    return record, end


def _backslashes(buffer: Buffer, at: int, position: int, error: GrammarError, how: How) -> tuple[Item, int] | None:
    found = respelled_at(buffer, at, how.patience) if error.trouble is Trouble.escape else None
    found = found or ended_at(buffer, at, how.known, how.patience)
    if found is None:
        return None
    end = at + len(found.raw)
    if how.repair and found.sure:
        return Repaired(position, at, found.raw, dict(found.members), found.text), end
    fault = fault_of(buffer, error)
    if not found.sure:
        fault = Fault(FaultKind.backslash, _MIXED.format(fault.words))
    return Unreadable(position, at, end, fault, error, _buffer=buffer), end


def _other_value(buffer: Buffer, at: int, mark: bytes) -> int | None:
    """The end of a value that is no object where a record or the array's end follows; a text may be a piece of one."""
    try:
        end = skip_value(buffer, at)
        follows = after_value(buffer, end, b"]")
        sure = buffer[follows : follows + 1] == b"]" and array_ends(buffer, follows + 1) is None
    except GrammarError:
        return None
    return end if sure or begins(buffer, follows, mark) else None
