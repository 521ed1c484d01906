from __future__ import annotations

import base64
import html
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.model.redaction import (
    COMMON_WORDS,
    forget_all,
    redacted,
    remember,
    remember_environment,
    remember_login,
    shown_message,
    shown_uri,
    shown_url,
    without_literals,
)

if TYPE_CHECKING:
    from collections.abc import Callable


_JWT = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJtYWRlLXVwIn0.c2lnbmF0dXJl"
_SECRET = "Made.Up-s3cret"


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {_SECRET}",
        f"'Authorization': 'Bearer {_SECRET}'",
        f'{{"authorization": "Basic {_SECRET}"}}',
        f"headers={{'authorization': 'bearer {_SECRET}', 'a': 'b'}}",
        f"the token Bearer {_SECRET} was sent",
        f"Set-Cookie: FedAuth={_SECRET}; path=/; HttpOnly",
        f"Cookie: rtFa={_SECRET}; x={_SECRET}",
        f"https://contoso.sharepoint.com/a?tempauth={_SECRET}&x=1",
        f"https://contoso.sharepoint.com/a?x=1&access_token={_SECRET}",
        f"https://files.example.com/a?sv=1&sig={_SECRET}",
        f"https://login.example.com/?code={_SECRET}&state=1",
        f"grant_type=refresh_token&refresh_token={_SECRET}&client_id=1",
        f"client_assertion={_SECRET}&client_assertion_type=jwt",
        f'{{"access_token": "{_SECRET}", "expires_in": 3599}}',
        f"{{'id_token': '{_SECRET}'}}",
        f'"client_secret" : "say \\"{_SECRET}\\""',
        f"X-RequestDigest: 'x' password={_SECRET}",
        f"http://ada:{_SECRET}@proxy.example.com:8080",
        f"proxies={{'https': 'http://ada:p@{_SECRET}@proxy.example.com'}}",
        f"device_code={_SECRET}",
        f"https://{_SECRET}@contoso.sharepoint.com/a.json",
        f"https://a da:{_SECRET}@contoso.sharepoint.com/a.json",
        f"https://ada:a/{_SECRET}@contoso.sharepoint.com/a.json",
        f"https://ada:a {_SECRET}@contoso.sharepoint.com/a.json",
    ],
)
def test_a_secret_is_masked_wherever_it_stands(text: str) -> None:
    assert _SECRET not in redacted(text)
    assert "***" in redacted(text)


@pytest.mark.parametrize(
    "name",
    [
        *("access_token", "accessToken", "refreshToken", "idToken", "siteToken", "my_token"),
        *("client_assertion", "assertion", "client_secret", "device_code", "tempauth", "prooftoken"),
        *("password", "passwd", "passphrase", "FedAuth", "rtFa", "SPOIDCRL", "X-RequestDigest", "FormDigestValue"),
    ],
)
def test_what_a_name_says_to_be_secret_is_masked(name: str) -> None:
    assert redacted(f"a {name}={_SECRET}, b") == f"a {name}=***, b"
    assert redacted(f'{{"{name}": "{_SECRET}", "b": 1}}') == f'{{"{name}": "***", "b": 1}}'


@pytest.mark.parametrize("name", ["code", "sig", "signature", "token", "key", "e", "p"])
def test_a_short_name_says_so_in_a_query_alone(name: str) -> None:
    assert redacted(f"/a?x=1&{name}={_SECRET}") == f"/a?x=1&{name}=***"
    assert redacted(f"{name}={_SECRET}") == f"{name}={_SECRET}"


@pytest.mark.parametrize("text", [_JWT, f"token {_JWT}, refused", f'{{"x": "{_JWT}"}}', _JWT[:30], f"a?x={_JWT}&y=1"])
def test_a_token_is_known_by_its_look(text: str) -> None:
    assert "eyJ" not in redacted(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://contoso.sharepoint.com/sites/hr/Shared Documents/a.json",
        "https://127.0.0.1:8443/sites/hr/ada@contoso.com.json",
        'Access denied. ("-2147024891, System.UnauthorizedAccessException")',
        '{"error": {"code": "-2147024891", "message": {"value": "No."}}}',
        "AADSTS700027: the certificate has expired.",
        "open https://microsoft.com/devicelogin and enter the code ABCD-EFGH",
        "the environment variable UPA_TOKEN is not set; token_env names it",
        "IdentityNotResolvable\tada@contoso.com\tUser identity cannot be resolved",
        "certificate_password_env names the variable that holds it.",
        "Set HTTPS_PROXY to http://user:password@host:port of the proxy.",
        "https://contoso.sharepoint.com: there is no ada@contoso.com",
        "https://127.0.0.1:8443: ada@contoso.com",
        "https://contoso.sharepoint.com at 12:30 by ada@contoso.com",
        "https://127.0.0.1:8443 does not know ada@contoso.com",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redacted(text) == text


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example.com/b", "https://a.example.com/b"),
        ("https://a.example.com/b?%24top=5&%24x=y", "https://a.example.com/b?%24top=5&%24x=y"),
        ("https://a.example.com/b?$top=5&$skiptoken=x&ts=abc", "https://a.example.com/b?$top=5&$skiptoken=x&ts=***"),
        ("https://a.example.com/b?UniqueId=1&Translate=false", "https://a.example.com/b?UniqueId=***&Translate=***"),
        ("https://ada:word@a.example.com/b", "https://***@a.example.com/b"),
        ("http://169.254.169.254/token?api-version=1&r=x", "http://169.254.169.254/token?api-version=1&r=***"),
        ("https://a.example.com/b?flag", "https://a.example.com/b?flag"),
    ],
)
def test_of_an_address_s_query_only_what_is_known_is_shown(url: str, shown: str) -> None:
    assert shown_url(url) == shown


@pytest.mark.parametrize(
    "user",
    [
        *(
            "ada:{}",
            "{}",
            "ada:a {}",
            "a da:{}",
            "ada:{}@b",
            "ada:a@{}",
            "ada:a/{}",
            "ada:a?b{}",
            "ada:a#{}",
            "ada:{}:b",
        ),
        *(":{}", "ada%40contoso.com:{}", "ada:a\\{}", "ada:a[{}", "ada:a'{}", "ada:a<{}", "ada:a\n{}"),
    ],
)
@pytest.mark.parametrize("shown", [shown_url, shown_uri])
def test_an_address_shows_no_user_whatever_its_characters(shown: Callable[[str], str], user: str) -> None:
    masked = shown(f"https://{user.format(_SECRET)}@contoso.sharepoint.com/sites/hr/a.json")
    assert _SECRET not in masked
    assert "***" in masked


@pytest.mark.parametrize(
    "uri",
    [
        "https://contoso.sharepoint.com/sites/hr/ada@contoso.com.json",
        "https://127.0.0.1:8443/ada@contoso.com.json",
        "https://[::1]:8443/ada@contoso.com.json",
        "/sites/hr/ada@contoso.com.json",
        "ada@contoso.com",
        "",
    ],
)
@pytest.mark.parametrize("shown", [shown_url, shown_uri])
def test_an_at_sign_in_a_path_is_no_user(shown: Callable[[str], str], uri: str) -> None:
    assert shown(uri) == uri


def test_neither_an_address_nor_a_message_of_the_service_shows_who_signs_in() -> None:
    assert shown_uri(f"https://ada:{_SECRET}@a.example.com/b") == "https://***@a.example.com/b"
    assert shown_message(f"no access with Authorization: Bearer {_SECRET}") == "no access with Authorization: ***"


_GIVEN = 'p@s/s#w?o:r%d <\\"é'

_ENCODED = re.compile(r"%[0-9A-F]{2}")
_SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "percent-encoded": lambda value: quote(value, safe=""),
    "percent-encoded as a path": quote,
    "percent-encoded as a form": quote_plus,
    "percent-encoded in small letters": lambda value: _ENCODED.sub(lambda one: one[0].lower(), quote(value, safe="")),
    "in JSON": lambda value: json.dumps(value)[1:-1],
    "in JSON with its letters": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    "in JSON with its slashes escaped": lambda value: json.dumps(value)[1:-1].replace("/", "\\/"),
    "in HTML": html.escape,
    "in a traceback": lambda value: repr(value)[1:-1],
    "in base64": lambda value: base64.b64encode(value.encode()).decode(),
    "in base64 of an address": lambda value: base64.urlsafe_b64encode(value.encode()).decode().rstrip("="),
}


@pytest.mark.parametrize("spell", _SPELLINGS.values(), ids=_SPELLINGS.keys())
def test_what_was_remembered_is_masked_however_it_is_spelled(spell: Callable[[str], str]) -> None:
    remember(_GIVEN)
    text = f"before {spell(_GIVEN)} after"
    assert without_literals(text) == "before *** after"
    for mask in (redacted, shown_message, shown_url, shown_uri):
        assert mask(text) == "before *** after"


def test_a_secret_that_looks_like_a_query_is_masked_whole() -> None:
    remember("made?up=word&x=1")
    for mask in (redacted, shown_message, shown_url, shown_uri):
        assert mask("it is made?up=word&x=1") == "it is ***"


@given(st.text(min_size=6, max_size=30))
def test_no_secret_of_some_length_is_left_in_a_text(secret: str) -> None:
    value = secret.strip()
    forget_all()
    remember(secret)
    is_kept = len(value) >= 6 and len(set(value)) >= 4 and value.lower() not in COMMON_WORDS
    assert (value in without_literals(f"<{value}>")) is not is_kept or "***" in value


@pytest.mark.parametrize("value", ["", "a", "abc12", "aaaaaaaa", "password", "Secret", " a ", "SharePoint"])
def test_a_secret_that_is_part_of_any_text_masks_nothing(value: str) -> None:
    remember(value)
    text = f"a password, a Secret of SharePoint: aaaaaaaa abc12 {value}"
    assert without_literals(text) == text


def test_a_longer_secret_is_masked_whole_though_a_shorter_one_is_a_part_of_it() -> None:
    remember("made-up")
    remember("made-up-longer")
    assert without_literals("made-up-longer made-up") == "*** ***"


@pytest.mark.parametrize("charset", ["utf-8", "latin-1"])
def test_a_login_is_masked_as_http_sends_it(charset: str) -> None:
    remember_login("ada", "w%C3%B6rd@1")
    for password in ("w%C3%B6rd@1", "wörd@1"):
        packed = base64.b64encode(f"ada:{password}".encode(charset)).decode()
        assert without_literals(f"Proxy-Authorization: Basic {packed}") == "Proxy-Authorization: Basic ***"
        assert without_literals(f"you sent {password}") == "you sent ***"
    assert without_literals("ada was here") == "ada was here"


@pytest.mark.parametrize(
    "name",
    [
        "UPA_TOKEN",
        "AZURE_CLIENT_SECRET",
        "upa_certificate_password",
        "PFX_PASSPHRASE",
        "SOME_API_KEY",
        "IDENTITY_HEADER",
    ],
)
def test_a_variable_that_is_named_as_a_secret_is_one(name: str) -> None:
    remember_environment({name: "made-up-value"})
    assert without_literals("it is made-up-value") == "it is ***"


@pytest.mark.parametrize("name", ["PWD", "TOKENS_FOLDER", "UPA_ANALYZER_DATA", "PASSWORD_FILE", "SECRETARY"])
def test_another_variable_is_not(name: str) -> None:
    remember_environment({name: "made-up-value"})
    assert without_literals("it is made-up-value") == "it is made-up-value"


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "http_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("between", ["@", "/", "?", "#", ":", " ", "%2F", "\\", "["])
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_a_proxy_s_password_is_one_whatever_its_characters(name: str, between: str, scheme: str) -> None:
    password = f"pa{between}ssword"
    remember_environment({name: f"{scheme}ada:{password}@proxy.example.com:8080"})
    assert without_literals(f"it is {password}") == "it is ***"
    assert without_literals("it is ada at proxy.example.com:8080") == "it is ada at proxy.example.com:8080"
