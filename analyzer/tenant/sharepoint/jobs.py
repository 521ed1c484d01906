"""The four job calls of the admin site, all POST, with bodies as production clients send them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.errors import RefusedError, ThresholdError, UnreachableError
from analyzer.model.job import Job, job_list
from analyzer.model.service import EMPTY_GUID
from analyzer.model.text import count
from analyzer.model.uri import host_of, server_paths
from analyzer.tenant.http.answer import (
    ASK_AGAIN,
    NOT_FOUND,
    SUCCESS,
    UNFORESEEN,
    error_of,
    is_over_threshold,
    json_of,
    next_page,
    service_message,
)
from analyzer.tenant.http.throttle import TEMPORARY
from analyzer.tenant.http.transport import correlation_id
from analyzer.tenant.sharepoint.webs import tenant_call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.model.service import IdType
    from analyzer.tenant.http.answer import Answer
    from analyzer.tenant.http.session import Session

_REFUSED_STATUS = (400, 500)


def list_jobs(session: Session) -> list[Job]:
    """Return the tenant's job list in the service's order; a job listed twice, as when pages shift, once.

    That it is in one answer is inferred: clients in production read one. Further pages are read, too.

    Raises:
        RefusedError: sign-in or permission, or the next page is outside the tenant.
        ThresholdError: SharePoint refuses the list for good.
        UnreachableError: the answer isn't a job list.
    """
    url = session.hosts.admin_origin + tenant_call("GetImportProfilePropertyJobs")
    answer = session.call("POST", url, b"")
    if is_over_threshold(answer):
        raise _too_long(answer, session)
    page = json_of(answer, url)
    jobs = _jobs_of(page, url, session)
    followed = {url}
    while (link := next_page(page, followed)) is not None:
        page = json_of(session.call("GET", link), link)
        jobs += _jobs_of(page, link, session)
    return list({job.job_id: job for job in jobs}.values())


def _jobs_of(page: Mapping[str, object], url: str, session: Session) -> list[Job]:
    """Return the jobs of a page; skip entries without an ID, with a notice."""
    listed = page.get("value")
    entries = listed if isinstance(listed, list) else []
    named = [entry for entry in entries if isinstance(entry, dict) and isinstance(entry.get("JobId"), str)]
    named = [entry for entry in named if entry["JobId"].strip("{} ")]
    if 0 < len(named) < len(entries):
        skipped = count(len(entries) - len(named), "entry", "entries")
        session.policy.notify(f"{skipped} of the job list without a job ID: skipped")
    try:
        return job_list({**page, "value": named} if named else page)
    except ValueError as error:
        raise UnreachableError(f"{url} answered with something that isn't a job list: {error}", UNFORESEEN) from error


def _too_long(answer: Answer, session: Session) -> ThresholdError:
    request = correlation_id(answer.headers)
    found = f" Request ID {request}, {session.policy.clock.now():%Y-%m-%d %H:%M} UTC." if request else ""
    host = session.hosts.admin_origin.removeprefix("https://")
    return ThresholdError(
        "SharePoint refuses the job list because it exceeds the list view threshold",
        "Only Microsoft can fix this: upa-analyzer doctor shows what to write to its support.",
        f"The user profile import jobs of {host} can't be listed, and new ones may not be queued:"
        " Office365Tenant.GetImportProfilePropertyJobs answers 500 with -2147024860,"
        " Microsoft.SharePoint.SPQueryThrottledException (list view threshold). Please remove old jobs from that"
        f" internal list, or raise its limit; customers have no access to it.{found}",
    )


def get_job(session: Session, job_id: str) -> Job | None:
    """Return one job; None if the tenant has none with this ID.

    That an unknown ID is answered with 404, or with null, is inferred.

    Raises:
        RefusedError: sign-in or permission.
        UnreachableError: the tenant failed.
    """
    url = session.hosts.admin_origin + tenant_call("GetImportProfilePropertyJob")
    answer = session.call("POST", url, json.dumps({"jobId": job_id}).encode())
    if answer.status == NOT_FOUND:
        return None
    content = json_of(answer, url)
    if content.get("odata.null") or content.get("@odata.null") or ("value" in content and content["value"] is None):
        return None
    try:
        return Job.from_answer(content)
    except ValueError as error:
        raise UnreachableError(f"{url} answered with something that isn't a job: {error}") from error


def delete_job(session: Session, job_id: str) -> bool:
    """Delete a job that has not started; return False if the service refuses.

    Raises:
        RefusedError: sign-in or permission.
        UnreachableError: the answer is invalid.
    """
    url = session.hosts.admin_origin + tenant_call("DeleteImportProfilePropertiesJob")
    answer = session.call("POST", url, json.dumps({"jobId": job_id}).encode(), repeatable=False)
    if answer.status not in SUCCESS:
        raise error_of(answer, url)
    return json_of(answer, url).get("value") is True


@dataclass(frozen=True, slots=True)
class Import:
    """What a job is queued with.

    Attributes:
        source_uri: absolute, not encoded.
        id_type: the directory attribute that the IDs are.
        id_property: the source's property that has them (``sourceDataIdProperty``).
        property_map: the source's property to the profile's.
    """

    source_uri: str
    id_type: IdType
    id_property: str
    property_map: Mapping[str, str]


def queue_import(session: Session, wanted: Import) -> str:
    """Queue an import and return the job's ID.

    Each call creates a job, so it must not be repeated blindly: if it is uncertain whether the service accepted it, or
    if it returns no ID (seen), search for the job by its source file, and repeat the call only if there is none.

    Raises:
        RefusedError: the service refuses the properties, or sign-in or permission; there is certainly no job.
        UnreachableError: there was no answer, or it is unknown whether or as which job it was queued.
    """
    known = {job.job_id for job in jobs_with_source(session, wanted.source_uri)}
    attempts = session.attempts(session.hosts.admin_origin)
    may_repeat = is_certain = True
    while True:
        doubt: UnreachableError | None = None
        try:
            try:
                job_id = _send(session, wanted)
            except UnreachableError as error:
                job_id, doubt = EMPTY_GUID, error
                may_repeat = attempts.once_more()
            if job_id != EMPTY_GUID:
                return job_id
            is_certain = False
            new = [job.job_id for job in jobs_with_source(session, wanted.source_uri) if job.job_id not in known]
        except RefusedError as error:
            if is_certain:
                raise
            what = f"it is unknown whether the import of {wanted.source_uri} was queued: {error.what}"
            raise UnreachableError(what, error.advice) from error
        if len(new) == 1:
            return new[0]
        if new or doubt is None:
            raise UnreachableError(
                f"the service took the import of {wanted.source_uri} but returned no job ID, and lists {len(new)} new"
                " jobs of that file",
                "Do not queue it again: look in the job list for the new one.",
            )
        if not may_repeat:
            raise doubt


def _send(session: Session, wanted: Import) -> str:
    """Send the call; return the job's ID, or the empty Guid if the answer has none.

    Raises:
        UnreachableError: it is uncertain whether the service accepted the import.
    """
    url = session.hosts.admin_origin + tenant_call("QueueImportProfileProperties")
    body = {
        "idType": int(wanted.id_type),
        "sourceDataIdProperty": wanted.id_property,
        "propertyMap": dict(wanted.property_map),
        "sourceUri": wanted.source_uri,
    }
    answer = session.call("POST", url, json.dumps(body).encode(), repeatable=False)
    if answer.status in _REFUSED_STATUS and service_message(answer):
        raise RefusedError(f"the service refuses the import: {service_message(answer)}")
    if answer.status not in SUCCESS and answer.status not in TEMPORARY | ASK_AGAIN:
        error = error_of(answer, url)
        raise error if isinstance(error, RefusedError) else RefusedError(error.what, error.advice)
    return str(json_of(answer, url).get("value") or EMPTY_GUID)


def jobs_with_source(session: Session, source_uri: str) -> list[Job]:
    """Return the jobs that a source file was queued with, however its address is spelled.

    Raises:
        As ``list_jobs``.
    """
    host, paths = host_of(source_uri), _folded(source_uri)
    listed = [job for job in list_jobs(session) if host_of(job.source_uri) in ("", host)]
    return [job for job in listed if paths & _folded(job.source_uri)]


def _folded(uri: str) -> set[str]:
    return {path.lower() for path in server_paths(uri)}
