"""Device codes: a person types a short code elsewhere, while the device asks again and again.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code and RFC 8628, which alone knows ``slow_down``.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import Enum
from threading import Lock
from typing import TYPE_CHECKING

from analyzer.emulator.entra.model import AuthorityError

if TYPE_CHECKING:
    from analyzer.emulator.entra.scopes import Scopes

LIFETIME = 900
INTERVAL = 5
"""Seconds (documented)."""

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_CODE_LENGTH = 9


class Decision(Enum):
    """What the person did."""

    NONE = "none"
    APPROVED = "approved"
    DECLINED = "declined"
    REDEEMED = "redeemed"


@dataclass(slots=True)
class DeviceCode:
    """One sign-in; times are seconds since 1970."""

    device_code: str
    user_code: str
    scopes: Scopes
    expires: float
    decision: Decision = Decision.NONE
    asked: float | None = None


class DeviceCodes:
    """The sign-ins that were begun."""

    def __init__(self) -> None:
        """There are none yet."""
        self._codes: list[DeviceCode] = []
        self._lock = Lock()

    def begin(self, scopes: Scopes, now: float) -> DeviceCode:
        """A new sign-in."""
        user_code = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))
        begun = DeviceCode(secrets.token_urlsafe(48), user_code, scopes, now + LIFETIME)
        with self._lock:
            self._codes.append(begun)
        return begun

    def decide(self, user_code: str, *, approved: bool, now: float) -> None:
        """What the person who typed ``user_code`` says.

        Raises:
            AuthorityError: there is no such code, it has expired, or was decided on before.
        """
        with self._lock:
            found = next((code for code in self._codes if code.user_code == user_code.strip().upper()), None)
            if found is None:
                text = "Invalid verification code due to User typing in wrong user code for device code flow."
                raise AuthorityError("invalid_grant", 70018, text)
            if found.expires <= now:
                raise AuthorityError("invalid_grant", 70019, "Verification code expired. Have the user retry.")
            if found.decision is not Decision.NONE:
                raise AuthorityError("invalid_request", 90120, "The request was already authorized or declined.")
            found.decision = Decision.APPROVED if approved else Decision.DECLINED

    def redeem(self, device_code: str, now: float) -> Scopes:
        """What the device gets a token for, once.

        Raises:
            AuthorityError: not yet, not any more, or never.
        """
        with self._lock:
            found = next((code for code in self._codes if code.device_code == device_code), None)
            if found is None:
                text = "The provided value for the input parameter 'device_code' is not valid."
                raise AuthorityError("bad_verification_code", 70018, text)
            early = found.asked is not None and now - found.asked < INTERVAL
            found.asked = now
            _check(found, now, early=early)
            found.decision = Decision.REDEEMED
            return found.scopes


def _check(code: DeviceCode, now: float, *, early: bool) -> None:
    if code.decision is Decision.REDEEMED:
        raise AuthorityError("invalid_grant", 54005, "OAuth2 Authorization code was already redeemed.")
    if code.decision is Decision.DECLINED:
        text = "OAuth 2.0 device flow error. The end user denied the authorization request."
        raise AuthorityError("authorization_declined", 70017, text)
    if code.expires <= now:
        text = "The provided value for the input parameter 'device_code' is not valid. This device code has expired."
        raise AuthorityError("expired_token", 70020, text)
    if code.decision is Decision.NONE:
        if early:
            raise AuthorityError("slow_down", None, f"Ask no more often than each {INTERVAL} seconds.")
        text = "OAuth 2.0 device flow error. Authorization is pending. Continue polling."
        raise AuthorityError("authorization_pending", 70016, text)
