"""The authority's endpoints, and its errors in the shape that Entra gives them."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import jwt
import pytest

from analyzer.emulator import EmulatorError, start
from tests.emulator.authority_client import assertion, by_assertion, endpoint, outcome, post
from tests.emulator.client import write_library
from tests.emulator.credentials import public_pem, uploaded

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator.client import Client

SECRET = "made-up-secret"


def _by_secret(client: Client, secret: str = SECRET, **differences: str) -> tuple[int, str, list[int]]:
    form = {"grant_type": "client_credentials", "client_secret": secret, "scope": f"{client.origin}/.default"}
    return outcome(post(client, "token", form | differences))


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        ({"client_id": "somebody"}, (400, "unauthorized_client", [700016])),
        ({"grant_type": "password"}, (400, "unsupported_grant_type", [70003])),
        ({"client_assertion_type": ""}, (401, "invalid_client", [7000218])),
        ({"scope": "openid"}, (400, "invalid_scope", [1002012])),
        ({"scope": "https://contoso.sharepoint.com/AllSites.Read"}, (400, "invalid_scope", [1002012])),
        ({"scope": "https://fabrikam.sharepoint.com/.default"}, (400, "invalid_resource", [500011])),
        ({"scope": ""}, (400, "invalid_request", [900144])),
        ({"grant_type": ""}, (400, "invalid_request", [900144])),
        ({"client_id": ""}, (400, "invalid_request", [900144])),
    ],
)
def test_a_form_that_is_wrong_is_refused(
    shared_client: Client, differences: dict[str, str], expected: tuple[int, str, list[int]]
) -> None:
    assert outcome(by_assertion(shared_client, assertion(shared_client), **differences)) == expected


def test_a_secret_is_taken_once_the_application_has_it(client: Client) -> None:
    assert _by_secret(client) == (401, "invalid_client", [7000215])
    client.emulator.application.secrets.add(SECRET)
    assert _by_secret(client) == (200, "", [])
    assert _by_secret(client, "another") == (401, "invalid_client", [7000215])


def test_an_error_has_all_that_entra_s_have(shared_client: Client) -> None:
    asked = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
    answer = post(shared_client, "token", {"grant_type": "password"}, **{"client-request-id": asked})
    told = answer.json()
    assert list(told) == [
        *("error", "error_description", "error_codes", "timestamp", "trace_id", "correlation_id", "error_uri"),
    ]
    assert told["correlation_id"] == asked
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", told["timestamp"])
    ending = f" Trace ID: {told['trace_id']} Correlation ID: {asked} Timestamp: {told['timestamp']}"
    assert told["error_description"].endswith(ending)
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_correlation_id_that_is_none_is_not_repeated(shared_client: Client) -> None:
    told = post(shared_client, "token", {}, **{"client-request-id": "<b>bold</b>"}).json()
    assert "bold" not in str(told)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/{tenant}/v2.0/.well-known/openid-configuration", 200),
        ("GET", "/contoso.onmicrosoft.com/v2.0/.well-known/openid-configuration", 200),
        ("GET", "/fabrikam.com/v2.0/.well-known/openid-configuration", 400),
        ("POST", "/fabrikam.com/oauth2/v2.0/token", 400),
        ("GET", "/{tenant}/oauth2/v2.0/token", 405),
        ("POST", "/{tenant}/v2.0/.well-known/openid-configuration", 405),
        ("POST", "/{tenant}/oauth2/v2.0/token", 400),
        ("GET", "/{tenant}/oauth2/v2.0/logout", 404),
    ],
)
def test_the_endpoints_are_where_the_configuration_says(
    shared_client: Client, method: str, path: str, status: int
) -> None:
    answer = shared_client.send(method, path.format(tenant=shared_client.emulator.ready["tenant_id"]))
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("application/json")
    if status == 200:
        assert answer.json()["token_endpoint"] == endpoint(shared_client)


def test_a_tenant_that_is_unknown_has_entra_s_number(shared_client: Client) -> None:
    answer = shared_client.send("GET", "/fabrikam.com/v2.0/.well-known/openid-configuration")
    assert outcome(answer) == (400, "invalid_tenant", [90002])
    assert "Tenant 'fabrikam.com' not found" in answer.json()["error_description"]


def test_each_address_in_the_configuration_leads_somewhere(shared_client: Client) -> None:
    told = shared_client.send("GET", "/organizations/v2.0/.well-known/openid-configuration").json()
    addresses = {name: text for name, text in told.items() if str(text).startswith(f"{shared_client.origin}/")}
    assert set(addresses) >= {"token_endpoint", "authorization_endpoint", "device_authorization_endpoint", "jwks_uri"}
    for name, address in addresses.items():
        if name != "issuer":
            assert shared_client.send("GET", address).status_code != 404, address


def test_an_application_alone_cannot_say_by_a_shared_name_which_tenant_it_means(client: Client) -> None:
    client.emulator.application.secrets.add(SECRET)
    form = {
        "grant_type": "client_credentials",
        "client_id": client.emulator.ready["client_id"],
        "client_secret": SECRET,
        "scope": f"{client.origin}/.default",
    }
    address = f"{client.origin}/common/oauth2/v2.0/token"
    answer = client.http.post(address, data=form, verify=client.emulator.ready["ca_file"], timeout=60)
    assert outcome(answer) == (400, "invalid_request", [50059])


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("https://login.microsoftonline.com/common/oauth2/authorize", 200),
        ("https://localhost/contoso.com/oauth2/v2.0/authorize", 200),
        ("https://login.example.com/common/oauth2/authorize", 400),
        ("login.microsoftonline.com", 400),
        ("https://[/x", 400),
    ],
)
def test_a_host_is_known_or_it_is_not(shared_client: Client, asked: str, status: int) -> None:
    answer = shared_client.http.get(
        f"{shared_client.origin}/common/discovery/instance",
        params={"authorization_endpoint": asked, "api-version": "1.1"},
        verify=shared_client.emulator.ready["ca_file"],
        timeout=60,
    )
    assert answer.status_code == status
    if status == 400:
        assert outcome(answer) == (400, "invalid_instance", [50049])
        return
    (cloud,) = answer.json()["metadata"]
    assert cloud["preferred_network"] in cloud["aliases"]
    assert answer.json()["tenant_discovery_endpoint"].startswith(f"{shared_client.origin}/")


def test_credentials_may_stand_in_the_library_s_settings(tmp_path: Path) -> None:
    library = write_library(tmp_path / "library")
    settings = library / "emulator.json"
    settings.write_text(f'{{"application": {{"certificates": [{public_pem(uploaded())!r}]}}}}'.replace("'", '"'))
    with start(library) as running:
        assert running.application.certificates == [uploaded()]
    for wrong in ('{"certificates": ["x"]}', '{"secrets": "x"}', '{"secrets": [1]}', "[]"):
        settings.write_text(f'{{"application": {wrong}}}')
        with pytest.raises(EmulatorError, match=r"emulator\.json cannot be used"):
            start(library)


def test_an_identity_token_can_be_checked_with_the_published_key(shared_client: Client) -> None:
    begun = post(shared_client, "devicecode", {"scope": f"{shared_client.origin}/.default openid"}).json()
    shared_client.http.post(
        begun["verification_uri"],
        data={"user_code": begun["user_code"]},
        verify=shared_client.emulator.ready["ca_file"],
        timeout=60,
    )
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": begun["device_code"]}
    token = post(shared_client, "token", form).json()["id_token"]
    (key,) = shared_client.send("GET", f"/{shared_client.emulator.ready['tenant_id']}/discovery/v2.0/keys").json()[
        "keys"
    ]
    claims = jwt.decode(
        token, jwt.PyJWK(key, "RS256"), algorithms=["RS256"], audience=shared_client.emulator.ready["client_id"]
    )
    assert claims["preferred_username"] == "admin@contoso.com"


def test_no_mutated_request_is_answered_with_an_error_of_ours(shared_client: Client) -> None:
    """Forms whose fields are swapped, doubled, cut or full of noise, at each address; by a seed, so always the same."""
    chance = random.Random(6)
    tenant = shared_client.emulator.ready["tenant_id"]
    addresses = [
        *(f"/{tenant}/oauth2/v2.0/{call}" for call in ("token", "devicecode", "authorize")),
        *("/devicelogin", "/msi/token", "/metadata/identity/oauth2/token", "/common/discovery/instance"),
    ]
    values = [
        *(assertion(shared_client), "client_credentials", "refresh_token", "authorization_code", "S256", "code", "1"),
        *(
            f"{shared_client.origin}/.default openid",
            "http://localhost:1",
            "\x00\r\n\u20ac'\"<",
            "https://[",
            "a" * 9000,
        ),
        *(shared_client.emulator.ready["client_id"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
    ]
    fields = [
        *("client_id", "grant_type", "client_assertion", "client_assertion_type", "client_secret", "scope", "code"),
        *("refresh_token", "device_code", "redirect_uri", "response_type", "response_mode", "state", "user_code"),
        *("authorization_endpoint", "resource", "code_challenge", "code_challenge_method", "client_info"),
    ]
    for _ in range(400):
        form = urlencode([(chance.choice(fields), chance.choice(values)) for _ in range(chance.randrange(9))])
        address = chance.choice(addresses)
        cut = form[: chance.randrange(len(form) + 1)].encode()
        headers = {"Metadata": "true", "Secret": "x", "Content-Type": "application/x-www-form-urlencoded"}
        if chance.random() < 0.5:
            answer = shared_client.send("POST", address, body=cut, headers=headers)
        else:
            answer = shared_client.send("GET", f"{address}?{cut.decode()}", headers=headers)
        assert answer.status_code < 500 or address == "/msi/token", (address, cut)
    assert outcome(by_assertion(shared_client, assertion(shared_client)))[0] == 200
