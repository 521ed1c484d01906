"""Tokens held in memory, one an audience: refreshed before they end, renewed when a host refuses one."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from analyzer.errors import SignInError, UnreachableError
from analyzer.model.secrets import remember

if TYPE_CHECKING:
    from collections.abc import Callable

_EARLY = 300.0
"""Seconds before its end at which a token is refreshed; msal, too, gives out none that is closer to it."""


@dataclass(frozen=True, slots=True)
class Granted:
    """A token that an authority gave.

    Attributes:
        token: the bearer token.
        seconds: how long it is good from now on.
    """

    token: str
    seconds: float


@dataclass(frozen=True, slots=True)
class _Held:
    token: str
    refresh_at: float
    ends: float


class HeldTokens(ABC):
    """What all ways to sign in have in common that ask an authority. Any number of threads may call it.

    A sign-in that was refused is not tried again: each thread would, and a person would be asked as often.
    """

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        """Nothing is asked for yet.

        Args:
            now: seconds since any moment.
        """
        self._now = now
        self._lock = Lock()
        self._held: dict[str, _Held] = {}
        self._refusals: dict[str, SignInError] = {}

    def token(self, origin: str) -> str:
        """The token for a host.

        Raises:
            SignInError: the sign-in was refused.
            UnreachableError: the authority can't be reached, or its answer is none.
            InputError: what to sign in with cannot be read.
        """
        held = self._held.get(origin)
        if held is not None and self._now() < held.refresh_at:
            return held.token
        with self._lock:
            held = self._held.get(origin)
            if held is not None and self._now() < held.refresh_at:
                return held.token
            try:
                return self._asked(origin, fresh=False)
            except UnreachableError:
                if held is None or self._now() >= held.ends:
                    raise
                return held.token  # it is good for some minutes more

    def renew(self, origin: str, refused: str) -> str:
        """Another token than one that a host refused; of several threads that were refused one asks for it.

        Raises:
            As ``token``.
        """
        with self._lock:
            held = self._held.get(origin)
            if held is not None and held.token != refused:
                return held.token
            self._held.pop(origin, None)
            return self._asked(origin, fresh=True)

    @abstractmethod
    def _ask(self, origin: str, *, fresh: bool) -> Granted:
        """Asks for a token, one thread at a time.

        Args:
            origin: the host's.
            fresh: whether one that was given before will not do.

        Raises:
            As ``token``.
        """

    def _asked(self, origin: str, *, fresh: bool) -> str:
        if origin in self._refusals:
            raise self._refusals[origin]
        try:
            granted = self._ask(origin, fresh=fresh)
        except SignInError as error:
            self._refusals[origin] = error
            raise
        remember(granted.token)
        now = self._now()
        early = min(_EARLY, granted.seconds / 2)
        self._held[origin] = _Held(granted.token, now + granted.seconds - early, now + granted.seconds)
        return granted.token
