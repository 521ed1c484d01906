"""The four job calls of the admin site: all POST, bodies as production clients send them (``docs/facts.md``)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.errors import RefusedError, UnreachableError
from analyzer.job import Job, job_list
from analyzer.tenant.protocol import SUCCESS, error_of, json_of, next_page, service_message, tenant_call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.facts import IdType
    from analyzer.tenant.session import Session

_REFUSED_STATUS = (400, 500)
_EMPTY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Import:
    """What a job is queued with.

    Attributes:
        source_uri: absolute, not encoded.
        id_type: which directory attribute the ids are.
        id_property: the source's property that holds them (``sourceDataIdProperty``).
        property_map: the source's property to the profile's.
    """

    source_uri: str
    id_type: IdType
    id_property: str
    property_map: Mapping[str, str]


def list_jobs(session: Session) -> list[Job]:
    """The tenant's job list, in the service's order.

    That it comes whole is inferred: clients in production read one answer. A next page that it names is read, too.

    Raises:
        RefusedError: sign-in or permission, or the next page lies outside the tenant.
        UnreachableError: the answer is no job list.
    """
    url = session.hosts.admin_origin + tenant_call("GetImportProfilePropertyJobs")
    page = json_of(session.call("POST", url, b""), url)
    jobs = _jobs_of(page, url)
    followed = {url}
    while (link := next_page(page, followed)) is not None:
        page = json_of(session.call("GET", link), link)
        jobs += _jobs_of(page, link)
    return jobs


def _jobs_of(page: Mapping[str, object], url: str) -> list[Job]:
    try:
        return job_list(page)
    except ValueError as error:
        raise UnreachableError(f"{url} answered with something that is no job list: {error}") from error


def get_job(session: Session, job_id: str) -> Job:
    """One job.

    Raises:
        RefusedError: sign-in or permission.
        UnreachableError: the tenant does not know it, or failed.
    """
    url = session.hosts.admin_origin + tenant_call("GetImportProfilePropertyJob")
    content = json_of(session.call("POST", url, json.dumps({"jobId": job_id}).encode()), url)
    try:
        return Job.from_answer(content)
    except ValueError as error:
        raise UnreachableError(f"{url} answered with something that is no job: {error}") from error


def queue_import(session: Session, wanted: Import) -> str:
    """Queues an import and returns the job's id. Never sent twice.

    Where the service gives no id, or the empty Guid, though the job is queued (seen), it is looked up in the job list.

    Raises:
        RefusedError: the service refuses the properties, or sign-in or permission.
        UnreachableError: the answer is none, or it cannot be told which job was queued.
    """
    url = session.hosts.admin_origin + tenant_call("QueueImportProfileProperties")
    body = {
        "idType": int(wanted.id_type),
        "sourceDataIdProperty": wanted.id_property,
        "propertyMap": dict(wanted.property_map),
        "sourceUri": wanted.source_uri,
    }
    answer = session.call("POST", url, json.dumps(body).encode(), repeatable=False)
    if answer.status in _REFUSED_STATUS and service_message(answer.body):
        raise RefusedError(f"the service refuses the import: {service_message(answer.body)}")
    job_id = str(json_of(answer, url).get("value") or _EMPTY)
    return _queued(session, wanted.source_uri) if job_id == _EMPTY else job_id


def _queued(session: Session, source_uri: str) -> str:
    """The id of the job that a source file was queued with: the only one of that file that has not ended."""
    jobs = [job for job in list_jobs(session) if job.source_uri.lower() == source_uri.lower()]
    found = [job for job in jobs if not job.ended] or jobs
    if len(found) != 1:
        raise UnreachableError(
            f"the service took the import of {source_uri} but gave no job id, and lists {len(found)} jobs of that file",
            "Do not queue it again: look at the job list which one is new.",
        )
    return found[0].job_id


def delete_job(session: Session, job_id: str) -> bool:
    """Deletes a job that has not started; False where the service would not.

    Raises:
        RefusedError: sign-in or permission.
        UnreachableError: the answer is none.
    """
    url = session.hosts.admin_origin + tenant_call("DeleteImportProfilePropertiesJob")
    answer = session.call("POST", url, json.dumps({"jobId": job_id}).encode(), repeatable=False)
    if answer.status not in SUCCESS:
        raise error_of(answer, url)
    return json_of(answer, url).get("value") is True
