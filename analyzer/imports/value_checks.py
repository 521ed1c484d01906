"""Check values: lists and objects, null, empty dates, and texts that are too long or of the wrong type."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.catalogue.schema_findings import EMPTY_DATE, NESTED_VALUE, NULL_VALUE, TOO_LONG, WRONG_TYPE
from analyzer.imports.property_schema import ValueType
from analyzer.imports.value_types import FITS, NOUNS
from analyzer.model.identity import identity_key
from analyzer.model.text import count, shortened
from analyzer.source.batches import as_written

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from analyzer.catalogue.finding_kind import FindingKind
    from analyzer.imports.findings import Findings
    from analyzer.imports.model import Batch
    from analyzer.imports.property_schema import ProfileProperty, PropertySchema

_SHOWN = 40
_REMEMBERED = 50_000
"""Values of a property that are known to be of its type; a property with more of them is checked more slowly."""
_NESTED = (dict, list)


class ValueChecks:
    """Finds values that the service refuses, fails for, or writes otherwise than they are meant.

    On healthy columns, only operations in C look at every value.
    """

    def __init__(
        self,
        property_map: Mapping[str, str] | None,
        id_property: str,
        schema: PropertySchema | None,
        accounts: Collection[str] | None = None,
    ) -> None:
        """Check against the map and the schema.

        Args:
            property_map: profile property by property of the file; None if unknown.
            id_property: the property of the file with the IDs, which isn't written.
            schema: types and lengths; None if unknown, which leaves nested values and nulls.
            accounts: keys of all user principal names, for values that are persons; None checks their form.
        """
        self._map = property_map or {}
        self._id_property = id_property
        self._schema = schema
        self._fits = dict(FITS)
        if accounts is not None:
            self._fits[ValueType.person] = lambda text: identity_key(text) in accounts
        self._nulls: Counter[str] = Counter()
        self._fitting: dict[str, set[str]] = {}
        self._known: dict[str, ProfileProperty | None] = {}

    def take(self, batch: Batch, findings: Findings) -> None:
        """Look at some records."""
        for name, values, types in zip(batch.names, batch.columns, batch.types, strict=True):
            if not types.isdisjoint(_NESTED):
                _add_nested(name, values, batch, findings)
            if name == self._id_property:
                continue
            if type(None) in types:
                self._nulls[name] += values.count(None)
            known = self._property(name)
            if known is not None:
                texts = values if types == {str} else [as_written(value) for value in values]
                column = _Column(name, known, texts, batch)  # type: ignore[arg-type]  # texts and None
                if known.max_length is not None:
                    _add_too_long(column, known.max_length, findings)
                if known.type in self._fits:
                    self._add_wrong(column, self._fits[known.type], findings)

    def finish(self, findings: Findings) -> None:
        """Add a finding for each property that has nulls."""
        for name, number in self._nulls.items():
            message = f"{name} is null in {count(number, 'record')}, which keeps the old value"
            findings.add(NULL_VALUE, message, property_name=name)

    def _property(self, name: str) -> ProfileProperty | None:
        """Return the profile property that a property is written to; None if it or its schema is unknown."""
        if name not in self._known:
            target = self._map.get(name)
            known = self._schema.get(target) if self._schema is not None and target is not None else None
            self._known[name] = known
        return self._known[name]

    def _add_wrong(self, column: _Column, fits: Callable[[str], bool], findings: Findings) -> None:
        """Add empty dates, and values that aren't of the property's type."""
        fitting = self._fitting.setdefault(column.name, {""})
        texts = set(column.texts)
        if "" in texts and column.known.type is ValueType.date:
            message = f"{column.name} is empty, which becomes 1 January"
            column.add(EMPTY_DATE, {at: message for at, text in enumerate(column.texts) if text == ""}, findings)
        new = {text for text in texts if text is not None and text not in fitting}
        wrong = {text for text in new if not fits(text)}
        if len(fitting) < _REMEMBERED:
            fitting |= new - wrong
        if wrong:
            noun = NOUNS[column.known.type]
            messages = {
                at: f"{column.name} is {shortened(text, _SHOWN)!r}, not {noun}"
                for at, text in enumerate(column.texts)
                if text is not None and text in wrong
            }
            column.add(WRONG_TYPE, messages, findings)


@dataclass(frozen=True, slots=True)
class _Column:
    """The values of a property in a batch, as .NET writes them; None for null and for what isn't one value."""

    name: str
    known: ProfileProperty
    texts: Sequence[str | None]
    batch: Batch

    def add(self, kind: FindingKind, messages: Mapping[int, str], findings: Findings) -> None:
        """Add findings by their positions in the batch."""
        _add(kind, messages, self.name, self.batch, findings)


def _add(kind: FindingKind, messages: Mapping[int, str], name: str, batch: Batch, findings: Findings) -> None:
    numbers = [batch.numbers[at] for at in messages]
    findings.add_records(kind, messages.values(), numbers, [batch.identities[at] for at in messages], name)


def _add_nested(name: str, values: Sequence[object], batch: Batch, findings: Findings) -> None:
    messages = {
        at: f"{name} is {'an object' if isinstance(value, dict) else 'a list'}"
        for at, value in enumerate(values)
        if isinstance(value, _NESTED)
    }
    _add(NESTED_VALUE, messages, name, batch, findings)


def _add_too_long(column: _Column, most: int, findings: Findings) -> None:
    present = [text for text in column.texts if text] if None in column.texts else column.texts
    longest = max(map(len, present), default=0)  # type: ignore[arg-type]  # without None
    # A character is one or two units.
    if 2 * longest <= most or (longest <= most and _is_plain("".join(present))):  # type: ignore[arg-type]
        return
    messages = {
        at: f"{column.name} has {units:,} characters, but {column.known.name} takes at most {most:,}"
        for at, text in enumerate(column.texts)
        if (units := _units(text or "")) > most
    }
    column.add(TOO_LONG, messages, findings)


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _is_plain(text: str) -> bool:
    """Return whether each character is one unit."""
    return _units(text) == len(text)
