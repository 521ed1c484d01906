"""Requests that need no token: who answers, what time it is there, and whose directory it belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from analyzer.tenant.http.answer import Answer, date_in
from analyzer.tenant.http.session import Session
from analyzer.tenant.http.transport import Transport
from analyzer.tenant.http.unreachable import unreachable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.doctor.model import Examination

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


def probe_of_admin_site(examination: Examination) -> Probe:
    """The answer to a request with an empty token, upon which SharePoint names the directory; asked for once.

    Raises:
        UnreachableError: there is none.
    """
    url = f"{examination.hosts.admin_origin}/_api/web"
    if url not in examination.probes:
        session = Session(examination.address, _Nobody())
        examination.probes[url] = _probe(session.call("GET", url, repeatable=False), examination.now())
    return examination.probes[url]


def probe_of_authority(examination: Examination) -> Probe:
    """What the authority says of the directory, its OpenID configuration; asked for once.

    Raises:
        UnreachableError: it says nothing.
    """
    tenant = examination.subject.tenant
    authority = tenant.authority.rstrip("/")
    url = f"{authority}/{tenant.tenant_id.strip()}/v2.0/.well-known/openid-configuration"
    if url not in examination.probes:
        try:
            policy = examination.subject.policy
            with Transport(examination.address.ca_file, limits=policy.limits, now=policy.clock.monotonic) as http:
                response = http.get(url, allow_redirects=False)
        except requests.RequestException as error:
            raise unreachable(error, authority) from error
        answer = Answer(response.status_code, response.headers, response.content)
        examination.probes[url] = _probe(answer, examination.now())
    return examination.probes[url]


class _Nobody:
    """Tokens of nobody."""

    def token(self, origin: str) -> str:
        del origin
        return ""

    def renew(self, origin: str, refused: str) -> str:
        del origin
        return refused


def _probe(answer: Answer, now: float) -> Probe:
    challenge = _REALM.search(answer.headers.get("WWW-Authenticate", ""))
    realm = challenge["realm"].lower() if challenge else ""
    date = date_in(answer.headers.get("Date", ""))
    return Probe(answer.status, answer.content or {}, now - date.timestamp() if date else None, realm)
