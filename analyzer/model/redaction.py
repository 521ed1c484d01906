"""Mask secrets in texts: remembered ones, and anything that looks like a token, password, or cookie.

Remembered secrets are global to the process, because the writer of a text doesn't know the sign-in or proxy.
"""

from __future__ import annotations

import base64
import html
import json
import re
import sys
import threading
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


MASK = "***"
SHORTEST = 6
"""Characters. A shorter secret is part of too many words; it is masked only in places such as addresses."""
_FEWEST_DIFFERENT = 4
"""Different characters, for the same reason."""
COMMON_WORDS = frozenset(
    {"password", "passwort", "passphrase", "secret", "bearer", "sharepoint", "microsoft", "contoso"}
)
"""Words that may be passwords, but are frequent in our texts."""
_SECRET_NAME = re.compile(
    r"(?:SECRET|PASSWORD|PASSWD|PASSPHRASE|TOKEN|API_?KEY|ACCESS_?KEY|IDENTITY_HEADER)$", re.IGNORECASE
)
_LONGEST = 1 << 14
_PROXY = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?P<user>[^:]*):(?P<password>.*)@[^@]*", re.DOTALL)

_lock = threading.Lock()
_values: set[str] = set()
_spellings: tuple[str, ...] = ()


def remember(secret: str) -> None:
    """Mask a secret from now on, unless it is too short or too common."""
    global _spellings  # noqa: PLW0603 - one for the process
    value = secret.strip()
    is_distinct = len(set(value)) >= _FEWEST_DIFFERENT and value.lower() not in COMMON_WORDS
    if value not in _values and is_distinct and SHORTEST <= len(value) <= _LONGEST:
        spellings = set(_spelled(value))
        with _lock:
            _values.add(value)
            # The longest first: replacing a part of a longer one would leave the rest of it.
            _spellings = tuple(sorted({*_spellings, *spellings}, key=len, reverse=True))


def remember_login(user: str, password: str) -> None:
    """Mask a password, and its pair with the user's name as in HTTP's basic authentication."""
    for name, word in {(user, password), (unquote(user), unquote(password))}:
        remember(word)
        remember(f"{name}:{word}")


def remember_environment(environment: Mapping[str, str]) -> None:
    """Mask the secrets of the environment: variables with names such as ``API_KEY``, and passwords of proxies."""
    for name, value in environment.items():
        if _SECRET_NAME.search(name):
            remember(value)
    proxies = [value for name, value in environment.items() if name.lower().endswith("_proxy")]
    if sys.platform in {"darwin", "win32"}:  # others have no proxies but those of the environment
        import urllib.request  # slow to load

        proxies += urllib.request.getproxies().values()
    for proxy in set(proxies):
        login = _PROXY.fullmatch(proxy)
        if login is not None:
            remember_login(login["user"], login["password"])


def forget_all() -> None:
    """Forget all secrets, for tests."""
    global _spellings  # noqa: PLW0603 - one for the process
    with _lock:
        _values.clear()
        _spellings = ()


def without_literals(text: str) -> str:
    """Mask the remembered secrets in a text."""
    for spelling in _spellings:
        if spelling in text:
            text = text.replace(spelling, MASK)
    return text


def _spelled(value: str) -> Iterator[str]:
    """Yield a secret's spellings: plain, percent-encoded, JSON, HTML, Python's ``repr``, and base64."""
    encoded = {quote(value, safe=""), quote(value), quote_plus(value), quote(value, safe="!*'()~")}
    as_json = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    spellings = {
        value,
        unquote(value),
        *encoded,
        *(re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), one) for one in encoded),
        *as_json,
        *(one.replace("/", "\\/") for one in as_json),
        html.escape(value),
        html.escape(value, quote=False),
        repr(value)[1:-1],
    }
    for charset in ("utf-8", "latin-1"):
        content = value.encode(charset, "ignore")
        for packed in (base64.b64encode(content), base64.urlsafe_b64encode(content)):
            spellings |= {packed.decode("ascii"), packed.decode("ascii").rstrip("=")}
    yield from (spelling for spelling in spellings if len(spelling) >= SHORTEST)


_NAMES = (
    r"access_?token|refresh_?token|id_?token|client_assertion|assertion|client_secret|device_code|tempauth|prooftoken|"
    r"password|passwd|passphrase|fedauth|rtfa|spoidcrl|x-requestdigest|formdigestvalue|site_?token|\w*_token"
)
_USER = r"(?<!abfss)(://)(?!user:password@)[^/\s'\"<>]+@"  # abfss://CONTAINER@ACCOUNT has no user
_ODD_USER = r"(://)(?!user:password@|\[)[^/@:'\"<>\r\n]+:(?!\d{1,5}(?!\d))(?=\S)[^'\"<>\r\n@]*@"
"""A user or a password with a blank or a slash. After a port, or if the colon ends a clause, it is a host instead, and
the ``@`` belongs to the text after it."""
_AUTHORITY = re.compile(r"(?P<before>\s*(?:[A-Za-z][A-Za-z0-9+.-]*:)?[/\\]{2})(?P<rest>.*)", re.DOTALL)
_HOST = re.compile(r"(?:[^\s:@\[\]]*|\[[^\]]*\])(?::[0-9]{0,5})?")
_RULES = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        # Authorization: Bearer eyJ0…
        (r"\b(authorization['\"]?\s*[:=]\s*['\"]?)(?:(bearer|basic|negotiate|ntlm)\s+)?[^\s'\",;]+", rf"\1{MASK}"),
        (r"\b(bearer|basic)(\s+)[A-Za-z0-9+/._~=-]{8,}", rf"\1\2{MASK}"),
        # Set-Cookie: FedAuth=77u/…; path=/
        (r"\b((?:set-)?cookie['\"]?\s*[:=]\s*['\"]?)[^'\"\r\n]+", rf"\1{MASK}"),
        # eyJ0eXAi….eyJhdWQi….signature, possibly truncated
        (r"\beyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){0,4}", MASK),
        # https://ada:word@proxy.example.com:8080, except in our own advice
        (_USER, rf"\1{MASK}@"),
        (_ODD_USER, rf"\1{MASK}@"),
        # &tempauth=v1.eyJ0…, {"access_token": "…"}, 'password': '…'
        (rf"\b({_NAMES})(['\"]?\s*[=:]\s*)(['\"])(?:\\.|(?!\3).)*", rf"\1\2\3{MASK}"),
        (rf"\b({_NAMES})(\s*=\s*)[^\s&'\"<>,;#]+", rf"\1\2{MASK}"),
        # ?code=0.AX…&sig=…: these names are too common outside of queries
        (r"([?&](?:code|sig|signature|token|key|e|p)=)[^\s&'\"<>#]+", rf"\1{MASK}"),
    )
)
_VALUE = re.compile(r"(?<=[?&])(?P<name>[^=&#]*)=(?P<value>[^&#]*)")
_VALUE_IN_TEXT = re.compile(r"(?<=[?&])(?P<name>[^\s=&#?'\"<>]+)=[^\s&#'\"<>]*")


def redacted(text: str) -> str:
    """Mask secrets in any text, such as a message, a body, or a traceback.

    >>> redacted("GET https://contoso.sharepoint.com/a?tempauth=v1.eyJ0eXAi&x=1 Authorization: Bearer abc")
    'GET https://contoso.sharepoint.com/a?tempauth=***&x=1 Authorization: ***'
    """
    text = without_literals(text)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def shown_url(url: str) -> str:
    """Return an address for a log; its query keeps only the values of OData's options.

    >>> shown_url("https://contoso.sharepoint.com/_api/web?$top=5&guid=a1b2")
    'https://contoso.sharepoint.com/_api/web?$top=5&guid=***'
    """
    return redacted(_user_masked(_query_masked(without_literals(url))))


def shown_uri(uri: str) -> str:
    """Return the address of a file or folder with its query and user masked; its path may contain any word.

    >>> shown_uri("https://contoso.sharepoint.com/sites/hr/Basic password=1.json?tempauth=v1.eyJ0eXAi")
    'https://contoso.sharepoint.com/sites/hr/Basic password=1.json?tempauth=***'
    """
    return _user_masked(_query_masked(without_literals(uri)))


def shown_message(text: str) -> str:
    """Return a message of the service with the queries of its addresses masked.

    >>> shown_message("no access to https://contoso.sharepoint.com/a b.json?ticket=v1.eyJ0eXAi it says")
    'no access to https://contoso.sharepoint.com/a b.json?ticket=*** it says'
    """
    return redacted(_VALUE_IN_TEXT.sub(rf"\g<name>={MASK}", without_literals(text)))


def _user_masked(uri: str) -> str:
    """Mask an address's user and password with any characters; a path may contain an ``@``, too."""
    match = _AUTHORITY.fullmatch(uri)
    if match is None:
        return uri
    rest = match["rest"]
    authority = re.split(r"[/\\?#]", rest, maxsplit=1)[0]
    # A password with a slash would end the authority too early.
    login = authority if "@" in authority else "" if _HOST.fullmatch(authority) else rest
    end = login.rfind("@")
    return uri if end < 0 else f"{match['before']}{MASK}{rest[end:]}"


def _query_masked(url: str) -> str:
    address, mark, query = url.partition("?")
    return address + _VALUE.sub(_value_masked, mark + query)


def _value_masked(match: re.Match[str]) -> str:
    is_odata = match["name"].startswith(("$", "%24")) or match["name"] == "api-version"
    return match[0] if is_odata else f"{match['name']}={MASK}"
