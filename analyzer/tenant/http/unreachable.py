"""Why no answer came, told from the exceptions of requests, urllib3, ssl and the sockets, which wrap one another."""

from __future__ import annotations

import errno
import re
import socket
import ssl
from typing import TYPE_CHECKING, NamedTuple

import requests
from urllib3.exceptions import ProxyError, ProxySchemeUnknown
from urllib3.exceptions import TimeoutError as Urllib3TimeoutError

from analyzer.errors import UnreachableError
from analyzer.storage.files import plain_words
from analyzer.tenant.http.pace import TooSlowError

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Told(NamedTuple):
    """What is said of a fault, behind ``ORIGIN cannot be reached:``, and what to do about it."""

    reason: str
    advice: str


_AUTHORITY = _Told(
    "its certificate is signed by no known authority",
    'If the authority is your own, or your proxy\'s, name its certificate as "ca_file" in the configuration.',
)
_EXPIRED = _Told("its certificate has expired", "Is the clock of this machine right? Is a proxy in between?")
_NOT_YET = _Told("its certificate is not valid yet", "Is the clock of this machine right?")
_OTHER_NAME = _Told(
    "its certificate is for another name",
    "Check the name in the configuration; a proxy or a sign-in page of the network may be in between.",
)
_OF_CODE = {
    9: _NOT_YET,
    10: _EXPIRED,
    62: _OTHER_NAME,
    64: _OTHER_NAME,
    # What the platforms' stores say in place of OpenSSL: Windows (CERT_E_…), macOS (errSec…).
    0x800B0101: _EXPIRED,
    0x800B0109: _AUTHORITY,
    0x800B010A: _AUTHORITY,
    0x800B010F: _OTHER_NAME,
    -67818: _EXPIRED,
    -67819: _NOT_YET,
    -67843: _AUTHORITY,
    -67602: _OTHER_NAME,
    **dict.fromkeys((2, 18, 19, 20, 21), _AUTHORITY),
}
_NO_NAME = _Told(
    "its name is not known", "Check the name in the configuration; if it is right, this machine has no network."
)
_NO_NAME_SERVER = _Told("no name server answers", "This machine seems to have no network. Check it, then try again.")
_NO_WAY = _Told("there is no way to it", "This machine seems to have no network. Check it, then try again.")
_CLOSED = _Told("it refuses the connection", "Check the name in the configuration, and the firewall.")
_LATE = _Told("it did not answer in time", "Try again later, or check the network, the firewall and the proxy.")
_SLOW = _Told("its answer comes too slowly", "Try again later, or check the network, the firewall and the proxy.")
_BROKEN = _Told("the connection broke off", "Run the same command again.")
_TLS = _Told("no encrypted connection came about", "Is a proxy in between that HTTPS_PROXY has to name?")
_OTHERWISE = _Told("no answer came", "Check the name of the tenant, the network and the proxy.")

_SPLIT = _Told(
    "the user or password in the address of the proxy has a character that ends it",
    "In HTTPS_PROXY, write / as %2F, ? as %3F, # as %23, a blank as %20, and @ as %40 in the user and the password.",
)

_NO_ADDRESS = (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, ProxySchemeUnknown)
_TUNNEL = re.compile(r"Tunnel connection failed: (?P<status>\d{3})")
_PASSWORD_NEEDED = 407
_SERVER_ERRORS = 500
_OF_ERRNO = {
    errno.ENETUNREACH: _NO_WAY,
    errno.EHOSTUNREACH: _NO_WAY,
    errno.ENETDOWN: _NO_WAY,
    errno.ECONNREFUSED: _CLOSED,
    errno.ECONNRESET: _BROKEN,
    errno.ECONNABORTED: _BROKEN,
    errno.EPIPE: _BROKEN,
}


class SplitProxyError(requests.exceptions.InvalidProxyURL):
    """The user or password in the address of a proxy has a character that ends it.

    What is in front of that character would be taken for a host, looked up, and shown.
    """


def unreachable(error: requests.RequestException, origin: str) -> UnreachableError:
    """The error that a request which got no answer is.

    Args:
        error: what requests raised.
        origin: ``https://HOST[:PORT]`` of the request.
    """
    # The innermost says most: urllib3 takes a name that is not known for a timeout.
    causes = list(_causes(error))[::-1]
    told = _of_proxy(causes, origin) or next(filter(None, map(_of_cause, causes)), _OTHERWISE)
    return UnreachableError(f"{origin} cannot be reached: {told.reason}", told.advice)


def may_pass(error: BaseException) -> bool:
    """Whether a request that got no answer may get one the next time: not where somebody has to change something."""
    for cause in _causes(error):
        if isinstance(cause, (ssl.SSLCertVerificationError, *_NO_ADDRESS)):
            return False
        if isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_NONAME:
            return False
        tunnel = _TUNNEL.search(str(cause))
        if tunnel is not None and int(tunnel["status"]) < _SERVER_ERRORS:
            return False
    return True


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and those inside it, each once, the outermost first."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop(0)
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            further = (getattr(cause, name, None) for name in ("reason", "original_error", "__cause__", "__context__"))
            waiting += [*cause.args, *further]


def _of_proxy(causes: list[BaseException], origin: str) -> _Told | None:
    if any(isinstance(cause, SplitProxyError) for cause in causes):
        return _SPLIT
    # Our own addresses were looked at before: of two that were to be used, it is the proxy's that is none.
    if any(isinstance(cause, _NO_ADDRESS) for cause in causes) and _configured_proxy(origin):
        return _Told("the address of the proxy is none", "HTTPS_PROXY looks like http://proxy.example.com:8080.")
    if not any(isinstance(cause, (ProxyError, requests.exceptions.ProxyError)) for cause in causes):
        return None
    proxy = _proxy_for(origin)
    tunnel = next(filter(None, (_TUNNEL.search(str(cause)) for cause in causes)), None)
    if tunnel is None:
        inner = next(filter(None, map(_of_cause, causes)), _OTHERWISE)
        return _Told(f"the proxy {proxy} cannot be reached: {inner.reason}", "Check HTTPS_PROXY and the network.")
    if int(tunnel["status"]) == _PASSWORD_NEEDED:
        return _Told(
            f"the proxy {proxy} asks for a password", "Set HTTPS_PROXY to http://user:password@host:port of the proxy."
        )
    return _Told(
        f"the proxy {proxy} does not connect to it (status {tunnel['status']})",
        "Check the name in the configuration; if it is right, have the proxy's administrator allow it.",
    )


def _proxy_for(origin: str) -> str:
    """The proxy's address without user and password, whatever characters they have."""
    scheme, mark, rest = _configured_proxy(origin).rpartition("://")
    host = re.split(r"[/\\?#]", rest.rpartition("@")[2], maxsplit=1)[0]
    return f"{scheme if mark else 'http'}://{host}"


def _configured_proxy(origin: str) -> str:
    """As the environment or the system has it; empty where there is none."""
    return requests.utils.select_proxy(origin, requests.utils.get_environ_proxies(origin)) or ""


def _of_cause(cause: BaseException) -> _Told | None:  # noqa: PLR0911 - a table in order, some rows of which are classes
    if isinstance(cause, ssl.SSLCertVerificationError):
        told = getattr(cause, "verify_message", "") or "no reason given"
        otherwise = _AUTHORITY._replace(reason=f"its certificate is not believed: {told}")
        return _OF_CODE.get(getattr(cause, "verify_code", 0), otherwise)
    if isinstance(cause, ssl.SSLError):
        return _TLS
    if isinstance(cause, socket.gaierror):
        return _NO_NAME_SERVER if cause.errno == socket.EAI_AGAIN else _NO_NAME
    if isinstance(cause, TooSlowError):
        return _SLOW
    if isinstance(cause, (TimeoutError, requests.Timeout, Urllib3TimeoutError)):
        return _LATE
    if isinstance(cause, requests.exceptions.ChunkedEncodingError):
        return _BROKEN
    if isinstance(cause, OSError) and cause.errno and not isinstance(cause, requests.RequestException):
        return _OF_ERRNO.get(cause.errno) or _OTHERWISE._replace(reason=plain_words(cause))
    return _BROKEN if isinstance(cause, ConnectionError) else None
