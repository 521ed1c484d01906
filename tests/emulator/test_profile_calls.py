"""What a user's profile says, in each form of answer, as it was recorded of the service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.emulator import start
from analyzer.emulator.profile_calls import BUILT_IN
from tests.emulator.client import Client, StandingClock, error_of, job, source, write_library

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CALL = "/_api/SP.UserProfiles.PeopleManager/GetPropertiesFor"
CLAIMS = "i:0%23.f%7Cmembership%7C"
PROPERTIES = [{"name": "City"}, {"name": "OfficeCode"}, {"name": "department"}]
USERS = [{"mail": "ada@contoso.com", "objectId": "o-1", "userPrincipalName": "ada.l@contoso.com"}]


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    library = write_library(tmp_path_factory.mktemp("profiles") / "library", job())
    (library / "emulator.json").write_text(json.dumps({"users": USERS, "properties": PROPERTIES}), encoding="utf-8")
    with start(library, clock=StandingClock()) as running, Client(running) as opened:
        yield opened


def ask(client: Client, account: str, form: str = "nometadata", path: str = CALL) -> dict[str, Any]:
    answer = client.send(
        "GET", f"{path}(accountName=@v)?@v='{account}'", headers={"Accept": f"application/json;odata={form}"}
    )
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


def pairs(content: dict[str, Any]) -> dict[str, str]:
    return {pair["Key"]: pair["Value"] for pair in content["UserProfileProperties"]}


def test_a_profile_has_every_property_set_or_not_and_each_value_is_text(tenant: Client) -> None:
    content = ask(tenant, f"{CLAIMS}ada.l%40contoso.com")
    assert content["AccountName"] == "i:0#.f|membership|ada.l@contoso.com"
    assert content["UserProfileProperties"][0].keys() == {"Key", "Value", "ValueType"}
    assert {pair["ValueType"] for pair in content["UserProfileProperties"]} == {"Edm.String"}
    assert [*pairs(content)] == [*BUILT_IN, "City", "OfficeCode"]
    assert pairs(content)["msOnline-ObjectId"] == "o-1"
    assert pairs(content)["City"] == ""
    assert content["DirectReports"] == []


def test_the_verbose_form_wraps_lists(tenant: Client) -> None:
    content = ask(tenant, f"{CLAIMS}ada.l@contoso.com", "verbose")["d"]
    assert content["__metadata"]["type"] == "SP.UserProfiles.PersonProperties"
    assert content["DirectReports"] == {"__metadata": {"type": "Collection(Edm.String)"}, "results": []}
    first = content["UserProfileProperties"]["results"][0]
    assert first["__metadata"] == {"type": "SP.KeyValue"}
    assert first["Key"] == "UserProfile_GUID"


@pytest.mark.parametrize("path", [CALL.lower(), f"/sites/hr{CALL}"])
def test_any_site_answers_in_any_case(tenant: Client, path: str) -> None:
    assert ask(tenant, f"{CLAIMS}ADA.L@contoso.com", path=path)["Email"] == "ada@contoso.com"


@pytest.mark.parametrize("account", [f"{CLAIMS}ada@contoso.com", "o-1"])
def test_what_is_no_account_is_null(tenant: Client, account: str) -> None:
    assert ask(tenant, account) == {"odata.null": True}
    assert ask(tenant, account, "verbose") == {"d": {"GetPropertiesFor": None}}


def test_an_import_shows_in_the_profile(tmp_path: Path) -> None:
    clock = StandingClock()
    with start(write_library(tmp_path / "library", job()), clock=clock) as running, Client(running) as client:
        client.upload("new.json", source("ada@contoso.com", City="Bonn", Department="HR"))
        client.queue(propertyMap={"City": "City", "Department": "department"})
        clock.now += 1000
        known = pairs(ask(client, f"{CLAIMS}ada@contoso.com"))
    assert (known["City"], known["Department"], "department" in known) == ("Bonn", "HR", False)


@pytest.mark.parametrize(
    ("method", "call", "status"),
    [
        ("GET", CALL, 400),
        ("GET", "/_api/SP.UserProfiles.PeopleManager", 404),
        ("GET", "/_api/SP.UserProfiles.PeopleManager/GetFollowers", 404),
        ("GET", f"{CALL}('x')/Title", 404),
        ("DELETE", f"{CALL}('x')", 405),
    ],
)
def test_other_calls_are_refused(tenant: Client, method: str, call: str, status: int) -> None:
    assert error_of(tenant.send(method, call))[0] == status


def test_the_permission_on_profiles_is_needed(tenant: Client) -> None:
    token = tenant.emulator.token_for(["Sites.FullControl.All"])
    status, message = error_of(tenant.send("GET", f"{CALL}('x')", token=token))
    assert status == 403
    assert "profile information" in message
