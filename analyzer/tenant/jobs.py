"""The four job calls of the admin site: all POST, bodies as production clients send them (``docs/facts.md``)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.errors import RefusedError, UnreachableError
from analyzer.job import Job, job_list
from analyzer.tenant.protocol import SUCCESS, error_of, json_of, service_message, tenant_call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.facts import IdType
    from analyzer.tenant.session import Session

_REFUSED_STATUS = (400, 500)


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

    Raises:
        RefusedError: sign-in or permission.
        UnreachableError: the answer is no job list.
    """
    url = session.hosts.admin_origin + tenant_call("GetImportProfilePropertyJobs")
    answer = json_of(session.call("POST", url, b""), url)
    try:
        return job_list(answer)
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
    """Queues an import and returns the job's id as the service gave it. Never sent twice.

    Raises:
        RefusedError: the service refuses the properties, or sign-in or permission.
        UnreachableError: the answer is none.
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
    return str(json_of(answer, url).get("value") or "")


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
