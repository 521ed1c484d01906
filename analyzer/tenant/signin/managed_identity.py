"""Sign-in by the identity that Azure gives a machine or a runbook, without stored credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.errors import UnreachableError
from analyzer.tenant.signin.entra import Application, SignInContext
from analyzer.tenant.signin.tokens import AccessToken, CachedTokens, SignInTransport, msal_errors, token_in

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.tenant.model import ClientPolicy

_ENDPOINT = "the managed identity endpoint of this machine"


class ManagedIdentitySignIn(CachedTokens):
    """Tokens of a managed identity: the system's, or the assigned one with ``client_id``."""

    def __init__(self, client_id: str = "", ca_file: Path | None = None, policy: ClientPolicy | None = None) -> None:
        """Send nothing yet; the machine's environment has the endpoint."""
        super().__init__()
        self._client_id = client_id
        self._http = SignInTransport(ca_file, policy, is_local=True)
        # The endpoint is on this machine: no proxy leads there.
        self._http.trust_env = False

    def _ask(self, origin: str, *, fresh: bool) -> AccessToken:
        del fresh  # each client of msal's is new, with nothing in memory; the endpoint has a cache of its own
        context = SignInContext(Application("", "", self._client_id), origin, identity=True)
        try:
            with msal_errors(self._http, _ENDPOINT, context):
                answer = self._new_client().acquire_token_for_client(resource=origin)
        except UnreachableError as error:
            raise UnreachableError(
                error.what,
                'auth = "managed-identity" works on a machine or a runbook in Azure that has an identity. Elsewhere'
                ' use auth = "certificate".',
            ) from error
        return token_in(answer, context)

    def _new_client(self) -> Any:  # noqa: ANN401 - msal has no types
        import msal

        identity = (
            msal.UserAssignedManagedIdentity(client_id=self._client_id)
            if self._client_id
            else msal.SystemAssignedManagedIdentity()
        )
        return msal.ManagedIdentityClient(identity, http_client=self._http)
