"""A token from an environment variable, and what all ways to sign in through msal have in common.

That is tokens held in memory, requests, and errors.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from analyzer.errors import SignInError, UnreachableError
from analyzer.model.redaction import remember
from analyzer.tenant.http.answer import Answer
from analyzer.tenant.http.throttle import Attempts, Throttle
from analyzer.tenant.http.transport import Transport
from analyzer.tenant.http.unreachable import unreachable
from analyzer.tenant.model import ClientPolicy
from analyzer.tenant.signin.entra_errors import refusal_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from analyzer.tenant.signin.entra_errors import SignInContext


_EARLY = 300.0
"""Seconds before its end at which a token is refreshed; msal, too, returns none that is closer to it."""
_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token that an authority gave.

    Attributes:
        token: the bearer token.
        seconds: how long it is valid from now on.
    """

    token: str
    seconds: float


@dataclass(frozen=True, slots=True)
class _CachedToken:
    token: str
    refresh_at: float
    ends: float


class CachedTokens(ABC):
    """A way to sign in: a token for each audience, refreshed before it ends, renewed if a host refuses it.

    Any number of threads may call it. A sign-in that was refused isn't attempted again: each thread would, and a person
    would be asked as often.
    """

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        """Start without tokens; ``now`` returns seconds since any moment."""
        self._now = now
        self._lock = Lock()
        self._cached: dict[str, _CachedToken] = {}
        self._refusals: dict[str, SignInError] = {}

    def token(self, origin: str) -> str:
        """Return the token for a host.

        Raises:
            SignInError: the sign-in was refused.
            UnreachableError: the authority can't be reached, or its answer is invalid.
            InputError: what to sign in with can't be read.
        """
        cached = self._cached.get(origin)
        if cached is not None and self._now() < cached.refresh_at:
            return cached.token
        with self._lock:
            cached = self._cached.get(origin)
            if cached is not None and self._now() < cached.refresh_at:
                return cached.token
            try:
                return self._request(origin, fresh=False)
            except UnreachableError:
                if cached is None or self._now() >= cached.ends:
                    raise
                return cached.token  # valid for some minutes more

    def renew(self, origin: str, refused: str) -> str:
        """Return another token than one that a host refused; of several threads that were refused one requests it.

        Raises:
            As ``token``.
        """
        with self._lock:
            cached = self._cached.get(origin)
            if cached is not None and cached.token != refused:
                return cached.token
            self._cached.pop(origin, None)
            return self._request(origin, fresh=True)

    @abstractmethod
    def _ask(self, origin: str, *, fresh: bool) -> AccessToken:
        """Request a token, one thread at a time.

        Args:
            origin: the host's.
            fresh: whether to bypass caches.

        Raises:
            As ``token``.
        """

    def _request(self, origin: str, *, fresh: bool) -> str:
        if origin in self._refusals:
            raise self._refusals[origin]
        try:
            access = self._ask(origin, fresh=fresh)
        except SignInError as error:
            self._refusals[origin] = error
            raise
        remember(access.token)
        now = self._now()
        early = min(_EARLY, access.seconds / 2)
        self._cached[origin] = _CachedToken(access.token, now + access.seconds - early, now + access.seconds)
        return access.token


class SignInTransport(Transport):
    """The transport for msal: requests to an authority, with their own patience.

    Attributes:
        refusal: the authority's last answer if it was an error, else empty.
        answered: a description of its last answer, for an error; empty before the first one.
    """

    def __init__(self, ca_file: Path | None, policy: ClientPolicy | None = None, *, is_local: bool = False) -> None:
        """Send nothing yet.

        Args:
            ca_file: the certificate authority; None for the platform's.
            policy: how to wait.
            is_local: whether this machine answers, so that a failed connection means that there is no service.
        """
        policy = policy or ClientPolicy()
        super().__init__(ca_file, limits=policy.limits, now=policy.clock.monotonic)
        self.refusal: Mapping[str, Any] = {}
        self.answered = ""
        self._throttle = Throttle(policy)
        self._is_local = is_local

    def request(self, method: str | bytes, url: str | bytes, *arguments: Any, **options: Any) -> requests.Response:  # noqa: ANN401 - requests' own
        """Send as ``requests.Session.request``, again after a temporary failure.

        Raises:
            UnreachableError: the authority asks to wait longer than the patience lasts.
        """
        attempts = Attempts(self._throttle, urlsplit(str(url)).netloc)
        while True:
            self._throttle.pass_through()
            try:
                response = super().request(method, url, *arguments, **options)
            except requests.RequestException as error:
                if not self._is_local and attempts.after_error(error):
                    continue
                raise
            answer = Answer(response.status_code, response.headers, response.content)
            if not attempts.after(answer, is_complete=answer.content is not None):
                self.answered = f"HTTP status {answer.status}{' and no JSON' if answer.content is None else ''}"
                content = answer.content or {}
                self.refusal = content if "error" in content else {}
                return response


@contextmanager
def msal_errors(http: SignInTransport, origin: str, context: SignInContext) -> Iterator[None]:
    """Turn exceptions of msal into errors of ours.

    Args:
        http: the transport of msal.
        origin: of the authority, for the error.
        context: configured values, for the error.

    Raises:
        SignInError: the authority refused.
        UnreachableError: it can't be reached, or its answer is invalid.
    """
    from msal.exceptions import MsalError

    http.refusal = {}
    try:
        yield
    except requests.RequestException as error:
        raise unreachable(error, origin) from error
    except (MsalError, ValueError, LookupError, TypeError, AttributeError, RuntimeError) as error:
        # msal raises these if an answer is an error, isn't JSON, or lacks a field.
        if http.refusal:
            raise refusal_of(http.refusal, context, time.time()) from error
        raise UnreachableError(
            f"{origin} gave no sign-in: it answered with {http.answered or 'nothing'}",
            "Is a proxy or a sign-in page of the network in between? Check authority in the configuration, too.",
        ) from error


def token_in(answer: Mapping[str, Any], context: SignInContext) -> AccessToken:
    """Return the token in an answer of msal's.

    Raises:
        SignInError: it is an error.
    """
    if "access_token" not in answer:
        raise refusal_of(answer, context, time.time())
    return AccessToken(str(answer["access_token"]), float(answer.get("expires_in") or _HOUR))


@dataclass(frozen=True, slots=True)
class ReadyToken:
    """Tokens from environment variables, by host.

    Attributes:
        environment: the variables; read at each request.
        admin_origin: of the admin site.
        token_env: the variable with the admin site's token.
        site_token_env: the variable with the other hosts' token; empty if it is the same.
    """

    environment: Mapping[str, str]
    admin_origin: str
    token_env: str
    site_token_env: str = ""

    def token(self, origin: str) -> str:
        """Return the token for a host.

        Raises:
            SignInError: the variable is not set, or isn't a token.
        """
        name = self.site_token_env if self.site_token_env and origin != self.admin_origin else self.token_env
        token = self.environment.get(name, "").strip()
        remember(token)
        if not token:
            raise SignInError(
                f"no token: the environment variable {name} is not set", "Set it to a bearer token of the tenant."
            )
        if not (token.isascii() and token.isprintable()) or " " in token:
            raise SignInError(
                f"the environment variable {name} isn't a token",
                'Set it to the token only, without "Bearer" and without line breaks.',
            )
        return token

    def renew(self, origin: str, refused: str) -> str:
        """Return the token as the variable has it now.

        Raises:
            SignInError: as ``token``.
        """
        del refused
        return self.token(origin)
