"""Check the texts of a file for damage that an import writes silently."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.catalogue.check_findings import (
    DOUBLED_BACKSLASHES,
    GARBLED_LETTERS,
    LETTERS_WITHOUT_MARK,
    LOST_LETTERS,
    TYPE_NAME,
)
from analyzer.imports.origin import SERIALIZED_DATE_BEGINS, find_serialized_dates
from analyzer.model.text import count, shortened
from analyzer.source.damaged_values import TYPE_NAMES_BEGIN, DamageKind, damage_in, may_have_damage_within

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from analyzer.catalogue.finding_kind import FindingKind
    from analyzer.imports.findings import Findings
    from analyzer.source.batches import Batch

_TEXT = frozenset({str})
_ODD_BEGINNINGS = (*TYPE_NAMES_BEGIN, SERIALIZED_DATE_BEGINS)
_SHOWN = 60
"""Characters of a value that are shown."""


_KINDS = {
    DamageKind.garbled: GARBLED_LETTERS,
    DamageKind.lost: LOST_LETTERS,
    DamageKind.backslashes: DOUBLED_BACKSLASHES,
    DamageKind.type_name: TYPE_NAME,
}


def _may_begin_oddly(joined: str) -> bool:
    # Searching one sign is much faster than several, and few columns have these.
    return any(odd[0] in joined and odd[-1] in joined and odd in joined for odd in _ODD_BEGINNINGS)


class DamageCheck:
    """Finds texts that were damaged before, or will be because the file has no byte order mark."""

    def __init__(self, *, marked: bool, is_ascii: Callable[[], bool] = lambda: False) -> None:
        """Check a file with or without a byte order mark.

        Args:
            marked: whether it has one.
            is_ascii: returns whether the file is ASCII: then its letters are written as escapes, which need no mark.
        """
        self._marked = marked
        self._is_ascii = is_ascii
        self._letters: dict[str, tuple[int, int, str | None, str]] = {}

    def take(self, batch: Batch, findings: Findings) -> None:
        """Look at some records."""
        for name, column, types in zip(batch.names, batch.columns, batch.types, strict=True):
            if str not in types:
                continue
            texts: Sequence[str] = column if types == _TEXT else [one if isinstance(one, str) else "" for one in column]  # type: ignore[assignment]
            # Searching all texts at once takes a fraction of a call for each.
            joined = "\n".join(texts)
            if not self._marked and not joined.isascii():
                self._note_letters(batch, name, texts)
            begin_oddly = _may_begin_oddly(joined)
            if begin_oddly:
                find_serialized_dates(batch, name, texts, findings)
            if begin_oddly or may_have_damage_within(joined):
                self._look_at(batch, name, texts, findings)

    def finish(self, findings: Findings) -> None:
        """Add one finding for each property with letters beyond ASCII, as they have one cause."""
        if self._letters and self._is_ascii():
            return
        for name, (records, number, identity, text) in self._letters.items():
            first = f"record {number:,}{f' ({identity})' if identity else ''}: {shortened(text, _SHOWN)}"
            message = f"{count(records, 'record')} with letters beyond ASCII, the first is {first}"
            findings.add(LETTERS_WITHOUT_MARK, message, property_name=name)

    def _note_letters(self, batch: Batch, name: str, texts: Sequence[str]) -> None:
        """Note that some texts have letters beyond ASCII."""
        ascii_only = list(map(str.isascii, texts))
        records = ascii_only.count(False)
        if name in self._letters:
            before, *first = self._letters[name]
            self._letters[name] = (before + records, *first)  # type: ignore[assignment]  # the rest of the same tuple
        else:
            at = ascii_only.index(False)
            self._letters[name] = records, batch.numbers[at], batch.identities[at], texts[at]

    def _look_at(self, batch: Batch, name: str, texts: Sequence[str], findings: Findings) -> None:
        """Look at each value of a property."""
        found: dict[FindingKind, list[int]] = {}
        for index, text in enumerate(texts):
            for kind in damage_in(text):
                found.setdefault(_KINDS[kind], []).append(index)
        for kind_of_finding, damaged in found.items():
            findings.add_records(
                kind_of_finding,
                [f"{name} is {shortened(texts[index], _SHOWN)}" for index in damaged],
                [batch.numbers[index] for index in damaged],
                [batch.identities[index] for index in damaged],
                name,
            )
