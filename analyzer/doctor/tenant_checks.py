"""The checks on the way to the tenant: the clock, the authority, the token, the admin site, the job list, a library."""

from __future__ import annotations

import base64
import json
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from analyzer.catalogue.job_list_length import ADVICE, is_long, length_sentence
from analyzer.config.connect import tokens_of
from analyzer.doctor.model import BY_AUTHORITY, CheckResult, Mark, Probe
from analyzer.errors import RefusedError, SignInError, ThresholdError, UnreachableError
from analyzer.model.service import GUID
from analyzer.model.text import count, duration, listed
from analyzer.model.uri import server_paths
from analyzer.tenant.http.answer import ASK_AGAIN, Answer, date_in
from analyzer.tenant.http.session import Session
from analyzer.tenant.http.throttle import TEMPORARY
from analyzer.tenant.http.transport import Transport
from analyzer.tenant.http.unreachable import unreachable
from analyzer.tenant.sharepoint.jobs import list_jobs
from analyzer.tenant.sharepoint.site import Tenant
from analyzer.tenant.signin import Application
from analyzer.tenant.signin.entra_errors import LATE, SignInContext, refusal_of, span

if TYPE_CHECKING:
    from analyzer.doctor.model import Examination
    from analyzer.tenant.model import Tokens

_SUCCESS, _ANSWERS = 200, frozenset({200, 401, 403})
_TRIED_FOLDERS = 3
_REALM = re.compile(r'realm="(?P<realm>[^"]+)"')
_SHAREPOINT = "00000003-0000-0ff1-ce00-000000000000"
"""SharePoint Online's own name, which some authorities use as the audience (seen)."""
_NEEDED = ("Sites.FullControl.All", "User.ReadWrite.All")
_BY_SECRET = "1"  # noqa: S105 - a claim about how a token was obtained


def clock(examination: Examination) -> CheckResult:
    """Compare our clock with those of the authority and of the tenant.

    Raises:
        SignInError: it is off by more than Entra accepts.
    """
    tenant = examination.subject.tenant
    probes = {urlsplit(tenant.authority).netloc: _probe_authority} if tenant.auth in BY_AUTHORITY else {}
    probes[urlsplit(examination.hosts.admin_origin).netloc] = _probe_admin_site
    ahead: dict[str, float] = {}
    for host, probe in probes.items():
        with suppress(UnreachableError):  # which a check of its own reports
            off = probe(examination).ahead
            if off is not None:
                ahead[host] = off
    for host, off in ahead.items():
        if abs(off) > LATE:
            raise SignInError(
                f"this machine's clock is {span(off)}, by the time of {host}",
                "Set it by a time server: no sign-in is valid otherwise.",
            )
    if not ahead:
        return CheckResult("no answer had a time to compare with", mark=Mark.skipped)
    most = max(abs(off) for off in ahead.values())
    return CheckResult(f"within {count(max(1, round(most)), 'second')} of {listed(ahead)}")


def authority(examination: Examination) -> CheckResult:
    """Check that the authority answers, and knows the directory.

    Raises:
        SignInError: it doesn't know it.
        UnreachableError: it doesn't answer, or with something else.
    """
    tenant = examination.subject.tenant
    if tenant.auth not in BY_AUTHORITY:
        return CheckResult(f"auth = {tenant.auth} needs none", mark=Mark.unneeded)
    answer = _probe_authority(examination)
    if "error" in answer.content:
        application = Application(tenant.authority, tenant.tenant_id, tenant.client_id)
        raise refusal_of(answer.content, SignInContext(application, ""), examination.now())
    _check_available(answer, tenant.authority)
    if answer.status != _SUCCESS or "token_endpoint" not in answer.content:
        raise UnreachableError(
            f"{tenant.authority} isn't an authority: it answered {answer.status}, without an OpenID configuration",
            "Correct authority. Is a proxy or a sign-in page of the network in between?",
        )
    return CheckResult(f"{tenant.authority} knows the directory {tenant.tenant_id}")


def token(examination: Examination) -> CheckResult:
    """Check that the sign-in returns a token for the admin site, and check its claims.

    Raises:
        SignInError: there is none, or it is invalid.
        RefusedError: it lacks permissions.
        UnreachableError: the authority didn't answer.
    """
    origin = examination.hosts.admin_origin
    claims = claims_of(_tokens(examination).token(origin))
    examination.passed.add("token")  # whatever its claims, the tenant decides
    if claims is None:
        return CheckResult("received one that isn't a JSON web token, so nothing more can be checked")
    left = None if claims.ends is None else claims.ends - examination.now()
    if left is not None and left <= 0:
        raise SignInError(f"the token expired {duration(-left)} ago", "Get a new one.")
    _check_claims(claims, urlsplit(origin).netloc)
    end = "" if left is None else f", valid for {duration(left)}"
    person = f" of {claims.person}" if claims.person else ""
    allowed = listed(claims.roles or claims.scopes) or "no permissions named"
    return CheckResult(f"one{person} for {claims.audience}: {allowed}{end}")


def admin_site(examination: Examination) -> CheckResult:
    """Check that the admin site answers, and belongs to the configured directory.

    Raises:
        UnreachableError: it doesn't answer, or isn't an admin site.
        SignInError: it belongs to another directory.
    """
    origin = examination.hosts.admin_origin
    answer = _probe_admin_site(examination)
    _check_available(answer, origin)
    if answer.status not in _ANSWERS:
        raise UnreachableError(
            f"{origin} isn't an admin site: it answered {answer.status}",
            "Correct admin_url: it looks like https://contoso-admin.sharepoint.com.",
        )
    wanted = examination.subject.tenant.tenant_id.strip().lower()
    if answer.realm and GUID.fullmatch(wanted) and GUID.fullmatch(answer.realm) and answer.realm != wanted:
        raise SignInError(
            f"{origin} belongs to the directory {answer.realm}, not to {wanted}",
            "Correct admin_url or tenant_id in the configuration: they have to belong to one tenant.",
        )
    return CheckResult(f"{origin} answers" + (f", directory {answer.realm}" if answer.realm else ""))


def job_list(examination: Examination) -> CheckResult:
    """Check that we may read the job list.

    Raises:
        RefusedError: we may not.
        ThresholdError: SharePoint refuses it for good.
        UnreachableError: the answer is invalid.
    """
    try:
        examination.jobs = list_jobs(_session(examination))
    except ThresholdError as error:
        raise ThresholdError(
            error.what,
            "Only Microsoft can fix this. Open a support request for SharePoint in the Microsoft 365 admin center, with"
            f' this text: "{error.support}"',
        ) from error
    if is_long(len(examination.jobs)):
        return CheckResult(length_sentence(len(examination.jobs)).rstrip("."), ADVICE, Mark.warning)
    return CheckResult(f"it has {count(len(examination.jobs), 'job')}")


def library(examination: Examination) -> CheckResult:
    """Check that we may read the folder of the newest job's source file.

    Raises:
        RefusedError: we may not.
        UnreachableError: the answer is invalid.
    """
    tenant = Tenant(_session(examination))
    # A job may have failed because its source file was not in the tenant.
    jobs = [job for job in reversed(examination.jobs) if examination.hosts.has(job.source_uri)]
    jobs = [job for job in jobs if server_paths(job.source_uri)]
    for job in jobs[:_TRIED_FOLDERS]:
        folder = server_paths(job.source_uri)[0].rpartition("/")[0] or "/"  # a web's root is a folder, too
        try:
            files = tenant.folder(job.source_uri, folder)
        except ThresholdError:  # without permission it is another error; pull lists no such folder
            return CheckResult(f"{folder} can be read, and has more files than SharePoint lists")
        if files is not None:
            return CheckResult(f"{folder} can be read: {count(len(files), 'file')}")
    if not jobs:
        return CheckResult("no job names one", mark=Mark.unneeded)
    return CheckResult("the folders of the last jobs no longer exist", mark=Mark.unneeded)


@dataclass(frozen=True, slots=True)
class Claims:
    """Claims of a bearer token, unverified. The token itself is never shown.

    Attributes:
        audience: as the token has it.
        roles: an application's permissions.
        scopes: delegated permissions; empty for an application.
        ends: seconds since 1970; None if unknown.
        by_secret: whether an application obtained it with a client secret.
        person: whose it is; empty for an application.
    """

    audience: str
    roles: tuple[str, ...]
    scopes: tuple[str, ...]
    ends: float | None
    by_secret: bool
    person: str

    def is_for(self, host: str) -> bool:
        """Return whether the audience is a host in any spelling: ``https://HOST/``, or SharePoint's name with it."""
        audience = self.audience.lower().removeprefix("https://").rstrip("/")
        return host == audience or audience.startswith(_SHAREPOINT)

    @property
    def missing(self) -> list[str]:
        """The permissions that an application's token lacks; unknown, thus empty, for a person's."""
        return [] if self.scopes or self.person else [role for role in _NEEDED if role not in self.roles]


def claims_of(token: str) -> Claims | None:
    """Return the claims of a token; None if it isn't a JSON web token."""
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError):
        return None
    if not isinstance(claims, dict):
        return None
    ends = claims.get("exp")
    return Claims(
        str(claims.get("aud", "")),
        _names(claims.get("roles")),
        _names(str(claims.get("scp") or "").split()),
        float(ends) if isinstance(ends, int | float) else None,
        str(claims.get("appidacr")) == _BY_SECRET and not claims.get("scp"),
        str(claims.get("upn") or claims.get("unique_name") or ""),
    )


def _names(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - JSON
    return tuple(str(name) for name in value) if isinstance(value, list) else ()


def _check_claims(claims: Claims, host: str) -> None:
    if not claims.is_for(host):
        raise SignInError(
            f"the token is for {claims.audience}, not for {host}", "Correct admin_url, or get another token."
        )
    if claims.by_secret:
        raise SignInError(
            "the token was obtained with a client secret, which SharePoint accepts from no application",
            "Sign in by certificate.",
        )
    if claims.missing:
        raise RefusedError(
            f"the token lacks {listed(claims.missing)}",
            "Add them to the application in Entra, as application permissions of SharePoint (not of Microsoft Graph),"
            " and grant admin consent (docs/sign-in.md).",
        )


def _tokens(examination: Examination) -> Tokens:
    subject = examination.subject
    if examination.tokens is None:
        examination.tokens = tokens_of(
            subject.settings, subject.tenant, subject.environment, subject.notify, subject.policy
        )
    return examination.tokens


def _session(examination: Examination) -> Session:
    return Session(examination.address, _tokens(examination), examination.subject.policy)


class _NoTokens:
    """Empty tokens."""

    def token(self, origin: str) -> str:
        del origin
        return ""

    def renew(self, origin: str, refused: str) -> str:
        del origin
        return refused


def _probe_admin_site(examination: Examination) -> Probe:
    """Send one request with an empty token: SharePoint's answer names the directory.

    Raises:
        UnreachableError: there is no answer.
    """
    url = f"{examination.hosts.admin_origin}/_api/web"
    if url not in examination.probes:
        session = Session(examination.address, _NoTokens())
        examination.probes[url] = _probe_of(session.call("GET", url, repeatable=False), examination.now())
    return examination.probes[url]


def _probe_authority(examination: Examination) -> Probe:
    """Request the authority's OpenID configuration of the directory, once.

    Raises:
        UnreachableError: there is no answer.
    """
    tenant, policy = examination.subject.tenant, examination.subject.policy
    origin = tenant.authority.rstrip("/")
    url = f"{origin}/{tenant.tenant_id.strip()}/v2.0/.well-known/openid-configuration"
    if url not in examination.probes:
        try:
            with Transport(examination.address.ca_file, limits=policy.limits, now=policy.clock.monotonic) as http:
                response = http.get(url, allow_redirects=False)
        except requests.RequestException as error:
            raise unreachable(error, origin) from error
        answer = Answer(response.status_code, response.headers, response.content)
        examination.probes[url] = _probe_of(answer, examination.now())
    return examination.probes[url]


def _probe_of(answer: Answer, now: float) -> Probe:
    challenge = _REALM.search(answer.headers.get("WWW-Authenticate", ""))
    realm = challenge["realm"].lower() if challenge else ""
    date = date_in(answer.headers.get("Date", ""))
    return Probe(answer.status, answer.content or {}, now - date.timestamp() if date else None, realm)


def _check_available(answer: Probe, origin: str) -> None:
    if answer.status in ASK_AGAIN | TEMPORARY:
        raise UnreachableError(f"{origin} is temporarily unavailable (status {answer.status})", "Try again later.")
