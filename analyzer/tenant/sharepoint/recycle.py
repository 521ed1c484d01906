"""Move files, and folders that are empty, into the recycle bin of their site, from which they can be restored.

``recycle()`` answers the ID of the entry in the bin (seen: recorded answers of the service). A retention policy refuses
a folder with content (seen), so files have to go before their folder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.errors import RefusedError
from analyzer.tenant.http.answer import (
    ASK_AGAIN,
    CONCERNS_ALL,
    FORBIDDEN,
    NOT_FOUND,
    SUCCESS,
    error_of,
    is_permanent,
    is_refused_by_sharepoint,
    json_of,
    service_message,
)
from analyzer.tenant.sharepoint.files import check_path, list_folder
from analyzer.tenant.sharepoint.webs import file_call, folder_call

if TYPE_CHECKING:
    from analyzer.tenant.http.answer import Answer
    from analyzer.tenant.sharepoint.webs import Webs

_CLIENT_ERRORS = range(400, 500)


def recycle_file(webs: Webs, origin: str, path: str) -> str | None:
    """Move a file into the recycle bin.

    Args:
        webs: of the tenant.
        origin: of the file's host.
        path: server-relative, not encoded.

    Returns:
        The ID of the entry in the bin, empty if the answer has none; None if there is no such file.

    Raises:
        RefusedError: the tenant refuses this file: it is locked, checked out, held, labeled, or may not be deleted.
        SignInError: the token is refused.
        UnreachableError: the tenant failed, or keeps asking to wait.
    """
    answer, url = webs.call("POST", origin, path, lambda web: origin + file_call(web, path, "/recycle()"), b"")
    return _entry(answer, url)


def recycle_folder(webs: Webs, origin: str, path: str) -> str | None:
    """Move a folder with all that is in it into the recycle bin, as ``recycle_file``; see ``is_empty``."""
    answer, url = webs.call("POST", origin, path, lambda web: origin + folder_call(web, path, "/recycle()"), b"")
    return _entry(answer, url)


def is_empty(webs: Webs, origin: str, path: str) -> bool:
    """Return whether a folder has no files and no folders, or isn't there.

    Raises:
        RefusedError: it may not be read.
        UnreachableError: the answer is invalid.
    """
    if list_folder(webs, origin, path):
        return False
    call = "/Folders?$select=Name"
    answer, url = webs.call("GET", origin, path, lambda web: origin + folder_call(web, path, call))
    if answer.status == NOT_FOUND:
        return True
    check_path(answer, url)
    return json_of(answer, url).get("value") == []


def _entry(answer: Answer, url: str) -> str | None:
    if answer.status == NOT_FOUND:
        return None
    if answer.status in SUCCESS:
        return str(json_of(answer, url).get("value") or "")
    if answer.status in CONCERNS_ALL | ASK_AGAIN | {FORBIDDEN}:
        raise error_of(answer, url)
    if answer.status in _CLIENT_ERRORS or is_permanent(answer) or is_refused_by_sharepoint(answer):
        raise RefusedError(f"the tenant refused {url}: {service_message(answer) or f'HTTP status {answer.status}'}")
    raise error_of(answer, url)
