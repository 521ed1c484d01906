"""A session that ends where a test says so, and whose answers a test may lose or replace."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from analyzer.tenant.http.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.tenant.http.answer import Answer
    from analyzer.tenant.http.throttle import Attempts

_CALL = re.compile(r"\)/(?:Files/)?(?P<name>\w+)")
_OFFSET = re.compile(r"fileOffset=(\d+)")


class DeathError(Exception):
    """The process has ended."""


class UploadingSession(Session):
    """Notes what is sent.

    Attributes:
        sent: the calls that reached the tenant, as ``continueUpload 10``.
        dies: a number of calls, after which the process ends: before the next is sent, or once the last was sent.
        before: whether it ends before.
        lost: which calls' answers don't arrive, each once.
        instead: makes another answer of an answer.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - a session's own
        super().__init__(*arguments, **options)
        self.sent: list[str] = []
        self.dies: int | None = None
        self.before = True
        self.lost: set[str] = set()
        self.instead: Callable[[str, Answer], Answer] = lambda _call, answer: answer

    @property
    def chunk_calls(self) -> list[str]:
        """The chunks that were sent."""
        return [call for call in self.sent if "Upload " in call]

    def call(self, method: str, url: str, body: bytes | None = None, *, repeatable: bool = True) -> Answer:
        """As a session's."""
        name = self._before(url)
        answer = super().call(method, url, body, repeatable=repeatable)
        self._after()
        return self.instead(name, answer)

    def once(self, method: str, url: str, body: bytes, attempts: Attempts) -> Answer | None:
        """As a session's."""
        name = self._before(url)
        answer = super().once(method, url, body, attempts)
        self._after()
        if name in self.lost:
            self.lost.discard(name)
            return None
        return answer and self.instead(name, answer)

    def _before(self, url: str) -> str:
        if self.before and self.dies == len(self.sent):
            raise DeathError
        called, offset = _CALL.search(unquote(url)), _OFFSET.search(url)
        name = called["name"] if called else "info"
        if name in {"startUpload", "continueUpload", "finishUpload"}:
            name += f" {offset[1] if offset else 0}"
        self.sent.append(name)
        return name

    def _after(self) -> None:
        if not self.before and self.dies == len(self.sent):
            raise DeathError
