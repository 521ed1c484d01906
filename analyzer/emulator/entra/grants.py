"""The token endpoint: what an application shows, and what it gets for it.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow, …/v2-oauth2-auth-code-flow and
…/v2-oauth2-device-code.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from analyzer.emulator.entra.assertion import check_assertion
from analyzer.emulator.entra.directory import SHARED_NAMES
from analyzer.emulator.entra.model import AuthorityError, required
from analyzer.emulator.entra.scopes import application_scope, personal_scopes
from analyzer.emulator.entra.tokens import ALL_ROLES, BY_CERTIFICATE, BY_NOTHING, BY_SECRET

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.emulator.entra.device_codes import DeviceCodes
    from analyzer.emulator.entra.directory import Directory
    from analyzer.emulator.entra.model import AuthorityCall
    from analyzer.emulator.entra.scopes import Scopes
    from analyzer.emulator.entra.sign_ins import SignIns
    from analyzer.emulator.entra.tokens import Tokens

LIFETIME = 3599
"""Seconds that an access token is good for (seen)."""

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


class Grants:
    """Answers the token endpoint."""

    def __init__(self, directory: Directory, tokens: Tokens, devices: DeviceCodes, sign_ins: SignIns) -> None:
        """Gives out ``tokens`` for what ``devices`` and ``sign_ins`` know."""
        self._directory = directory
        self._tokens = tokens
        self._devices = devices
        self._sign_ins = sign_ins
        self._by_type: dict[str, Callable[[AuthorityCall, str], dict[str, object]]] = {
            "client_credentials": self._by_credentials,
            "authorization_code": self._by_code,
            "refresh_token": self._by_refresh,
            _DEVICE_CODE: self._by_device,
        }

    def token(self, call: AuthorityCall, tenant: str) -> dict[str, object]:
        """The answer to a request for a token.

        Args:
            call: the request.
            tenant: as the address has it.

        Raises:
            AuthorityError: any refusal.
        """
        kind = required(call.form, "grant_type")
        if kind not in self._by_type:
            raise AuthorityError("unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        check_client(call, self._directory)
        return self._by_type[kind](call, tenant)

    def _by_credentials(self, call: AuthorityCall, tenant: str) -> dict[str, object]:
        shown = self._shown(call)
        if shown == BY_NOTHING:
            text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
            raise AuthorityError("invalid_client", 7000218, text, 401)
        if tenant.lower() in SHARED_NAMES:
            text = (
                "No tenant-identifying information found in either the request or implied by any provided credentials."
            )
            raise AuthorityError("invalid_request", 50059, text)
        scopes = application_scope(required(call.form, "scope"), self._directory)
        token = self._tokens.issue(scopes.resource, ALL_ROLES, LIFETIME, appidacr=shown)
        return {"token_type": "Bearer", "expires_in": LIFETIME, "ext_expires_in": LIFETIME, "access_token": token}

    def _by_device(self, call: AuthorityCall, _: str) -> dict[str, object]:
        return self._personal(call, self._devices.redeem(required(call.form, "device_code"), call.now), "")

    def _by_code(self, call: AuthorityCall, _: str) -> dict[str, object]:
        self._shown(call)
        signed_in = self._sign_ins.redeem(call.form, call.now)
        return self._personal(call, signed_in.scopes, signed_in.nonce)

    def _by_refresh(self, call: AuthorityCall, _: str) -> dict[str, object]:
        """A refresh token is good for each of the tenant's resources (documented)."""
        self._shown(call)
        earlier = self._tokens.refreshed(required(call.form, "refresh_token"))
        return self._personal(call, personal_scopes(call.form.get("scope", "") or earlier, self._directory), "")

    def _shown(self, call: AuthorityCall) -> str:
        """How the application proved itself, as ``appidacr`` counts it.

        Raises:
            AuthorityError: what it showed is wrong.
        """
        form, application = call.form, self._directory.application
        if form.get("client_assertion_type") == _ASSERTION_TYPE:
            base = f"{call.origin}/{self._directory.tenant_id}"
            audiences = (f"{base}/oauth2/v2.0/token", f"{base}/v2.0")
            check_assertion(form.get("client_assertion", ""), application, audiences, call.now)
            return BY_CERTIFICATE
        if "client_secret" not in form:
            return BY_NOTHING
        if form["client_secret"] not in application.secrets:
            text = (
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret"
                f" value, not the client secret ID, for a secret added to app '{application.client_id}'."
            )
            raise AuthorityError("invalid_client", 7000215, text, 401)
        return BY_SECRET

    def _personal(self, call: AuthorityCall, scopes: Scopes, nonce: str) -> dict[str, object]:
        person = self._directory.administrator
        answer: dict[str, object] = {
            "token_type": "Bearer",
            "scope": str(scopes),
            "expires_in": LIFETIME,
            "ext_expires_in": LIFETIME,
            "access_token": self._tokens.issue_to_person(scopes.resource, scopes.granted, LIFETIME, person),
        }
        if "offline_access" in scopes.openid:
            answer["refresh_token"] = self._tokens.refresh(str(scopes))
        if "openid" in scopes.openid:
            answer["id_token"] = self._tokens.identify(person, f"{call.origin}/{self._directory.tenant_id}/v2.0", nonce)
        if call.form.get("client_info") == "1":
            client = json.dumps({"uid": person.object_id, "utid": self._directory.tenant_id}).encode()
            answer["client_info"] = base64.urlsafe_b64encode(client).decode().rstrip("=")
        return answer


def check_client(call: AuthorityCall, directory: Directory) -> None:
    """Passes a request of the directory's application.

    Raises:
        AuthorityError: it names none, or another.
    """
    client_id = required({**call.query, **call.form}, "client_id")
    if client_id.lower() != directory.application.client_id:
        raise AuthorityError(
            "unauthorized_client",
            700016,
            f"Application with identifier '{client_id}' was not found in the directory '{directory.tenant_id}'. This"
            " can happen if the application has not been installed by the administrator of the tenant or consented to"
            " by any user in the tenant. You may have sent your authentication request to the wrong tenant.",
        )
