"""IDs that a job can't use: missing, empty, of another kind, or twice."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.imports.findings import Findings
from analyzer.imports.identity_checks import DuplicateIds, DuplicateTexts, IdKindCheck, MissingIds
from analyzer.model.identity import identity_key
from analyzer.model.service import IdType
from tests.imports.batches import batches, found

GUID = "29c15105-5322-5cf7-9131-69b2b9b9279f"
IDS = st.sampled_from(
    [
        *("ada@contoso.com", "ADA@contoso.com", "i:0#.f|membership|ada@contoso.com", " ada@contoso.com"),
        *("bob@contoso.com", "zoë@contoso.com", "ZOË@contoso.com", "zoe\u0308@contoso.com", "", " ", None),
    ]
)


def records(*identities: str | None) -> list[dict[str, Any]]:
    return [{"IdName": identity, "City": "Oslo"} for identity in identities]


def test_records_without_an_id_and_with_an_empty_one_are_told_apart() -> None:
    several = [*records("ada@contoso.com", None, "", " "), {"City": "Oslo"}]
    assert [(kind, record) for kind, record, *_ in found(MissingIds(), several)] == [
        ("missing-id", 2),
        ("missing-id", 5),
        ("empty-id", 3),
        ("empty-id", 4),
    ]


@given(st.lists(IDS, max_size=12))
def test_every_record_is_listed_whose_id_another_one_has_in_any_spelling(identities: list[str | None]) -> None:
    keys = [identity_key(identity or "") for identity in identities]
    counts = Counter(keys)
    expected = [number for number, key in enumerate(keys, 1) if key and counts[key] > 1]
    check, findings = DuplicateIds(), Findings()
    for batch in batches(records(*identities)):
        check.take(batch, findings)
    check.finish(findings)
    assert sorted(check.numbers) == expected
    assert all(check.numbers[number] == keys.index(keys[number - 1]) + 1 for number in expected)
    texts = DuplicateTexts(check.numbers)
    for batch in batches(records(*identities)):
        texts.take(batch, findings)
    table = findings.table()
    assert table["record"].to_list() == expected
    assert table["identity"].to_list() == [identities[number - 1] for number in expected]
    assert all(one <= other for one, other in pairwise(table["record"]))


@pytest.mark.parametrize(
    ("id_type", "identity", "message"),
    [
        (IdType.Email, GUID, "the ID is an object ID, not a mail address"),
        (IdType.CloudId, "ada@contoso.com", "the ID is an address, not an object ID"),
        (IdType.PrincipalName, "CONTOSO\\ada", "the ID is a login of the form DOMAIN\\name, not a user principal name"),
        (IdType.Email, "ada_fabrikam.com#EXT#@contoso.onmicrosoft.com", None),
        (IdType.PrincipalName, "ada_fabrikam.com#EXT#@contoso.onmicrosoft.com", ""),
        (IdType.PrincipalName, "ada@contoso.com", ""),
        (IdType.Email, "i:0#.f|membership|ada@contoso.com", ""),
        (IdType.CloudId, GUID, ""),
        (IdType.CloudId, None, ""),
        (IdType.Email, " ", ""),
    ],
)
def test_an_id_of_another_kind_than_the_id_type_is_listed(
    id_type: IdType, identity: str | None, message: str | None
) -> None:
    usual = GUID if id_type is IdType.CloudId else "bob@contoso.com"
    rows = found(IdKindCheck(id_type), records(usual, identity, usual))
    if message == "":
        assert rows == []
    else:
        assert [record for _, record, *_ in rows] == [2]
        assert message is None or rows[0][3] == message


def test_if_all_ids_are_of_another_kind_the_fitting_id_type_is_the_remedy() -> None:
    findings = Findings()
    check = IdKindCheck(IdType.Email)
    for batch in batches(records(*[GUID] * 3)):
        check.take(batch, findings)
    check.finish(findings)
    assert findings.table()["remedy"].to_list() == ["Queue with the ID type CloudId: all 3 IDs are object IDs."] * 3


def test_without_an_id_type_ids_of_several_kinds_are_a_finding() -> None:
    (row,) = found(IdKindCheck(None), records(GUID, "ada@contoso.com", "bob@contoso.com"))
    assert row[0] == "mixed-ids"
    assert found(IdKindCheck(None), records("ada@contoso.com", "bob@contoso.com")) == []
