from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.model.redaction import redacted, shown_message, shown_uri, shown_url

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
