from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.errors import RefusedError, UnreachableError
from analyzer.tenant.sharepoint.profiles import property_names, read_profile

if TYPE_CHECKING:
    from tests.conftest import Given, LoopbackTenant

PROFILE = (
    b'{"AccountName": "i:0#.f|membership|ada@contoso.com", "UserProfileProperties": [{"Key": "City", "Value": "", '
    b'"ValueType": "Edm.String"}, {"Key": "OfficeCode", "Value": "E1", "ValueType": "Edm.String"}, {"Value": "x"}]}'
)


@pytest.mark.parametrize("user", ["o'ada@contoso.com", "i:0#.f|membership|o'ada@contoso.com"])
def test_the_names_of_all_properties_are_read_from_a_profile(
    loopback: LoopbackTenant, given: type[Given], user: str
) -> None:
    loopback.fail("GetPropertiesFor", given(body=PROFILE))
    assert property_names(loopback.session(), user) == ["City", "OfficeCode"]
    (seen,) = loopback.seen
    account = "i%3A0%23.f%7Cmembership%7Co%27%27ada%40contoso.com"
    call = f"/_api/SP.UserProfiles.PeopleManager/GetPropertiesFor(accountName=@v)?@v='{account}'"
    assert (seen.method, seen.path) == ("GET", call)


def test_a_profile_has_the_values_of_all_properties_in_any_case(loopback: LoopbackTenant, given: type[Given]) -> None:
    loopback.fail("GetPropertiesFor", given(body=PROFILE))
    profile = read_profile(loopback.session(), "ada@contoso.com")
    assert profile is not None
    assert [profile.get(name) for name in ("officecode", "City", "Floor")] == ["E1", "", None]


@pytest.mark.parametrize("body", [b'{"odata.null": true}', b'{"@odata.null": true}'])
def test_a_user_without_a_profile_is_none(loopback: LoopbackTenant, given: type[Given], body: bytes) -> None:
    loopback.fail("GetPropertiesFor", given(body=body))
    assert property_names(loopback.session(), "eve@contoso.com") is None


@pytest.mark.parametrize("body", [b"{}", b'{"UserProfileProperties": {}}', b'{"UserProfileProperties": ["x"]}'])
def test_another_answer_is_an_error(loopback: LoopbackTenant, given: type[Given], body: bytes) -> None:
    loopback.fail("GetPropertiesFor", given(body=body))
    with pytest.raises(UnreachableError, match="isn't a profile"):
        property_names(loopback.session(), "eve@contoso.com")


def test_a_missing_permission_is_a_refusal(loopback: LoopbackTenant, given: type[Given]) -> None:
    loopback.fail("GetPropertiesFor", given(status=403, body=b"{}"))
    with pytest.raises(RefusedError):
        property_names(loopback.session(), "eve@contoso.com")
