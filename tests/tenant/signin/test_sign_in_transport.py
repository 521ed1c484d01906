from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from analyzer.errors import UnreachableError
from analyzer.tenant.model import ClientPolicy
from analyzer.tenant.signin import Application, CertificateSignIn, InteractiveSignIn, ManagedIdentitySignIn, TokenCache
from analyzer.tenant.signin.tokens import SignInTransport

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from analyzer.tenant.model import Tokens
    from tests.conftest import Given, LoopbackTenant

JSON = b'{"token_endpoint": "x"}'


@pytest.fixture
def http(loopback: LoopbackTenant) -> SignInTransport:
    return SignInTransport(loopback.ca_file, ClientPolicy(clock=loopback.clock, patience=60))


def test_a_passing_fault_of_the_authority_is_asked_again(
    http: SignInTransport, loopback: LoopbackTenant, given: type[Given]
) -> None:
    page, cut = given(body=b"<html>"), given(body=JSON, cut=3)
    for fault in (given(503), given(429, headers={"Retry-After": "7"}), given(500), page, cut):
        loopback.fail("/x", fault, given(body=JSON))
        assert http.post(f"{loopback.origin}/x").json() == {"token_endpoint": "x"}
    assert 7.0 in loopback.clock.waited


def test_an_authority_that_asks_to_wait_too_long_is_an_error(
    http: SignInTransport, loopback: LoopbackTenant, given: type[Given]
) -> None:
    loopback.fail("/x", given(503, headers={"Retry-After": "100000"}))
    with pytest.raises(UnreachableError, match="kept asking to wait"):
        http.get(f"{loopback.origin}/x")


def test_a_refused_sign_in_is_kept_and_not_requested_again(
    http: SignInTransport, loopback: LoopbackTenant, given: type[Given]
) -> None:
    loopback.fail("/x", given(400, b'{"error": "invalid_tenant"}'), given(body=JSON))
    http.get(f"{loopback.origin}/x")
    assert (http.refusal, http.answered) == ({"error": "invalid_tenant"}, "HTTP status 400")
    http.get(f"{loopback.origin}/x")
    assert (http.refusal, loopback.clock.waited) == ({}, [])


def test_a_missing_local_endpoint_is_an_error_at_once(loopback: LoopbackTenant) -> None:
    http = SignInTransport(None, ClientPolicy(clock=loopback.clock), is_local=True)
    with pytest.raises(requests.ConnectionError):
        http.get("https://127.0.0.1:9/x")
    assert loopback.clock.waited == []


@pytest.mark.parametrize("way", ["certificate", "device-code", "managed-identity"])
def test_each_way_to_sign_in_waits_as_requested_and_shows_it(  # noqa: PLR0913, PLR0917 - fixtures and cases
    loopback: LoopbackTenant,
    given: type[Given],
    certificates: Path,
    tmp_path: Path,
    never: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", loopback.origin)
    loopback.fail("/", given(503, headers={"Retry-After": "50"}))
    application = Application(loopback.origin, "t", "c", loopback.ca_file)
    policy = ClientPolicy(patience=60, notify=loopback.notices.append, clock=loopback.clock)
    made: dict[str, Callable[[], Tokens]] = {
        "certificate": lambda: CertificateSignIn(application, certificates / "app.pem", policy=policy),
        "device-code": lambda: InteractiveSignIn(
            application, "device-code", TokenCache(tmp_path, application), never, policy
        ),
        "managed-identity": lambda: ManagedIdentitySignIn("", loopback.ca_file, policy),
    }
    with pytest.raises(UnreachableError, match="kept asking to wait"):
        made[way]().token("https://contoso.sharepoint.com")
    assert (loopback.clock.waited, len(loopback.notices)) == ([50.0], 1)
