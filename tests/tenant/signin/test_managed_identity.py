from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import jwt
import pytest

from analyzer.errors import SignInError, UnreachableError
from analyzer.tenant.signin import ManagedIdentitySignIn

if TYPE_CHECKING:
    from analyzer.emulator import RunningEmulator
    from tests.conftest import FastClock

SURROUNDINGS = {
    "a virtual machine": {"AZURE_POD_IDENTITY_AUTHORITY_HOST": "{}"},
    "App Service": {"IDENTITY_ENDPOINT": "{}/msi/token", "IDENTITY_HEADER": "made-up"},
}


@pytest.fixture(params=SURROUNDINGS)
def surroundings(request: pytest.FixtureRequest, emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in SURROUNDINGS[request.param].items():
        monkeypatch.setenv(name, text.format(emulator.ready["authority"]))


def _tokens(emulator: RunningEmulator, client_id: str = "") -> ManagedIdentitySignIn:
    return ManagedIdentitySignIn(client_id, Path(emulator.ready["ca_file"]))


@pytest.mark.usefixtures("surroundings")
@pytest.mark.parametrize("assigned", [False, True], ids=["the system's", "an assigned one"])
def test_a_machine_s_identity_gives_a_token_for_the_host(emulator: RunningEmulator, assigned: bool) -> None:
    tokens = _tokens(emulator, emulator.ready["client_id"] if assigned else "")
    token = tokens.token("https://contoso.sharepoint.com")
    assert jwt.decode(token, options={"verify_signature": False})["aud"] == "https://contoso.sharepoint.com"


@pytest.mark.usefixtures("surroundings")
def test_an_identity_that_the_machine_lacks_is_named(emulator: RunningEmulator) -> None:
    with pytest.raises(SignInError, match="the managed identity 0f0f0f0f gave no token") as error:
        _tokens(emulator, "0f0f0f0f").token("https://contoso.sharepoint.com")
    assert "Check in Azure" in error.value.advice


@pytest.mark.usefixtures("surroundings")
def test_a_proxy_is_not_asked_the_way_to_this_machine(
    emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert _tokens(emulator).token("https://contoso.sharepoint.com")


def test_a_machine_outside_of_azure_is_an_error_at_once(
    emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch, no_waiting: FastClock
) -> None:
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:9")
    with pytest.raises(UnreachableError) as error:
        _tokens(emulator).token("https://contoso.sharepoint.com")
    assert "in Azure" in error.value.advice
    assert no_waiting.waited == []
