"""The web application: HTTP in and out; what is asked goes to the service or to the authority."""

from __future__ import annotations

import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response

from analyzer.emulator.address import is_api
from analyzer.emulator.answers import error_answer, shape_of
from analyzer.emulator.entra.web_requests import sign_in
from analyzer.emulator.model import Answer, Asked, no_resource
from analyzer.emulator.service import Service, disk_answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

    from analyzer.emulator.api import Api
    from analyzer.emulator.entra.authority import Authority
    from analyzer.emulator.entra.tokens import Tokens

_IN_MEMORY = 1 << 20


class App:
    """An ASGI application of one endpoint: addresses are routed on their raw path, which no router does."""

    def __init__(  # noqa: PLR0913 - the parts that it puts together
        self,
        api: Api,
        authority: Authority,
        tokens: Tokens,
        *,
        origin: str,
        spool: Path,
        now: Callable[[], float],
        advance: Callable[[], None],
    ) -> None:
        """Puts the parts together.

        Args:
            api: answers what stands under ``/_api``.
            authority: answers sign-ins.
            tokens: reads who asks.
            origin: the emulator's own, for a request that names no host.
            spool: a folder for bodies on their way.
            now: seconds since 1970.
            advance: brings the jobs up to the service's clock; called before each answer.
        """
        self._service = Service(api, tokens, advance)
        self._authority = authority
        self._origin = origin
        self._spool = spool
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request; its body is spooled, so that nothing big is ever whole in memory."""
        request = Request(scope, receive)
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY, dir=str(self._spool)) as body:
            try:
                failed = await _spool(request, cast("BinaryIO", body))
            except ClientDisconnect:
                return
            begun = self._now()
            if failed is None:
                response = await run_in_threadpool(self._respond, request, cast("BinaryIO", body))
            else:
                response = _response(disk_answer(failed, shape_of(request.headers.get("accept", ""))))
            if is_api(request.scope["raw_path"].decode("latin-1")):
                _sign(response, self._now() - begun)
        await response(scope, receive, send)

    def _respond(self, request: Request, body: BinaryIO) -> Response:
        raw_path = request.scope["raw_path"].decode("latin-1")
        query = request.scope["query_string"].decode("latin-1")
        asked = Asked(request.method, self._asked(request), raw_path, query, request.headers, body)
        if is_api(raw_path):
            return _response(self._service.answer(asked))
        signed_in = sign_in(self._authority, request, body, asked.origin, self._now())
        shape = shape_of(request.headers.get("accept", ""))
        return signed_in or _response(error_answer(no_resource(request.url.path), shape))

    def _asked(self, request: Request) -> str:
        """The origin as it was asked: clients go on at the addresses of an answer, which have to be the same (seen)."""
        host = request.headers.get("host")
        return f"https://{host.lower()}" if host else self._origin


class _Download(FileResponse):
    """A file in pieces that are worth a turn of the event loop each."""

    chunk_size = 1 << 20


async def _spool(request: Request, body: BinaryIO) -> OSError | None:
    """Writes a body down; it is read to its end though the disk fails, because clients listen only then."""
    failed = None
    async for chunk in request.stream():
        try:
            if failed is None:
                body.write(chunk)
        except OSError as error:
            failed = error
    if failed is None:
        body.seek(0)
    return failed


def _sign(response: Response, seconds: float) -> None:
    """Add the headers that SharePoint puts on every answer (recorded); a health score of 0 is a healthy server."""
    # By either of them Microsoft's support finds a request (seen: documentation).
    response.headers["SPRequestGuid"] = response.headers["request-id"] = str(uuid.uuid4())
    response.headers["SPClientServiceRequestDuration"] = str(round(max(seconds, 0.0) * 1000))
    response.headers["X-SharePointHealthScore"] = "0"
    response.headers["X-SP-SERVERSTATE"] = "ReadOnly=0"


def _response(answer: Answer) -> Response:
    if isinstance(answer.content, Path):
        media_type = "application/octet-stream"
        return _Download(answer.content, headers=answer.headers, media_type=media_type, stat_result=answer.stat)
    return Response(answer.content, answer.status, answer.headers)
