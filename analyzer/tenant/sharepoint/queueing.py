"""Queueing an import: the one call that must not be repeated blindly, as each makes a job."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.errors import RefusedError, UnreachableError
from analyzer.model.service import EMPTY_GUID
from analyzer.model.uri import host_of, server_paths
from analyzer.tenant.http.answer import ASK_AGAIN, SUCCESS, error_of, json_of, service_message
from analyzer.tenant.http.throttle import TEMPORARY
from analyzer.tenant.sharepoint.jobs import list_jobs
from analyzer.tenant.sharepoint.protocol import tenant_call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.model.job import Job
    from analyzer.model.service import IdType
    from analyzer.tenant.http.answer import Answer
    from analyzer.tenant.http.session import Session

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


def queue_import(session: Session, wanted: Import) -> str:
    """Queues an import and returns the job's id.

    Where it is not certain that the service took it, or where it gives no id (seen), the job is looked for by its
    source file; it is sent again only when there is none.

    Raises:
        RefusedError: the service refuses the properties, or sign-in or permission.
        UnreachableError: no answer came, or it cannot be told which job was queued.
    """
    known = {job.job_id for job in _jobs_of(session, wanted.source_uri)}
    attempts = session.attempts(session.hosts.admin_origin)
    may_repeat = True
    while True:
        doubt: UnreachableError | None = None
        try:
            job_id = _sent(session, wanted)
        except _DoubtError as error:
            job_id, doubt = EMPTY_GUID, error.of
            may_repeat = attempts.once_more()
        if job_id != EMPTY_GUID:
            return job_id
        new = [job.job_id for job in _jobs_of(session, wanted.source_uri) if job.job_id not in known]
        if len(new) == 1:
            return new[0]
        if new or doubt is None:
            raise _unclear(wanted.source_uri, len(new))
        if not may_repeat:
            raise doubt


class _DoubtError(Exception):
    """Whether the service took the import is not certain."""

    def __init__(self, of: UnreachableError) -> None:
        super().__init__(of)
        self.of = of


def _sent(session: Session, wanted: Import) -> str:
    """The id that the service gives; the empty Guid where it gives none."""
    url = session.hosts.admin_origin + tenant_call("QueueImportProfileProperties")
    body = {
        "idType": int(wanted.id_type),
        "sourceDataIdProperty": wanted.id_property,
        "propertyMap": dict(wanted.property_map),
        "sourceUri": wanted.source_uri,
    }
    try:
        answer = session.call("POST", url, json.dumps(body).encode(), repeatable=False)
        _check_refused(answer, url)
        return str(json_of(answer, url).get("value") or EMPTY_GUID)
    except UnreachableError as error:
        raise _DoubtError(error) from error


def _check_refused(answer: Answer, url: str) -> None:
    if answer.status in _REFUSED_STATUS and service_message(answer):
        raise RefusedError(f"the service refuses the import: {service_message(answer)}")
    if answer.status not in SUCCESS and answer.status not in TEMPORARY | ASK_AGAIN:
        error = error_of(answer, url)
        raise error if isinstance(error, RefusedError) else RefusedError(error.what, error.advice)


def _jobs_of(session: Session, source_uri: str) -> list[Job]:
    """The jobs that a source file was queued with, however its address is spelled."""
    host, paths = host_of(source_uri), _folded(source_uri)
    listed = [job for job in list_jobs(session) if host_of(job.source_uri) in ("", host)]
    return [job for job in listed if paths & _folded(job.source_uri)]


def _folded(uri: str) -> set[str]:
    return {path.lower() for path in server_paths(uri)}


def _unclear(source_uri: str, found: int) -> UnreachableError:
    return UnreachableError(
        f"the service took the import of {source_uri} but gave no job id, and lists {found} new jobs of that file",
        "Do not queue it again: look at the job list which one is new.",
    )
