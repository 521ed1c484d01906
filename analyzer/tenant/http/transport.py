"""The HTTP transport of the tenant's session and of msal's sign-in: trust, limits, logging."""

from __future__ import annotations

import functools
import http.client
import io
import logging
import os
import re
import ssl
import time
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
import truststore
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from urllib3.exceptions import HTTPError, LocationValueError

from analyzer.errors import FaultError, UsageError
from analyzer.model.redaction import redacted, shown_url
from analyzer.model.text import size
from analyzer.storage.files import plain_words
from analyzer.tenant.http.answer import byte_count
from analyzer.tenant.http.unreachable import SplitProxyError, TooSlowError, TunnelError
from analyzer.tenant.model import CONNECTIONS, Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping

BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables that name a bundle or folder to use instead of the platform's store."""
LOGGER = logging.getLogger("analyzer.tenant.requests")
"""Its records are of level DEBUG and have the attribute ``request``, a dict of what is logged."""
CHUNK = 1 << 18
_CORRELATION = ("sprequestguid", "request-id", "x-ms-request-id", "client-request-id")
"""Response headers with the ID by which Microsoft's support finds a request: SharePoint's own first, then Entra's."""
_ENDS_USERINFO = re.compile(r"[/\\?#\[\]\s]")
"""Characters that end the user and password in an address unless percent-encoded."""
_LARGEST = 1 << 26
"""Bytes of an answer that is held in memory, enough for 100,000 jobs; a small compressed answer may be endless."""
_LARGEST_UNSTREAMED = 1 << 22
"""The same for an authority's answer; none has a hundredth of it."""
_MOST_LINES = 1_000
"""Lines in a row; http.client takes 100 headers."""


class Transport(requests.Session):
    """A session of requests that trusts one certificate authority, or the platform's.

    It keeps no cookies, follows no redirects, takes no password from a ``.netrc``, repeats no request by itself, and
    logs each (``log_request``).
    """

    def __init__(
        self,
        ca_file: Path | None,
        *,
        connections: int = CONNECTIONS,
        limits: Limits = Limits(),  # noqa: B008 - never changes
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare connections.

        Args:
            ca_file: the certificate authority; None for the platform's.
            connections: number kept open to a host: the number of threads that use this at once.
            limits: how slowly an answer may come.
            now: seconds since any moment, for the limits.

        Raises:
            UsageError: ``ca_file``, or the bundle that the environment names, has no certificate.
        """
        super().__init__()
        self.auth = _unchanged  # with an auth, requests reads no .netrc
        self.cookies = RequestsCookieJar(DefaultCookiePolicy(allowed_domains=()))
        self._timeouts = (limits.connect, limits.silence)
        context = trust(ca_file)
        for scheme in ("https://", "http://"):
            self.mount(
                scheme, _Adapter(context, connections, functools.partial(_PacedResponse, limits=limits, now=now))
            )

    def request(self, *arguments: Any, **options: Any) -> requests.Response:  # noqa: ANN401 - requests' own
        """Send as ``requests.Session.request``."""
        return super().request(*arguments, **{"timeout": self._timeouts, "allow_redirects": False, **options})

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # noqa: ANN401 - as above
        """Send as ``requests.Session.send``, but bound an answer that isn't streamed.

        Raises:
            FaultError: it has more bytes than any answer of an authority.
        """
        begun = time.monotonic()
        method, url = request.method or "", request.url or ""
        try:
            response = super().send(request, **{**options, "stream": True})
            if not options.get("stream"):
                with response:
                    # requests itself would read without a limit.
                    whole = bounded(response.iter_content(CHUNK), url, _LARGEST_UNSTREAMED)
                    response._content = whole  # noqa: SLF001
        except requests.RequestException:
            log_request(method, url, status=None, seconds=time.monotonic() - begun, headers={})
            raise
        seconds = time.monotonic() - begun
        log_request(method, url, status=response.status_code, seconds=seconds, headers=response.headers)
        return response

    def resolve_redirects(self, *_arguments: Any, **_options: Any) -> Iterator[Any]:  # noqa: ANN401 - requests' own
        """Return nothing: requests would parse each redirect's target, which may not be an address."""
        return iter(())


class _Adapter(HTTPAdapter):
    """Connections with one TLS context, also through a proxy, whatever the environment of requests."""

    def __init__(self, context: ssl.SSLContext, connections: int, response_class: Callable[..., Any]) -> None:
        self._context = context
        self._response_class = response_class
        super().__init__(pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - requests' own
        super().init_poolmanager(*arguments, **{**options, "ssl_context": self._context})

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:  # noqa: ANN401 - requests' own
        options["ssl_context"] = self._context
        if not proxy.lower().startswith("socks"):
            options["proxy_ssl_context"] = self._context
        return super().proxy_manager_for(proxy, **options)

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:  # noqa: ANN401
        """Send as requests does, but always verify."""
        try:
            return super().send(request, *arguments, **{**options, "verify": True})
        except LocationValueError as error:  # an impossible host, which requests lets through
            raise requests.exceptions.InvalidURL(error, request=request) from error

    def get_connection_with_tls_context(self, request: requests.PreparedRequest, *given: Any, **options: Any) -> Any:  # noqa: ANN401 - as above
        proxy = requests.utils.select_proxy(request.url or "", options.get("proxies")) or ""
        if _ENDS_USERINFO.search(proxy.rpartition("@")[0].rpartition("://")[2]):
            raise SplitProxyError(request=request)
        try:
            pool: Any = super().get_connection_with_tls_context(request, *given, **options)
        except TypeError as error:  # a proxy's address that has a user and no host
            raise requests.exceptions.InvalidProxyURL(error) from error
        if not issubclass(pool.ConnectionCls, _PacedConnection):
            own = {"response_class": staticmethod(self._response_class)}
            pool.ConnectionCls = type("PacedConnection", (_PacedConnection, pool.ConnectionCls), own)
        return pool

    def cert_verify(self, conn: Any, url: str, verify: bool | str, cert: Any) -> None:  # noqa: ANN401 - requests' own
        del url, verify, cert
        conn.cert_reqs = "CERT_REQUIRED"


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def trust(ca_file: Path | None, environment: Mapping[str, str] = os.environ) -> ssl.SSLContext:
    """Return a TLS context that trusts ``ca_file``, else the environment's bundle, else the platform's store.

    Args:
        ca_file: authorities in PEM form, and no others; None for the platform's.
        environment: may name a bundle, which ``ca_file`` overrides.

    Raises:
        UsageError: the file can't be read or has no certificate.
    """
    if ca_file is not None:
        return _context_of(ca_file, 'Correct "ca_file" in the configuration: the authority\'s certificate in PEM form.')
    for name in BUNDLES:
        if bundle := environment.get(name):
            return _context_of(
                Path(bundle), f"The environment variable {name} names it: correct it there, or unset it."
            )
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _context_of(path: Path, advice: str) -> ssl.SSLContext:
    try:
        if path.is_dir():
            return ssl.create_default_context(capath=str(path))
        return ssl.create_default_context(cafile=str(path))
    except ssl.SSLError as error:
        raise UsageError(f"{path} has no certificate of an authority", advice) from error
    except OSError as error:
        raise UsageError(f"{path} can't be read: {plain_words(error)}", advice) from error


def log_request(method: str, url: str, *, status: int | None, seconds: float, headers: Mapping[str, str]) -> None:
    """Log a request with what Microsoft's support asks for, without secrets.

    Args:
        method: of the request.
        url: absolute; secrets in it are masked.
        status: of the answer; None if there was none.
        seconds: until the answer's headers, or its end if it was read at once.
        headers: of the answer.
    """
    if not LOGGER.isEnabledFor(logging.DEBUG):
        return
    record: dict[str, str | int | None] = {
        "method": method,
        "url": shown_url(url),
        "status": status,
        "milliseconds": round(seconds * 1000),
        "received_bytes": (received := byte_count(headers.get("Content-Length", ""))),
        "correlation_id": (correlation := correlation_id(headers)),
    }
    words = [method, record["url"], "no answer" if status is None else status, f"{record['milliseconds']} ms"]
    words += [f"{received} bytes"] if received is not None else []
    words += [f"id {correlation}"] if correlation else []
    LOGGER.debug("%s", " ".join(map(str, words)), extra={"request": record})


def correlation_id(headers: Mapping[str, str]) -> str | None:
    """Return the ID by which Microsoft's support finds a request; None if the answer has none."""
    found = next((headers[name] for name in _CORRELATION if headers.get(name)), None)
    return redacted(found) if found else None


def bounded(chunks: Iterable[bytes], url: str, largest: int | None = None) -> bytes:
    """Join the bytes of an answer that is held in memory.

    Args:
        chunks: the bytes.
        url: of the request, for the error.
        largest: how many bytes it may have; None for as many as a job list may.

    Raises:
        FaultError: there are more.
    """
    largest = largest or _LARGEST
    whole = bytearray()
    for chunk in chunks:
        whole += chunk
        if len(whole) > largest:
            raise FaultError(
                f"{url} answered with more than {size(largest)}, which was not read", "Is a proxy in between?"
            )
    return bytes(whole)


def content_of(response: requests.Response) -> Generator[bytes]:
    """Yield nothing first, then the bytes of an answer.

    What requests itself yields would lose the part of a chunk that came before the connection broke.
    """
    is_packed = response.headers.get("Content-Encoding", "identity") != "identity"
    with response:
        yield b""
        try:
            yield from response.raw.stream(CHUNK, decode_content=is_packed)
        except HTTPError as error:
            raise requests.ConnectionError(error) from error


class _PacedConnection:
    """A connection whose answers are paced; it raises the status with which a proxy refuses a tunnel."""

    response_class: Callable[..., Any]

    def _tunnel(self) -> None:
        self.response_class = functools.partial(self.response_class, is_tunnel=True)
        try:
            super()._tunnel()  # type: ignore[misc]
        finally:
            del self.response_class  # the class's own again


class _PacedResponse(http.client.HTTPResponse):
    """An answer that raises ``TooSlowError`` if it comes too slowly, headers included.

    A socket's own timeout bounds silence alone: a byte before each timeout would keep a command waiting forever.
    """

    def __init__(
        self,
        sock: Any,  # noqa: ANN401 - http.client's own
        *arguments: Any,  # noqa: ANN401
        limits: Limits,
        now: Callable[[], float],
        is_tunnel: bool = False,
        **options: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp = _Lines(PacedReader(self.fp.detach(), limits, now))
        self._is_tunnel = is_tunnel

    def _read_status(self) -> tuple[str, int, str]:
        version, status, reason = super()._read_status()  # type: ignore[misc]
        if self._is_tunnel and status != http.client.OK:
            raise TunnelError(status)
        return version, status, reason


class _Lines(io.BufferedReader):
    """Raises ``http.client.HTTPException`` for endless lines: repeated ``100 Continue``, or trailers.

    Neither http.client nor urllib3 counts those.
    """

    _in_a_row = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        self._in_a_row += 1
        if self._in_a_row > _MOST_LINES:
            raise http.client.HTTPException(f"more than {_MOST_LINES} lines without a body")
        return super().readline(size)

    def read(self, size: int | None = -1, /) -> bytes:
        self._in_a_row = 0
        return super().read(size)

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - whatever can be written to
        self._in_a_row = 0
        return super().readinto(buffer)


class PacedReader(io.RawIOBase):
    """Reads from a socket, and compares the bytes received with the time spent on waiting for them.

    Time between two reads, such as for writing to a disk, doesn't count; neither does the wait for the first byte, in
    which the service works.
    """

    def __init__(self, raw: io.RawIOBase, limits: Limits, now: Callable[[], float]) -> None:
        self._raw, self._limits, self._now = raw, limits, now
        self._has_begun = False
        self._waited, self._received = 0.0, 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - whatever can be written to
        """Read as ``io.RawIOBase.readinto``.

        Raises:
            TooSlowError: fewer bytes arrived than the limits require.
        """
        before = self._now()
        count = self._raw.readinto(buffer)
        if self._has_begun:
            self._waited += self._now() - before
            self._received += count or 0
        self._has_begun = True
        if self._waited >= self._limits.silence:
            if count and self._received < self._limits.least:
                raise TooSlowError(f"{self._received} bytes received in {self._waited:.0f} s")
            self._waited, self._received = 0.0, 0
        return count

    def fileno(self) -> int:
        """Return the socket's."""
        return self._raw.fileno()

    def close(self) -> None:
        """Close the socket's file, too."""
        self._raw.close()
        super().close()
