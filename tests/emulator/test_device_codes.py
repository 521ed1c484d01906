"""Device codes: each state has its answer, by a clock of the test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.emulator.entra.device_codes import INTERVAL, LIFETIME, DeviceCode, DeviceCodes
from analyzer.emulator.entra.model import AuthorityError
from analyzer.emulator.entra.scopes import Scopes
from tests.emulator.authority_client import outcome, post

if TYPE_CHECKING:
    from tests.emulator.client import Client

SCOPES = Scopes("https://contoso.sharepoint.com", (".default",))
NOW = 1_700_000_000.0
GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture
def codes() -> DeviceCodes:
    return DeviceCodes()


@pytest.fixture
def begun(codes: DeviceCodes) -> DeviceCode:
    return codes.begin(SCOPES, NOW)


def _refusal(codes: DeviceCodes, code: str, after: float) -> tuple[str, int | None]:
    with pytest.raises(AuthorityError) as error:
        codes.redeem(code, NOW + after)
    return error.value.error, error.value.number


def test_nobody_has_decided_yet(codes: DeviceCodes, begun: DeviceCode) -> None:
    assert _refusal(codes, begun.device_code, 0) == ("authorization_pending", 70016)
    assert _refusal(codes, begun.device_code, INTERVAL) == ("authorization_pending", 70016)


def test_who_asks_too_often_is_told_so(codes: DeviceCodes, begun: DeviceCode) -> None:
    _refusal(codes, begun.device_code, 0)
    assert _refusal(codes, begun.device_code, INTERVAL - 1) == ("slow_down", None)


def test_an_approved_code_is_good_once_and_at_once(codes: DeviceCodes, begun: DeviceCode) -> None:
    _refusal(codes, begun.device_code, 0)
    codes.decide(f" {begun.user_code.lower()} ", approved=True, now=NOW)
    assert codes.redeem(begun.device_code, NOW + 1) is SCOPES
    assert _refusal(codes, begun.device_code, 2) == ("invalid_grant", 54005)


def test_a_declined_code_stays_so(codes: DeviceCodes, begun: DeviceCode) -> None:
    codes.decide(begun.user_code, approved=False, now=NOW)
    assert _refusal(codes, begun.device_code, 0) == ("authorization_declined", 70017)
    with pytest.raises(AuthorityError, match="already authorized or declined"):
        codes.decide(begun.user_code, approved=True, now=NOW)


def test_a_code_expires_for_the_device_and_for_the_person(codes: DeviceCodes, begun: DeviceCode) -> None:
    assert _refusal(codes, begun.device_code, LIFETIME) == ("expired_token", 70020)
    with pytest.raises(AuthorityError) as error:
        codes.decide(begun.user_code, approved=True, now=NOW + LIFETIME)
    assert error.value.number == 70019


def test_a_code_that_nobody_gave_out_is_refused(codes: DeviceCodes) -> None:
    assert _refusal(codes, "made-up", 0) == ("bad_verification_code", 70018)
    with pytest.raises(AuthorityError) as error:
        codes.decide("made-up", approved=True, now=NOW)
    assert error.value.number == 70018


def _decide(client: Client, begun: dict[str, str], **form: str) -> tuple[int, str]:
    answer = client.http.post(begun["verification_uri"], data=form, verify=client.emulator.ready["ca_file"], timeout=60)
    assert answer.headers["Content-Type"].startswith("text/html")
    return answer.status_code, answer.text


def test_a_person_declines_on_the_page_that_the_answer_names(shared_client: Client) -> None:
    begun = post(shared_client, "devicecode", {"scope": f"{shared_client.origin}/.default"}).json()
    assert set(begun) == {"user_code", "device_code", "verification_uri", "expires_in", "interval", "message"}
    assert begun["user_code"] in begun["message"]
    form = {"grant_type": GRANT, "device_code": begun["device_code"]}
    assert outcome(post(shared_client, "token", form)) == (400, "authorization_pending", [70016])
    page = shared_client.send("GET", begun["verification_uri"]).text
    assert 'name="user_code"' in page
    status, told = _decide(shared_client, begun, user_code=begun["user_code"], decision="decline")
    assert (status, "You have declined." in told) == (200, True)
    assert outcome(post(shared_client, "token", form)) == (400, "authorization_declined", [70017])


def test_a_wrong_code_on_the_page_is_said(shared_client: Client) -> None:
    begun = post(shared_client, "devicecode", {"scope": f"{shared_client.origin}/.default"}).json()
    status, told = _decide(shared_client, begun, user_code="<b>")
    assert (status, "AADSTS70018" in told, "<b>" in told) == (400, True, False)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"scope": ""}, (400, "invalid_request", [900144])),
        ({"scope": "openid"}, (400, "invalid_scope", [70011])),
        ({"scope": "{origin}/Nothing.Such"}, (400, "invalid_scope", [70011])),
        ({"scope": "{origin}/.default https://contoso.sharepoint.com/.default"}, (400, "invalid_scope", [700022])),
        ({"scope": "https://fabrikam.sharepoint.com/.default"}, (400, "invalid_resource", [500011])),
        ({"scope": "{origin}/.default", "client_id": "somebody"}, (400, "unauthorized_client", [700016])),
    ],
)
def test_a_sign_in_that_cannot_begin_says_why(
    shared_client: Client, form: dict[str, str], expected: tuple[int, str, list[int]]
) -> None:
    asked = {name: text.replace("{origin}", shared_client.origin) for name, text in form.items()}
    assert outcome(post(shared_client, "devicecode", asked)) == expected
