"""SharePoint's REST from a request to an answer: who asks, what is asked, and how the reply is written down."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from analyzer.emulator.address import parse_address, query_options
from analyzer.emulator.answers import error_answer, json_answer, shape_of, written
from analyzer.emulator.api import Api
from analyzer.emulator.batch import MOST_BYTES, joined, read_parts
from analyzer.emulator.content import Collection, Entity
from analyzer.emulator.entra.tokens import require
from analyzer.emulator.model import Answer, Asked, Call, ServiceError, bad_request, wrong_verb
from analyzer.emulator.odata import arranged
from analyzer.model.service import MAX_BODY_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.emulator.answers import Shape
    from analyzer.emulator.batch import Part
    from analyzer.emulator.entra.tokens import Tokens
    from analyzer.emulator.model import Reply

_SAID_BY_THE_BATCH = ("authorization", "accept")


class Service:
    """Answers whatever is asked under ``/_api``; an error is an answer, too."""

    def __init__(self, api: Api, tokens: Tokens, advance: Callable[[], None]) -> None:
        """Puts the parts together.

        Args:
            api: answers calls.
            tokens: reads who asks.
            advance: brings the jobs up to the service's clock; called before each answer.
        """
        self._api = api
        self._tokens = tokens
        self._advance = advance

    def answer(self, asked: Asked) -> Answer:
        """The answer to a request."""
        shape = shape_of(asked.headers.get("accept", ""))
        try:
            return self._answer(asked, shape)
        except ServiceError as error:
            return error_answer(error, shape)
        except OSError as error:
            return disk_answer(error, shape)

    def _call(self, asked: Asked) -> Call:
        query = query_options(asked.query)
        path, segments = parse_address(asked.raw_path, query)
        # Clients ask below a file's address, too (seen), and the web that it lies in answers.
        return Call(
            asked.verb,
            asked.origin,
            self._api.webs.of(path),
            segments,
            query,
            asked.raw_path,
            asked.headers,
            asked.body,
        )

    def _answer(self, asked: Asked, shape: Shape) -> Answer:
        _check_length(asked)
        call = self._call(asked)
        roles = self._tokens.roles(asked.headers.get("authorization", ""), call.origin)
        require(roles, profiles=Api.is_on_profiles(call))
        self._advance()
        if [segment.key for segment in call.segments] == ["$batch"]:
            return self._batch(asked)
        return _written(self._api.answer(call), call, shape)

    def _batch(self, asked: Asked) -> Answer:
        """Each part answers for itself; what a part does not say of who asks, the batch said (both seen)."""
        if asked.verb != "POST":
            raise wrong_verb(asked.verb, "$batch")
        body = asked.body.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise bad_request("The body of the batch is too long.")
        answers = [self._part(asked, part) for part in read_parts(asked.headers.get("content-type", ""), body)]
        boundary = f"batchresponse_{uuid4()}"
        return Answer(200, joined(answers, boundary), {"Content-Type": f"multipart/mixed; boundary={boundary}"})

    def _part(self, asked: Asked, part: Part) -> Answer:
        said = {name: asked.headers[name] for name in _SAID_BY_THE_BATCH if name in asked.headers}
        headers = {**said, **part.headers}
        if part.raw_path.lower().rstrip("/").endswith("$batch"):
            return error_answer(bad_request("A batch cannot hold another one."), shape_of(headers.get("accept", "")))
        return self.answer(Asked(part.method, asked.origin, part.raw_path, part.query, headers, BytesIO(part.body)))


def _check_length(asked: Asked) -> None:
    """Pass a body that SharePoint takes in one request.

    Raises:
        ServiceError: 400, it is longer (status, code, and text seen).
    """
    length = asked.body.seek(0, os.SEEK_END)
    asked.body.seek(0)
    if length > MAX_BODY_BYTES:
        raise bad_request(
            f"The request message is too big. The server does not allow messages larger than {MAX_BODY_BYTES} bytes."
        )


def disk_answer(error: OSError, shape: Shape) -> Answer:
    """A disk that is full, or a file that another request holds open on Windows: not the caller's fault."""
    code = "-2147018894, Microsoft.SharePoint.SPFileLockException"
    return error_answer(ServiceError(503, code, str(error.strerror), {"Retry-After": "1"}), shape)


def _written(reply: Reply, call: Call, shape: Shape) -> Answer:
    content = reply.content
    if content is None:
        return Answer(reply.status, headers=reply.headers)
    if isinstance(content, Path):
        return Answer(reply.status, content, reply.headers, content.stat())
    if isinstance(content, (Entity, Collection)):
        content = arranged(content, call)
    return json_answer(written(content, shape, f"{call.origin}{call.site}/_api/"), reply.status, reply.headers, shape)
