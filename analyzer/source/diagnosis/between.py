"""Where a fault is that stands in no record: behind the last whole one, or where the next one should begin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.source.diagnosis.beside import record_has_ended
from analyzer.source.diagnosis.person import BETWEEN, identity_in, identity_in_broken
from analyzer.source.model import Trouble
from analyzer.source.reader.broken import without_beginning
from analyzer.source.reader.tolerant import skip_blank

if TYPE_CHECKING:
    from analyzer.source.diagnosis.person import Identity
    from analyzer.source.identity.looks import IdProperty
    from analyzer.source.model import GrammarError
    from analyzer.source.reader.json_text import Buffer
    from analyzer.source.reader.walk import Walk

_OF_FILE = frozenset({Trouble.unclosed, Trouble.brackets})
"""Faults of no record: all records are whole."""


@dataclass(frozen=True, slots=True)
class Where:
    """Which record, whose, and which property, as in ``Spot``."""

    record: int | None
    behind: bool = False
    identity: Identity | None = None
    property: str | None = None


def between(buffer: Buffer, walk: Walk, error: GrammarError, named: int | None, id_property: IdProperty) -> Where:
    """The record beside a fault that is in none.

    Args:
        buffer: the source file.
        walk: through its records, which ended behind the last whole one.
        error: the fault.
        named: the record that the service names, from 1.
        id_property: which property holds the id.

    Returns:
        The next record, where the service names it; else behind the last one. No record where the fault does not
        follow on one.
    """
    if error.trouble in _OF_FILE:
        return Where(None)
    end = walk.last.offset + len(walk.last.raw) if walk.last else None
    if named == walk.records + 1 and _in_list(buffer, error, end):
        broken = without_beginning(buffer, error.offset - 1 if end is None else end, error)
        return Where(named, identity=identity_in_broken(buffer, broken, None, id_property))
    if walk.last is None or not _in_list(buffer, error, end):
        return Where(None)
    # Behind a comma it may be the next record's, and without one this one's that a bracket in a text has ended.
    sure = error.start is None and record_has_ended(buffer, error.offset)
    identity = identity_in(walk.last, id_property, "" if sure else BETWEEN)
    return Where(walk.records, behind=True, identity=identity)


def _in_list(buffer: Buffer, error: GrammarError, end: int | None) -> bool:
    """Whether the fault follows on a record, or stands where one should begin."""
    if error.start is not None:
        return True
    return end is not None and error.trouble is not Trouble.no_format and skip_blank(buffer, end) >= error.offset
