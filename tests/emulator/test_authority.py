"""Sign-in by certificate, with msal as administrators use it and with assertions that are wrong."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import jwt
import msal
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

    from analyzer.emulator import RunningEmulator
    from tests.emulator.client import Client

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@cache
def _key(_which: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _certificate(key: CertificateIssuerPrivateKeyTypes, days: int = 1) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "upa-analyzer")])
    end = datetime.now(UTC) + timedelta(days=days)
    return (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), end - timedelta(days=9), end)
    ).sign(key, hashes.SHA256())


def _pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _public_pem(key: rsa.RSAPrivateKey, days: int = 1) -> str:
    return _certificate(key, days).public_bytes(serialization.Encoding.PEM).decode()


def _sign_in(emulator: RunningEmulator, credential: Mapping[str, str]) -> dict[str, Any]:
    ready = emulator.ready
    # A session of our own, because in msal's one REQUESTS_CA_BUNDLE wins over what it is told to trust.
    with requests.Session() as http:
        http.trust_env = False
        http.verify = ready["ca_file"]
        application = msal.ConfidentialClientApplication(
            ready["client_id"],
            client_credential=dict(credential),
            authority=f"{ready['authority']}/{ready['tenant_id']}",
            instance_discovery=False,
            http_client=http,
        )
        answer: dict[str, Any] = application.acquire_token_for_client([f"{ready['admin_url']}/.default"])
    return answer


def test_msal_signs_in_with_a_certificate_and_the_token_is_good(shared_client: Client) -> None:
    credential = {"private_key": _pem(_key(1)), "public_certificate": _public_pem(_key(1))}
    answer = _sign_in(shared_client.emulator, credential)
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3599)
    assert shared_client.job_call("GetImportProfilePropertyJobs", token=answer["access_token"]).status_code == 200


def test_msal_signs_in_with_a_thumbprint_alone(shared_client: Client) -> None:
    credential = {"private_key": _pem(_key(1)), "thumbprint": _certificate(_key(1)).fingerprint(hashes.SHA1()).hex()}
    assert "access_token" in _sign_in(shared_client.emulator, credential)


def test_a_certificate_of_another_key_is_refused(shared_client: Client) -> None:
    credential = {"private_key": _pem(_key(1)), "public_certificate": _public_pem(_key(2))}
    answer = _sign_in(shared_client.emulator, credential)
    assert answer["error"] == "invalid_client"
    assert answer["error_description"].startswith("AADSTS700027: Client assertion failed signature validation")


def test_a_certificate_that_has_ended_is_refused(shared_client: Client) -> None:
    credential = {"private_key": _pem(_key(1)), "public_certificate": _public_pem(_key(1), days=-1)}
    answer = _sign_in(shared_client.emulator, credential)
    assert answer["error_description"].startswith("AADSTS700027: The certificate used to sign")


def _endpoint(client: Client) -> str:
    return f"{client.origin}/{client.emulator.ready['tenant_id']}/oauth2/v2.0/token"


def _assertion(client: Client, headers: Mapping[str, Any] | None = None, **differences: object) -> str:
    client_id = client.emulator.ready["client_id"]
    usual = {"aud": _endpoint(client), "iss": client_id, "sub": client_id, "exp": time.time() + 600.5}
    claims = {name: value for name, value in (usual | differences).items() if value is not None}
    return jwt.encode(claims, _key(1), algorithm="RS256", headers=dict(headers or {}))


def _ask(client: Client, assertion: str, **differences: str) -> tuple[int, str]:
    """Status, and the error's code in Entra's counting; empty where a token came."""
    form = {
        "client_id": client.emulator.ready["client_id"],
        "grant_type": "client_credentials",
        "client_assertion": assertion,
        "client_assertion_type": TYPE,
        "scope": f"{client.origin}/.default",
    } | differences
    answer = client.http.post(_endpoint(client), data=form, verify=client.emulator.ready["ca_file"], timeout=60)
    told = answer.json()
    assert ("error" in told) == (answer.status_code != 200)
    return answer.status_code, str(told.get("error_description", "")).partition(":")[0]


def test_an_assertion_is_taken_as_it_should_be(shared_client: Client) -> None:
    assert _ask(shared_client, _assertion(shared_client)) == (200, "")


@pytest.mark.parametrize(
    ("differences", "code"),
    [
        ({"aud": "https://login.microsoftonline.com/x"}, "AADSTS700023"),
        ({"aud": None}, "AADSTS700023"),
        ({"iss": "somebody"}, "AADSTS700021"),
        ({"sub": "somebody"}, "AADSTS700021"),
        ({"exp": 1}, "AADSTS700024"),
        ({"exp": None}, "AADSTS700024"),
    ],
)
def test_an_assertion_with_a_wrong_claim_is_refused(
    shared_client: Client, differences: dict[str, object], code: str
) -> None:
    assert _ask(shared_client, _assertion(shared_client, None, **differences)) == (401, code)


@pytest.mark.parametrize("chain", ["no base64!", ["AAAA"], [[]], {"a": 1}])
def test_a_chain_that_holds_no_certificate_is_refused(shared_client: Client, chain: object) -> None:
    assert _ask(shared_client, _assertion(shared_client, {"x5c": chain})) == (401, "AADSTS50027")


def test_a_certificate_with_another_kind_of_key_is_refused(shared_client: Client) -> None:
    certificate = _certificate(ec.generate_private_key(ec.SECP256R1()))
    der = base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()
    assert _ask(shared_client, _assertion(shared_client, {"x5c": [der]})) == (401, "AADSTS700027")


@pytest.mark.parametrize("assertion", ["", "x", "a.b.c", "e30.e30", "W10.W10.W10"])
def test_what_is_no_assertion_is_refused(shared_client: Client, assertion: str) -> None:
    assert _ask(shared_client, assertion) == (401, "AADSTS50027")


def test_an_assertion_that_is_not_signed_by_a_private_key_is_refused(shared_client: Client) -> None:
    forged = jwt.encode({"aud": _endpoint(shared_client)}, "s" * 32, algorithm="HS256")
    assert _ask(shared_client, forged) == (401, "AADSTS5002738")


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        ({"client_id": "somebody"}, (400, "AADSTS700016")),
        ({"grant_type": "password"}, (400, "AADSTS70003")),
        ({"client_assertion_type": ""}, (401, "AADSTS7000218")),
        ({"scope": "openid"}, (400, "AADSTS1002012")),
        ({"scope": "https://contoso.sharepoint.com/AllSites.Read"}, (400, "AADSTS1002012")),
    ],
)
def test_a_form_that_is_wrong_is_refused(
    shared_client: Client, differences: dict[str, str], expected: tuple[int, str]
) -> None:
    assert _ask(shared_client, _assertion(shared_client), **differences) == expected


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/{tenant}/v2.0/.well-known/openid-configuration", 200),
        ("GET", "/common/discovery/instance?api-version=1.1", 200),
        ("GET", "/fabrikam.com/v2.0/.well-known/openid-configuration", 400),
        ("POST", "/fabrikam.com/oauth2/v2.0/token", 400),
        ("GET", "/{tenant}/oauth2/v2.0/token", 405),
        ("POST", "/{tenant}/v2.0/.well-known/openid-configuration", 405),
        ("POST", "/{tenant}/oauth2/v2.0/token", 400),
        ("GET", "/{tenant}/oauth2/v2.0/authorize", 404),
    ],
)
def test_the_endpoints_are_where_the_configuration_says(
    shared_client: Client, method: str, path: str, status: int
) -> None:
    answer = shared_client.send(method, path.format(tenant=shared_client.emulator.ready["tenant_id"]))
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("application/json")
    if status == 200:
        assert answer.json()["token_endpoint"] == _endpoint(shared_client)
