"""An application that signs in by certificate, the only way in which SharePoint takes an application alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from analyzer.tenant.signin.asking import asking, granted
from analyzer.tenant.signin.certificate import check_dates, read_certificate
from analyzer.tenant.signin.entra import Named
from analyzer.tenant.signin.held import Granted, HeldTokens
from analyzer.tenant.signin.http import SignInTransport

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.tenant.model import ClientPolicy
    from analyzer.tenant.signin.applicant import Applicant


class CertificateSignIn(HeldTokens):
    """Tokens by certificate; they stay in memory."""

    def __init__(
        self,
        applicant: Applicant,
        certificate: Path,
        password: str | None = None,
        policy: ClientPolicy | None = None,
    ) -> None:
        """Takes what to sign in with; nothing is read or sent yet.

        Args:
            applicant: the application.
            certificate: PEM or PFX with the private key and the certificate.
            password: the key's password; None where it has none.
            policy: how to wait for the authority.
        """
        super().__init__()
        self._applicant = applicant
        self._certificate, self._password = certificate, password
        self._http = SignInTransport(applicant.ca_file, policy)
        self._application: Any = None

    def _ask(self, origin: str, *, fresh: bool) -> Granted:
        named = Named(self._applicant, origin, self._certificate.name)
        with asking(self._http, self._applicant.authority, named):
            self._application = self._application or self._made()
            if fresh:
                self._application.remove_tokens_for_client()
            answer = self._application.acquire_token_for_client(scopes=[f"{origin}/.default"])
        return granted(answer, named)

    def _made(self) -> Any:  # noqa: ANN401 - msal has no types
        import msal

        certificate = read_certificate(self._certificate, self._password)
        check_dates(certificate, datetime.now(UTC), self._applicant.client_id)
        return msal.ConfidentialClientApplication(
            self._applicant.client_id,
            client_credential=dict(certificate.credential),
            authority=self._applicant.directory_url,
            # The public cloud is not asked whether it knows the authority: a national or a private one is none of its.
            instance_discovery=False,
            http_client=self._http,
        )
