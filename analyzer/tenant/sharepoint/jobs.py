"""The job calls of the admin site: all POST, bodies as production clients send them; ``queueing`` has the fourth."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from analyzer.errors import ThresholdError, UnreachableError
from analyzer.model.job import Job, job_list
from analyzer.model.text import count
from analyzer.tenant.http.answer import NOT_FOUND, SUCCESS, UNFORESEEN, error_of, is_over_threshold, json_of, next_page
from analyzer.tenant.http.transport import correlation_id
from analyzer.tenant.sharepoint.protocol import tenant_call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.tenant.http.answer import Answer
    from analyzer.tenant.http.session import Session


def list_jobs(session: Session) -> list[Job]:
    """The tenant's job list, in the service's order; a job that it names twice, as where pages shift, once.

    That it comes whole is inferred: clients in production read one answer. A next page that it names is read, too.

    Raises:
        RefusedError: sign-in or permission, or the next page lies outside the tenant.
        ThresholdError: SharePoint refuses the list for good.
        UnreachableError: the answer is no job list.
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
    """The jobs of a page; an entry without an ID, which nothing could ask for, is left out and said."""
    listed = page.get("value")
    entries = listed if isinstance(listed, list) else []
    named = [entry for entry in entries if isinstance(entry, dict) and isinstance(entry.get("JobId"), str)]
    named = [entry for entry in named if entry["JobId"].strip("{} ")]
    if 0 < len(named) < len(entries):
        left = count(len(entries) - len(named), "entry", "entries")
        session.policy.tell(f"{left} of the job list without a job ID: skipped")
    try:
        return job_list({**page, "value": named} if named else page)
    except ValueError as error:
        raise UnreachableError(f"{url} answered with something that is no job list: {error}", UNFORESEEN) from error


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
    """One job; None where the tenant has none with this ID.

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
