from __future__ import annotations

import json
import threading
import webbrowser
from functools import partial
from typing import TYPE_CHECKING, Any

import jwt
import pytest

from analyzer.errors import SignInError
from analyzer.tenant.signin import Application, InteractiveSignIn, TokenCache
from analyzer.tenant.signin import interactive as module

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from analyzer.emulator import RunningEmulator
    from tests.person import Person


@pytest.fixture
def sign_in(application: Application, tmp_path: Path) -> Callable[..., InteractiveSignIn]:
    def made(way: Any, notify: Callable[[str], None]) -> InteractiveSignIn:  # noqa: ANN401 - a literal
        return InteractiveSignIn(application, way, TokenCache(tmp_path, application), notify)

    return made


def _claims(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_a_person_signs_in_with_a_code_once_for_all_hosts(
    sign_in: Callable[..., InteractiveSignIn], person: Person, emulator: RunningEmulator
) -> None:
    tokens = sign_in("device-code", person.type_code)
    admin = tokens.token(emulator.ready["admin_url"])
    site = tokens.token("https://contoso.sharepoint.com")
    assert (_claims(admin)["aud"], _claims(admin)["upn"]) == (emulator.ready["admin_url"], "admin@contoso.com")
    assert _claims(site)["aud"] == "https://contoso.sharepoint.com"
    assert len(person.notices) == 1


def test_a_person_signs_in_by_browser(
    sign_in: Callable[..., InteractiveSignIn],
    person: Person,
    emulator: RunningEmulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person.sit_down(monkeypatch)
    notices: list[str] = []
    token = sign_in("interactive", notices.append).token(emulator.ready["admin_url"])
    assert _claims(token)["upn"] == "admin@contoso.com"
    assert "prompt=select_account" in person.opened[0]
    assert notices == ["Your browser opens: sign in there within 5 minutes."]


@pytest.mark.usefixtures("no_browser")
def test_without_a_browser_the_address_is_shown(
    sign_in: Callable[..., InteractiveSignIn], person: Person, emulator: RunningEmulator
) -> None:
    def notify(line: str) -> None:
        if line.startswith("No browser"):
            threading.Thread(target=person.browse, args=(line.split()[6],)).start()

    assert sign_in("interactive", notify).token(emulator.ready["admin_url"])


def test_no_sign_in_in_the_browser_is_a_refused_sign_in(
    sign_in: Callable[..., InteractiveSignIn], emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MINUTES", 0.001)
    monkeypatch.setattr(webbrowser, "_tryorder", [])
    with pytest.raises(SignInError, match="no one signed in within") as error:
        sign_in("interactive", lambda _line: None).token(emulator.ready["admin_url"])
    assert "device-code" in error.value.advice


def test_the_next_command_needs_no_sign_in(
    sign_in: Callable[..., InteractiveSignIn], person: Person, never: Callable[[str], None], emulator: RunningEmulator
) -> None:
    sign_in("device-code", person.type_code).token(emulator.ready["admin_url"])
    for way in ("device-code", "interactive"):
        assert sign_in(way, never).token("https://contoso-admin.sharepoint.com")


def test_a_refused_token_is_renewed_without_a_question(
    sign_in: Callable[..., InteractiveSignIn], person: Person, emulator: RunningEmulator
) -> None:
    tokens = sign_in("device-code", person.type_code)
    origin = emulator.ready["admin_url"]
    first = tokens.token(origin)
    assert tokens.renew(origin, first) != first
    assert len(person.notices) == 1


def test_a_declined_code_is_a_refused_sign_in(
    sign_in: Callable[..., InteractiveSignIn], person: Person, emulator: RunningEmulator
) -> None:
    tokens = sign_in("device-code", partial(person.type_code, decision="decline"))
    with pytest.raises(SignInError, match=r"declined on the page for codes \(AADSTS70017\)"):
        tokens.token(emulator.ready["admin_url"])


def test_an_unknown_application_asks_for_no_sign_in(
    application: Application, tmp_path: Path, never: Callable[[str], None]
) -> None:
    other = Application(application.authority, application.tenant_id, "0f0f0f0f", application.ca_file)
    with pytest.raises(SignInError, match=r"has no application 0f0f0f0f \(AADSTS700016\)"):
        InteractiveSignIn(other, "device-code", TokenCache(tmp_path, other), never).token(
            "https://contoso.sharepoint.com"
        )


def test_a_person_with_a_revoked_sign_in_is_asked_again(
    sign_in: Callable[..., InteractiveSignIn],
    person: Person,
    emulator: RunningEmulator,
    application: Application,
    tmp_path: Path,
) -> None:
    sign_in("device-code", person.type_code).token(emulator.ready["admin_url"])
    cache = TokenCache(tmp_path, application)
    tokens = cache.open()
    tokens.deserialize(json.dumps({"Account": json.loads(tokens.serialize())["Account"]}))
    tokens.has_state_changed = True
    cache.save()
    assert sign_in("device-code", person.type_code).token(emulator.ready["admin_url"])
    assert len(person.notices) == 2


def test_a_browser_is_waited_for_five_minutes_and_shows_that_it_is_done(
    sign_in: Callable[..., InteractiveSignIn], emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def interactive(_application: object, _scopes: list[str], **options: Any) -> dict[str, str]:  # noqa: ANN401 - msal's
        asked.update(options)
        return {"access_token": "made-up"}

    monkeypatch.setattr("msal.PublicClientApplication.acquire_token_interactive", interactive)
    assert sign_in("interactive", lambda _line: None).token(emulator.ready["admin_url"]) == "made-up"
    assert (asked["timeout"], "You have signed in" in asked["success_template"]) == (300, True)


def test_an_unused_listener_prints_no_traceback_and_other_threads_do(monkeypatch: pytest.MonkeyPatch) -> None:
    another = RuntimeError("another")
    printed: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda notices: printed.append(notices.exc_value))
    with module._no_traceback_of_a_listener():
        _end_a_thread_by(_nobody_came)
        _end_a_thread_by(_raise, another)
    _end_a_thread_by(_nobody_came)
    assert printed[:-1] == [another]
    assert "No auth response" in str(printed[-1])


def _nobody_came() -> None:
    from msal.oauth2cli.authcode import _AuthCodeHttpServer

    _AuthCodeHttpServer.handle_timeout(None)


def _raise(error: Exception) -> None:
    raise error


def _end_a_thread_by(fail: Callable[..., None], *arguments: object) -> None:
    thread = threading.Thread(target=fail, args=arguments)
    thread.start()
    thread.join()
