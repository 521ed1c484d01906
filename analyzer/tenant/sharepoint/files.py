"""Files and folders of the tenant's document libraries, by server-relative path; ``download`` has their bytes."""

from __future__ import annotations

import functools
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
from analyzer.tenant.sharepoint.protocol import FILE_FIELDS, add_file_call, file_call, folder_call
from analyzer.tenant.sharepoint.webs import another_web

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.tenant.http.answer import Answer
    from analyzer.tenant.http.session import Session

_OF_THE_PATH = frozenset({400, 410, 414, 423})
"""What the tenant answers where it takes a path for none, or holds the file locked: no fault of the connection."""


def list_folder(session: Session, origin: str, path: str) -> list[RemoteFile] | None:
    """The files of a folder, the pages of a long listing joined; None where there is no such folder.

    Raises:
        RefusedError: the folder may not be read, or the listing leads outside the tenant.
        UnreachableError: the answer is none.
    """
    answer, url = _asked(session, "GET", origin, path, lambda web: origin + folder_call(web, path, "/Files"))
    files: list[RemoteFile] = []
    followed: set[str] = set()
    while True:
        if answer.status == NOT_FOUND:
            return None
        check_path(answer, url)
        page = json_of(answer, url)
        listed = page.get("value")
        if not isinstance(listed, list):
            raise FaultError(f"{url} answered with something that is no list of files", IN_BETWEEN)
        files.extend(_remote_file(origin, path, entry) for entry in listed if _is_named(entry))
        link = next_page(page, followed)
        if link is None:
            return files
        answer, url = _asked(session, "GET", origin, path, functools.partial(_as_told, link))


def file_info(session: Session, origin: str, path: str) -> RemoteFile | None:
    """What the tenant says of one file; None where there is no such file.

    Raises:
        RefusedError: the file may not be read.
        UnreachableError: the answer is none.
    """
    answer, url = _asked(session, "GET", origin, path, lambda web: origin + file_call(web, path, FILE_FIELDS))
    if answer.status == NOT_FOUND:
        return None
    check_path(answer, url)
    folder, _, name = path.rpartition("/")
    # By the name that was asked for: the answer's may differ in case, and must not lead elsewhere.
    return _remote_file(origin, folder, {**json_of(answer, url), "Name": name})


def upload(session: Session, origin: str, folder: str, name: str, content: bytes) -> str:
    """Uploads a file whole, in place of one of that name; returns its absolute address, not encoded.

    Raises:
        RefusedError: the folder may not be written.
        UnreachableError: the tenant does not know the folder, or failed.
    """
    path = f"{folder}/{name}"
    added = add_file_call(name)
    answer, url = _asked(session, "POST", origin, path, lambda web: origin + folder_call(web, folder, added), content)
    json_of(answer, url)
    return origin + path


def check_path(answer: Answer, url: str) -> None:
    """Raises where the tenant takes a path for none, or would not give what lies there.

    Raises:
        RefusedError: that is so.
        ThresholdError: the folder has more files than SharePoint lists.
    """
    if answer.status in _OF_THE_PATH or (answer.status in TEMPORARY and is_permanent(answer)):
        if is_over_threshold(answer):
            raise error_of(answer, url)
        told = service_message(answer) or f"HTTP status {answer.status}"
        raise RefusedError(f"the tenant would not give {url}: {told}")


def _asked(  # noqa: PLR0913, PLR0917 - a request and where it goes
    session: Session, method: str, origin: str, path: str, url_at: Callable[[str], str], body: bytes | None = None
) -> tuple[Answer, str]:
    """The answer of the web that holds ``path``, and the address that was asked."""
    web = session.webs.of(origin, path)
    answer = session.call(method, url := url_at(web), body)
    other = another_web(session, answer, origin, path, web)
    if other is not None:
        answer = session.call(method, url := url_at(other), body)
    return answer, url


def _as_told(link: str, _web: str) -> str:
    """The address of a next page, which names its web itself."""
    return link


def _is_named(entry: object) -> bool:
    return isinstance(entry, dict) and bool(entry.get("Name"))


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
