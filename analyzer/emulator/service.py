"""SharePoint's REST from a request to an answer: who asks, what is asked, and how the reply is written down."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.emulator.address import parse_address, query_options
from analyzer.emulator.answers import error_answer, json_answer, shape_of, written
from analyzer.emulator.api import Api
from analyzer.emulator.content import Collection, Entity
from analyzer.emulator.interface import Answer, Call, ServiceError
from analyzer.emulator.odata import arranged
from analyzer.emulator.tokens import require

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.emulator.answers import Shape
    from analyzer.emulator.interface import Asked, Reply
    from analyzer.emulator.tokens import Tokens


class Service:
    """Answers whatever is asked under ``/_api``; an error is an answer, too."""

    def __init__(self, api: Api, tokens: Tokens, origin: str, advance: Callable[[], None]) -> None:
        """Puts the parts together.

        Args:
            api: answers calls.
            tokens: reads who asks.
            origin: the emulator's own; tokens for it are good however the host was written.
            advance: brings the jobs up to the service's clock; called before each answer.
        """
        self._api = api
        self._tokens = tokens
        self._origin = origin
        self._advance = advance

    def answer(self, asked: Asked) -> Answer:
        """The answer to a request."""
        shape = shape_of(asked.headers.get("accept", ""))
        try:
            return self._answer(asked, shape)
        except ServiceError as error:
            return error_answer(error, shape)
        except OSError as error:
            # A disk that is full, or a file that another request holds open on Windows: not the caller's fault.
            code = "-2147018894, Microsoft.SharePoint.SPFileLockException"
            return error_answer(ServiceError(503, code, str(error.strerror), {"Retry-After": "1"}), shape)

    def _answer(self, asked: Asked, shape: Shape) -> Answer:
        call = _call(asked)
        roles = self._tokens.roles(asked.headers.get("authorization", ""), (self._origin, call.origin))
        require(roles, profiles=Api.is_on_profiles(call))
        self._advance()
        return _written(self._api.answer(call), call, shape)


def _call(asked: Asked) -> Call:
    query = query_options(asked.query)
    site, segments = parse_address(asked.raw_path, query)
    return Call(asked.verb, asked.origin, site, segments, query, asked.raw_path, asked.headers, asked.body)


def _written(reply: Reply, call: Call, shape: Shape) -> Answer:
    content = reply.content
    if content is None:
        return Answer(reply.status, headers=reply.headers)
    if isinstance(content, Path):
        return Answer(reply.status, content, reply.headers, content.stat())
    if isinstance(content, (Entity, Collection)):
        content = arranged(content, call)
    return json_answer(written(content, shape, f"{call.origin}{call.site}/_api/"), reply.status, reply.headers, shape)
