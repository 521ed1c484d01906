"""What Office365-REST-Python-Client sends for the same purposes, heard on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from office365.sharepoint.webs.web import Web

from tests.emulator.client import FOLDER, LOGS
from tests.foreign.office365_jobs import JOBS
from tests.foreign.office365_tenant import ADMIN_HOST, SITE
from tests.wire.kinds import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.foreign.office365_tenant import Tenant
    from tests.wire.kinds import Kind
    from tests.wire.listening import Listener

CLIENT = "Office365-REST-Python-Client"


def _job_call(name: str) -> Callable[[Tenant], object]:
    return next(asked.call for asked in JOBS if asked.name == name)


CALLS: dict[str, Callable[[Tenant], object]] = {
    "sign-in to the site": lambda t: t.signed_in(SITE, whole_certificate=True).web.get().execute_query(),
    "sign-in to the admin site": lambda t: (
        t.signed_in(f"https://{ADMIN_HOST}", whole_certificate=True).web.get().execute_query()
    ),
    "jobs": _job_call("jobs"),
    "job": _job_call("job"),
    "files of a folder": lambda t: t.site.web.get_folder_by_server_relative_path(LOGS).files.get().execute_query(),
    "some fields of a file": lambda t: (
        t.site.web.get_file_by_server_relative_path(f"{FOLDER}/hr.json").select(["Length"]).get().execute_query()
    ),
    "content of a file": lambda t: (
        t.site.web.get_file_by_server_relative_path(f"{FOLDER}/hr.json").get_content().execute_query()
    ),
    "web of a page": lambda t: Web.get_web_url_from_page_url(t.site, f"{SITE}/x").execute_query(),
    "job queued": _job_call("job queued"),
    "job deleted": _job_call("job deleted"),
}
"""By what it is for; each serves one of our kinds of request."""


def sent_by_call(tenant: Tenant, listener: Listener) -> dict[str, list[Kind]]:
    """The kinds of request of each of ``CALLS``."""
    told: dict[str, list[Kind]] = {}
    for name, call in CALLS.items():
        before = len(listener.heard)
        call(tenant)
        told[name] = [kind_of(request) for request in listener.heard[before:]]
    return told
