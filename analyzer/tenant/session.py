"""The part that owns the socket: sends a request with the token of its host, and only to hosts of the tenant."""

from __future__ import annotations

import platform
import time
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

import requests

from analyzer.errors import UnreachableError
from analyzer.tenant.hosts import Hosts
from analyzer.tenant.protocol import SUCCESS, Answer, wait_before_retry
from analyzer.tenant.transport import Transport, unreachable
from analyzer.tenant.webs import Webs

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from analyzer.tenant.interface import TenantAddress, Tokens

_CHUNK = 1 << 20
_REPETITIONS = 5
_PATIENCE = 900.0
"""Seconds that a session waits in all because the tenant asked it to."""


class _Bearer(requests.auth.AuthBase):
    """The token of one request; as ``auth``, because a ``.netrc`` would take the place of a header."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Session:
    """Requests to one tenant.

    Attributes:
        hosts: the hosts of the tenant.
        webs: what was learnt of the tenant's webs.
        sent: how many requests were sent.
    """

    def __init__(
        self,
        address: TenantAddress,
        tokens: Tokens,
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.hosts = Hosts(address)
        self.webs = Webs()
        self.sent = 0
        self._tokens = tokens
        self._sleep, self._now = sleep, now
        self._patience = _PATIENCE
        self._http = Transport(address.ca_file)
        program = f"upa-analyzer/{version('upa-analyzer')}"
        self._http.headers["User-Agent"] = f"NONISV|upa-analyzer|{program} Python/{platform.python_version()}"

    def call(self, method: str, url: str, body: bytes | None = None, *, repeatable: bool = True) -> Answer:
        """Sends a request and reads the answer whole, whatever its status.

        Args:
            method: HTTP's.
            url: absolute.
            body: JSON, or the bytes of a file.
            repeatable: whether it does no harm to send it again when the tenant asks to wait.

        Raises:
            RefusedError: the host is not the tenant's, or the sign-in failed.
            UnreachableError: no answer came.
        """
        with self._send(method, url, body, repeatable=repeatable, stream=False) as response:
            return Answer(response.status_code, response.headers, response.content)

    def chunks(self, url: str) -> tuple[Answer, Generator[bytes]]:
        """Gets a file: status and headers at once, the bytes a chunk at a time; of an error the body at once.

        Whoever does not read the bytes to their end closes them.

        Raises:
            RefusedError: the host is not the tenant's, or the sign-in failed.
            UnreachableError: no answer came, or the connection broke while the bytes came in.
        """
        response = self._send("GET", url, None, repeatable=True, stream=True)
        content = _content(response, url)
        next(content)  # begun, so that closing it closes the connection, too
        body = b"" if response.status_code in SUCCESS else b"".join(content)
        return Answer(response.status_code, response.headers, body), content

    def _send(self, method: str, url: str, body: bytes | None, *, repeatable: bool, stream: bool) -> requests.Response:
        for _ in range(_REPETITIONS if repeatable else 0):
            response = self._send_once(method, url, body, stream=stream)
            wait = wait_before_retry(response.status_code, response.headers, self._now())
            if wait is None or wait > self._patience:
                return response
            response.close()
            self._patience -= wait
            self._sleep(wait)
        return self._send_once(method, url, body, stream=stream)

    def _send_once(self, method: str, url: str, body: bytes | None, *, stream: bool) -> requests.Response:
        origin = self.hosts.origin(url)
        if url.startswith("/"):
            url = origin + url
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json;charset=utf-8"
        self.sent += 1
        try:
            return self._http.request(
                method,
                url,
                data=body,
                headers=headers,
                auth=_Bearer(self._tokens.token(origin)),
                stream=stream,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise unreachable(error, origin) from error


def _content(response: requests.Response, url: str) -> Generator[bytes]:
    """Nothing first, then the bytes of an answer."""
    try:
        with response:
            yield b""
            yield from response.iter_content(_CHUNK)
    except requests.RequestException as error:
        raise UnreachableError(f"the download of {url} broke off", "Run the same command again.") from error
