"""The text for a support request to Microsoft about one job."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_HOST = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]+)?")


def support_request(job: Mapping[str, Any], *, has_log: bool, times: Sequence[tuple[str, str]] = ()) -> str:
    """Write a text that an administrator can paste into a support request; what is missing is left to be filled in.

    Args:
        job: a row of the table ``jobs``; ``tenant``, ``job_id``, ``state``, ``error``, ``error_message``,
            ``source_uri`` and ``log_folder_uri`` are read. Names and passwords in addresses, and queries, are left out.
        has_log: whether the job left a log.
        times: what is known of the job's times, each with its name, and written with its time zone.

    Returns:
        Lines of plain text, the last with a line end.
    """
    log = _without_secrets(job.get("log_folder_uri") or "") or "yes"
    rows = [
        ("Tenant", job.get("tenant") or "[fill in]"),
        ("Job ID", job["job_id"]),
        ("State", job.get("state") or "[fill in]"),
        ("Error", job.get("error") or "[fill in]"),
        ("Error message", " ".join((job.get("error_message") or "none").split())),
        ("Source file", _without_secrets(job.get("source_uri") or "") or "[fill in]"),
        ("Log", log if has_log else "none was written"),
        *(times or [("Queued at", "[fill in: date, time, time zone]")]),
        ("Happened before", "[fill in: never, once, every run]"),
    ]
    facts = "\n".join(f"{name + ':':<17}{value}" for name, value in rows)
    return (
        "SharePoint Online: a bulk import of user profile properties (QueueImportProfileProperties) failed.\n\n"
        f"{facts}\n\n"
        "Please check on the service's side what happened to this job, whether it wrote any profiles, and whether it is"
        " safe to queue the file again.\n"
    )


def _without_secrets(uri: str) -> str:
    """Return an address without user name, password, query and fragment; readable rather than encoded."""
    plain = re.split(r"[?#]", uri, maxsplit=1)[0]
    scheme, separator, rest = plain.partition("://")
    if not separator:
        return unquote(plain)
    # What isn't a host is a user name or a password, which may hold any character: the host follows the last "@".
    host = rest.partition("/")[0]
    return unquote(f"{scheme}://{rest if _HOST.fullmatch(host) else rest.rpartition('@')[2]}")
