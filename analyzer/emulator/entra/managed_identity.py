"""Tokens for a program that runs in Azure, by its surroundings' endpoint instead of a credential.

https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token and
https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.emulator.entra.model import AuthorityError, AuthorityReply
from analyzer.emulator.entra.scopes import application_scope
from analyzer.emulator.entra.tokens import ALL_ROLES, BY_CERTIFICATE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.emulator.entra.directory import Directory
    from analyzer.emulator.entra.model import AuthorityCall
    from analyzer.emulator.entra.tokens import Tokens

VIRTUAL_MACHINE = "/metadata/identity/oauth2/token"
APP_SERVICE = "/msi/token"
"""Addresses: the machine's metadata service, and one that the environment names (``IDENTITY_ENDPOINT``)."""

_LIFETIME = 86399
# What each kind of surroundings has its programs send, so that no forged request gets a token.
_PROOFS = ("x-identity-header", "secret")
_NAMES_OF_THE_IDENTITY = ("client_id", "clientid")


class ManagedIdentity:
    """The identity is the directory's application."""

    def __init__(self, directory: Directory, tokens: Tokens) -> None:
        """Gives out ``tokens``."""
        self._directory = directory
        self._tokens = tokens

    def machine(self, call: AuthorityCall) -> AuthorityReply:
        """The metadata service of a virtual machine."""
        if call.headers.get("metadata", "").lower() != "true":
            return _machine_error("Required metadata header not specified")
        if not self._is_ours(call.query):
            return _machine_error("Identity not found")
        try:
            return AuthorityReply(self._token(call) | {"expires_in": str(_LIFETIME)})
        except AuthorityError as error:
            return AuthorityReply(dict(_described(error)), 400)

    def service(self, call: AuthorityCall) -> AuthorityReply:
        """The endpoint of App Service, Service Fabric and Machine Learning, each with a header of its own."""
        if not any(call.headers.get(name) for name in _PROOFS):
            return AuthorityReply({"statusCode": 401, "message": "The header X-IDENTITY-HEADER is missing."}, 401)
        if not self._is_ours(call.query):
            return AuthorityReply({"statusCode": 400, "message": "No User Assigned Managed Identity found."}, 400)
        try:
            return AuthorityReply(self._token(call))
        except AuthorityError as error:
            return AuthorityReply({"statusCode": 500, "message": error.text}, 500)

    def _is_ours(self, query: Mapping[str, str]) -> bool:
        asked = [query[name].lower() for name in _NAMES_OF_THE_IDENTITY if name in query]
        return all(name == self._directory.application.client_id for name in asked)

    def _token(self, call: AuthorityCall) -> dict[str, object]:
        resource = call.query.get("resource", "")
        scopes = application_scope(f"{resource.rstrip('/')}/.default", self._directory)
        token = self._tokens.issue(scopes.resource, ALL_ROLES, _LIFETIME, appidacr=BY_CERTIFICATE)
        return {
            "access_token": token,
            "client_id": self._directory.application.client_id,
            # Seconds since 1970, as text (seen).
            "expires_on": str(int(call.now) + _LIFETIME),
            "resource": resource,
            "token_type": "Bearer",
        }


def _machine_error(text: str) -> AuthorityReply:
    return AuthorityReply({"error": "invalid_request", "error_description": text}, 400)


def _described(error: AuthorityError) -> Mapping[str, object]:
    return {"error": error.error, "error_description": f"AADSTS{error.number}: {error.text}"}
