"""A file's bytes, however often the connection breaks: gone on with by ``Range`` as long as it is the same version."""

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
from analyzer.tenant.sharepoint.checksum import Checksum
from analyzer.tenant.sharepoint.files import check_path, file_info
from analyzer.tenant.sharepoint.protocol import file_call
from analyzer.tenant.sharepoint.webs import another_web

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from analyzer.tenant.http.session import Session
    from analyzer.tenant.model import RemoteFile, Sink

_CONTENT_RANGE = re.compile(r"bytes (?P<first>\d+)-\d+/(?P<total>\d+|\*)")
_DOUBTS = 3
"""So often a file that is not as long as listed is asked for again before the listing is taken to be out of date."""


def download(session: Session, file: RemoteFile, into: Sink) -> RemoteFile | None:
    """Receives a file whole.

    Args:
        session: of the tenant.
        file: as the tenant listed it; its length and ETag are held against what comes.
        into: what takes the bytes.

    Returns:
        What the tenant says of the version that was received; None where there is no such file.

    Raises:
        RefusedError: the file may not be read.
        UnreachableError: the answer is none, or the bytes did not come whole however often they were asked for.
    """
    return _Download(session, file, into).run()


class _Download:
    def __init__(self, session: Session, file: RemoteFile, into: Sink) -> None:
        self._session, self._file, self._into = session, file, into
        self._origin = session.hosts.origin(file.uri)
        self._web = session.webs.of(self._origin, file.path)
        self._attempts = session.attempts(file.uri)
        self._etag = ""
        self._total: int | None = None
        self._furthest = 0
        self._doubts = 0
        self._checksum = Checksum()

    def run(self) -> RemoteFile | None:
        while True:
            answer, chunks = self._session.chunks(self._url, self._condition())
            with closing(chunks):
                if answer.status not in SUCCESS:
                    if self._is_gone(answer):
                        return None
                elif is_page(answer) and "ETag" not in answer.headers:
                    self._begin_anew("came as a page instead of the file: is a proxy in between?")
                elif self._begins_well(answer) and self._receives(chunks):
                    whole = self._whole()
                    if whole is not None:
                        return whole
                    self._begin_anew("is not as long as the tenant says, or not what its checksum says")

    @property
    def _url(self) -> str:
        return self._origin + file_call(self._web, self._file.path, "/$value")

    def _condition(self) -> Mapping[str, str]:
        """The headers that ask for the rest of the version that has begun; none from the beginning."""
        if not self._into.received:
            return {}
        if not self._etag or self._etag.startswith("W/"):
            self._into.restart()  # nothing says that the rest would be the same version's
            return {}
        return {"Range": f"bytes={self._into.received}-", "If-Range": self._etag}

    def _is_gone(self, answer: Answer) -> bool:
        """Whether an unsuccessful answer says that there is no such file; False where to ask again.

        Raises:
            AnalyzerError: it says something else.
        """
        if answer.status == RANGE_NOT_SATISFIABLE and self._into.received:
            self._begin_anew("cannot be gone on with")
            return False
        other = another_web(self._session, answer, self._origin, self._file.path, self._web)
        if other is not None:
            self._web = other
            return False
        if answer.status != NOT_FOUND:
            check_path(answer, self._url)
            raise error_of(answer, self._url)
        return True

    def _begins_well(self, answer: Answer) -> bool:
        """Whether what comes now fits what is there; if not, all is to be asked for anew."""
        etag = answer.headers.get("ETag", "")
        if answer.status != PARTIAL_CONTENT:
            self._into.restart()
            self._etag, self._checksum = etag, Checksum.of(answer.headers)
            packed = answer.headers.get("Content-Encoding", "identity") != "identity"
            self._total = None if packed else byte_count(answer.headers.get("Content-Length", ""))
            return True
        part = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if part is not None and byte_count(part["first"]) == self._into.received and etag in ("", self._etag):
            return True
        self._begin_anew("was gone on with at another place")
        return False

    def _receives(self, chunks: Generator[bytes]) -> bool:
        """Whether the bytes came to their end; if not, it has waited, and it may be gone on."""
        try:
            for chunk in chunks:
                self._session.throttle.check_stopped()
                self._into.write(chunk)
                self._checksum.update(chunk)
        except requests.RequestException as error:
            if self._is_as_listed():  # a length beyond the end was told
                self._total = self._into.received
                return True
            # Progress is what never was there before: what comes anew again and again would never end. What came too
            # slowly is none, as it is less than a chunk.
            if self._into.received > self._furthest:
                self._furthest = self._into.received
                self._attempts.forget()
            if not self._attempts.after_error(error):
                raise self._broken("broke off") from error
            return False
        return True

    def _whole(self) -> RemoteFile | None:
        """What was received, as the tenant says of it, if that is a whole version of the file."""
        received, listed = self._into.received, self._file
        if self._total not in (None, received) or not self._checksum.holds():
            return None
        is_listed = self._etag in ("", listed.etag) or not listed.etag
        if is_listed and listed.length in (None, received):
            return replace(listed, length=received, etag=listed.etag or self._etag)
        if is_listed and self._doubts < _DOUBTS:
            self._doubts += 1  # something in between may have cut it; once more will tell
            return None
        # It changed since it was listed, or its header spells the ETag otherwise.
        now = file_info(self._session, self._origin, listed.path)
        if now is None:
            return None
        self._file = now
        is_same = now.etag in (self._etag, listed.etag) or not now.etag or not self._etag
        return now if is_same and now.length in (None, received) else None

    def _is_as_listed(self) -> bool:
        return bool(self._etag) and (self._etag, self._into.received) == (self._file.etag, self._file.length)

    def _begin_anew(self, what: str) -> None:
        if not self._attempts.once_more():
            raise self._broken(what)
        self._into.restart()

    def _broken(self, what: str) -> FaultError:
        of = f" of {self._total:,}" if self._total is not None else ""
        return FaultError(
            f"{self._file.uri} {what}: {self._into.received:,}{of} bytes came", "Run the same command again."
        )
