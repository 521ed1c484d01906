"""The authority: enough of Entra ID for msal to sign an application in by its certificate.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
https://learn.microsoft.com/entra/identity-platform/certificate-credentials
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from analyzer.emulator.assertion import AuthorityError, check_assertion
from analyzer.emulator.tokens import ALL_ROLES
from analyzer.emulator.uris import split_uri

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.emulator.tokens import Tokens

_ADDRESS = re.compile(r"/(?P<tenant>[^/]+)/(?P<call>v2\.0/\.well-known/openid-configuration|oauth2/v2\.0/token)")
_DISCOVERY = "/common/discovery/instance"
_TOKEN_LIFETIME = 3599
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class AuthorityReply:
    """JSON with its HTTP status."""

    content: Mapping[str, object]
    status: int = 200


class Authority:
    """Signs applications in."""

    def __init__(self, tokens: Tokens, tenant_id: str, client_id: str) -> None:
        """Knows one directory and in it one application."""
        self._tokens = tokens
        self._tenant_id = tenant_id
        self._client_id = client_id

    def answer(self, verb: str, path: str, form: bytes, origin: str, now: float) -> AuthorityReply | None:
        """The reply to a request.

        Args:
            verb: HTTP method.
            path: decoded.
            form: the body.
            origin: ``https://HOST:PORT`` as it was asked; the endpoints are named under it.
            now: seconds since 1970.

        Returns:
            None where the address is none of the authority's.
        """
        found = _ADDRESS.fullmatch(path)
        if found is None and path != _DISCOVERY:
            return None
        tenant = found["tenant"] if found else self._tenant_id
        is_token = found is not None and found["call"].endswith("token")
        try:
            _check(verb, "POST" if is_token else "GET", tenant, self._tenant_id)
            if not is_token:
                return AuthorityReply(self._configuration(origin))
            return AuthorityReply(self._token(dict(parse_qsl(form.decode("utf-8", "replace"))), origin, now))
        except AuthorityError as error:
            return AuthorityReply({"error": error.error, "error_description": error.description}, error.status)

    def _configuration(self, origin: str) -> dict[str, object]:
        """The OpenID configuration; asked for the instance, the address of it."""
        base = f"{origin}/{self._tenant_id}"
        return {
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "issuer": f"{base}/v2.0",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "metadata": [],
            "tenant_discovery_endpoint": f"{base}/v2.0/.well-known/openid-configuration",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        }

    def _token(self, form: Mapping[str, str], origin: str, now: float) -> dict[str, object]:
        if form.get("grant_type") != "client_credentials":
            raise AuthorityError("unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.")
        client_id = form.get("client_id", "")
        if client_id.lower() != self._client_id:
            text = f"AADSTS700016: Application with identifier '{client_id}' was not found in the directory."
            raise AuthorityError("unauthorized_client", text)
        if form.get("client_assertion_type") != _ASSERTION_TYPE:
            text = "AADSTS7000218: The request body must contain the parameter 'client_assertion'."
            raise AuthorityError("invalid_client", text, 401)
        endpoint = f"{origin}/{self._tenant_id}/oauth2/v2.0/token"
        check_assertion(form.get("client_assertion", ""), client_id, endpoint, now)
        token = self._tokens.issue(_resource(form.get("scope", "")), ALL_ROLES, _TOKEN_LIFETIME)
        return {"access_token": token, "expires_in": _TOKEN_LIFETIME, "token_type": "Bearer"}


def _check(verb: str, expected: str, tenant: str, known: str) -> None:
    if verb != expected:
        raise AuthorityError("invalid_request", "AADSTS900561: The endpoint does not take this method.", 405)
    if tenant.lower() != known:
        raise AuthorityError("invalid_request", f"AADSTS90002: Tenant '{tenant}' not found.")


def _resource(scope: str) -> str:
    """The origin that a scope like ``https://contoso-admin.sharepoint.com/.default`` is for."""
    host, path = split_uri(scope)
    if not host or path.strip("/") != ".default":
        text = f"AADSTS1002012: The provided value for scope {scope} is not valid: it has to end in /.default."
        raise AuthorityError("invalid_scope", text)
    return f"https://{host}"
