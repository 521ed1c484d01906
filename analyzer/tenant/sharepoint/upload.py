"""Upload a local file into a library folder: whole up to 10 MiB, above that in chunks of 10 MiB, as Microsoft advises.

A file's name must be new, and nothing is ever replaced: adding an empty file with overwrite, as clients do before an
upload in chunks, empties the old file at once. The content appears when the last chunk is accepted, and only after the
SHA-256 of what was sent is the expected one.

An upload is resumed after a broken connection and after the end of this process. No chunk is sent again unless the
tenant says that it lacks it; where a tenant doesn't know ``GetUploadStatus`` (in its metadata; no client in public
calls it), the chunk in doubt is sent again, and a complaint about its offset says that it had arrived (inferred).

Calls: https://learn.microsoft.com/sharepoint/dev/solution-guidance/upload-large-files-sample-app-for-sharepoint
"""

from __future__ import annotations

import re
import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.errors import FaultError, InputError, UnreachableError
from analyzer.storage.hashed_file import HashedFile
from analyzer.tenant.http.answer import CONCERNS_ALL, NOT_FOUND, SUCCESS, error_of, is_permanent, service_number
from analyzer.tenant.sharepoint.files import file_info
from analyzer.tenant.sharepoint.upload_errors import ADVICE_AGAIN, exists_error, upload_error
from analyzer.tenant.sharepoint.webs import add_file_call, file_call, folder_call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from analyzer.errors import AnalyzerError
    from analyzer.tenant.http.answer import Answer
    from analyzer.tenant.model import RemoteFile
    from analyzer.tenant.sharepoint.webs import Webs

CHUNK = 10 << 20
"""Bytes. A request's body may have 25 times as much, but then more has to be sent again after a fault."""
_NOT_THE_NEXT = "-2146233086"
"""Number of ``System.ArgumentOutOfRangeException``: a chunk at another offset than the next (inferred)."""
_SESSION_IS_GONE = frozenset({400, 409, 410})
"""Statuses of a chunk's answer after which the upload is started anew, unless they mean something else (inferred)."""
_STARTS = 3
"""How often an upload is started before the tenant's answer is an error."""
_FIRST_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class UploadState:
    """What the caller has stored of an upload.

    Attributes:
        upload_id: GUID of the upload that has begun; empty before.
        sent: bytes that the tenant has acknowledged.
    """

    upload_id: str = ""
    sent: int = 0


@dataclass(frozen=True, slots=True)
class UploadTarget:
    """Where a file goes.

    Attributes:
        origin: of the host, ``https://contoso.sharepoint.com``.
        folder: server-relative path, not encoded.
        name: of the file; the folder must not have it yet.
    """

    origin: str
    folder: str
    name: str

    @property
    def path(self) -> str:
        """Server-relative."""
        return f"{self.folder.rstrip('/')}/{self.name}"

    @property
    def uri(self) -> str:
        """Absolute address, not encoded."""
        return self.origin + self.path


def upload_file(  # noqa: PLR0913 - each is a different thing
    webs: Webs,
    target: UploadTarget,
    path: Path,
    sha256: str,
    *,
    keep: Callable[[str, int], None],
    state: UploadState = UploadState(),
    progress: Callable[[int, int], None] = lambda _sent, _size: None,
    chunk: int = CHUNK,
    new_id: Callable[[], uuid.UUID] = uuid.uuid4,
) -> RemoteFile:
    """Upload a file, or continue to; return it as the tenant lists it.

    Args:
        webs: of the tenant.
        target: where to.
        path: the local file.
        sha256: of its content, in hexadecimal digits.
        keep: stores the upload's GUID and the bytes that the tenant has, so that they are there after a power failure;
            called before the first request that writes, and after each chunk.
        state: what ``keep`` stored last; a file of that name is taken for this upload's own only if it has a GUID.
        progress: receives the bytes that the tenant has, and those of the file.
        chunk: bytes to send at once.
        new_id: makes the GUID of an upload.

    Raises:
        InputError: the local file can't be read, or changed; then the upload is canceled.
        OutputError: the folder has a file of that name.
        UsageError: there is no such folder.
        RefusedError: the tenant refuses the file: permission, lock, check-out, space, size.
        UnreachableError: the tenant failed; the upload can be resumed.
    """
    with HashedFile(path, sha256) as content:
        return _Upload(webs, target, content, keep=keep, progress=progress, chunk=chunk, new_id=new_id).run(state)


class _SessionGoneError(Exception):
    """The tenant has dropped the upload; ``cause`` is the error if starting anew doesn't help."""

    def __init__(self, cause: AnalyzerError) -> None:
        super().__init__(cause)
        self.cause = cause


class _Upload:
    def __init__(  # noqa: PLR0913 - as ``upload_file``
        self,
        webs: Webs,
        target: UploadTarget,
        content: HashedFile,
        *,
        keep: Callable[[str, int], None],
        progress: Callable[[int, int], None],
        chunk: int,
        new_id: Callable[[], uuid.UUID],
    ) -> None:
        self._webs, self._session = webs, webs.session
        self._target, self._path = target, target.path
        self._content = content
        self._keep, self._progress, self._chunk, self._new_id = keep, progress, chunk, new_id
        self._id = ""

    def run(self, state: UploadState) -> RemoteFile:
        self._id = state.upload_id
        there, size = self._there(), self._content.size
        # An empty file is also what an upload in chunks begins with.
        if there is not None and self._id and there.length == size and (size or self._content.is_as_expected()):
            self._progress(size, size)
            return there  # the answer to the last request was lost
        if there is not None and not (self._id and there.length == 0):
            raise exists_error(self._target.uri)
        if there is None and size <= self._chunk:
            return self._send_whole()
        return self._send_in_chunks(state.sent if there is not None else None)

    def _there(self) -> RemoteFile | None:
        return file_info(self._webs, self._target.origin, self._path)

    def _send_whole(self) -> RemoteFile:
        chunk = self._content.at(0, self._chunk)
        self._check_content()
        self._begin()
        url = self._add_url()
        attempts = self._session.attempts(url)
        while True:
            answer = self._session.once("POST", url, chunk, attempts)
            there = self._there()  # says what became of it, whatever the answer
            if there is not None:
                return self._complete(there)
            if answer is not None:
                raise upload_error(answer, url, self._target.uri)

    def _send_in_chunks(self, sent: int | None) -> RemoteFile:
        """Send what the tenant lacks.

        Args:
            sent: bytes that it had at least; None if there is nothing of this upload, also no empty file.
        """
        for start in range(_STARTS):
            try:
                if sent is None or start:
                    self._begin()
                    self._add_empty()
                    return self._send_from(0)
                offset = self._expected()
                return self._send_from(sent if offset is None else offset, in_doubt=offset is None)
            except _SessionGoneError as error:
                cause = error.cause
                self._cancel()
        raise cause

    def _begin(self) -> None:
        self._id = str(self._new_id())
        self._keep(self._id, 0)

    def _add_empty(self) -> None:
        """Add the empty file that an upload in chunks needs, unless it is there from the start before."""
        url = self._add_url()
        attempts = self._session.attempts(url)
        while (there := self._there()) is None:
            answer = self._session.once("POST", url, b"", attempts)
            if answer is not None and answer.status not in SUCCESS:
                raise upload_error(answer, url, self._target.uri)
        if there.length != 0:
            raise exists_error(self._target.uri)

    def _send_from(self, offset: int, *, in_doubt: bool = False) -> RemoteFile:
        """Send the chunks from an offset on; ``in_doubt`` if the tenant may already have the first of them."""
        size = self._content.size
        self._progress(offset, size)
        while True:
            chunk = self._content.at(offset, self._chunk)
            is_last = offset > 0 and offset + len(chunk) == size
            if not size or len(chunk) != min(self._chunk, size - offset):
                raise self._changed()
            if is_last:
                self._check_content()
            following = self._send_chunk(offset, chunk, is_last=is_last, in_doubt=in_doubt)
            in_doubt = False
            if isinstance(following, int):
                offset = following
                self._keep(self._id, offset)
                self._progress(offset, size)
            else:
                self._progress(size, size)
                return following

    def _send_chunk(self, offset: int, chunk: bytes, *, is_last: bool, in_doubt: bool) -> int | RemoteFile:
        """Send a chunk until the tenant has it; return the offset of the next one, after the last one the file.

        Raises:
            _SessionGoneError: the tenant no longer knows the upload.
        """
        url = self._chunk_url(offset, is_last=is_last)
        attempts = self._session.attempts(url)
        while True:
            answer = self._session.once("POST", url, chunk, attempts)
            if is_last and (finished := self._finished(answer)) is not None:
                return finished
            if answer is not None and answer.status in SUCCESS:
                return _acknowledged(answer, offset, len(chunk))
            if answer is not None:
                if in_doubt and service_number(answer) == _NOT_THE_NEXT and not is_last:
                    return offset + len(chunk)
                raise self._failure(answer, url)
            expected = self._expected()
            in_doubt = expected is None
            if expected is not None and offset < expected <= offset + len(chunk):
                return expected
            if expected not in (None, offset):
                raise _SessionGoneError(_fault(url, f"expects the bytes from {expected:,} on instead of {offset:,}"))

    def _failure(self, answer: Answer, url: str) -> Exception:
        error = upload_error(answer, url, self._target.uri)
        is_other = not isinstance(error, UnreachableError)
        is_gone = not is_other and (answer.status in _SESSION_IS_GONE or is_permanent(answer))
        return _SessionGoneError(error) if is_gone or answer.status == NOT_FOUND else error

    def _finished(self, answer: Answer | None) -> RemoteFile | None:
        """Return the file if the last chunk made it complete, whatever the answer; None if it didn't."""
        there = self._there()
        if there is not None and (there.length or (answer is not None and answer.status in SUCCESS)):
            return self._complete(there)
        return None

    def _complete(self, there: RemoteFile) -> RemoteFile:
        if there.length != self._content.size:
            raise FaultError(
                f"{there.uri} has {there.length or 0:,} bytes after the upload instead of {self._content.size:,}",
                "Delete it, and run the same command again.",
            )
        return there

    def _expected(self) -> int | None:
        """Return the offset of the next byte that the tenant expects; None if it doesn't say."""
        url = self._url(f"/getUploadStatus(uploadId=guid'{self._id}')")
        answer = self._session.call("GET", url)
        if answer.status in CONCERNS_ALL:
            raise error_of(answer, url)
        status = answer.content or {} if answer.status in SUCCESS else {}
        number = _FIRST_NUMBER.search(str(status.get("ExpectedContentRange", "")))
        return int(number[0]) if number and int(number[0]) <= self._content.size else None

    def _check_content(self) -> None:
        if not self._content.is_as_expected():
            raise self._changed()

    def _changed(self) -> InputError:
        """Cancel the upload, and return the error."""
        if self._id:
            self._cancel()
            self._remove_empty()
        return InputError(
            f"{self._content.path} changed after it was checked, so it wasn't uploaded",
            "Run the same command again when nothing writes to the file.",
        )

    def _cancel(self) -> None:
        """Have the tenant drop the upload, and with it the lock on the file; if it can't, it does so itself later."""
        with suppress(UnreachableError):
            self._session.call("POST", self._url(f"/cancelUpload(uploadId=guid'{self._id}')"), b"")

    def _remove_empty(self) -> None:
        """Move the empty file to the recycle bin, if canceling the upload didn't delete it."""
        with suppress(UnreachableError):
            there = self._there()
            if there is not None and there.length == 0:
                self._session.call("POST", self._url("/recycle()"), b"")

    def _chunk_url(self, offset: int, *, is_last: bool) -> str:
        if offset == 0:
            return self._url(f"/startUpload(uploadId=guid'{self._id}')")
        call = "finishUpload" if is_last else "continueUpload"
        return self._url(f"/{call}(uploadId=guid'{self._id}',fileOffset={offset})")

    def _url(self, call: str) -> str:
        origin = self._target.origin
        return origin + file_call(self._webs.of(origin, self._path), self._path, call)

    def _add_url(self) -> str:
        target = self._target
        web = self._webs.of(target.origin, self._path)  # known since the file was asked for
        return target.origin + folder_call(web, target.folder, add_file_call(target.name))


def _acknowledged(answer: Answer, offset: int, count: int) -> int:
    """Return the offset of the next chunk: the tenant's, as clients in production read it; it may have taken a part.

    Raises:
        FaultError: it is impossible.
    """
    value = (answer.content or {}).get("value", "")
    following = int(str(value)) if str(value).isdecimal() else offset + count
    if not offset < following <= offset + count:
        raise FaultError(f"the tenant confirmed {following:,} bytes after {offset + count:,} were sent", ADVICE_AGAIN)
    return following


def _fault(url: str, what: str) -> FaultError:
    return FaultError(f"the tenant {what} at {url}", ADVICE_AGAIN)
