"""Files and folders of the tenant's document libraries, by server-relative path, and their content.

A download resumes with ``Range``, however often the connection breaks, as long as it is the same version.
"""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import requests

from analyzer.errors import FaultError, RefusedError
from analyzer.tenant.http.answer import (
    IN_BETWEEN,
    NOT_FOUND,
    PARTIAL_CONTENT,
    RANGE_NOT_SATISFIABLE,
    SUCCESS,
    byte_count,
    error_of,
    is_over_threshold,
    is_page,
    is_permanent,
    json_of,
    next_page,
    service_message,
)
from analyzer.tenant.http.throttle import TEMPORARY
from analyzer.tenant.model import RemoteFile
from analyzer.tenant.sharepoint.webs import FILE_FIELDS, file_call, folder_call

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from analyzer.tenant.http.answer import Answer
    from analyzer.tenant.model import Sink
    from analyzer.tenant.sharepoint.webs import Webs


_PATH_REFUSED = frozenset({400, 410, 414, 423})
"""Statuses for a refused path or a locked file, not a fault of the connection."""


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
    """Return the listed properties of one file; None if there is no such file.

    Raises:
        RefusedError: the file may not be read.
        UnreachableError: the answer is invalid.
    """
    answer, url = webs.call("GET", origin, path, lambda web: origin + file_call(web, path, FILE_FIELDS))
    if answer.status == NOT_FOUND:
        return None
    check_path(answer, url)
    folder, _, name = path.rpartition("/")
    # With the requested name: the answer's may differ in case, and must not lead elsewhere.
    return _remote_file(origin, folder, {**json_of(answer, url), "Name": name})


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


_CONTENT_RANGE = re.compile(r"bytes (?P<first>\d+)-\d+/(?P<total>\d+|\*)")
_DOUBTS = 3
"""How often a file with another length than listed is requested again before it is listed again."""


def download(webs: Webs, file: RemoteFile, into: Sink) -> RemoteFile | None:
    """Receive a complete file.

    Args:
        webs: of the tenant.
        file: as the tenant listed it; its length and ETag are compared with the answer's.
        into: receives the bytes.

    Returns:
        The properties of the version that was received; None if there is no such file.

    Raises:
        RefusedError: the file may not be read.
        UnreachableError: the answer is invalid, or the content stayed incomplete after all attempts.
    """
    return _Download(webs, file, into).run()


class _Download:
    def __init__(self, webs: Webs, file: RemoteFile, into: Sink) -> None:
        self._webs, self._file, self._into = webs, file, into
        self._session = webs.session
        self._origin = self._session.hosts.origin(file.uri)
        self._web = webs.of(self._origin, file.path)
        self._attempts = self._session.attempts(file.uri)
        self._etag = ""
        self._total: int | None = None
        self._furthest = 0
        self._doubts = 0

    def run(self) -> RemoteFile | None:
        while True:
            answer, chunks = self._session.chunks(self._url, self._condition())
            with closing(chunks):
                if answer.status not in SUCCESS:
                    if self._is_gone(answer):
                        return None
                elif is_page(answer) and "ETag" not in answer.headers:
                    self._restart("came as a web page instead of the file: is a proxy in between?")
                elif self._fits(answer) and self._receives(chunks):
                    whole = self._whole()
                    if whole is not None:
                        return whole
                    self._restart("isn't as long as the tenant says")

    @property
    def _url(self) -> str:
        return self._origin + file_call(self._web, self._file.path, "/$value")

    def _condition(self) -> Mapping[str, str]:
        """Return the headers that request the rest of the version that has begun; none from the beginning."""
        if not self._into.received:
            return {}
        if not self._etag or self._etag.startswith("W/"):
            self._into.restart()  # the rest might be another version's
            return {}
        return {"Range": f"bytes={self._into.received}-", "If-Range": self._etag}

    def _is_gone(self, answer: Answer) -> bool:
        """Return whether an unsuccessful answer means that there is no such file; False if to request again.

        Raises:
            AnalyzerError: it means something else.
        """
        if answer.status == RANGE_NOT_SATISFIABLE and self._into.received:
            self._restart("can't be resumed")
            return False
        other = self._webs.another(answer, self._origin, self._file.path, self._web)
        if other is not None:
            self._web = other
            return False
        if answer.status != NOT_FOUND:
            check_path(answer, self._url)
            raise error_of(answer, self._url)
        return True

    def _fits(self, answer: Answer) -> bool:
        """Return whether the answer continues the received bytes; if not, request everything again."""
        etag = answer.headers.get("ETag", "")
        if answer.status != PARTIAL_CONTENT:
            self._into.restart()
            self._etag = etag
            packed = answer.headers.get("Content-Encoding", "identity") != "identity"
            self._total = None if packed else byte_count(answer.headers.get("Content-Length", ""))
            return True
        part = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if part is not None and byte_count(part["first"]) == self._into.received and etag in ("", self._etag):
            return True
        self._restart("was resumed at another position")
        return False

    def _receives(self, chunks: Generator[bytes]) -> bool:
        """Return whether all bytes arrived; if not, wait, so that the download can be resumed."""
        try:
            for chunk in chunks:
                self._session.throttle.check_stopped()
                self._into.write(chunk)
        except requests.RequestException as error:
            if self._is_as_listed():  # the announced length was beyond the end
                self._total = self._into.received
                return True
            # Only new bytes are progress: the same ones could be received again and again.
            if self._into.received > self._furthest:
                self._furthest = self._into.received
                self._attempts.forget()
            if not self._attempts.after_error(error):
                raise self._fault("was interrupted") from error
            return False
        return True

    def _whole(self) -> RemoteFile | None:
        """Return the properties of the received file if it is a complete version, else None."""
        received, listed = self._into.received, self._file
        if self._total not in (None, received):
            return None
        is_listed = self._etag in ("", listed.etag) or not listed.etag
        if is_listed and listed.length in (None, received):
            return replace(listed, length=received, etag=listed.etag or self._etag)
        if is_listed and self._doubts < _DOUBTS:
            self._doubts += 1  # a proxy may have cut it
            return None
        # It changed since it was listed, or its header spells the ETag differently.
        now = file_info(self._webs, self._origin, listed.path)
        if now is None:
            return None
        self._file = now
        is_same = now.etag in (self._etag, listed.etag) or not now.etag or not self._etag
        return now if is_same and now.length in (None, received) else None

    def _is_as_listed(self) -> bool:
        return bool(self._etag) and (self._etag, self._into.received) == (self._file.etag, self._file.length)

    def _restart(self, what: str) -> None:
        if not self._attempts.once_more():
            raise self._fault(what)
        self._into.restart()

    def _fault(self, what: str) -> FaultError:
        of = f" of {self._total:,}" if self._total is not None else ""
        return FaultError(
            f"{self._file.uri} {what}: {self._into.received:,}{of} bytes received", "Run the same command again."
        )
