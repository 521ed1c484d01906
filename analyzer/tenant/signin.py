"""Bearer tokens: a ready one from the environment, or one by certificate through msal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from analyzer.errors import SignInError, UnreachableError
from analyzer.tenant.certificate import client_credential
from analyzer.tenant.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PUBLIC_CLOUD = "https://login.microsoftonline.com"


@dataclass(frozen=True, slots=True)
class ReadyToken:
    """Tokens that somebody else obtained, by host.

    Attributes:
        environment: where the variables are looked up, anew each time.
        admin_origin: the admin site, whose token ``token_env`` names.
        token_env: the variable with the admin site's token.
        site_token_env: the variable with the other hosts' token; empty when it is the same.
    """

    environment: Mapping[str, str]
    admin_origin: str
    token_env: str
    site_token_env: str = ""

    def token(self, origin: str) -> str:
        """The token for a host.

        Raises:
            SignInError: the variable is not set.
        """
        name = self.site_token_env if self.site_token_env and origin != self.admin_origin else self.token_env
        token = self.environment.get(name, "").strip()
        if not token:
            raise SignInError(
                f"no token: the environment variable {name} is not set", "Set it to a bearer token of the tenant."
            )
        return token

    def renew(self, origin: str, refused: str) -> str:
        """The token as the variable has it now.

        Raises:
            SignInError: the variable is not set.
        """
        del refused
        return self.token(origin)


@dataclass(frozen=True, slots=True)
class AppIdentity:
    """An Entra application that signs in by certificate.

    Attributes:
        authority: ``https://login.microsoftonline.com``, or a national cloud's.
        tenant_id: the directory.
        client_id: the application.
        certificate: PEM or PFX with the private key and the certificate.
        password: the key's password; None where it has none.
        ca_file: a private certificate authority of the authority's host.
    """

    authority: str
    tenant_id: str
    client_id: str
    certificate: Path
    password: str | None = None
    ca_file: Path | None = None


class CertificateSignIn:
    """Tokens by certificate, one an audience, from msal's memory while they are good."""

    def __init__(self, identity: AppIdentity) -> None:
        self._identity = identity
        self._application: Any = None

    def token(self, origin: str) -> str:
        """The token for a host.

        Raises:
            SignInError: the authority refuses the application.
            UnreachableError: the authority cannot be reached or answers with something else.
            InputError: the certificate cannot be read.
        """
        scope = f"https://{urlsplit(origin).hostname}/.default" if ":" not in origin[8:] else f"{origin}/.default"
        try:
            application = self._application = self._application or self._sign_in()
            answer = application.acquire_token_for_client(scopes=[scope])
        except requests.RequestException as error:
            advice = "Check the network, the proxy and ca_file."
            raise UnreachableError(f"{self._identity.authority} cannot be reached", advice) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            # What msal raises when an answer is no JSON, or lacks what it looks for.
            raise UnreachableError(f"{self._identity.authority} gave no sign-in: {_first_line(error)}") from error
        if "access_token" not in answer:
            told = _first_line(answer.get("error_description") or answer.get("error") or "no reason given")
            told = told.partition(" Trace ID: ")[0].rstrip(".")  # what follows is for Microsoft's support
            raise SignInError(
                f"the sign-in of the application {self._identity.client_id} was refused: {told}",
                "Check tenant_id, client_id and that the certificate is uploaded to the application.",
            )
        return str(answer["access_token"])

    def renew(self, origin: str, refused: str) -> str:
        """Another token than one that a host refused.

        Raises:
            As ``token``.
        """
        if self._application is not None:
            self._application.remove_tokens_for_client()
        del refused
        return self.token(origin)

    def _sign_in(self) -> Any:  # noqa: ANN401 - msal has no types
        import msal

        identity = self._identity
        credential = client_credential(identity.certificate, identity.password)
        return msal.ConfidentialClientApplication(
            identity.client_id,
            client_credential=credential,
            authority=f"{identity.authority.rstrip('/')}/{identity.tenant_id}",
            # A private authority is not in the public cloud's list of authorities.
            instance_discovery=None if identity.authority.rstrip("/") == PUBLIC_CLOUD else False,
            http_client=Transport(identity.ca_file),
        )


def _first_line(text: object) -> str:
    lines = str(text).splitlines()
    return lines[0].rstrip(".") if lines else "no reason given"
