"""The identity that Azure gives a machine or a runbook: no credential is kept anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.errors import UnreachableError
from analyzer.tenant.signin.applicant import Applicant
from analyzer.tenant.signin.asking import asking, granted
from analyzer.tenant.signin.entra import Named
from analyzer.tenant.signin.held import Granted, HeldTokens
from analyzer.tenant.signin.http import SignInTransport

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.tenant.model import ClientPolicy

_PLACE = "the managed identity endpoint of this machine"


class ManagedIdentitySignIn(HeldTokens):
    """Tokens of a managed identity: the system's, or the one with ``client_id`` that was assigned."""

    def __init__(self, client_id: str = "", ca_file: Path | None = None, policy: ClientPolicy | None = None) -> None:
        """Where to ask is told by the machine's environment."""
        super().__init__()
        self._client_id = client_id
        self._http = SignInTransport(ca_file, policy, is_near=True)
        # The endpoint is the machine's own: no proxy leads there.
        self._http.trust_env = False

    def _ask(self, origin: str, *, fresh: bool) -> Granted:
        del fresh  # msal's client is made anew, with nothing in its memory; what lies behind it keeps tokens of its own
        named = Named(Applicant("", "", self._client_id), origin, identity=True)
        try:
            with asking(self._http, _PLACE, named):
                answer = self._made().acquire_token_for_client(resource=origin)
        except UnreachableError as error:
            raise UnreachableError(
                error.what,
                'auth = "managed-identity" works on a machine or a runbook in Azure that has an identity. Elsewhere'
                ' use auth = "certificate".',
            ) from error
        return granted(answer, named)

    def _made(self) -> Any:  # noqa: ANN401 - msal has no types
        import msal

        identity = (
            msal.UserAssignedManagedIdentity(client_id=self._client_id)
            if self._client_id
            else msal.SystemAssignedManagedIdentity()
        )
        return msal.ManagedIdentityClient(identity, http_client=self._http)
