# ruff: noqa: ANN401 - msal has no types
"""msal in each of its ways of signing in: unpatched, told only addresses and credentials.

``WAYS`` is the table that is counted; what it lacks, and why, stands in ``docs/reference/emulator.md``.
"""

from __future__ import annotations

import hashlib
import ssl
import threading
import time
import webbrowser
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import jwt
import msal
import pytest

from analyzer.emulator import start
from tests.emulator.client import Client, StandingClock, job, write_library
from tests.emulator.credentials import certificate, key, pem, pfx, public_pem, thumbprint, uploaded
from tests.emulator.msal_tenant import Tenant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECRET = "made-up-secret"
PASSWORD = "made-up-password"


def _public_certificate(tenant: Tenant) -> Any:
    credential = {"private_key": pem(key()), "public_certificate": public_pem(uploaded())}
    return tenant.confidential(credential).acquire_token_for_client(tenant.scopes)


def _thumbprint(tenant: Tenant) -> Any:
    credential = {"private_key": pem(key()), "thumbprint": thumbprint(uploaded())}
    return tenant.confidential(credential).acquire_token_for_client(tenant.scopes)


def _thumbprint_and_certificate(tenant: Tenant) -> Any:
    both = {"thumbprint": thumbprint(uploaded()), "public_certificate": public_pem(uploaded())}
    return tenant.confidential({"private_key": pem(key()), **both}).acquire_token_for_client(tenant.scopes)


def _locked_key(tenant: Tenant) -> Any:
    credential = {"private_key": pem(key(), PASSWORD), "passphrase": PASSWORD, "thumbprint": thumbprint(uploaded())}
    return tenant.confidential(credential).acquire_token_for_client(tenant.scopes)


def _pfx(tenant: Tenant) -> Any:
    credential = {"private_key_pfx_path": tenant.file(pfx(PASSWORD)), "passphrase": PASSWORD}
    return tenant.confidential(credential).acquire_token_for_client(tenant.scopes)


def _pfx_with_certificate(tenant: Tenant) -> Any:
    file = {"private_key_pfx_path": tenant.file(pfx(PASSWORD)), "passphrase": PASSWORD}
    return tenant.confidential({**file, "public_certificate": True}).acquire_token_for_client(tenant.scopes)


def _secret(tenant: Tenant) -> Any:
    return tenant.confidential(SECRET).acquire_token_for_client(tenant.scopes)


def _signed(tenant: Tenant) -> str:
    client_id = tenant.ready["client_id"]
    times = {"exp": int(time.time()) + 600, "nbf": int(time.time())}
    claims = {"aud": f"{tenant.authority}/oauth2/v2.0/token", "iss": client_id, "sub": client_id, **times}
    chain = public_pem(uploaded()).replace("-----BEGIN CERTIFICATE-----", "").replace("-----END CERTIFICATE-----", "")
    return jwt.encode(claims, key(), algorithm="PS256", headers={"x5c": [chain]})


def _assertion(tenant: Tenant) -> Any:
    with pytest.warns(DeprecationWarning, match="no-arg callable"):
        program = tenant.confidential({"client_assertion": _signed(tenant)})
    return program.acquire_token_for_client(tenant.scopes)


def _assertion_callback(tenant: Tenant) -> Any:
    credential = {"client_assertion": lambda: _signed(tenant)}
    return tenant.confidential(credential).acquire_token_for_client(tenant.scopes)


def _oidc_authority(tenant: Tenant) -> Any:
    options = {"authority": None, "instance_discovery": None, "oidc_authority": f"{tenant.authority}/v2.0"}
    return tenant.confidential(SECRET, **options).acquire_token_for_client(tenant.scopes)


def _instance_discovery(tenant: Tenant) -> Any:
    asked = f"{tenant.ready['authority']}/common/discovery/instance"
    return tenant.confidential(SECRET, instance_discovery=asked).acquire_token_for_client(tenant.scopes)


def _unvalidated_authority(tenant: Tenant) -> Any:
    options = {"instance_discovery": None, "validate_authority": False}
    return tenant.confidential(SECRET, **options).acquire_token_for_client(tenant.scopes)


def _cached(tenant: Tenant) -> Any:
    program = tenant.confidential(SECRET)
    first = program.acquire_token_for_client(tenant.scopes)
    second = program.acquire_token_for_client(tenant.scopes)
    assert second["token_source"] == "cache"
    assert second["access_token"] == first["access_token"]
    return second


def _web_code(tenant: Tenant) -> Any:
    return tenant.sign_in(tenant.confidential(SECRET))


def _device(tenant: Tenant) -> Any:
    program = tenant.public()
    flow = program.initiate_device_flow(tenant.scopes)
    tenant.http.post(flow["verification_uri"], data={"user_code": flow["user_code"]}, timeout=60)
    return program.acquire_token_by_device_flow(flow)


def _code(tenant: Tenant) -> Any:
    return tenant.sign_in(tenant.public(authority=f"{tenant.ready['authority']}/organizations"))


def _interactive(tenant: Tenant) -> Any:
    def post(address: str) -> None:
        action, fields = tenant.browse(address)
        tenant.http.post(action, data=fields, timeout=60)

    class Browser(webbrowser.BaseBrowser):
        def open(self, url: str, _new: int = 0, _autoraise: bool = True) -> bool:
            # In a thread: msal listens for what the browser posts only when this has returned.
            threading.Thread(target=post, args=(url,)).start()
            return True

    webbrowser.register("the-tests", None, Browser(), preferred=True)
    return tenant.public().acquire_token_interactive(tenant.scopes, timeout=60)


def _silent(tenant: Tenant) -> Any:
    program = tenant.public()
    tenant.sign_in(program)
    (account,) = program.get_accounts("admin@contoso.com")
    answer = program.acquire_token_silent(tenant.scopes, account)
    assert answer["token_source"] == "cache"
    return answer


def _silent_refresh(tenant: Tenant) -> Any:
    program = tenant.public()
    first = tenant.sign_in(program)
    (account,) = program.get_accounts()
    answer = program.acquire_token_silent(tenant.scopes, account, force_refresh=True)
    assert answer["token_source"] == "identity_provider"
    assert "refresh_token" in first
    return answer


def _refresh_token(tenant: Tenant) -> Any:
    program = tenant.public()
    first = tenant.sign_in(program)
    return program.acquire_token_by_refresh_token(first["refresh_token"], tenant.scopes)


def _virtual_machine(tenant: Tenant) -> Any:
    host = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": tenant.ready["authority"]}
    return tenant.managed(msal.SystemAssignedManagedIdentity(), **host)


def _user_assigned(tenant: Tenant) -> Any:
    identity = msal.UserAssignedManagedIdentity(client_id=tenant.ready["client_id"])
    return tenant.managed(identity, AZURE_POD_IDENTITY_AUTHORITY_HOST=tenant.ready["authority"])


def _app_service(tenant: Tenant) -> Any:
    endpoint = {"IDENTITY_ENDPOINT": f"{tenant.ready['authority']}/msi/token", "IDENTITY_HEADER": SECRET}
    return tenant.managed(msal.SystemAssignedManagedIdentity(), **endpoint)


def _machine_learning(tenant: Tenant) -> Any:
    endpoint = {"MSI_ENDPOINT": f"{tenant.ready['authority']}/msi/token", "MSI_SECRET": SECRET}
    return tenant.managed(msal.UserAssignedManagedIdentity(client_id=tenant.ready["client_id"]), **endpoint)


def _service_fabric(tenant: Tenant) -> Any:
    address = urlsplit(tenant.ready["authority"])
    sent = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((str(address.hostname), int(address.port or 443))))
    return tenant.managed(
        msal.SystemAssignedManagedIdentity(),
        IDENTITY_ENDPOINT=f"{tenant.ready['authority']}/msi/token",
        IDENTITY_HEADER=SECRET,
        IDENTITY_SERVER_THUMBPRINT=hashlib.sha1(sent).hexdigest(),
    )


WAYS: dict[str, Callable[[Tenant], Any]] = {
    "certificate: public certificate alone (PS256)": _public_certificate,
    "certificate: thumbprint (RS256)": _thumbprint,
    "certificate: thumbprint and public certificate": _thumbprint_and_certificate,
    "certificate: locked private key": _locked_key,
    "certificate: PFX": _pfx,
    "certificate: PFX with its chain": _pfx_with_certificate,
    "assertion: made before": _assertion,
    "assertion: callback": _assertion_callback,
    "secret": _secret,
    "secret, authority by instance discovery": _instance_discovery,
    "secret, authority not validated": _unvalidated_authority,
    "secret, authority by OpenID": _oidc_authority,
    "application's token from the cache": _cached,
    "browser: web application": _web_code,
    "browser: authorization code with PKCE": _code,
    "browser: interactive": _interactive,
    "device code": _device,
    "silent: from the cache": _silent,
    "silent: by refresh token": _silent_refresh,
    "refresh token of another program": _refresh_token,
    "managed identity: virtual machine": _virtual_machine,
    "managed identity: user-assigned": _user_assigned,
    "managed identity: App Service": _app_service,
    "managed identity: Machine Learning": _machine_learning,
    "managed identity: Service Fabric": _service_fabric,
}


@contextmanager
def _registered(folder: Path) -> Iterator[Client]:
    with start(write_library(folder / "library", job()), clock=StandingClock()) as running, Client(running) as opened:
        running.application.upload(public_pem(uploaded()))
        running.application.secrets.add(SECRET)
        yield opened


@pytest.fixture(scope="module")
def registered_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with _registered(tmp_path_factory.mktemp("msal")) as client:
        yield client


@pytest.fixture
def tenant(registered_client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tenant]:
    told = Tenant(registered_client, tmp_path, monkeypatch)
    with told.http:
        yield told


@pytest.mark.parametrize("way", WAYS)
def test_msal_signs_in_and_the_token_is_good(tenant: Tenant, way: str) -> None:
    answer = WAYS[way](tenant)
    assert "access_token" in answer, answer
    listed = tenant.client.job_call("GetImportProfilePropertyJobs", token=answer["access_token"])
    assert listed.status_code == 200


def test_msal_tells_the_authority_s_error_as_it_came(tenant: Tenant) -> None:
    credential = {"private_key": pem(key(2)), "thumbprint": thumbprint(certificate(key(2)))}
    answer = tenant.confidential(credential).acquire_token_for_client(tenant.scopes)
    assert (answer["error"], answer["error_codes"]) == ("invalid_client", [700027])
    assert answer["error_description"].startswith("AADSTS700027: ")


def test_msal_asks_again_while_a_device_code_is_pending(tenant: Tenant) -> None:
    program = tenant.public()
    flow = program.initiate_device_flow(tenant.scopes)
    once = {"exit_condition": lambda _flow: True}
    assert program.acquire_token_by_device_flow(flow, **once)["error"] == "authorization_pending"
    form = {"user_code": flow["user_code"], "decision": "decline"}
    tenant.http.post(flow["verification_uri"], data=form, timeout=60)
    with pytest.warns(UserWarning, match="Attempted too soon"):
        answer = program.acquire_token_by_device_flow(flow)
    assert answer["error"] == "authorization_declined"


@pytest.mark.parametrize(
    "environment",
    [
        {"AZURE_POD_IDENTITY_AUTHORITY_HOST": "{}"},
        {"IDENTITY_ENDPOINT": "{}/msi/token", "IDENTITY_HEADER": SECRET},
    ],
)
def test_an_identity_that_the_surroundings_lack_is_refused(tenant: Tenant, environment: dict[str, str]) -> None:
    told = {name: text.format(tenant.ready["authority"]) for name, text in environment.items()}
    answer = tenant.managed(msal.UserAssignedManagedIdentity(client_id="somebody"), **told)
    assert "access_token" not in answer
    assert answer["error"] in ("invalid_request", "invalid_scope")


def test_no_forged_request_gets_a_managed_identity_s_token(registered_client: Client) -> None:
    for path in ("/metadata/identity/oauth2/token", "/msi/token"):
        answer = registered_client.send("GET", f"{path}?resource={registered_client.origin}")
        assert answer.status_code in (400, 401)
        assert "access_token" not in answer.json()
