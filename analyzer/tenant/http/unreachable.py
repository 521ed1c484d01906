"""Explain why there is no answer, from the nested exceptions of requests, urllib3, ssl, and the sockets."""

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

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Diagnosis(NamedTuple):
    """The text after ``ORIGIN can't be reached:``, and what to do about it."""

    reason: str
    advice: str


_AUTHORITY = _Diagnosis(
    "its certificate is signed by an unknown authority",
    'If the authority is your own, or your proxy\'s, name its certificate as "ca_file" in the configuration.',
)
_EXPIRED = _Diagnosis("its certificate has expired", "Is the clock of this machine right? Is a proxy in between?")
_NOT_YET = _Diagnosis("its certificate is not valid yet", "Is the clock of this machine right?")
_OTHER_NAME = _Diagnosis(
    "its certificate is for another name",
    "Check the name in the configuration; a proxy or a sign-in page of the network may be in between.",
)
_BY_CODE = {
    9: _NOT_YET,
    10: _EXPIRED,
    62: _OTHER_NAME,
    64: _OTHER_NAME,
    # Codes of the platforms' stores: Windows (CERT_E_…), macOS (errSec…).
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
_NO_NAME = _Diagnosis(
    "its name is unknown", "Check the name in the configuration; if it is right, this machine has no network."
)
_NO_NAME_SERVER = _Diagnosis(
    "no name server answers", "This machine seems to be offline. Check its network, then retry."
)
_NO_ROUTE = _Diagnosis("there is no route to it", _NO_NAME_SERVER.advice)
_CLOSED = _Diagnosis("it refuses the connection", "Check the name in the configuration, and the firewall.")
_LATE = _Diagnosis("it did not answer in time", "Try again later, or check the network, the firewall and the proxy.")
_SLOW = _Diagnosis("its answer comes too slowly", "Try again later, or check the network, the firewall and the proxy.")
_BROKEN = _Diagnosis("the connection was interrupted", "Run the same command again.")
_TLS = _Diagnosis("no encrypted connection could be made", "Is a proxy in between that HTTPS_PROXY has to name?")
_UNKNOWN = _Diagnosis("no answer came", "Check the name of the tenant, the network and the proxy.")

_SPLIT = _Diagnosis(
    "the user or password in the address of the proxy has a character that ends it",
    "In HTTPS_PROXY, write / as %2F, ? as %3F, # as %23, a blank as %20, and @ as %40 in the user and the password.",
)

_NO_ADDRESS = (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, ProxySchemeUnknown)
_PASSWORD_NEEDED = 407
_SERVER_ERRORS = 500
_BY_ERRNO = {
    errno.ENETUNREACH: _NO_ROUTE,
    errno.EHOSTUNREACH: _NO_ROUTE,
    errno.ENETDOWN: _NO_ROUTE,
    errno.ECONNREFUSED: _CLOSED,
    errno.ECONNRESET: _BROKEN,
    errno.ECONNABORTED: _BROKEN,
    errno.EPIPE: _BROKEN,
}


class TooSlowError(TimeoutError):
    """An answer came more slowly than ``Limits`` allow."""


class TunnelError(OSError):
    """A proxy refused a tunnel.

    Attributes:
        status: HTTP's.
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"the proxy answered {status}")
        self.status = status


class SplitProxyError(requests.exceptions.InvalidProxyURL):
    """The user or password in the address of a proxy has a character that ends it.

    The text before that character would be taken for a host, looked up, and shown.
    """


def unreachable(error: requests.RequestException, origin: str) -> UnreachableError:
    """Return the error for a request that got no answer.

    Args:
        error: what requests raised.
        origin: ``https://HOST[:PORT]`` of the request.
    """
    # The innermost is the most exact: urllib3 reports an unknown name as a timeout.
    causes = list(_causes(error))[::-1]
    diagnosis = _proxy_diagnosis(causes, origin) or _first_diagnosis(causes)
    return UnreachableError(f"{origin} can't be reached: {diagnosis.reason}", diagnosis.advice)


def may_pass(error: BaseException) -> bool:
    """Return whether an unanswered request may succeed later without a change."""
    for cause in _causes(error):
        if isinstance(cause, (ssl.SSLCertVerificationError, *_NO_ADDRESS)):
            return False
        if isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_NONAME:
            return False
        if isinstance(cause, TunnelError) and cause.status < _SERVER_ERRORS:
            return False
    return True


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those inside it, each once, the outermost first."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop(0)
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            further = (getattr(cause, name, None) for name in ("reason", "original_error", "__cause__", "__context__"))
            waiting += [*cause.args, *further]


def _proxy_diagnosis(causes: list[BaseException], origin: str) -> _Diagnosis | None:
    if any(isinstance(cause, SplitProxyError) for cause in causes):
        return _SPLIT
    # Our own addresses were checked before, so the invalid one is the proxy's.
    if any(isinstance(cause, _NO_ADDRESS) for cause in causes) and _configured_proxy(origin):
        return _Diagnosis(
            "the address of the proxy is invalid", "HTTPS_PROXY looks like http://proxy.example.com:8080."
        )
    proxy = _proxy_for(origin)
    status = next((cause.status for cause in causes if isinstance(cause, TunnelError)), None)
    if status == _PASSWORD_NEEDED:
        return _Diagnosis(
            f"the proxy {proxy} asks for a password", "Set HTTPS_PROXY to http://user:password@host:port of the proxy."
        )
    if status is not None:
        return _Diagnosis(
            f"the proxy {proxy} does not connect to it (status {status})",
            "Check the name in the configuration; if it is right, have the proxy's administrator allow it.",
        )
    if any(isinstance(cause, (ProxyError, requests.exceptions.ProxyError)) for cause in causes):
        inner = _first_diagnosis(causes)
        return _Diagnosis(f"the proxy {proxy} can't be reached: {inner.reason}", "Check HTTPS_PROXY and the network.")
    return None


def _proxy_for(origin: str) -> str:
    """Return the proxy's address without user and password, whatever characters they have."""
    scheme, mark, rest = _configured_proxy(origin).rpartition("://")
    host = re.split(r"[/\\?#]", rest.rpartition("@")[2], maxsplit=1)[0]
    return f"{scheme if mark else 'http'}://{host}"


def _configured_proxy(origin: str) -> str:
    """Return the proxy of the environment or the system; empty if there is none."""
    return requests.utils.select_proxy(origin, requests.utils.get_environ_proxies(origin)) or ""


def _first_diagnosis(causes: list[BaseException]) -> _Diagnosis:
    return next(filter(None, map(_diagnosis, causes)), _UNKNOWN)


def _diagnosis(cause: BaseException) -> _Diagnosis | None:  # noqa: PLR0911 - an ordered table with classes
    if isinstance(cause, ssl.SSLCertVerificationError):
        message = getattr(cause, "verify_message", "") or "no reason given"
        otherwise = _AUTHORITY._replace(reason=f"its certificate isn't trusted: {message}")
        return _BY_CODE.get(getattr(cause, "verify_code", 0), otherwise)
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
        return _BY_ERRNO.get(cause.errno) or _UNKNOWN._replace(reason=plain_words(cause))
    return _BROKEN if isinstance(cause, ConnectionError) else None
