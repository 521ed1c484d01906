"""Requests as kinds: whatever is a name, a number or a secret is taken out, what shapes the request stays."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

import jwt

from tests.foreign.office365_tenant import ADMIN_HOST, LOGIN_HOST, SITE_HOST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.wire.listening import Request

PLACES = {ADMIN_HOST: "{admin}", SITE_HOST: "{site}", LOGIN_HOST: "{authority}"}
MATTERING = (
    "accept",
    "authorization",
    "content-type",
    "if-match",
    "if-range",
    "range",
    "user-agent",
    "x-http-method",
    "x-requestdigest",
)
"""The headers that the service acts upon, or looks at when it throttles."""

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_WEB = re.compile(r"(?:/(?:sites|teams|personal)/.*?)?(?=/_api/)")
_TEXT = re.compile(r"'(?:[^']|'')*'")
_OFFSET = re.compile(r"(?<=fileOffset=)\d+", re.IGNORECASE)
_NUMBERED = re.compile(r"\d+(?:\.\d+)+")
_ONLY_NAMED = ("client_id", "client_assertion", "client_info")


@dataclass(frozen=True)
class Kind:
    """What two requests have in common that ask the service for the same.

    Attributes:
        call: ``POST {site}{web}/_api/web/…``; the names of query options behind it.
        body: ``none``, ``empty``, ``bytes``, or the shape of JSON or of a form.
    """

    call: str
    body: str

    def asks_the_same(self, other: Kind) -> bool:
        """Whether the service takes both for one: it reads names in any casing (seen)."""
        return (self.call.lower(), self.body) == (other.call.lower(), other.body)


def kind_of(request: Request) -> Kind:
    """The kind of a request."""
    path, _, query = request.target.partition("?")
    options = sorted(name for name, _ in parse_qsl(query, keep_blank_values=True))
    where = PLACES.get(request.host, request.host) + _template(path)
    return Kind(f"{request.method} {where}{'?' if options else ''}{'&'.join(options)}", _body(request))


def headers_of(request: Request) -> dict[str, str]:
    """The headers that matter, without what is secret or another one each time."""
    told = {name: value for name in MATTERING if (value := request.headers.get(name)) is not None}
    if "authorization" in told:
        told["authorization"] = f"{told['authorization'].partition(' ')[0]} …"
    if "x-requestdigest" in told:
        told["x-requestdigest"] = "…"
    return {name: _NUMBERED.sub("…", value) for name, value in told.items()}


def _template(path: str) -> str:
    web = _WEB.match(path)
    if web is not None:
        path = "{web}" + path[web.end() :]
    # A text may hold whatever a name may; its end is a quotation mark that is not doubled.
    return _GUID.sub("{guid}", _OFFSET.sub("…", _TEXT.sub("'…'", unquote(path))))


def _body(request: Request) -> str:
    kind = request.headers.get("content-type", "")
    if not request.body:
        return "empty" if "content-length" in request.headers else "none"
    if kind.startswith("application/x-www-form-urlencoded"):
        return _form(dict(parse_qsl(request.body.decode())))
    if "/web/" in request.target.lower():
        return "bytes"
    try:
        return json.dumps(_shape(json.loads(request.body)), ensure_ascii=False)
    except ValueError:
        return "bytes"


def _form(fields: Mapping[str, str]) -> str:
    told = {name: "…" if name in _ONLY_NAMED else _GUID.sub("{guid}", value) for name, value in fields.items()}
    if "client_assertion" in fields:
        header = jwt.get_unverified_header(fields["client_assertion"])
        told["client_assertion"] = f"{header['alg']} {' '.join(sorted(header))}"
    for host, place in PLACES.items():
        told["scope"] = told.get("scope", "").replace(f"https://{host}/", f"https://{place}/")
    return "form " + json.dumps(dict(sorted(told.items())), ensure_ascii=False)


def _shape(value: object) -> object:
    if isinstance(value, dict):
        return {name: _shape(inner) for name, inner in value.items()}
    return type(value).__name__
