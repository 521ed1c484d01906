"""A request of the web server as the authority takes it, and its reply as the web server sends it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import parse_qsl

from starlette.responses import Response

from analyzer.emulator.entra.model import AuthorityCall

if TYPE_CHECKING:
    from starlette.requests import Request

    from analyzer.emulator.entra.authority import Authority

_MOST_FORM_BYTES = 1 << 16


def sign_in(authority: Authority, request: Request, body: BinaryIO, origin: str, now: float) -> Response | None:
    """The authority's response; None where the address is none of its.

    Args:
        authority: what answers.
        request: what came in.
        body: its body, at its beginning.
        origin: ``https://HOST[:PORT]`` as it was asked.
        now: seconds since 1970.
    """
    form = body.read(_MOST_FORM_BYTES).decode("utf-8", "replace")
    call = AuthorityCall(
        "GET" if request.method == "HEAD" else request.method,
        request.url.path,
        dict(parse_qsl(request.url.query)),
        dict(parse_qsl(form)),
        {name.lower(): value for name, value in request.headers.items()},
        origin,
        now,
    )
    reply = authority.answer(call)
    if reply is None:
        return None
    headers = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache", **reply.headers}
    if isinstance(reply.content, str):
        return Response(reply.content, reply.status, headers, media_type="text/html; charset=utf-8")
    return Response(json.dumps(reply.content), reply.status, headers, media_type="application/json; charset=utf-8")
