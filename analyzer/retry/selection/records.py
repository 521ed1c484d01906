"""Records of an open source file by their number among the spans that were found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.source.diagnosis.broken import ends_escaped, escaped
from analyzer.source.model import GrammarError
from analyzer.source.reader.tolerant import record_at

if TYPE_CHECKING:
    from analyzer.source.model import Spans
    from analyzer.source.reader.json_text import Buffer


class Records:
    """The records that some spans tell."""

    def __init__(self, buffer: Buffer, spans: Spans, id_property: str) -> None:
        """Takes a file, where records stand in it, and the name of the property with their ids."""
        self._buffer = buffer
        self._spans = spans
        self.id_property = id_property

    def raw(self, number: int) -> bytes:
        """A record's bytes."""
        return bytes(self._buffer[self._spans.starts[number] : self._spans.ends[number]])

    def identity(self, number: int) -> str:
        """A record's id; empty where it has none."""
        raw = self.raw(number)
        try:
            record, _ = record_at(raw, 0, 0)
        except GrammarError:  # one that can be repaired
            try:
                record, _ = record_at(escaped(raw), 0, 0)
            except GrammarError:
                record, _ = record_at(ends_escaped(raw, alone=True)[0], 0, 0)
        return record.text(self.id_property) or ""
