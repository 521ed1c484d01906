"""Signing in in a browser, and refreshing: what is wrong is refused, and goes nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from analyzer.emulator.entra.directory import Application, Directory
from analyzer.emulator.entra.model import AuthorityCall, AuthorityError
from analyzer.emulator.entra.sign_ins import SignIns
from analyzer.emulator.entra.tokens import Tokens
from tests.emulator.authority_client import endpoint, outcome, post

if TYPE_CHECKING:
    import requests

    from tests.emulator.client import Client

HERE = "http://localhost:8400"
# The example of RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def _authorize(client: Client, **differences: str) -> requests.Response:
    usual = {
        "client_id": client.emulator.ready["client_id"],
        "response_type": "code",
        "redirect_uri": HERE,
        "scope": f"{client.origin}/.default openid offline_access",
        "state": "as it was",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return client.http.get(
        endpoint(client, "authorize"),
        params={name: text for name, text in (usual | differences).items() if text},
        verify=client.emulator.ready["ca_file"],
        allow_redirects=False,
        timeout=60,
    )


def _code(client: Client, **differences: str) -> str:
    answer = _authorize(client, **differences)
    assert answer.status_code == 302
    sent = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert answer.headers["Location"].startswith(f"{HERE}?code=")
    assert sent["state"] == ["as it was"]
    return sent["code"][0]


def _redeem(client: Client, given: str, **differences: str) -> requests.Response:
    usual = {"grant_type": "authorization_code", "code": given, "redirect_uri": HERE, "code_verifier": VERIFIER}
    return post(client, "token", usual | differences)


def test_a_code_is_good_once(shared_client: Client) -> None:
    code = _code(shared_client)
    told = _redeem(shared_client, code).json()
    assert set(told["scope"].split()) >= {f"{shared_client.origin}/.default", "openid"}
    answer = shared_client.job_call("GetImportProfilePropertyJobs", token=told["access_token"])
    assert answer.status_code == 200
    assert outcome(_redeem(shared_client, code)) == (400, "invalid_grant", [54005])


@pytest.mark.parametrize(
    ("differences", "number"),
    [
        ({"code_verifier": "another"}, 501481),
        ({"code_verifier": ""}, 501481),
        ({"redirect_uri": "http://localhost:1"}, 500112),
        ({"code": "made-up"}, 70000),
    ],
)
def test_a_code_is_another_s_or_none(shared_client: Client, differences: dict[str, str], number: int) -> None:
    assert outcome(_redeem(shared_client, _code(shared_client), **differences)) == (400, "invalid_grant", [number])


def test_a_plain_challenge_is_its_verifier(shared_client: Client) -> None:
    code = _code(shared_client, code_challenge=VERIFIER, code_challenge_method="")
    assert _redeem(shared_client, code).status_code == 200


def test_a_code_expires() -> None:
    directory = Directory("tenant", Application("client"))
    sign_ins = SignIns(directory)
    asked = {"redirect_uri": HERE, "response_type": "code", "scope": "https://contoso.sharepoint.com/.default"}
    reply = sign_ins.authorize(AuthorityCall("GET", "/", asked, {}, {}, "https://localhost", 1000.0))
    code = parse_qs(urlsplit(reply.headers["Location"]).query)["code"][0]
    with pytest.raises(AuthorityError) as error:
        sign_ins.redeem({"code": code, "redirect_uri": HERE}, 1600.0)
    assert (error.value.error, error.value.number) == ("invalid_grant", 70008)


@pytest.mark.parametrize(
    ("differences", "number"),
    [
        ({"redirect_uri": "https://example.com"}, 50011),
        ({"redirect_uri": "http://localhost.example.com"}, 50011),
        ({"redirect_uri": "http://localhost/\rSet-Cookie: a=b"}, 50011),
        ({"redirect_uri": "http://localhost/\u20ac"}, 50011),
        ({"redirect_uri": ""}, 900144),
        ({"client_id": "somebody"}, 700016),
        ({"response_type": "token"}, 70005),
        ({"response_mode": "<b>"}, 70007),
        ({"scope": "https://fabrikam.sharepoint.com/.default"}, 500011),
    ],
)
def test_what_is_wrong_is_shown_and_no_browser_is_sent_away(
    shared_client: Client, differences: dict[str, str], number: int
) -> None:
    answer = _authorize(shared_client, **differences)
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert answer.headers["Content-Type"].startswith("text/html")
    assert f"AADSTS{number}: " in answer.text


def test_a_posted_answer_is_escaped(shared_client: Client) -> None:
    page = _authorize(shared_client, response_mode="form_post", state='"><script>').text
    assert "&quot;&gt;&lt;script&gt;" in page


def test_a_refresh_token_is_good_for_the_site_as_well(shared_client: Client) -> None:
    refresh = _redeem(shared_client, _code(shared_client)).json()["refresh_token"]
    site = shared_client.origin.replace("localhost", "127.0.0.1")
    form = {"grant_type": "refresh_token", "refresh_token": refresh, "scope": f"{site}/.default"}
    token = post(shared_client, "token", form).json()["access_token"]
    assert shared_client.send("GET", f"{site}/_api/web", token=token).status_code == 200
    assert outcome(post(shared_client, "token", form | {"refresh_token": token})) == (400, "invalid_grant", [70000])


def test_a_refresh_token_that_nobody_used_for_90_days_has_ended() -> None:
    now = 1_700_000_000.0
    tokens = Tokens(b"k" * 32, "tenant", "client", lambda: now)
    with pytest.raises(AuthorityError) as error:
        tokens.refreshed(tokens.refresh("https://contoso.sharepoint.com/.default"))
    assert error.value.number == 700082
