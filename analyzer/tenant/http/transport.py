"""What carries requests, of the tenant's session and of msal's sign-in: whom it trusts, and what it never sends."""

from __future__ import annotations

import re
import time
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from urllib3.exceptions import LocationValueError

from analyzer.tenant.http.body import CHUNK, bounded
from analyzer.tenant.http.header_values import byte_count
from analyzer.tenant.http.pace import paced
from analyzer.tenant.http.request_log import sent
from analyzer.tenant.http.trust import trust
from analyzer.tenant.http.unreachable import SplitProxyError
from analyzer.tenant.model import CONNECTIONS, Limits

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator
    from pathlib import Path

_SPLITS = re.compile(r"[/\\?#\[\]\s]")
"""What ends the user and password of an address, where it is not percent-encoded."""
_LARGEST = 1 << 22
"""Bytes of an answer that is read at once, as an authority's, of which none has a hundredth."""


class Transport(requests.Session):
    """A session of requests that trusts one certificate authority, or the platform's.

    It keeps no cookies, follows no redirect, takes no password from a ``.netrc``, and sends nothing a second time by
    itself. Each request is logged (``request_log``).
    """

    def __init__(
        self,
        ca_file: Path | None,
        *,
        connections: int = CONNECTIONS,
        limits: Limits = Limits(),  # noqa: B008 - never changes
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Sends nothing yet.

        Args:
            ca_file: the certificate authority; None for the platform's.
            connections: how many are kept open to a host, that is, how many threads use this at once.
            limits: how slowly an answer may come.
            now: seconds since any moment, for the limits.

        Raises:
            UsageError: ``ca_file``, or the bundle that the environment names, is none.
        """
        super().__init__()
        self.auth = _as_it_is  # where there is one, requests looks into no .netrc
        self.cookies = RequestsCookieJar(DefaultCookiePolicy(allowed_domains=()))
        self._timeouts = (limits.connect, limits.silence)
        trusted = trust(ca_file)
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Adapter(trusted, connections, paced(limits, now)))

    def request(self, *arguments: Any, **options: Any) -> requests.Response:  # noqa: ANN401 - requests' own
        """As ``requests.Session.request``."""
        return super().request(*arguments, **{"timeout": self._timeouts, "allow_redirects": False, **options})

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # noqa: ANN401 - as above
        """As ``requests.Session.send``; an answer that is not streamed is bounded.

        Raises:
            FaultError: it has more bytes than any answer of an authority.
        """
        begun = time.monotonic()
        method, url = request.method or "", request.url or ""
        try:
            response = super().send(request, **{**options, "stream": True})
            if not options.get("stream"):
                with response:
                    # What requests itself would read, without an end.
                    response._content = bounded(response.iter_content(CHUNK), url, _LARGEST)  # noqa: SLF001
        except requests.RequestException:
            sent(method, url, status=None, seconds=time.monotonic() - begun, headers={})
            raise
        sent(
            method,
            url,
            status=response.status_code,
            seconds=time.monotonic() - begun,
            headers=response.headers,
            received=byte_count(response.headers.get("Content-Length", "")),
        )
        return response

    def resolve_redirects(self, *_arguments: Any, **_options: Any) -> Iterator[Any]:  # noqa: ANN401 - requests' own
        """Nothing: requests would look where each redirect leads, which may be no address at all."""
        return iter(())


class _Adapter(HTTPAdapter):
    """Connections that all trust the same, also through a proxy, whatever requests would take from the environment."""

    def __init__(self, trusted: ssl.SSLContext, connections: int, response_class: Callable[..., Any]) -> None:
        self._trusted = trusted
        self._response_class = response_class
        super().__init__(pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - requests' own
        super().init_poolmanager(*arguments, **{**options, "ssl_context": self._trusted})

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:  # noqa: ANN401 - requests' own
        options["ssl_context"] = self._trusted
        if not proxy.lower().startswith("socks"):
            options["proxy_ssl_context"] = self._trusted
        return super().proxy_manager_for(proxy, **options)

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:  # noqa: ANN401
        """As requests' own, but for what a request or the environment would have it trust."""
        try:
            return super().send(request, *arguments, **{**options, "verify": True})
        except LocationValueError as error:  # of a host that can be none, which requests lets through
            raise requests.exceptions.InvalidURL(error, request=request) from error

    def get_connection_with_tls_context(self, request: requests.PreparedRequest, *given: Any, **options: Any) -> Any:  # noqa: ANN401 - as above
        proxy = requests.utils.select_proxy(request.url or "", options.get("proxies")) or ""
        if _SPLITS.search(proxy.rpartition("@")[0].rpartition("://")[2]):
            raise SplitProxyError(request=request)
        try:
            pool: Any = super().get_connection_with_tls_context(request, *given, **options)
        except TypeError as error:  # of a proxy's address that has a user and no host
            raise requests.exceptions.InvalidProxyURL(error) from error
        if getattr(pool.ConnectionCls, "response_class", None) is not self._response_class:
            own = {"response_class": staticmethod(self._response_class)}
            pool.ConnectionCls = type("PacedConnection", (pool.ConnectionCls,), own)
        return pool

    def cert_verify(self, conn: Any, url: str, verify: bool | str, cert: Any) -> None:  # noqa: ANN401 - requests' own
        del url, verify, cert
        conn.cert_reqs = "CERT_REQUIRED"


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
