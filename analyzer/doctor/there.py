"""The steps on the way to the tenant: the authority, the token, the admin site, the job list, a library."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from analyzer.doctor.claims import claims_of
from analyzer.doctor.here import BY_AUTHORITY
from analyzer.doctor.model import Found, Mark
from analyzer.doctor.probe import probe_of_admin_site, probe_of_authority
from analyzer.errors import RefusedError, SignInError, ThresholdError, UnreachableError
from analyzer.model.service import GUID
from analyzer.model.text import count, duration, listed
from analyzer.model.uri import server_paths
from analyzer.tenant.http.answer import ASK_AGAIN
from analyzer.tenant.http.throttle import TEMPORARY
from analyzer.tenant.sharepoint.jobs import list_jobs
from analyzer.tenant.sharepoint.site import Tenant
from analyzer.tenant.signin import Application
from analyzer.tenant.signin.entra import SignInContext, refusal_of

if TYPE_CHECKING:
    from analyzer.doctor.claims import Claims
    from analyzer.doctor.model import Examination

_SUCCESS, _ANSWERS = 200, frozenset({200, 401, 403})
_TRIED_FOLDERS = 3


def authority(examination: Examination) -> Found:
    """Whether the authority answers, and knows the directory.

    Raises:
        SignInError: it does not know it.
        UnreachableError: it does not answer, or with something else.
    """
    tenant = examination.subject.tenant
    if tenant.auth not in BY_AUTHORITY:
        return Found(f"auth = {tenant.auth} asks none", mark=Mark.unneeded)
    answer = probe_of_authority(examination)
    if "error" in answer.content:
        application = Application(tenant.authority, tenant.tenant_id, tenant.client_id)
        raise refusal_of(answer.content, SignInContext(application, ""), examination.now())
    if answer.status in ASK_AGAIN | TEMPORARY:
        raise _busy(tenant.authority, answer.status)
    if answer.status != _SUCCESS or "token_endpoint" not in answer.content:
        raise UnreachableError(
            f"{tenant.authority} is no authority: it answered {answer.status}, without an OpenID configuration",
            "Correct authority. Is a proxy or a sign-in page of the network in between?",
        )
    return Found(f"{tenant.authority} knows the directory {tenant.tenant_id}")


def token(examination: Examination) -> Found:
    """Whether we get a token for the admin site, and what it says of itself.

    Raises:
        SignInError: we get none, or one that is not good.
        RefusedError: it lacks permissions.
        UnreachableError: nobody answered.
    """
    origin = examination.hosts.admin_origin
    claims = claims_of(examination.tokens.token(origin))
    examination.passed.add("token")  # whatever it says, the tenant has the last word
    if claims is None:
        return Found("there is one; it isn't a JSON web token, so nothing more can be said of it")
    left = None if claims.ends is None else claims.ends - examination.now()
    if left is not None and left <= 0:
        raise SignInError(f"the token ended {duration(-left)} ago", "Get a new one.")
    _check(claims, urlsplit(origin).netloc)
    end = "" if left is None else f", good for {duration(left)}"
    whose = f" of {claims.person}" if claims.person else ""
    allowed = listed(claims.roles or claims.scopes) or "no permissions named"
    return Found(f"one{whose} for {claims.audience}: {allowed}{end}")


def _check(claims: Claims, host: str) -> None:
    if not claims.is_for(host):
        raise SignInError(
            f"the token is for {claims.audience}, not for {host}", "Correct admin_url, or get another token."
        )
    if claims.by_secret:
        raise SignInError(
            "the token was got by a client secret, which SharePoint takes from no application",
            "Sign in by certificate.",
        )
    if claims.missing:
        raise RefusedError(
            f"the token lacks {listed(claims.missing)}",
            "Add them to the application in Entra, as application permissions of SharePoint (not of Microsoft Graph),"
            " and grant admin consent (docs/sign-in.md).",
        )


def admin_site(examination: Examination) -> Found:
    """Whether the admin site answers, and is of the directory that is configured.

    Raises:
        UnreachableError: it does not, or is none.
        SignInError: it is another directory's.
    """
    origin = examination.hosts.admin_origin
    answer = probe_of_admin_site(examination)
    if answer.status in ASK_AGAIN | TEMPORARY:
        raise _busy(origin, answer.status)
    if answer.status not in _ANSWERS:
        raise UnreachableError(
            f"{origin} is no admin site: it answered {answer.status}",
            "Correct admin_url: it looks like https://contoso-admin.sharepoint.com.",
        )
    wanted = examination.subject.tenant.tenant_id.strip().lower()
    if answer.realm and GUID.fullmatch(wanted) and GUID.fullmatch(answer.realm) and answer.realm != wanted:
        raise SignInError(
            f"{origin} is of the directory {answer.realm}, not of {wanted}",
            "Correct admin_url or tenant_id in the configuration: they are of one tenant.",
        )
    return Found(f"{origin} answers" + (f", of the directory {answer.realm}" if answer.realm else ""))


def _busy(origin: str, status: int) -> UnreachableError:
    return UnreachableError(f"{origin} answers with {status} at the moment", "Try again later.")


def job_list(examination: Examination) -> Found:
    """Whether we may read the job list.

    Raises:
        RefusedError: we may not.
        ThresholdError: SharePoint refuses it for good.
        UnreachableError: the answer is none.
    """
    try:
        examination.jobs = list_jobs(examination.session())
    except ThresholdError as error:
        raise ThresholdError(
            error.what,
            "Only Microsoft can fix this. Open a support request for SharePoint in the Microsoft 365 admin center, with"
            f' this text: "{error.support}"',
        ) from error
    return Found(f"it has {count(len(examination.jobs), 'job')}")


def library(examination: Examination) -> Found:
    """Whether we may read the folder of the newest job's source file.

    Raises:
        RefusedError: we may not.
        UnreachableError: the answer is none.
    """
    tenant = Tenant(examination.session())
    # A job may have failed because its source file did not lie in the tenant.
    jobs = [job for job in reversed(examination.jobs) if examination.hosts.has(job.source_uri)]
    jobs = [job for job in jobs if server_paths(job.source_uri)]
    for job in jobs[:_TRIED_FOLDERS]:
        folder = server_paths(job.source_uri)[0].rpartition("/")[0] or "/"  # a web's root is a folder, too
        try:
            files = tenant.folder(job.source_uri, folder)
        except ThresholdError:  # without permission it is another error; pull lists no such folder
            return Found(f"{folder} can be read, and has more files than SharePoint lists")
        if files is not None:
            return Found(f"{folder} can be read: {count(len(files), 'file')}")
    if not jobs:
        return Found("there is no job that would tell where one is", mark=Mark.unneeded)
    return Found("the folders of the last jobs are not there any more", mark=Mark.unneeded)
