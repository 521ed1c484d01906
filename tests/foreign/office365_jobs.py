"""What Office365-REST-Python-Client does with import jobs, and many calls in one.

It has classes for the job calls and for a job, but no method for reading jobs: its own query does it, as its users do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from office365.runtime.client_request_exception import ClientRequestException
from office365.runtime.queries.service_operation import ServiceOperationQuery
from office365.sharepoint.entity_collection import EntityCollection
from office365.sharepoint.tenant.management.importprofilepropertiesjobinfo import ImportProfilePropertiesJobInfo
from office365.sharepoint.webs.web import Web

from tests.emulator.client import FOLDER, JOB_ID, LOG_NAME, LOGS, source
from tests.foreign.office365_reading import HR, LOG
from tests.foreign.office365_tenant import Asked

if TYPE_CHECKING:
    from tests.foreign.office365_tenant import Tenant


def _listed(tenant: Tenant) -> list[tuple[str, int | None, int | None]]:
    jobs = EntityCollection(tenant.admin, ImportProfilePropertiesJobInfo)
    tenant.admin.add_query(ServiceOperationQuery(tenant.jobs, "GetImportProfilePropertyJobs", return_type=jobs))
    tenant.admin.execute_query()
    return [(str(job.job_id), job.state, job.error) for job in jobs]


def _asked_for(tenant: Tenant, job_id: str = JOB_ID) -> ImportProfilePropertiesJobInfo:
    job = ImportProfilePropertiesJobInfo(tenant.admin)
    body = {"jobId": job_id}
    tenant.admin.add_query(ServiceOperationQuery(tenant.jobs, "GetImportProfilePropertyJob", None, body, None, job))
    return job


def _read(tenant: Tenant) -> tuple[int | None, int | None, str]:
    job = _asked_for(tenant)
    tenant.admin.execute_query()
    return job.state, job.error, str(job.error_message)


def _queue(tenant: Tenant) -> str:
    uri = f"{tenant.emulator.ready['library_url']}/hr.json"
    property_map: object = {"City": "City"}
    queued = tenant.jobs.queue_import_profile_properties(0, "IdName", property_map, uri)  # type: ignore[arg-type]
    return str(queued.execute_query().value)


def _ran(tenant: Tenant) -> tuple[int | None, int | None]:
    tenant.folder().files.add("hr.json", source("ada@contoso.com", "nobody@contoso.com", City="Berlin"), True)
    tenant.site.execute_query()
    job_id = _queue(tenant)
    tenant.clock.now += 1000
    job = _asked_for(tenant, job_id)
    tenant.admin.execute_query()
    return job.state, job.error


def _deleted(tenant: Tenant) -> tuple[bool, list[str]]:
    job_id = _queue(tenant)
    deleted = tenant.jobs.delete_import_profile_properties_job(job_id)  # type: ignore[arg-type]
    return bool(deleted.execute_query().value), [job[0] for job in _listed(tenant)]


def _log(tenant: Tenant) -> tuple[str, list[bytes]]:
    """From the job to its log, as PnP PowerShell goes: which web holds it, then the folder's files."""
    job = _asked_for(tenant)
    tenant.admin.execute_query()
    address = str(job.log_folder_uri)
    web = Web.get_web_url_from_page_url(tenant.site, address).execute_query().value
    folder = tenant.folder(urlsplit(address).path)
    return urlsplit(web).path, [file.get_content().execute_query().value for file in folder.files.get().execute_query()]


def _batch(tenant: Tenant) -> tuple[str | None, str | None, list[str], str | None]:
    web = tenant.site.web.get()
    folder = tenant.site.web.get_folder_by_server_relative_path(LOGS).get()
    files = tenant.site.web.get_folder_by_server_relative_path(LOGS).files.get()
    added = tenant.site.web.get_folder_by_server_relative_path(FOLDER).folders.add("new")
    tenant.site.execute_batch()
    return web.title, folder.server_relative_url, [str(file.name) for file in files], added.name


def _contents(tenant: Tenant) -> list[bytes]:
    paths = [f"{FOLDER}/hr.json", f"{LOGS}/{LOG_NAME}", f"{FOLDER}/hr.json"]
    files = [tenant.site.web.get_file_by_server_relative_path(path).get_content() for path in paths]
    tenant.site.execute_batch(items_per_batch=2)
    return [file.value for file in files]


def _jobs_in_a_batch(tenant: Tenant) -> list[int | None]:
    jobs = [_asked_for(tenant) for _ in range(3)]
    tenant.admin.execute_batch()
    return [job.state for job in jobs]


def _deleted_in_a_batch(tenant: Tenant) -> list[bool]:
    names = ["a", "b"]
    for name in names:
        tenant.folder().folders.add(name).execute_query()
    for name in names:
        tenant.site.web.get_folder_by_server_relative_path(f"{FOLDER}/{name}").delete_object()
    tenant.site.execute_batch()
    return [tenant.has(f"{FOLDER}/{name}") for name in names]


def _error_in_a_batch(tenant: Tenant) -> str | None:
    tenant.site.web.get_file_by_server_relative_path(f"{FOLDER}/none").get()
    try:
        tenant.site.execute_batch()
    except ClientRequestException as error:
        return error.code
    return None


JOBS = [
    Asked("jobs", _listed, [(JOB_ID, 5, 30)]),
    Asked("job", _read, (5, 30, "The data has been imported, but there were errors.")),
    Asked("job queued", lambda t: len(_queue(t)), 36),
    Asked("job run", _ran, (5, 30)),
    Asked("job deleted", _deleted, (True, [JOB_ID])),
    Asked("log of a job", _log, ("/sites/hr", [LOG])),
    Asked("batch", _batch, ("hr", LOGS, [LOG_NAME], "new")),
    Asked("contents in batches", _contents, [HR, LOG, HR]),
    Asked("jobs in a batch", _jobs_in_a_batch, [5, 5, 5]),
    Asked("folders deleted in a batch", _deleted_in_a_batch, [False, False]),
    Asked("error in a batch", _error_in_a_batch, "-2130575338, Microsoft.SharePoint.SPException"),
]
