"""Requests to a tenant: with the token of their host, and only to hosts of the tenant."""

from __future__ import annotations

import platform
import re
from importlib.metadata import version
from typing import TYPE_CHECKING

import requests

from analyzer.errors import FaultError, RefusedError, UnreachableError, UsageError
from analyzer.model.redaction import shown_url
from analyzer.model.uri import host_of, resolved, scheme_of
from analyzer.tenant.http.answer import ASK_AGAIN, NO_CONTENT, SUCCESS, UNAUTHORIZED, Answer
from analyzer.tenant.http.throttle import Attempts, Throttle
from analyzer.tenant.http.transport import CHUNK, Transport, bounded, content_of
from analyzer.tenant.http.unreachable import unreachable
from analyzer.tenant.model import ClientPolicy

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from analyzer.tenant.model import TenantAddress, Tokens


_TOKENS = 3
"""Tokens with which a request is sent before it is refused."""
_REDIRECTS = 3


class _Bearer(requests.auth.AuthBase):
    """The token of one request; as ``auth``, because a ``.netrc`` would replace a header."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Session:
    """Requests to one tenant. May be used by several threads at once.

    Attributes:
        hosts: the hosts of the tenant.
        policy: patience, connections, limits.
        throttle: decides when to send.
    """

    def __init__(self, address: TenantAddress, tokens: Tokens, policy: ClientPolicy | None = None) -> None:
        self.hosts = Hosts(address)
        self.policy = policy or ClientPolicy()
        self.throttle = Throttle(self.policy)
        self._tokens = tokens
        self._http = Transport(
            address.ca_file,
            connections=self.policy.connections,
            limits=self.policy.limits,
            now=self.policy.clock.monotonic,
        )
        program = f"upa-analyzer/{version('upa-analyzer')}"
        self._http.headers["User-Agent"] = f"NONISV|upa-analyzer|{program} Python/{platform.python_version()}"

    def call(self, method: str, url: str, body: bytes | None = None, *, repeatable: bool = True) -> Answer:
        """Send a request whose answer is JSON; return the complete answer, whatever its status.

        Args:
            method: such as ``GET``.
            url: absolute.
            body: JSON, or the bytes of a file.
            repeatable: whether it may be sent again.

        Raises:
            RefusedError: the host is not the tenant's, or the sign-in failed.
            FaultError: there was no answer.
            UnreachableError: the tenant asks to wait longer than the patience lasts.
        """
        attempts = self.attempts(url)
        while True:
            try:
                with self._send(method, url, body, {"Accept": "application/json"}) as response:
                    whole = bounded(response.iter_content(CHUNK), url)
                    answer = Answer(response.status_code, response.headers, whole)
            except requests.RequestException as error:
                if repeatable and attempts.after_error(error):
                    continue
                raise self._fault(error, url) from error
            if not repeatable:
                if answer.status in ASK_AGAIN:
                    attempts.hold(answer)
                return answer
            # Anything but JSON is a proxy's and temporary.
            if not attempts.after(answer, is_complete=answer.content is not None or answer.status == NO_CONTENT):
                return answer

    def once(self, method: str, url: str, body: bytes, attempts: Attempts) -> Answer | None:
        """Send a request a single time, also if the token is refused.

        Args:
            method: such as ``POST``.
            url: absolute.
            body: the bytes of a file.
            attempts: at this request.

        Returns:
            The complete answer; None if the request may be sent again, once the caller knows that it had no effect.
            Then the time is over that the tenant asked to wait.

        Raises:
            As ``call``.
        """
        origin = self.hosts.origin(url)
        token = self._tokens.token(origin)
        try:
            with self._send_once(method, url, body, {"Accept": "application/json"}, token) as response:
                whole = bounded(response.iter_content(CHUNK), url)
                answer = Answer(response.status_code, response.headers, whole)
        except requests.RequestException as error:
            if attempts.after_error(error):
                return None
            raise self._fault(error, url) from error
        if answer.status == UNAUTHORIZED and self._tokens.renew(origin, token) != token:
            return None if attempts.once_more() else answer
        is_complete = answer.content is not None or answer.status == NO_CONTENT
        return None if attempts.after(answer, is_complete=is_complete) else answer

    def chunks(self, url: str, headers: Mapping[str, str] | None = None) -> tuple[Answer, Generator[bytes]]:
        """Get a file: return status and headers at once, and the bytes a chunk at a time; of an error the body at once.

        The caller has to close the bytes or read all of them. They may raise ``requests.RequestException``.

        Raises:
            RefusedError: the host is not the tenant's, or the sign-in failed.
            FaultError: there was no answer.
            UnreachableError: the tenant asks to wait longer than the patience lasts.
        """
        attempts = self.attempts(url)
        # Compressed content has another length, and can't be resumed in the middle.
        wanted = {"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})}
        while True:
            try:
                response = self._send("GET", url, None, wanted)
                content = content_of(response)
                next(content)  # started, so that closing it closes the connection, too
                body = b"" if response.status_code in SUCCESS else bounded(content, url)
            except requests.RequestException as error:
                if attempts.after_error(error):
                    continue
                raise self._fault(error, url) from error
            answer = Answer(response.status_code, response.headers, body)
            if not attempts.after(answer):
                return answer, content
            content.close()

    def attempts(self, url: str) -> Attempts:
        """Return the attempts at one request."""
        return Attempts(self.throttle, self.hosts.origin(url).removeprefix("https://"))

    def stop(self) -> None:
        """End waits and transfers in other threads; nothing can be sent any more."""
        self.throttle.stopped.set()

    def _send(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> requests.Response:
        """Send a request, again with another token if one is refused; follow the tenant's own redirects."""
        for _ in range(_REDIRECTS):
            response = self._signed(method, url, body, headers)
            if not response.is_redirect or method != "GET":
                return response
            place = resolved(response.headers["Location"], self._absolute(url))
            if not self.hosts.has(place):
                return response
            response.close()
            url = place
        raise UnreachableError(f"{url} redirects again and again", "Is a proxy in between?")

    def _signed(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> requests.Response:
        origin = self.hosts.origin(url)
        token = self._tokens.token(origin)
        for _ in range(_TOKENS - 1):
            response = self._send_once(method, url, body, headers, token)
            if response.status_code != UNAUTHORIZED:
                return response
            renewed = self._tokens.renew(origin, token)
            if renewed == token:
                return response
            response.close()
            token = renewed
        return self._send_once(method, url, body, headers, token)

    def _send_once(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], token: str
    ) -> requests.Response:
        kind = {} if body is None else {"Content-Type": "application/json;charset=utf-8"}
        self.throttle.pass_through()
        self.policy.before_request()
        return self._http.request(
            method,
            self._absolute(url),
            data=body,
            headers={**headers, **kind},
            auth=_Bearer(token),
            stream=True,
            allow_redirects=False,
        )

    def _fault(self, error: requests.RequestException, url: str) -> FaultError:
        cause = unreachable(error, self.hosts.origin(url))
        return FaultError(cause.what, cause.advice)

    def _absolute(self, url: str) -> str:
        return self.hosts.origin(url) + url if url.startswith("/") else url


_DEFAULT_PORT = ":443"
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*(?::[0-9]{{1,5}})?")
"""In lower case, IDNs as ``xn--…``: each host has one spelling only."""
_SITE = re.compile(r"(?P<name>[a-z0-9-]+?)(?:-my)?(?<!-admin)\.(?P<domain>sharepoint(?:-mil)?\.[a-z]+)")
"""A tenant's host in Microsoft's domains that isn't its admin site."""
_SHOWN = 200


class Hosts:
    """The tenant's hosts: the admin site's, the ones named alike, and those of the configuration."""

    def __init__(self, address: TenantAddress) -> None:
        """Derive the hosts.

        Raises:
            UsageError: the admin URL isn't ``https://HOST``, or one of ``hosts`` isn't a host.
        """
        self.admin_origin = address.admin_url.rstrip("/").lower().removesuffix(_DEFAULT_PORT)
        admin = host_of(self.admin_origin)
        site = _SITE.fullmatch(admin)
        if self.admin_origin != f"https://{admin}" or not is_host(admin) or site:
            looks = f"{site['name']}-admin.{site['domain']}" if site else "contoso-admin.sharepoint.com"
            raise UsageError(
                f"admin_url is {address.admin_url!r}, which isn't an admin site", f"It looks like https://{looks}."
            )
        name, dot, domain = admin.partition(".")
        tenant = name.removesuffix("-admin")
        self.site_host = tenant + dot + domain
        # A tenant has NAME, NAME-admin, and NAME-my in one domain; other hosts have no related hosts.
        related = {self.site_host, f"{tenant}-my{dot}{domain}"} if name.endswith("-admin") else set()
        self._known = {admin, *related, *(_host(host) for host in address.hosts)}

    def has(self, uri: str) -> bool:
        """Return whether a URI from the service may be followed."""
        try:
            self.origin(uri)
        except RefusedError:
            return False
        return True

    def origin(self, uri: str) -> str:
        """Return ``https://HOST[:PORT]`` of a URI from the service; for a server-relative one, the site's.

        Raises:
            RefusedError: the URI leads outside the tenant, or is neither absolute nor server-relative.
        """
        relative = uri.startswith("/") and not uri.startswith(("//", "/\\"))
        host = self.site_host if relative else host_of(uri).removesuffix(_DEFAULT_PORT)
        if host not in self._known or (not relative and scheme_of(uri) != "https"):
            raise RefusedError(
                f"{shown_url(uri[:_SHOWN])} leads outside the tenant of {self.admin_origin}",
                'It was not followed. If the host is the tenant\'s own, add it to "hosts" in the configuration.',
            )
        return f"https://{host}"


def is_host(text: str) -> bool:
    """Return whether a text is a host in lower case, with or without a port.

    >>> is_host("login.microsoftonline.com"), is_host("login.microsoftonline.com/common")
    (True, False)
    """
    return _HOST.fullmatch(text) is not None


def _host(text: str) -> str:
    host = text.lower().removesuffix(_DEFAULT_PORT)
    if not text.isascii() or not is_host(host):
        raise UsageError(f"hosts has {text!r}, which isn't a host", "It looks like files.contoso.com.")
    return host
