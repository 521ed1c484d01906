"""What a user's profile says, in each form of answer, as it was recorded of the service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.emulator import start
from analyzer.emulator.profile_calls import BUILT_IN
from analyzer.emulator.profiles import ProfileStore, Property
from analyzer.emulator.values import shown
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


TYPED = ("Hired", "date"), ("Active", "boolean"), ("Level", "integer"), ("Rate", "float"), ("Boss", "person")


@pytest.mark.parametrize(
    ("imported", "read"),
    [
        (["2019-02-08T07:53:37Z", "true", "+07", "1,000.50", "ADA.L@contoso.com"], ["2/8/2019 7:53:37 AM", "True"]),
        (["08 February 2019", "FALSE", "-12", "2.0", "ada.l@contoso.com"], ["2/8/2019 12:00:00 AM", "False"]),
        (["2019-02-08T00:30:00+01:00", "False", "0", ".5", "ada.l@contoso.com"], ["2/7/2019 11:30:00 PM", "False"]),
        (["12/31/2019 1:05 PM", "True", "7", "1e3", "ada.l@contoso.com"], ["12/31/2019 1:05:00 PM", "True"]),
        (["", "", "", "", ""], ["1/1/0001 12:00:00 AM", ""]),
    ],
)
def test_a_value_is_shown_by_its_type(tmp_path: Path, imported: list[str], read: list[str]) -> None:
    clock = StandingClock()
    library = write_library(tmp_path / "library", job())
    properties = [{"name": name, "type": kind} for name, kind in TYPED]
    settings = json.dumps({"users": USERS, "properties": properties})
    (library / "emulator.json").write_text(settings, encoding="utf-8")
    with start(library, clock=clock) as running, Client(running) as client:
        client.upload("new.json", source("ada@contoso.com", **dict(zip(dict(TYPED), imported, strict=True))))
        client.queue(propertyMap={name: name for name, _ in TYPED})
        clock.now += 1000
        known = pairs(ask(client, f"{CLAIMS}ada.l@contoso.com"))
    numbers = [str(int(imported[2])), f"{float(imported[3].replace(',', '')):g}"] if imported[2] else ["", ""]
    boss = ["i:0#.f|membership|ada.l@contoso.com" if imported[4] else ""]
    assert [known[name] for name, _ in TYPED] == [*read, *numbers, *boss]


def test_a_date_without_a_year_is_of_this_year_and_another_types_text_is_as_it_came() -> None:
    store = ProfileStore([], [])
    assert shown("02/29", Property("Day", type="date"), store, 2028) == "2/29/2028 12:00:00 AM"
    assert shown("2000-02-29", Property("Day", type="date"), store, 2028) == "2/29/2000 12:00:00 AM"
    assert shown("True ", Property("Text"), store, 2028) == "True "
    assert shown("true", None, store, 2028) == "true"


def test_one_value_is_read_alone(tenant: Client) -> None:
    def value(account: str, name: str, form: str = "nometadata") -> object:
        call = f"/_api/SP.UserProfiles.PeopleManager/GetUserProfilePropertyFor(accountName=@v,propertyName='{name}')"
        headers = {"Accept": f"application/json;odata={form}"}
        return tenant.send("GET", f"{call}?@v='{account}'", headers=headers).json()

    ada = f"{CLAIMS}ada.l@contoso.com"
    assert value(ada, "WORKEMAIL") == {"value": "ada@contoso.com"}
    assert value(ada, "WorkEmail", "verbose") == {"d": {"GetUserProfilePropertyFor": "ada@contoso.com"}}
    assert value(ada, "City") == value(ada, "None") == {"value": ""}
    assert value("eve@contoso.com", "City") == {"odata.null": True}


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
