"""Texts without what would let their reader in: tokens, passwords, cookies, signatures of addresses."""

from __future__ import annotations

import re

from analyzer.model.secrets import MASK, without_literals

_NAMES = (
    r"access_?token|refresh_?token|id_?token|client_assertion|assertion|client_secret|device_code|tempauth|prooftoken|"
    r"password|passwd|passphrase|fedauth|rtfa|spoidcrl|x-requestdigest|formdigestvalue|site_?token|\w*_token"
)
_USER = r"(://)(?!user:password@)[^/\s'\"<>]+@"
_ODD_USER = r"(://)(?!user:password@|\[)[^/@:'\"<>\r\n]+:(?!\d{1,5}(?!\d))(?=\S)[^'\"<>\r\n@]*@"
"""A user or a password with a blank or a slash; not after a port, nor where the colon ends a clause: there it's
a host, and an ``@`` of the text after it."""
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
        # eyJ0eXAi….eyJhdWQi….signature, the last two perhaps cut off
        (r"\beyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){0,4}", MASK),
        # https://ada:word@proxy.example.com:8080, but not our own advice how to write one
        (_USER, rf"\1{MASK}@"),
        (_ODD_USER, rf"\1{MASK}@"),
        # &tempauth=v1.eyJ0…, {"access_token": "…"}, 'password': '…'
        (rf"\b({_NAMES})(['\"]?\s*[=:]\s*)(['\"])(?:\\.|(?!\3).)*", rf"\1\2\3{MASK}"),
        (rf"\b({_NAMES})(\s*=\s*)[^\s&'\"<>,;#]+", rf"\1\2{MASK}"),
        # ?code=0.AX…&sig=…: of these the names alone say little, so that only a query's count
        (r"([?&](?:code|sig|signature|token|key|e|p)=)[^\s&'\"<>#]+", rf"\1{MASK}"),
    )
)
_VALUE = re.compile(r"(?<=[?&])(?P<name>[^=&#]*)=(?P<value>[^&#]*)")
_VALUE_IN_TEXT = re.compile(r"(?<=[?&])(?P<name>[^\s=&#?'\"<>]+)=[^\s&#'\"<>]*")


def redacted(text: str) -> str:
    """A text in which secrets are masked, whatever it is: a message, a body, a traceback.

    >>> redacted("GET https://contoso.sharepoint.com/a?tempauth=v1.eyJ0eXAi&x=1 Authorization: Bearer abc")
    'GET https://contoso.sharepoint.com/a?tempauth=***&x=1 Authorization: ***'
    """
    text = without_literals(text)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def shown_url(url: str) -> str:
    """An address for a log: of its query only OData's own options keep their values.

    >>> shown_url("https://contoso.sharepoint.com/_api/web?$top=5&guid=a1b2")
    'https://contoso.sharepoint.com/_api/web?$top=5&guid=***'
    """
    return redacted(_user_masked(_query_masked(without_literals(url))))


def shown_uri(uri: str) -> str:
    """The address of a file or folder, without what its query or its user could tell; a path may hold any word.

    >>> shown_uri("https://contoso.sharepoint.com/sites/hr/Basic password=1.json?tempauth=v1.eyJ0eXAi")
    'https://contoso.sharepoint.com/sites/hr/Basic password=1.json?tempauth=***'
    """
    return _user_masked(_query_masked(without_literals(uri)))


def shown_message(text: str) -> str:
    """What the service says, in which no address keeps the values of its query.

    >>> shown_message("no access to https://contoso.sharepoint.com/a b.json?ticket=v1.eyJ0eXAi it says")
    'no access to https://contoso.sharepoint.com/a b.json?ticket=*** it says'
    """
    return redacted(_VALUE_IN_TEXT.sub(rf"\g<name>={MASK}", without_literals(text)))


def _user_masked(uri: str) -> str:
    """An address without its user and password, whatever characters they have; a path may have an ``@`` of its own."""
    found = _AUTHORITY.fullmatch(uri)
    if found is None:
        return uri
    rest = found["rest"]
    authority = re.split(r"[/\\?#]", rest, maxsplit=1)[0]
    # A password with a slash ends what looks like a host in the middle.
    of = authority if "@" in authority else "" if _HOST.fullmatch(authority) else rest
    end = of.rfind("@")
    return uri if end < 0 else f"{found['before']}{MASK}{rest[end:]}"


def _query_masked(url: str) -> str:
    address, mark, query = url.partition("?")
    kept = _VALUE.sub(lambda found: found[0] if _is_odata(found["name"]) else f"{found['name']}={MASK}", mark + query)
    return address + kept


def _is_odata(name: str) -> bool:
    return name.startswith(("$", "%24")) or name == "api-version"
