"""Who may do what."""

from __future__ import annotations

import jwt
import pytest

from analyzer.emulator.entra.tokens import SITES_FULL_CONTROL, USERS_READ_WRITE, Tokens
from analyzer.emulator.model import ServiceError
from tests.emulator.client import Client, error_of

KEY = b"k" * 32
ORIGIN = "https://localhost:44300"
DENIED = "Access denied. You do not have permission to perform this action or access this resource."
NO_PROFILES = "Access Denied: This application does not have the required permissions to access profile information."


def _tokens(now: float = 1_700_000_000.0) -> Tokens:
    return Tokens(KEY, "tenant", "client", lambda: now)


def test_a_token_carries_its_permissions_to_its_origin(client: Client) -> None:
    token = client.emulator.token_for([SITES_FULL_CONTROL])
    assert client.folder("/Files", token=token).status_code == 200


@pytest.mark.parametrize("authorization", ["", "Bearer", "Basic dXNlcjpwYXNz"])
def test_without_a_token_the_401_says_how_to_sign_in(shared_client: Client, authorization: str) -> None:
    answer = shared_client.folder("/Files", headers={"Authorization": authorization})
    assert error_of(answer) == (401, DENIED)
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="')


def _refusal(client: Client, token: str) -> str:
    """Why a token was refused, of SharePoint's shape for that: the same in the body and in a header."""
    answer = client.folder("/Files", token=token)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="')
    told = answer.json()
    assert list(told) == ["error_description"]
    assert f'reason="{told["error_description"]}";category="invalid_client"' in answer.headers["x-ms-diagnostics"]
    return str(told["error_description"])


@pytest.mark.parametrize("token", ["x", "a.b.c", "\u00e4", "eyJhbGciOiJIUzI1NiJ9.W10.x"])
def test_what_is_no_token_is_refused(shared_client: Client, token: str) -> None:
    assert _refusal(shared_client, token) in ("Unsupported security token.", "Invalid issuer or signature.")


def test_a_token_that_nobody_signed_is_refused(shared_client: Client) -> None:
    forged = jwt.encode({"aud": shared_client.origin, "exp": 10**10}, "", algorithm="none")
    assert _refusal(shared_client, forged) == "Invalid issuer or signature."


def test_no_token_at_all_is_a_401(shared_client: Client) -> None:
    assert error_of(shared_client.job_call("GetImportProfilePropertyJobs", headers={"Authorization": None}))[0] == 401


def test_files_need_full_control(shared_client: Client) -> None:
    token = shared_client.emulator.token_for([USERS_READ_WRITE])
    assert error_of(shared_client.folder("/Files", token=token)) == (403, DENIED)
    assert error_of(shared_client.job_call("GetImportProfilePropertyJobs", token=token)) == (403, DENIED)


def test_jobs_need_the_permission_on_profiles_as_well(shared_client: Client) -> None:
    token = shared_client.emulator.token_for([SITES_FULL_CONTROL])
    for call in ("GetImportProfilePropertyJobs", "QueueImportProfileProperties"):
        assert error_of(shared_client.job_call(call, token=token)) == (403, NO_PROFILES)


def test_a_token_that_is_out_of_date_is_refused(shared_client: Client) -> None:
    token = shared_client.emulator.token_for([SITES_FULL_CONTROL], lifetime=-1)
    assert _refusal(shared_client, token) == "Invalid JWT token. The token is expired."


def test_a_token_of_another_emulator_is_refused(shared_client: Client) -> None:
    token = _tokens().issue(shared_client.origin, [SITES_FULL_CONTROL], 10**9)
    assert _refusal(shared_client, token) == "Invalid issuer or signature."


def test_a_token_for_another_origin_is_refused() -> None:
    token = _tokens().issue("https://fabrikam.sharepoint.com", [SITES_FULL_CONTROL], 10**9)
    with pytest.raises(ServiceError, match="Invalid audience Uri"):
        _tokens().roles(f"Bearer {token}", ORIGIN)
    assert _tokens().roles(f"Bearer {token}", "https://fabrikam.sharepoint.com") == {SITES_FULL_CONTROL}


def test_a_token_says_whose_it_is() -> None:
    claims = jwt.decode(
        _tokens().issue(ORIGIN, [USERS_READ_WRITE, SITES_FULL_CONTROL], 60), options={"verify_signature": False}
    )
    assert claims.pop("uti")
    assert claims == {
        "aud": ORIGIN,
        "tid": "tenant",
        "appid": "client",
        "roles": [SITES_FULL_CONTROL, USERS_READ_WRITE],
        "iat": 1_700_000_000,
        "nbf": 1_700_000_000,
        "exp": 1_700_000_060,
    }


def test_the_token_is_good_however_the_host_is_written(shared_client: Client) -> None:
    by_number = shared_client.origin.replace("localhost", "127.0.0.1")
    assert shared_client.send("GET", f"{by_number}/_api/web").status_code == 200


def test_no_two_tokens_are_the_same() -> None:
    tokens = _tokens()
    assert tokens.issue(ORIGIN, [SITES_FULL_CONTROL], 60) != tokens.issue(ORIGIN, [SITES_FULL_CONTROL], 60)
