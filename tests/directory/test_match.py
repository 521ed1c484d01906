from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.directory.headings import Column
from analyzer.directory.match import healthy_keys, inferred_id_type, resolutions, resolve
from analyzer.directory.model import RESOLUTIONS, Attribute, Match
from analyzer.directory.users import directory_of
from analyzer.emulator.profiles import ProfileStore
from analyzer.emulator.profiles import User as Profile
from analyzer.model.identity import identity_key
from analyzer.model.service import IdType
from tests.directory.exports import ADA, BOB, DELETED, GONE, GUEST, PEOPLE, User, addresses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.directory.model import Directory, Resolution

CLAIMS = "i:0#.f|membership|"
EMAIL, CLOUD, NAME = IdType.Email, IdType.CloudId, IdType.PrincipalName
_HEADINGS = {
    "userPrincipalName": Column.principal_name,
    "proxyAddresses": Column.addresses,
    "otherMails": Column.other_addresses,
    "deletedDateTime": Column.deleted,
}


def directory(users: Sequence[User] = (*PEOPLE, DELETED)) -> Directory:
    """The users as an export that has everything."""
    columns = {
        Column.principal_name: [user.name for user in users],
        Column.mail: [user.mail for user in users],
        Column.object_id: [user.object_id for user in users],
        Column.addresses: [addresses(user, ";") for user in users],
        Column.enabled: ["" if user.enabled is None else str(user.enabled) for user in users],
        Column.licenses: [user.license for user in users],
        Column.deleted: [user.deleted for user in users],
        Column.user_type: [user.kind for user in users],
    }
    return directory_of(pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)), "users.csv")


def one(identity: str, id_type: IdType | None = None, users: Sequence[User] = (*PEOPLE, DELETED)) -> Resolution:
    (found,) = resolutions([identity], directory(users), id_type)
    return found


@pytest.mark.parametrize(
    ("identity", "id_type", "match", "proof", "corrected", "suggestion"),
    [
        ("ADA@contoso.com ", NAME, Match.found, "in the directory", "", ""),
        ("a.king@contoso.com", EMAIL, Match.found, "in the directory", "", ""),
        (ADA.upper(), CLOUD, Match.found, "in the directory", "", ""),
        ("a.king@contoso.com", None, Match.found, "the mail address of ada@contoso.com", "", ""),
        (ADA, NAME, Match.other_kind, "the object ID of ada@contoso.com", "ada@contoso.com", ""),
        (ADA, EMAIL, Match.other_kind, "the object ID of a.king@contoso.com", "a.king@contoso.com", ""),
        ("a.king@contoso.com", NAME, Match.other_kind, "the mail address of ada@contoso.com", "ada@contoso.com", ""),
        ("ada@contoso.com", CLOUD, Match.other_kind, "the user principal name of ada@contoso.com", ADA, ""),
        (
            "ada@contoso.com",
            EMAIL,
            Match.other_kind,
            "the user principal name of the user with the mail address a.king@contoso.com",
            "a.king@contoso.com",
            "",
        ),
        (
            f"{{{ADA}}}",
            CLOUD,
            Match.other_kind,
            "the object ID of ada@contoso.com, in another spelling",
            ADA,
            "",
        ),
        (
            ADA.replace("-", ""),
            None,
            Match.other_kind,
            "the object ID of ada@contoso.com, in another spelling",
            ADA,
            "",
        ),
        (f"{CLAIMS}Ada@contoso.com", NAME, Match.found, "in the directory", "", ""),
        (
            f"{CLAIMS}a.king@contoso.com",
            NAME,
            Match.other_kind,
            "the mail address of ada@contoso.com",
            "ada@contoso.com",
            "",
        ),
        (
            BOB,
            NAME,
            Match.other_kind,
            "the object ID of bob@contoso.com, whose account is disabled",
            "bob@contoso.com",
            "",
        ),
        ("bob@contoso.com", NAME, Match.disabled, "in the directory, but the account is disabled", "", ""),
        ("ada.l+x@contoso.com", NAME, Match.renamed, "an alias of ada@contoso.com", "ada@contoso.com", ""),
        ("ada.l+x@contoso.com", EMAIL, Match.renamed, "an alias of a.king@contoso.com", "a.king@contoso.com", ""),
        ("ada.l+x@contoso.com", None, Match.renamed, "an alias of ada@contoso.com", "", "ada@contoso.com"),
        ("gone@contoso.com", NAME, Match.deleted, "the user principal name of a deleted user", "", ""),
        (GONE, CLOUD, Match.deleted, "the object ID of a deleted user", "", ""),
        ("g@fabrikam.com", EMAIL, Match.found, "in the directory", "", ""),
        (
            "g@fabrikam.com",
            NAME,
            Match.guest,
            "the outside address of the guest g_fabrikam.com#EXT#@contoso.onmicrosoft.com",
            "g_fabrikam.com#EXT#@contoso.onmicrosoft.com",
            "",
        ),
        ("bbb@contoso.com", NAME, Match.unknown, "not in the directory export", "", ""),
        (
            "a.kong@contoso.com",
            EMAIL,
            Match.misspelt,
            "no user's, but one letter from a.king@contoso.com",
            "",
            "a.king@contoso.com",
        ),
        ("gine@contoso.com", NAME, Match.unknown, "not in the directory export", "", ""),
        ("ada@contosa.com", NAME, Match.unknown, "not in the directory export", "", ""),
    ],
)
def test_each_id_is_what_the_export_proves(  # noqa: PLR0913, PLR0917 - a table
    identity: str, id_type: IdType | None, match: Match, proof: str, corrected: str, suggestion: str
) -> None:
    found = one(identity, id_type)
    assert (found.match, found.proof, found.corrected, found.suggestion) == (match, proof, corrected, suggestion)


def test_a_guests_address_that_only_the_name_shows_is_suggested() -> None:
    guest = User("g_x_fabrikam.com#EXT#@contoso.onmicrosoft.com", GUEST)
    found = one("g_x@fabrikam.com", NAME, [guest])
    assert (found.match, found.corrected, found.suggestion) == (Match.guest, "", guest.name)


def test_an_address_of_two_users_proves_nothing() -> None:
    users = [User("ada@contoso.com", ADA, aliases=("hr@contoso.com",)), User("bob@contoso.com", BOB, "hr@contoso.com")]
    for asked in (users, [*users, User("eve@contoso.com", GUEST, "hr@contoso.com")]):
        found = one("hr@contoso.com", NAME, asked)
        assert (found.match, found.corrected, found.suggestion) == (Match.several, "", "")
        assert found.proof == f"an ID or address of {len(asked)} users"


def test_the_address_of_a_deleted_user_that_a_colleague_took_over_proves_nothing() -> None:
    boss = User("bob@contoso.com", BOB, "bob@contoso.com", aliases=("gone@contoso.com",))
    for id_type in (NAME, EMAIL, CLOUD, None):
        found = one("gone@contoso.com", id_type, [boss, DELETED])
        assert (found.match, found.corrected, found.suggestion) == (Match.several, "", "")
        assert found.proof == "an ID or address of 2 users, not all of whom still exist"


def test_an_old_address_that_a_new_user_has_is_neither_users_object_id() -> None:
    users = [User("ada.king@contoso.com", ADA, aliases=("ada@contoso.com",)), User("ada@contoso.com", BOB)]
    assert one("ada@contoso.com", CLOUD, users).match is Match.several
    assert one("ada@contoso.com", NAME, users).match is Match.found


@pytest.mark.parametrize("account", [{"enabled": False}, {"license": "Unlicensed"}])
def test_an_alias_of_an_account_like_a_shared_mailbox_is_only_suggested(account: dict[str, Any]) -> None:
    shared = User("info@contoso.com", ADA, "info@contoso.com", aliases=("ada@contoso.com",), **account)
    found = one("ada@contoso.com", NAME, [shared])
    assert (found.match, found.corrected, found.suggestion) == (Match.renamed, "", "info@contoso.com")
    assert one("info@contoso.com", CLOUD, [shared]).corrected == ADA


def test_a_contact_address_is_only_suggested_and_counts_after_everything_else() -> None:
    admin = {"userPrincipalName": "adm@contoso.com", "otherMails": "Ada.K@contoso.com"}
    user = {"userPrincipalName": "ada@contoso.com", "proxyAddresses": "smtp:ada.k@contoso.com"}
    guest = {"userPrincipalName": "g#EXT#@contoso.com", "otherMails": "ada.k@contoso.com"}
    gone = {"userPrincipalName": "x@contoso.com", "otherMails": "ada.k@contoso.com", "deletedDateTime": "2026-11-01"}
    seen = [_resolved("ada.k@contoso.com", *rows) for rows in ([admin], [admin, gone], [guest], [admin, guest], [gone])]
    assert [(found.match, found.corrected, found.suggestion) for found in seen] == [
        (Match.renamed, "", "adm@contoso.com"),
        (Match.renamed, "", "adm@contoso.com"),
        (Match.guest, "", "g#EXT#@contoso.com"),
        (Match.several, "", ""),
        (Match.unknown, "", ""),
    ]
    assert seen[0].proof == "a contact address of adm@contoso.com"
    found = _resolved("ada.k@contoso.com", admin, user, guest)
    assert (found.match, found.corrected) == (Match.renamed, "ada@contoso.com")


def test_without_mail_addresses_an_alias_is_not_corrected_if_the_id_type_is_unknown() -> None:
    user = {"userPrincipalName": "ada@contoso.com", "proxyAddresses": "smtp:old@contoso.com"}
    assert _resolved("old@contoso.com", user).corrected == "ada@contoso.com"
    found = _resolved("old@contoso.com", user, id_type=None)
    assert (found.corrected, found.suggestion) == ("", "ada@contoso.com")


def _resolved(identity: str, *rows: dict[str, str], id_type: IdType | None = NAME) -> Resolution:
    cells = pl.from_dicts([dict.fromkeys(_HEADINGS, "") | row for row in rows]).rename(_HEADINGS)
    (found,) = resolutions([identity], directory_of(cells, "users.csv"), id_type)
    return found


def test_an_id_counts_before_another_users_address() -> None:
    users = [User("ada@contoso.com", ADA), User("bob@contoso.com", BOB, "ada@contoso.com")]
    assert one("ada@contoso.com", NAME, users).match is Match.found
    assert one("ada@contoso.com", EMAIL, users).match is Match.found


def test_a_live_user_counts_before_a_deleted_one() -> None:
    assert one("gone@contoso.com", NAME, [DELETED, User("gone@contoso.com", ADA)]).match is Match.found
    assert one("gone@contoso.com", NAME, [DELETED, replace(DELETED, object_id=ADA)]).match is Match.deleted


def test_a_deleted_user_counts_before_a_guests_address() -> None:
    guest = User("g#EXT#@contoso.com", GUEST, "gone@contoso.com")
    assert one("gone@contoso.com", NAME, [guest, DELETED]).match is Match.deleted
    assert one("gone@contoso.com", NAME, [guest]).match is Match.guest


def test_an_id_of_two_users_is_not_healthy() -> None:
    users = [User("ada@contoso.com", ADA), User("ada@contoso.com", BOB), User("eve@contoso.com", GUEST)]
    assert one("ada@contoso.com", NAME, users).match is Match.several
    assert healthy_keys(directory(users), NAME) == {"eve@contoso.com"}
    users[1] = User("ada@contoso.com", BOB, enabled=False)
    assert healthy_keys(directory(users), NAME) == {"eve@contoso.com"}


def test_a_user_without_a_license_is_seen_unless_it_is_a_guest() -> None:
    assert one("u@contoso.com", NAME, [User("u@contoso.com", ADA, license="Unlicensed")]).match is Match.unlicensed
    assert one(PEOPLE[2].name, NAME).match is Match.found


def test_two_similar_users_or_another_digit_suggest_nothing() -> None:
    users = [User("anna1@contoso.com", ADA), User("hanna@contoso.com", BOB), User("janna@contoso.com", GUEST)]
    assert one("kanna@contoso.com", NAME, users).match is Match.unknown
    assert one("anna2@contoso.com", NAME, users).match is Match.unknown


@pytest.mark.parametrize("id_type", [None, *IdType])
def test_an_export_without_an_attribute_cannot_look_it_up(id_type: IdType | None) -> None:
    names = pl.DataFrame({Column.principal_name: ["ada@contoso.com"]})
    found = directory_of(names, "users.csv")
    assert found.can_look_up(id_type) == (id_type in (None, NAME))
    assert {Attribute.mail, Attribute.object_id} < found.lacks


@pytest.mark.parametrize(
    ("identities", "expected"),
    [
        (["a.king@contoso.com", "bob@contoso.com"], EMAIL),
        (["ada@contoso.com", "bob@contoso.com"], NAME),
        ([ADA, f"{{{BOB}}}", "bob@contoso.com"], CLOUD),
        (["bob@contoso.com", "x@contoso.com"], None),
        ([], None),
    ],
)
def test_the_id_type_is_what_most_ids_are_of(identities: list[str], expected: IdType | None) -> None:
    assert inferred_id_type(pl.Series(identities, dtype=pl.String), directory()) is expected


# A slow reference: each user looked at for each ID.

_LETTERS = "abo1"
_NAMES = st.text(_LETTERS, min_size=3, max_size=6)
_ADDRESSES = st.builds("{}@{}".format, _NAMES, st.sampled_from(["c.d", "e.f"]))
_GUIDS = st.integers(1, 9).map(lambda number: f"00000000-0000-0000-0000-00000000000{number}")
_USERS = st.builds(
    User,
    name=_ADDRESSES,
    object_id=_GUIDS,
    mail=st.one_of(st.just(""), _ADDRESSES),
    enabled=st.sampled_from([True, True, False, None]),
    license=st.sampled_from(["E3", "Unlicensed"]),
    aliases=st.lists(_ADDRESSES, max_size=2).map(tuple),
    kind=st.sampled_from(["Member", "Member", "Guest"]),
    deleted=st.sampled_from(["", "", "2026-11-01"]),
)
_IDS = st.one_of(
    _ADDRESSES,
    _GUIDS,
    _GUIDS.map("{{{}}}".format),
    _GUIDS.map(lambda guid: guid.replace("-", "")),
    _ADDRESSES.map(lambda address: CLAIMS + address.upper()),
    st.just(""),
)


def attributes(user: User) -> dict[str, set[str]]:
    return {
        "principal_name": {user.name},
        "mail": {user.mail} - {""},
        "object_id": {user.object_id},
        "alias": set(user.aliases),
    }


def wanted(user: User, id_type: IdType | None) -> set[str]:
    names = {NAME: ["principal_name"], EMAIL: ["mail"], CLOUD: ["object_id"]}
    found = attributes(user)
    return set().union(*(found[name] for name in names.get(id_type, ["principal_name", "mail", "object_id"])))  # type: ignore[arg-type]


def plainly(identity: str) -> str:
    key = identity_key(identity)
    digits = re.sub(r"[{}-]", "", key)
    if re.fullmatch("[0-9a-f]{32}", digits):
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    return key


def rank_of(identity: str, user: User, id_type: IdType | None) -> int | None:
    key = plainly(identity)
    where = [name for name, values in attributes(user).items() if key in values]
    if not where:
        return None
    if user.deleted:
        return 3
    if key == identity_key(identity) and key in wanted(user, id_type):
        return 0
    if user.kind == "Guest" and not {"principal_name", "object_id"} & set(where):
        return 4
    return 1 if set(where) - {"alias"} else 2


def expected(identity: str, users: Sequence[User], id_type: IdType | None) -> str:
    ranks = {user.object_id: rank for user in users if (rank := rank_of(identity, user, id_type)) is not None}
    if not ranks:
        return "unknown"
    best = min(ranks.values())
    if best == 3:
        return "deleted"
    if list(ranks.values()).count(best) > 1 or (best > 0 and len(ranks) > 1):
        return "several"
    (user,) = [user for user in users if ranks.get(user.object_id) == best]
    if best > 0:
        return ("", "other_kind", "renamed", "deleted", "guest")[best]
    if user.enabled is False:
        return "disabled"
    return "unlicensed" if user.license == "Unlicensed" and user.kind != "Guest" else "found"


@settings(max_examples=400, deadline=None)
@given(
    users=st.lists(_USERS, min_size=1, max_size=6, unique_by=lambda user: user.object_id),
    identities=st.lists(_IDS, min_size=1, max_size=12),
    id_type=st.sampled_from([None, *IdType]),
)
def test_ids_are_what_a_look_at_each_user_says(
    users: list[User], identities: list[str], id_type: IdType | None
) -> None:
    export = directory(users)
    found = resolve(pl.Series(identities, dtype=pl.String), export, id_type)
    assert dict(found.schema) == dict(RESOLUTIONS)
    assert found["identity"].to_list() == identities
    for row in found.iter_rows(named=True):
        reference = expected(row["identity"], users, id_type)
        match = "unknown" if row["match"] == Match.misspelt else row["match"]
        assert match == reference, row
        if row["corrected"]:
            assert match in {"other_kind", "renamed", "guest"}
            assert row["corrected"] in wanted(users_by_row(export, users, row["user"]), id_type)
        if row["match"] == Match.misspelt:
            assert row["suggestion"] in wanted(users_by_row(export, users, row["user"]), id_type)
    healthy = healthy_keys(export, id_type)
    for identity in identities:
        assert (identity_key(identity) in healthy) == (expected(identity, users, id_type) == "found"), identity


def users_by_row(export: Directory, users: Sequence[User], row: int) -> User:
    return next(user for user in users if user.object_id == export.users["object_id"][row])


@settings(max_examples=200, deadline=None)
@given(
    users=st.lists(_USERS, min_size=1, max_size=6, unique_by=lambda user: user.object_id),
    identities=st.lists(_IDS, min_size=1, max_size=12),
    id_type=st.sampled_from([*IdType]),
)
def test_the_test_tenant_resolves_the_ids_that_are_those_of_a_user(
    users: list[User], identities: list[str], id_type: IdType
) -> None:
    live = [user for user in users if not user.deleted]
    tenant = ProfileStore([Profile(user.mail, user.object_id, user.name) for user in live], None)
    for found in resolutions(identities, directory(users), id_type):
        if found.match is not Match.several:  # the test tenant knows the last of them only
            is_resolved = tenant.user(id_type, found.identity) is not None
            assert is_resolved == (found.match in {Match.found, Match.disabled, Match.unlicensed}), found
        if found.corrected:
            assert tenant.user(id_type, found.corrected) is not None
