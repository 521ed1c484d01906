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

from analyzer.model.redaction import redacted, shown_message, shown_uri, shown_url
from analyzer.model.secrets import forget_all, remember, remember_environment, remember_login, without_literals

if TYPE_CHECKING:
    from collections.abc import Callable

_SECRET = 'p@s/s#w?o:r%d <\\"é'

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
    remember(_SECRET)
    text = f"before {spell(_SECRET)} after"
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
    is_kept = len(value) >= 6 and len(set(value)) >= 4
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
