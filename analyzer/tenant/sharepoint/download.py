"""The content of a file, however often the connection breaks: resumed by ``Range`` while it is the same version."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import requests

from analyzer.errors import FaultError
from analyzer.tenant.http.answer import (
    NOT_FOUND,
    PARTIAL_CONTENT,
    RANGE_NOT_SATISFIABLE,
    SUCCESS,
    Answer,
    byte_count,
    error_of,
    is_page,
)
from analyzer.tenant.sharepoint.files import check_path, file_info
from analyzer.tenant.sharepoint.webs import file_call

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from analyzer.tenant.model import RemoteFile, Sink
    from analyzer.tenant.sharepoint.webs import Webs

_CONTENT_RANGE = re.compile(r"bytes (?P<first>\d+)-\d+/(?P<total>\d+|\*)")
_DOUBTS = 3
"""How often a file that isn't as long as listed is requested again before the listing is considered out of date."""


def download(webs: Webs, file: RemoteFile, into: Sink) -> RemoteFile | None:
    """Receive a complete file.

    Args:
        webs: of the tenant.
        file: as the tenant listed it; its length and ETag are compared with what comes.
        into: takes the bytes.

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
        """Return whether what comes now fits what is there; if not, request everything again."""
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
        """Return whether the bytes came to their end; if not, it has waited, and the download may be resumed."""
        try:
            for chunk in chunks:
                self._session.throttle.check_stopped()
                self._into.write(chunk)
        except requests.RequestException as error:
            if self._is_as_listed():  # the announced length was beyond the end
                self._total = self._into.received
                return True
            # Only bytes that never came before are progress: the same ones could come again and again.
            if self._into.received > self._furthest:
                self._furthest = self._into.received
                self._attempts.forget()
            if not self._attempts.after_error(error):
                raise self._fault("was interrupted") from error
            return False
        return True

    def _whole(self) -> RemoteFile | None:
        """Return the properties of what was received if that is a complete version of the file, else None."""
        received, listed = self._into.received, self._file
        if self._total not in (None, received):
            return None
        is_listed = self._etag in ("", listed.etag) or not listed.etag
        if is_listed and listed.length in (None, received):
            return replace(listed, length=received, etag=listed.etag or self._etag)
        if is_listed and self._doubts < _DOUBTS:
            self._doubts += 1  # something in between may have cut it
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
            f"{self._file.uri} {what}: {self._into.received:,}{of} bytes came", "Run the same command again."
        )
