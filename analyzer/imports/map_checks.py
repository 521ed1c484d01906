"""Check the property map against the profile store: what the queue call refuses, and what the directory syncs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.catalogue.schema_findings import SEVERAL_VALUES, SYNCED_PROPERTY, UNKNOWN_PROPERTY, USER_EDITABLE
from analyzer.model.service import SYNCED_PROPERTIES
from analyzer.model.text import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.imports.findings import Findings
    from analyzer.imports.property_schema import PropertySchema

_SYNCED = frozenset(name.lower() for name in SYNCED_PROPERTIES)


def check_map(property_map: Mapping[str, str], schema: PropertySchema | None, findings: Findings) -> None:
    """Add what is wrong with the profile properties of a map, each once; ``property`` is the profile property.

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
