"""Bearer tokens: JSON web tokens that the emulator signs for itself, with an application's permissions in ``roles``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jwt

from analyzer.emulator.interface import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

SITES_FULL_CONTROL = "Sites.FullControl.All"
USERS_READ_WRITE = "User.ReadWrite.All"
ALL_ROLES = (SITES_FULL_CONTROL, USERS_READ_WRITE)
"""The SharePoint application permissions that imports need (from public threads)."""

_UNAUTHORIZED = "-2147024891, System.UnauthorizedAccessException"
_DENIED = "Access denied. You do not have permission to perform this action or access this resource."
_NO_PROFILES = "Access Denied: This application does not have the required permissions to access profile information."


class Tokens:
    """Signs tokens and reads them again."""

    def __init__(self, key: bytes, tenant_id: str, client_id: str, now: Callable[[], float]) -> None:
        """Takes what every token says.

        Args:
            key: 32 random bytes or more.
            tenant_id: the directory.
            client_id: the application.
            now: seconds since 1970, as ``time.time``.
        """
        self._key = key
        self._tenant_id = tenant_id
        self._client_id = client_id
        self._now = now

    def issue(self, audience: str, roles: Collection[str], lifetime: float) -> str:
        """A token for one origin, good for ``lifetime`` seconds."""
        now = int(self._now())
        claims = {
            "aud": audience,
            "tid": self._tenant_id,
            "appid": self._client_id,
            "roles": sorted(roles),
            "iat": now,
            "nbf": now,
            "exp": now + int(lifetime),
        }
        return jwt.encode(claims, self._key, algorithm="HS256")

    def roles(self, authorization: str, audiences: Collection[str]) -> frozenset[str]:
        """The permissions that an ``Authorization`` header carries.

        Args:
            authorization: the header, empty where there was none.
            audiences: the origins of which one has to be the token's.

        Raises:
            ServiceError: 401, it is no token, not ours, out of date, or another origin's.
        """
        scheme, _, token = authorization.partition(" ")
        try:
            if scheme.lower() != "bearer":
                raise self._unauthorized()
            claims = jwt.decode(
                token.strip(), self._key, algorithms=["HS256"], options={"verify_aud": False, "require": ["exp", "aud"]}
            )
        except jwt.PyJWTError as error:
            raise self._unauthorized() from error
        if claims["aud"] not in audiences:
            raise self._unauthorized()
        return frozenset(claims.get("roles", ()))

    def _unauthorized(self) -> ServiceError:
        challenge = f'Bearer realm="{self._tenant_id}",client_id="00000003-0000-0ff1-ce00-000000000000"'
        return ServiceError(401, _UNAUTHORIZED, _DENIED, {"WWW-Authenticate": challenge})


def require(roles: Collection[str], *, profiles: bool) -> None:
    """Passes a caller with the permissions that a call needs.

    Args:
        roles: what the caller has.
        profiles: whether the call is one on user profiles, which needs a permission of its own.

    Raises:
        ServiceError: 403 (texts seen).
    """
    if SITES_FULL_CONTROL not in roles:
        raise ServiceError(403, _UNAUTHORIZED, _DENIED)
    if profiles and USERS_READ_WRITE not in roles:
        raise ServiceError(403, _UNAUTHORIZED, _NO_PROFILES)
