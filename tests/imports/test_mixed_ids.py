"""IDs of several kinds in a file whose ID type isn't known."""

from __future__ import annotations

import pytest

from analyzer.imports.identity_checks import IdKindCheck
from tests.imports.batches import found

ADDRESSES = [f"u{one}@contoso.com" for one in range(40)]
GUIDS = [f"00000000-0000-4000-8000-{one:012}" for one in range(40)]
GUESTS = ["eve_fabrikam.com#EXT#@contoso.onmicrosoft.com"]
CLAIMS = ["i:0#.f|membership|ada@contoso.com"]


@pytest.mark.parametrize(
    "ids",
    [ADDRESSES, GUIDS, GUESTS, CLAIMS, ADDRESSES + GUESTS, ADDRESSES + CLAIMS, GUIDS + CLAIMS, [*ADDRESSES, "", None]],
    ids=["addresses", "object IDs", "guest", "claims", "with a guest", "with claims", "IDs and claims", "without ID"],
)
def test_ids_that_one_type_takes_are_no_finding(ids: list[str | None]) -> None:
    assert found(IdKindCheck(None), [{"IdName": one} for one in ids]) == []


def test_the_records_with_another_kind_are_listed() -> None:
    ids = [*ADDRESSES, "4711", *ADDRESSES, GUIDS[0]]
    assert found(IdKindCheck(None), [{"IdName": one} for one in ids]) == [
        ("mixed-ids", 41, None, "the ID is neither an object ID nor an address, unlike the others"),
        ("mixed-ids", 82, None, "the ID is an object ID, unlike the others"),
    ]


def test_without_a_usual_kind_the_finding_is_about_the_file() -> None:
    records = [{"IdName": one} for one in ADDRESSES + GUIDS]
    assert found(IdKindCheck(None), records) == [
        ("mixed-ids", None, None, "of 80 IDs 40 are object IDs and 40 are addresses")
    ]
