"""Check the property map: against the records of a file, and against the profile store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.catalogue.check_findings import UNMAPPED_PROPERTY, UNUSED_PROPERTY
from analyzer.catalogue.schema_findings import SEVERAL_VALUES, SYNCED_PROPERTY, UNKNOWN_PROPERTY, USER_EDITABLE
from analyzer.model.service import SYNCED_PROPERTIES
from analyzer.model.text import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analyzer.imports.findings import Findings
    from analyzer.imports.property_schema import PropertySchema
    from analyzer.source.batches import Batch

_SYNCED = frozenset(name.lower() for name in SYNCED_PROPERTIES)


class MapCheck:
    """Finds properties that the map lacks, and properties of the map that no record has.

    A record without an ID isn't listed: the service reports only the missing ID (inferred).
    """

    def __init__(self, property_map: Mapping[str, str], id_property: str) -> None:
        """Check against a map: profile property by property of the file; names are case-sensitive."""
        self._map = property_map
        self._id_property = id_property
        self._seen: set[str] = set()
        self._unmapped: dict[tuple[str, ...], list[str]] = {}

    def take(self, batch: Batch, findings: Findings) -> None:
        """Look at some records."""
        if batch.names not in self._unmapped:
            self._seen.update(batch.names)
            self._unmapped[batch.names] = [
                name for name in batch.names if name not in self._map and name != self._id_property
            ]
        for name in self._unmapped[batch.names]:
            numbers, identities = _with_id(batch)
            message = f"{name or 'a property without a name'} isn't in the property map"
            findings.add_records(UNMAPPED_PROPERTY, message, numbers, identities, name)

    def finish(self, findings: Findings) -> None:
        """Add properties of the map that no record has, and what the unmapped ones may be called in the map."""
        unused = [name for name in self._map if name not in self._seen] if self._seen else []
        for name in unused:
            findings.add(UNUSED_PROPERTY, f"no record has {name}", property_name=name)
        unmapped = list(dict.fromkeys(name for names in self._unmapped.values() for name in names))
        similar = {name: near for name in unmapped if (near := _similar(name, unused))}
        if similar:
            pairs = "; ".join(f"{name}, where the map has {near}" for name, near in similar.items())
            findings.advise(UNMAPPED_PROPERTY, f"Use the same spelling in the feed and in the map: {pairs}.")


def _similar(name: str, names: Sequence[str]) -> str:
    same = [one for one in names if one.strip().casefold() == name.strip().casefold()]
    return same[0] if same else nearest(name, names)


def _with_id(batch: Batch) -> tuple[Sequence[int], Sequence[str | None]]:
    if None not in batch.identities:
        return batch.numbers, batch.identities
    pairs = [pair for pair in zip(batch.numbers, batch.identities, strict=True) if pair[1] is not None]
    return [number for number, _ in pairs], [identity for _, identity in pairs]


def check_map(property_map: Mapping[str, str], schema: PropertySchema | None, findings: Findings) -> None:
    """Add what the queue call refuses and what the directory syncs, each profile property of a map once.

    Args:
        property_map: profile property by property of the source file.
        schema: of the tenant; None if unknown, which leaves the directory's properties.
        findings: receives the findings.
    """
    sources = {name: source for source, name in reversed([*property_map.items()])}
    for name in dict.fromkeys(property_map.values()):
        mapped = f"{sources[name]} is mapped to {name}, which"
        if schema is not None:
            _check_property(name, mapped, schema, findings)
        if name.strip().lower() in _SYNCED:
            findings.add(SYNCED_PROPERTY, f"{mapped} the directory syncs", property_name=name)


def _check_property(name: str, mapped: str, schema: PropertySchema, findings: Findings) -> None:
    known = schema.get(name)
    if known is None:
        near = nearest(name, schema.names)
        findings.add(
            UNKNOWN_PROPERTY,
            f"{mapped} isn't in {schema.source}",
            property_name=name,
            suggestion=near or None,
            remedy=f"Map it to {near}, or correct the name otherwise." if near else "",
        )
        return
    if known.editable:
        findings.add(USER_EDITABLE, f"{mapped} users may edit", property_name=name)
    if known.taxonomic or known.multi_value:
        kind = "takes terms of the term store" if known.taxonomic else "takes several values"
        findings.add(SEVERAL_VALUES, f"{mapped} {kind}", property_name=name)
