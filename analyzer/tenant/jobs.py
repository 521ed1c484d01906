"""The job calls of the admin site: all POST, bodies as production clients send them; ``queueing`` has the fourth."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from analyzer.errors import UnreachableError
from analyzer.job import Job, job_list
from analyzer.tenant.answer import SUCCESS, UNFORESEEN, error_of, json_of, next_page
from analyzer.tenant.protocol import tenant_call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.tenant.session import Session


def list_jobs(session: Session) -> list[Job]:
    """The tenant's job list, in the service's order; a job that it names twice, as where pages shift, once.

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
    return list({job.job_id: job for job in jobs}.values())


def _jobs_of(page: Mapping[str, object], url: str) -> list[Job]:
    try:
        return job_list(page)
    except ValueError as error:
        raise UnreachableError(f"{url} answered with something that is no job list: {error}", UNFORESEEN) from error


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
