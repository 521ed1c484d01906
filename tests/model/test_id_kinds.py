"""The kind of IDs, and the ID type that takes them."""

import pytest

from analyzer.model.identity import IdKind, id_advice, id_kinds, kind_of
from analyzer.model.service import IdType

_GUIDS = ["29c15105-5322-5cf7-9131-69b2b9b9279f", "F3672745-2626-57C5-AEB6-F4876C135BA0"]
_NAMES = ["ada@contoso.com", "bob.o'hara@fabrikam.co.uk"]
_GUESTS = ["ada_fabrikam.com#EXT#@contoso.onmicrosoft.com"]
_LOGINS = ["CONTOSO\\ada", "contoso.local\\bob"]
_CLAIMS = ["i:0#.f|membership|ada@contoso.com", "i:0#.w|contoso\\bob"]


@pytest.mark.parametrize(
    ("identity", "kind"),
    [
        *((identity, IdKind.object_id) for identity in _GUIDS),
        *((identity, IdKind.at_domain) for identity in [*_NAMES, "jürgen@contoso.com", "ada@contoso"]),
        *((identity, IdKind.guest) for identity in [*_GUESTS, "ada_fabrikam.com#ext#@contoso.onmicrosoft.com"]),
        *((identity, IdKind.claims) for identity in [*_CLAIMS, "c:0-.f|rolemanager|spo-grid-all-users"]),
        *((identity, IdKind.login) for identity in _LOGINS),
        ("ada", IdKind.other),
        ("00123", IdKind.other),
        ("CN=Ada,OU=Users,DC=contoso,DC=com", IdKind.other),
        ("29c1510553225cf7913169b2b9b9279f", IdKind.other),
        ("@contoso.com", IdKind.other),
        ("@{userPrincipalName=ada@contoso.com}", IdKind.other),
        ("ada lovelace@contoso.com", IdKind.other),
        ("S-1-5-21-1004336348-1177238915-682003330-512", IdKind.other),
    ],
)
def test_an_id_is_of_the_kind_that_it_looks_like(identity: str, kind: IdKind) -> None:
    assert kind_of(identity) is kind


@pytest.mark.parametrize(
    ("identities", "id_types", "finding", "action", "as_it_is"),
    [
        (_GUIDS, (IdType.CloudId,), "object IDs", "queue with the ID type CloudId", True),
        (_NAMES, (IdType.PrincipalName, IdType.Email), "names or mail addresses", "else with Email", True),
        ([*_NAMES, *_GUESTS], (IdType.PrincipalName,), "some of guests", "queue with the ID type PrincipalName", True),
        (_LOGINS, (), "DOMAIN\\name, which no ID type takes", "user principal names or object IDs", False),
        (_CLAIMS, (), "claims names", "what follows the last |", False),
        (["ada", "00123"], (), "neither object IDs nor names at a domain", "have the feed write", False),
        ([*_GUIDS, *_NAMES], (), "of several kinds", "for everyone", False),
        ([*_GUIDS * 20, "typo"], (IdType.CloudId,), "object IDs", "queue with the ID type CloudId", True),
        ([], (), "of several kinds", "for everyone", False),
    ],
    ids=["object-ids", "names", "guests", "logins", "claims", "numbers", "mixed", "one-of-many-is-damaged", "none"],
)
def test_the_advice_fits_the_ids(
    identities: list[str], id_types: tuple[IdType, ...], finding: str, action: str, as_it_is: bool
) -> None:
    kinds = id_kinds(identities)
    advice = id_advice(kinds)
    assert kinds.id_types == id_types
    assert finding in advice.finding
    assert action in advice.action
    assert advice.as_it_is is as_it_is


def test_blank_ids_do_not_count() -> None:
    assert id_kinds(["", "  ", "ada@contoso.com"]).counts == {IdKind.at_domain: 1}
