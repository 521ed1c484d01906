"""The web application: from a request to a call, from a reply to a response."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response

from analyzer.emulator.address import is_api, parse_address, query_options
from analyzer.emulator.answers import PLAIN, VERBOSE, error_body, is_verbose, shaped
from analyzer.emulator.api import Api
from analyzer.emulator.interface import Call, Reply, ServiceError, no_resource
from analyzer.emulator.sign_in import sign_in
from analyzer.emulator.tokens import require

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import Receive, Scope, Send

    from analyzer.emulator.authority import Authority
    from analyzer.emulator.tokens import Tokens

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
        self._api = api
        self._authority = authority
        self._tokens = tokens
        self._origin = origin
        self._spool = spool
        self._now = now
        self._advance = advance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request; its body is spooled, so that nothing big is ever whole in memory."""
        request = Request(scope, receive)
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY, dir=str(self._spool)) as body:
            try:
                async for chunk in request.stream():
                    body.write(chunk)
            except ClientDisconnect:
                return
            body.seek(0)
            response = await run_in_threadpool(self._respond, request, cast("BinaryIO", body))
        await response(scope, receive, send)

    def _respond(self, request: Request, body: BinaryIO) -> Response:
        verbose = is_verbose(request.headers.get("accept", ""))
        try:
            if not is_api(_raw_path(request)):
                return self._sign_in(request, body)
            call = _call(request, body, self._asked(request))
            roles = self._tokens.roles(request.headers.get("authorization", ""), call.origin)
            require(roles, profiles=Api.is_on_profiles(call))
            self._advance()
            return _response(self._api.answer(call), verbose=verbose)
        except ServiceError as error:
            return _json(error_body(error), error.status, error.headers, verbose=verbose)
        except OSError as error:
            # A disk that is full, or a file that another request holds open on Windows: not the caller's fault.
            failed = ServiceError(503, "-2147018894, Microsoft.SharePoint.SPFileLockException", str(error.strerror))
            return _json(error_body(failed), failed.status, {"Retry-After": "1"}, verbose=verbose)

    def _sign_in(self, request: Request, body: BinaryIO) -> Response:
        response = sign_in(self._authority, request, body, self._asked(request), self._now())
        if response is None:
            raise no_resource(request.url.path)
        return response

    def _asked(self, request: Request) -> str:
        """The origin as it was asked: clients go on at the addresses of an answer, which have to be the same (seen)."""
        host = request.headers.get("host")
        return f"https://{host.lower()}" if host else self._origin


class _Download(FileResponse):
    """A file in pieces that are worth a turn of the event loop each."""

    chunk_size = 1 << 20


def _call(request: Request, body: BinaryIO, origin: str) -> Call:
    query = query_options(request.scope["query_string"].decode("latin-1"))
    raw_path = _raw_path(request)
    site, segments = parse_address(raw_path, query)
    return Call(_verb(request), origin, site, segments, query, raw_path, body)


def _raw_path(request: Request) -> str:
    return str(request.scope["raw_path"].decode("latin-1"))


def _verb(request: Request) -> str:
    if request.method == "POST":
        return request.headers.get("x-http-method", "POST").upper()
    return "GET" if request.method == "HEAD" else request.method


def _response(reply: Reply, *, verbose: bool) -> Response:
    content = reply.content
    if content is None:
        return Response(status_code=reply.status, headers=reply.headers)
    if isinstance(content, Path):
        # The status now, so that a file that vanishes in this moment is an error that can still be told.
        return _Download(
            content, headers=reply.headers, media_type="application/octet-stream", stat_result=content.stat()
        )
    return _json(shaped(content, verbose=verbose), reply.status, reply.headers, verbose=verbose)


def _json(content: object, status: int, headers: Mapping[str, str], *, verbose: bool) -> Response:
    body = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
    return Response(body, status, headers, media_type=VERBOSE if verbose else PLAIN)
