"""Files and folders of the tenant's document libraries, by server-relative path; ``download`` has their content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.errors import FaultError, RefusedError
from analyzer.tenant.http.answer import (
    IN_BETWEEN,
    NOT_FOUND,
    byte_count,
    error_of,
    is_over_threshold,
    is_permanent,
    json_of,
    next_page,
    service_message,
)
from analyzer.tenant.http.throttle import TEMPORARY
from analyzer.tenant.model import RemoteFile
from analyzer.tenant.sharepoint.webs import FILE_FIELDS, add_file_call, file_call, folder_call

if TYPE_CHECKING:
    from analyzer.tenant.http.answer import Answer
    from analyzer.tenant.sharepoint.webs import Webs

_PATH_REFUSED = frozenset({400, 410, 414, 423})
"""What the tenant answers if it refuses a path, or if the file is locked: not a fault of the connection."""


def list_folder(webs: Webs, origin: str, path: str) -> list[RemoteFile] | None:
    """Return the files of a folder, the pages of a long listing joined; None if there is no such folder.

    Raises:
        RefusedError: the folder may not be read, or the listing leads outside the tenant.
        UnreachableError: the answer is invalid.
    """
    answer, url = webs.call("GET", origin, path, lambda web: origin + folder_call(web, path, "/Files"))
    files: list[RemoteFile] = []
    followed: set[str] = set()
    while True:
        if answer.status == NOT_FOUND:
            return None
        check_path(answer, url)
        page = json_of(answer, url)
        listed = page.get("value")
        if not isinstance(listed, list):
            raise FaultError(f"{url} answered with something that isn't a list of files", IN_BETWEEN)
        named = (entry for entry in listed if isinstance(entry, dict) and entry.get("Name"))
        files.extend(_remote_file(origin, path, entry) for entry in named)
        link = next_page(page, followed)
        if link is None:
            return files
        answer, url = webs.call("GET", origin, path, lambda _web, link=link: link)  # type: ignore[misc]


def file_info(webs: Webs, origin: str, path: str) -> RemoteFile | None:
    """Return what the tenant lists of one file; None if there is no such file.

    Raises:
        RefusedError: the file may not be read.
        UnreachableError: the answer is invalid.
    """
    answer, url = webs.call("GET", origin, path, lambda web: origin + file_call(web, path, FILE_FIELDS))
    if answer.status == NOT_FOUND:
        return None
    check_path(answer, url)
    folder, _, name = path.rpartition("/")
    # With the name that was asked for: the answer's may differ in case, and must not lead elsewhere.
    return _remote_file(origin, folder, {**json_of(answer, url), "Name": name})


def upload(webs: Webs, origin: str, folder: str, name: str, content: bytes) -> str:
    """Upload a complete file, replacing one of that name; return its absolute address, not encoded.

    Raises:
        RefusedError: the folder may not be written.
        UnreachableError: there is no such folder, or the tenant failed.
    """
    path = f"{folder}/{name}"
    call = add_file_call(name)
    answer, url = webs.call("POST", origin, path, lambda web: origin + folder_call(web, folder, call), content)
    json_of(answer, url)
    return origin + path


def check_path(answer: Answer, url: str) -> None:
    """Raise if the tenant refuses a path, or refuses to return what is there.

    Raises:
        RefusedError: it does.
        ThresholdError: the folder has more files than SharePoint lists.
    """
    if answer.status in _PATH_REFUSED or (answer.status in TEMPORARY and is_permanent(answer)):
        if is_over_threshold(answer):
            raise error_of(answer, url)
        reason = service_message(answer) or f"HTTP status {answer.status}"
        raise RefusedError(f"the tenant refused {url}: {reason}")


def _remote_file(origin: str, folder: str, entry: dict[str, object]) -> RemoteFile:
    name = str(entry["Name"])
    path = f"{folder.rstrip('/')}/{name}"
    return RemoteFile(
        uri=origin + path,
        path=path,
        name=name,
        length=byte_count(str(entry.get("Length", ""))),
        etag=str(entry.get("ETag") or ""),
        modified=str(entry.get("TimeLastModified") or ""),
    )
