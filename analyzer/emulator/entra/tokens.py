"""Bearer tokens: JSON web tokens that the emulator signs for itself, with an application's permissions in ``roles``."""

from __future__ import annotations

import json
import secrets
from functools import cached_property
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from analyzer.emulator.entra.model import AuthorityError
from analyzer.emulator.model import ServiceError, TokenRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from analyzer.emulator.entra.directory import Administrator

SITES_FULL_CONTROL = "Sites.FullControl.All"
USERS_READ_WRITE = "User.ReadWrite.All"
ALL_ROLES = (SITES_FULL_CONTROL, USERS_READ_WRITE)
"""The SharePoint application permissions that imports need (from public threads)."""

BY_NOTHING, BY_SECRET, BY_CERTIFICATE = "0", "1", "2"
"""``appidacr``: how the application proved itself (documented); SharePoint takes no secret (seen)."""

_DELEGATED = {"AllSites.FullControl": SITES_FULL_CONTROL}
_REFRESH_LIFETIME = 90 * 86400
_REFRESH = "refresh"
_KEY_ID = "upa-analyzer-emulator"

_UNAUTHORIZED = "-2147024891, System.UnauthorizedAccessException"
_DENIED = "Access denied. You do not have permission to perform this action or access this resource."
_NO_PROFILES = "Access Denied: This application does not have the required permissions to access profile information."
# Number and text of the audience were seen together; of the others the texts alone.
_AUDIENCE, _OTHER = 3000003, 3001000


class Tokens:
    """Signs tokens and reads them again."""

    def __init__(  # noqa: PLR0913 - what every token says, and what is taken
        self,
        key: bytes,
        tenant_id: str,
        client_id: str,
        now: Callable[[], float],
        *,
        everywhere: str = "",
        strict: bool = False,
    ) -> None:
        """Takes what every token says.

        Args:
            key: 32 random bytes or more.
            tenant_id: the directory.
            client_id: the application.
            now: seconds since 1970, as ``time.time``.
            everywhere: an origin whose tokens are good for all others; empty for none.
            strict: whether each origin takes its own tokens alone, and none by client secret, as SharePoint does.
        """
        self._key = key
        self._tenant_id = tenant_id
        self._client_id = client_id
        self._now = now
        self._everywhere = "" if strict else everywhere
        self._strict = strict

    def issue(self, audience: str, roles: Collection[str], lifetime: float, **further: object) -> str:
        """A token for one origin, good for ``lifetime`` seconds; ``further`` claims are added as given."""
        return self._signed({"aud": audience, "roles": sorted(roles), **further}, lifetime)

    def issue_to_person(
        self, audience: str, permissions: Collection[str], lifetime: float, person: Administrator
    ) -> str:
        """A token for one origin in a person's name, with delegated permissions."""
        named = {"oid": person.object_id, "upn": person.user_principal_name, "appidacr": BY_NOTHING}
        return self._signed({"aud": audience, "scp": " ".join(permissions), **named}, lifetime)

    def refresh(self, scopes: str) -> str:
        """A refresh token that remembers what the person signed in for."""
        return self._signed({"aud": _REFRESH, "scp": scopes}, _REFRESH_LIFETIME)

    def refreshed(self, token: str) -> str:
        """What the person signed in for.

        Raises:
            AuthorityError: it is no refresh token, or was not used for too long.
        """
        try:
            claims = self._read(token, audience=_REFRESH)
        except jwt.ExpiredSignatureError as error:
            text = "The refresh token has expired due to inactivity. The token was inactive for 90.00:00:00."
            raise AuthorityError("invalid_grant", 700082, text) from error
        except jwt.PyJWTError as error:
            text = "The provided value for the input parameter 'refresh_token' is not valid."
            raise AuthorityError("invalid_grant", 70000, text) from error
        return str(claims["scp"])

    def identify(self, person: Administrator, issuer: str, nonce: str) -> str:
        """An ID token, which says to the application who signed in."""
        now = int(self._now())
        claims = {
            "aud": self._client_id,
            "iss": issuer,
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "auth_time": now,
            "name": person.name,
            "oid": person.object_id,
            "preferred_username": person.user_principal_name,
            "sub": person.object_id,
            "tid": self._tenant_id,
            "ver": "2.0",
        } | ({"nonce": nonce} if nonce else {})
        return jwt.encode(claims, self._private_key, algorithm="RS256", headers={"kid": _KEY_ID})

    def keys(self) -> dict[str, object]:
        """What ID tokens are checked with, a JSON web key set."""
        public = json.loads(RSAAlgorithm.to_jwk(self._private_key.public_key()))
        return {"keys": [{**public, "kid": _KEY_ID, "use": "sig"}]}

    def roles(self, authorization: str, origin: str) -> frozenset[str]:
        """The permissions that an ``Authorization`` header carries.

        Args:
            authorization: the header, empty where there was none.
            origin: the one that was asked.

        Raises:
            ServiceError: 401, it is no token, not ours, out of date, another origin's, or got by a secret.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise ServiceError(401, _UNAUTHORIZED, _DENIED, self._challenge())
        claims = self._accepted(token.strip())
        if claims["aud"] not in {origin, self._everywhere or origin}:
            raise self._refused(_AUDIENCE, f"Invalid audience Uri '{claims['aud']}'.")
        if self._strict and claims.get("appidacr") == BY_SECRET:
            raise self._refused(_OTHER, "Unsupported app only token.")
        delegated = str(claims.get("scp", "")).split()
        return frozenset([*claims.get("roles", ()), *(_DELEGATED.get(name, name) for name in delegated)])

    @cached_property
    def _private_key(self) -> rsa.RSAPrivateKey:
        """Made when the first person signs in: it takes a while."""
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def _signed(self, claims: dict[str, object], lifetime: float) -> str:
        now = int(self._now())
        about = {"tid": self._tenant_id, "appid": self._client_id, "iat": now, "nbf": now, "exp": now + int(lifetime)}
        unique = {"uti": secrets.token_urlsafe(16)}  # so that no two tokens are the same (documented)
        return jwt.encode({**claims, **about, **unique}, self._key, algorithm="HS256")

    def _read(self, token: str, audience: str | None = None) -> dict[str, Any]:
        options: Any = {"verify_aud": audience is not None, "require": ["exp", "aud"]}
        claims: dict[str, Any] = jwt.decode(token, self._key, algorithms=["HS256"], audience=audience, options=options)
        return claims

    def _accepted(self, token: str) -> dict[str, Any]:
        try:
            return self._read(token)
        except jwt.ExpiredSignatureError as error:
            raise self._refused(_OTHER, "Invalid JWT token. The token is expired.") from error
        except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError) as error:
            raise self._refused(_OTHER, "Invalid issuer or signature.") from error
        except jwt.PyJWTError as error:
            raise self._refused(_OTHER, "Unsupported security token.") from error

    def _refused(self, number: int, reason: str) -> TokenRefusedError:
        diagnostics = f'{number};reason="{reason}";category="invalid_client"'
        return TokenRefusedError(reason, {**self._challenge(), "x-ms-diagnostics": diagnostics})

    def _challenge(self) -> dict[str, str]:
        return {
            "WWW-Authenticate": f'Bearer realm="{self._tenant_id}",client_id="00000003-0000-0ff1-ce00-000000000000"'
        }


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
