"""The four job calls of ``Office365Tenant``.

Names, parameters and return types are the service's ``$metadata``'s. Which status a refusal has is inferred: 400,
because it is the caller's fault; its message is the one that people saw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from analyzer.emulator.content import Collection, Entity, Primitive
from analyzer.emulator.importing import ImportRequest
from analyzer.emulator.model import Reply, ServiceError, bad_request, no_resource, over_threshold
from analyzer.emulator.scenarios import NORMAL
from analyzer.model.service import IdType

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.emulator.jobs import Jobs
    from analyzer.emulator.model import Call
    from analyzer.emulator.profiles import ProfileStore
    from analyzer.emulator.scenarios import Behaviour


_JOB_KIND = "Microsoft.Online.SharePoint.TenantManagement.ImportProfilePropertiesJobInfo"


class TenantCalls:
    """Answers the calls by their names in lower case; all of them are POST."""

    def __init__(
        self, jobs: Jobs, store: ProfileStore, new_id: Callable[[], UUID], behaviour: Behaviour = NORMAL
    ) -> None:
        """Works on the job list.

        Args:
            jobs: the list.
            store: the profiles, which refuse properties.
            new_id: makes the ids of queued jobs, as ``uuid.uuid4``.
            behaviour: the scenario's.
        """
        self._behaviour = behaviour
        self._jobs = jobs
        self._store = store
        self._new_id = new_id
        self.by_name: dict[str, Callable[[Call], Reply]] = {
            "getimportprofilepropertyjobs": self._list,
            "getimportprofilepropertyjob": self._get,
            "queueimportprofileproperties": self._queue,
            "deleteimportprofilepropertiesjob": self._delete,
        }

    def _list(self, _: Call) -> Reply:
        self._check_length()
        jobs = [Entity(job.fields(), kind=_JOB_KIND) for job in self._jobs.listed()]
        return Reply(Collection(jobs, "GetImportProfilePropertyJobs"))

    def _get(self, call: Call) -> Reply:
        job_id = _job_id(call.json())
        job = self._jobs.job(job_id)
        if job is None:
            raise no_resource(f"GetImportProfilePropertyJob: no job has the id {job_id}")
        return Reply(Entity(job.fields(), kind=_JOB_KIND))

    def _delete(self, call: Call) -> Reply:
        return Reply(Primitive("DeleteImportProfilePropertiesJob", self._jobs.delete(_job_id(call.json()))))

    def _check_length(self) -> None:
        """Refuse what reads the whole list while it is too long.

        Seen in a public thread: neither the list could be read nor a job be queued; that a single job can still be
        asked for is inferred.
        """
        if self._behaviour.list_is_too_long:
            raise over_threshold()

    def _queue(self, call: Call) -> Reply:
        body = call.json()
        request = ImportRequest(
            job_id=str(self._new_id()),
            id_type=_id_type(body.get("idType")),
            id_property=_text(body, "sourceDataIdProperty"),
            property_map=_property_map(body.get("propertyMap")),
            source_uri=_text(body, "sourceUri"),
        )
        refusal = self._store.refusal(request.property_map)
        if refusal is not None:
            raise ServiceError(400, "-1, Microsoft.Office.Server.UserProfiles.UserProfileException", refusal)
        self._check_length()
        queued = self._jobs.queue(request)
        job_id = queued.job_id if self._behaviour.tells_job_id else str(UUID(int=0))
        return Reply(Primitive("QueueImportProfileProperties", job_id))


def _job_id(body: dict[str, object]) -> str:
    try:
        return str(UUID(_text(body, "jobId")))
    except ValueError as error:
        raise bad_request("The parameter jobId is no Guid.") from error


def _text(body: dict[str, object], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise bad_request(f"The parameter {name} is missing, or no string.")
    return value


def _id_type(value: object) -> IdType:
    if isinstance(value, bool) or not isinstance(value, int) or value not in IdType.__members__.values():
        raise bad_request("The parameter idType has to be 0 (Email), 1 (CloudId) or 2 (PrincipalName).")
    return IdType(value)


def _property_map(value: object) -> dict[str, str]:
    """A JSON object, or a list of ``SP.KeyValue`` (both seen; in the verbose shape the list is in ``results``)."""
    if isinstance(value, dict) and isinstance(value.get("results"), list):
        value = value["results"]
    pairs: list[tuple[object, object]] | None = None
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list) and all(isinstance(pair, dict) for pair in value):
        pairs = [(pair.get("Key"), pair.get("Value")) for pair in value]
    if pairs is None or not all(isinstance(name, str) for pair in pairs for name in pair):
        raise bad_request("The parameter propertyMap has to map names to names.")
    return {str(name): str(profile_property) for name, profile_property in pairs}
