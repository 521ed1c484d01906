"""The property map: what the queue call refuses, and what the directory syncs."""

from __future__ import annotations

import pytest

from analyzer.catalogue import OURS
from analyzer.catalogue.schema_findings import QUEUE_CALL_KINDS
from analyzer.emulator.profiles import ProfileStore, Property
from analyzer.imports.findings import Findings
from analyzer.imports.map_checks import check_map
from analyzer.imports.property_schema import ProfileProperty, PropertySchema

SCHEMA = PropertySchema(
    [
        ProfileProperty("OfficeCode"),
        ProfileProperty("AboutMe", editable=True),
        ProfileProperty("Skills", taxonomic=True),
        ProfileProperty("Projects", multi_value=True),
        ProfileProperty("Department"),
    ],
    "schema.csv",
)
STORE = ProfileStore(
    [],
    [
        Property("OfficeCode"),
        Property("AboutMe", editable=True),
        Property("Skills", type="taxonomic"),
        Property("Projects", type="multivalue"),
        Property("Department"),
    ],
)


def found(
    property_map: dict[str, str], schema: PropertySchema | None = SCHEMA
) -> list[tuple[str, str, str, str | None]]:
    findings = Findings()
    check_map(property_map, schema, findings)
    return findings.table().select("kind", "property", "message", "suggestion").rows()


@pytest.mark.parametrize(
    ("property_map", "expected"),
    [
        ({"Office": "officeCODE"}, []),
        (
            {"Office": "OficeCode"},
            [
                (
                    "unknown-property",
                    "OficeCode",
                    "Office is mapped to OficeCode, which isn't in schema.csv",
                    "OfficeCode",
                )
            ],
        ),
        ({"A": "Xyz"}, [("unknown-property", "Xyz", "A is mapped to Xyz, which isn't in schema.csv", None)]),
        ({"A": "AboutMe"}, [("user-editable", "AboutMe", "A is mapped to AboutMe, which users may edit", None)]),
        (
            {"A": "Skills", "B": "Projects"},
            [
                ("several-values", "Projects", "B is mapped to Projects, which takes several values", None),
                ("several-values", "Skills", "A is mapped to Skills, which takes terms of the term store", None),
            ],
        ),
        (
            {"A": "department", "B": "department"},
            [("synced-property", "department", "A is mapped to department, which the directory syncs", None)],
        ),
    ],
)
def test_each_profile_property_of_the_map_is_looked_up(
    property_map: dict[str, str], expected: list[tuple[str, str, str, str | None]]
) -> None:
    assert found(property_map) == expected


def test_without_a_schema_the_directory_s_properties_are_known() -> None:
    assert [kind for kind, *_ in found({"A": "AboutMe", "B": "Title", "C": "x"}, None)] == ["synced-property"]


@pytest.mark.parametrize("target", ["OficeCode", "AboutMe", "Skills", "Projects", "OfficeCode", "Department"])
def test_what_is_found_is_what_the_queue_call_refuses_by_the_code_that_explains_its_message(target: str) -> None:
    refusal = STORE.refusal({"A": target})
    pattern = OURS.pattern_of("QueueImportProfileProperties", refusal, None) if refusal else None
    codes = [kind.code for kind in QUEUE_CALL_KINDS for name, *_ in found({"A": target}) if name == kind.name]
    assert codes == ([pattern.code] if pattern else [])
    assert bool(refusal) is bool(codes)
