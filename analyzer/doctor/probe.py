"""Requests without a token: who answers, what time it is there, and whose directory it belongs to."""

from __future__ import annotations

import email.utils
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from analyzer.errors import UnreachableError
from analyzer.tenant.transport import Transport, unreachable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.doctor.interface import Examination

_REALM = re.compile(r'realm="(?P<realm>[^"]+)"')


@dataclass(frozen=True, slots=True)
class Probe:
    """An answer.

    Attributes:
        status: HTTP status.
        content: the body as JSON; empty where it is no JSON object.
        ahead: seconds that our clock is ahead of its ``Date``; None where it has none.
        realm: the directory that a challenge names; empty where it names none.
    """

    status: int
    content: Mapping[str, Any]
    ahead: float | None
    realm: str


def authority_url(examination: Examination) -> str:
    """What the authority says of the directory, its OpenID configuration."""
    tenant = examination.subject.tenant
    return f"{tenant.authority.rstrip('/')}/{tenant.tenant_id.strip()}/v2.0/.well-known/openid-configuration"


def admin_url(examination: Examination) -> str:
    """An address of the admin site that answers everybody, with a challenge."""
    return f"{examination.hosts.admin_origin}/_api/web"


def probe(examination: Examination, url: str) -> Probe:
    """The answer to a request without a token, asked for once.

    Raises:
        UnreachableError: there is none.
    """
    if url not in examination.probes:
        examination.probes[url] = _asked(examination, url)
    return examination.probes[url]


def _asked(examination: Examination, url: str) -> Probe:
    origin = "/".join(url.split("/")[:3])
    try:
        with Transport(examination.address.ca_file) as http:
            headers = {"Accept": "application/json"}
            answer = http.get(url, headers=headers, auth=_nobody, allow_redirects=False)
    except requests.RequestException as error:
        raise unreachable(error, origin) from error
    except ValueError as error:
        raise UnreachableError(f"{origin} is no address", "Correct it in the configuration.") from error
    challenge = _REALM.search(answer.headers.get("WWW-Authenticate", ""))
    return Probe(
        answer.status_code,
        _json(answer.content),
        _ahead(answer.headers.get("Date", ""), examination.now()),
        challenge["realm"].lower() if challenge else "",
    )


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """An empty bearer token makes SharePoint name the directory; as ``auth``, or a ``.netrc`` takes its place."""
    request.headers["Authorization"] = "Bearer"
    return request


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _ahead(date: str, now: float) -> float | None:
    try:
        return now - email.utils.parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError):
        return None
