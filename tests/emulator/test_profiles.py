import pytest

from analyzer.emulator.profiles import ProfileStore, Property, SettingsError, User
from analyzer.model.service import IdType

ADA = User("Ada@contoso.com", "0b4b2e33-9d7f-4a0b-9c1e-1f6f3b9a4c01", "ada.l@contoso.com")
PROPERTIES = [
    Property("City"),
    Property("OfficeCode", max_length=10),
    Property("AboutMe", editable=True),
    Property("CellPhone", editable=True),
    Property("Skills", type="taxonomic"),
    Property("PastProjects", type="multivalue"),
]


@pytest.mark.parametrize(
    ("id_type", "identity"),
    [
        (IdType.Email, "ada@CONTOSO.com"),
        (IdType.Email, " ada@contoso.com "),
        (IdType.CloudId, "0B4B2E33-9D7F-4A0B-9C1E-1F6F3B9A4C01"),
        (IdType.PrincipalName, "ada.l@contoso.com"),
        (IdType.PrincipalName, "i:0#.f|membership|Ada.L@contoso.com"),
        (IdType.PrincipalName, "I:0#.W|ada.l@contoso.com"),
        (IdType.PrincipalName, "i:0#.f|membership| ada.l@contoso.com"),
    ],
)
def test_a_user_is_found_by_each_id_without_regard_to_case_and_claims_prefix(id_type: IdType, identity: str) -> None:
    assert ProfileStore([ADA], None).user(id_type, identity) is ADA


@pytest.mark.parametrize(
    ("id_type", "identity"),
    [
        (IdType.Email, "ada.l@contoso.com"),
        (IdType.PrincipalName, "ada@contoso.com"),
        (IdType.Email, ""),
        (IdType.PrincipalName, "membership|ada.l@contoso.com"),
        (IdType.PrincipalName, "i:0#.f|membership|"),
    ],
)
def test_what_is_no_id_of_that_type_finds_nobody(id_type: IdType, identity: str) -> None:
    assert ProfileStore([ADA], None).user(id_type, identity) is None


def test_a_user_without_an_address_is_not_found_by_an_empty_one() -> None:
    store = ProfileStore([User("", "", "bo@contoso.com")], None)
    assert store.user(IdType.Email, "") is None
    assert store.user(IdType.CloudId, "") is None
    assert store.user(IdType.PrincipalName, "bo@contoso.com") is not None


def test_a_user_can_be_made_known_later_and_takes_over_an_id() -> None:
    store = ProfileStore([ADA], None)
    new = User("ada@contoso.com", "other", "new@contoso.com")
    store.add_user(new)
    assert store.user(IdType.Email, "ada@contoso.com") is new
    assert store.user(IdType.PrincipalName, "ada.l@contoso.com") is ADA


def test_properties_are_found_without_regard_to_case() -> None:
    store = ProfileStore([], PROPERTIES)
    assert store.property("officecode") == Property("OfficeCode", max_length=10)
    assert store.property("Floor") is None
    store.add_property(Property("Floor"))
    assert store.property("FLOOR") == Property("Floor")


def test_without_properties_any_property_exists_and_may_be_imported() -> None:
    store = ProfileStore([], None)
    store.add_property(Property("AboutMe", editable=True))
    assert store.property("Anything") == Property("Anything")
    assert store.refusal({"a": "Anything", "b": "AboutMe"}) is None


@pytest.mark.parametrize(
    ("property_map", "message"),
    [
        ({}, None),
        ({"City": "City", "Office": "OfficeCode"}, None),
        ({"Office": "officecode"}, None),
        # Seen.
        ({"About": "AboutMe", "City": "City"}, "Property Names [AboutMe] are editable by user."),
        ({"b": "CellPhone", "a": "AboutMe"}, "Property Names [CellPhone,AboutMe] are editable by user."),
        ({"Skills": "Skills"}, "Property Names [Skills]  are Taxonomic Properties"),
        ({"x": "PastProjects", "y": "Skills"}, "Property Names [PastProjects,Skills]  are Taxonomic Properties"),
        # Inferred.
        ({"x": "Floor", "y": "Desk"}, "Property Names [Floor,Desk] do not exist in the user profile application."),
        ({"x": "Floor", "y": "Floor"}, "Property Names [Floor] do not exist in the user profile application."),
        ({"x": "AboutMe", "y": "Floor"}, "Property Names [Floor] do not exist in the user profile application."),
        ({"x": "Skills", "y": "AboutMe"}, "Property Names [AboutMe] are editable by user."),
        ({"x": "Title", "y": "Skills"}, "Property Names [Title] do not exist in the user profile application."),
    ],
)
def test_a_map_is_refused_for_the_first_rule_that_it_breaks(property_map: dict[str, str], message: str | None) -> None:
    assert ProfileStore([], PROPERTIES).refusal(property_map) == message


def test_a_maps_keys_are_no_profile_properties() -> None:
    assert ProfileStore([], PROPERTIES).refusal({"AboutMe": "City", "Department": "OfficeCode"}) is None


_SYNCED = ["AccountName", "Department", "Manager", "Office", "SPS-JobTitle", "WorkPhone"]


@pytest.mark.parametrize("properties", [None, [Property(name) for name in _SYNCED]], ids=["any", "listed"])
def test_properties_that_the_directory_syncs_are_not_refused(properties: list[Property] | None) -> None:
    store = ProfileStore([], properties)
    assert store.refusal({f"x{number}": name for number, name in enumerate(_SYNCED)}) is None


def test_settings_describe_users_and_properties() -> None:
    store = ProfileStore.from_settings(
        {
            "users": [{"mail": "a@contoso.com", "objectId": "id", "userPrincipalName": "b@contoso.com"}],
            "properties": [{"name": "Bio", "editable": True, "type": "date", "maxLength": 5}, {"name": "City"}],
        }
    )
    assert store.user(IdType.CloudId, "ID") == User("a@contoso.com", "id", "b@contoso.com", {})
    assert store.property("bio") == Property("Bio", editable=True, type="date", max_length=5)
    assert store.property("city") == Property("City")
    assert store.property("Floor") is None


def test_settings_may_leave_out_whatever_they_like() -> None:
    store = ProfileStore.from_settings({"users": [{"mail": "a@contoso.com"}], "comment": 1})
    assert store.user(IdType.Email, "a@contoso.com") is not None
    assert store.property("Floor") == Property("Floor")
    assert ProfileStore.from_settings({"properties": []}).property("Floor") is None


@pytest.mark.parametrize(
    "settings",
    [
        {"users": 1},
        {"users": ["a@contoso.com"]},
        {"users": [{"mail": 1}]},
        {"properties": [{"type": "date"}]},
        {"properties": [{"name": "City", "maxLength": "5"}]},
    ],
)
def test_settings_of_a_wrong_type_are_refused_with_the_place(settings: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match=r"\$\.(users|properties)"):
        ProfileStore.from_settings(settings)


def test_two_users_do_not_share_their_values() -> None:
    first, second = User("a", "b", "c"), User("d", "e", "f")
    first.values["City"] = "Espoo"
    assert second.values == {}
