"""Files and folders of the tenant's document libraries, by server-relative path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.errors import RefusedError, UnreachableError
from analyzer.tenant.interface import RemoteFile
from analyzer.tenant.protocol import (
    NOT_FOUND,
    SUCCESS,
    add_file_call,
    error_of,
    file_call,
    folder_call,
    json_of,
    next_page,
    service_message,
)
from analyzer.tenant.webs import lies_elsewhere

if TYPE_CHECKING:
    from collections.abc import Generator

    from analyzer.tenant.protocol import Answer
    from analyzer.tenant.session import Session

_OF_THE_PATH = frozenset({400, 410, 414, 423})
"""What the tenant answers where it takes a path for none, or holds the file locked: no fault of the connection."""


def list_folder(session: Session, origin: str, path: str) -> list[RemoteFile] | None:
    """The files of a folder, the pages of a long listing joined; None where there is no such folder.

    Raises:
        RefusedError: the folder may not be read, or the listing leads outside the tenant.
        UnreachableError: the answer is none.
    """
    files: list[RemoteFile] = []
    link: str | None = _files_of(session, origin, path)
    followed: set[str] = set()
    while (url := link) is not None:
        answer = session.call("GET", url)
        if not files and lies_elsewhere(session, answer, origin, path):
            link = _files_of(session, origin, path)
            continue
        if answer.status == NOT_FOUND:
            return None
        _check_path(answer, url)
        page = json_of(answer, url)
        listed = page.get("value")
        if not isinstance(listed, list):
            raise UnreachableError(f"{url} answered with something that is no list of files")
        files.extend(_remote_file(origin, path, entry) for entry in listed if _is_named(entry))
        link = next_page(page, followed)
    return files


def download(session: Session, file: RemoteFile) -> tuple[RemoteFile, Generator[bytes]] | None:
    """A file's bytes as a stream, and what the tenant says of it now; None where there is no such file.

    Raises:
        RefusedError: the file may not be read.
        UnreachableError: the answer is none; while the bytes come in, the connection broke.
    """
    origin = session.hosts.origin(file.uri)
    answer, chunks = session.chunks(url := _content_of(session, origin, file.path))
    if lies_elsewhere(session, answer, origin, file.path):
        answer, chunks = session.chunks(url := _content_of(session, origin, file.path))
    if answer.status == NOT_FOUND:
        return None
    if answer.status not in SUCCESS:
        _check_path(answer, url)
        raise error_of(answer, url)
    length = answer.headers.get("Content-Length", "")
    # A compressed answer's length is not the file's.
    whole = _is_number(length) and not answer.headers.get("Content-Encoding")
    now = RemoteFile(
        uri=file.uri,
        path=file.path,
        name=file.name,
        length=int(length) if whole else file.length,
        etag=answer.headers.get("ETag", file.etag),
        modified=file.modified,
    )
    return now, chunks


def upload(session: Session, origin: str, folder: str, name: str, content: bytes) -> str:
    """Uploads a file whole, in place of one of that name; returns its absolute address, not encoded.

    Raises:
        RefusedError: the folder may not be written.
        UnreachableError: the tenant does not know the folder, or failed.
    """
    path = f"{folder}/{name}"
    answer = session.call("POST", url := _added_to(session, origin, folder, name), content)
    if lies_elsewhere(session, answer, origin, path):
        answer = session.call("POST", url := _added_to(session, origin, folder, name), content)
    json_of(answer, url)
    return origin + path


def _files_of(session: Session, origin: str, folder: str) -> str:
    return origin + folder_call(session.webs.of(origin, folder), folder, "/Files")


def _content_of(session: Session, origin: str, path: str) -> str:
    return origin + file_call(session.webs.of(origin, path), path, "/$value")


def _added_to(session: Session, origin: str, folder: str, name: str) -> str:
    return origin + folder_call(session.webs.of(origin, folder), folder, add_file_call(name))


def _check_path(answer: Answer, url: str) -> None:
    if answer.status in _OF_THE_PATH:
        told = service_message(answer.body) or f"HTTP status {answer.status}"
        raise RefusedError(f"the tenant would not give {url}: {told}")


def _is_named(entry: object) -> bool:
    return isinstance(entry, dict) and bool(entry.get("Name"))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _remote_file(origin: str, folder: str, entry: dict[str, object]) -> RemoteFile:
    name = str(entry["Name"])
    length = str(entry.get("Length", ""))
    path = f"{folder}/{name}"
    return RemoteFile(
        uri=origin + path,
        path=path,
        name=name,
        length=int(length) if _is_number(length) else None,
        etag=str(entry.get("ETag") or ""),
        modified=str(entry.get("TimeLastModified") or ""),
    )
