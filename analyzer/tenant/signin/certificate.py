"""Sign-in of an application without a person: by certificate, or as the managed identity of a machine in Azure.

SharePoint accepts an application without a person in no other way.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from analyzer.errors import InputError, SignInError, UnreachableError
from analyzer.model.text import count
from analyzer.storage.files import read_bytes
from analyzer.tenant.signin.entra_errors import Application, SignInContext
from analyzer.tenant.signin.tokens import AccessToken, CachedTokens, SignInTransport, msal_errors, token_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cryptography import x509

    from analyzer.tenant.model import ClientPolicy


_SOON = timedelta(days=30)
_PFX = frozenset({".pfx", ".p12"})


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with its private key.

    Attributes:
        path: the file.
        credential: msal's ``client_credential``, including the certificate, so that msal sends it and its thumbprint
            (``x5c``, ``x5t#S256``).
        thumbprint: SHA-1 in capital hexadecimal letters, as the portal shows it.
        begins: UTC.
        ends: UTC.
    """

    path: Path
    credential: Mapping[str, str | bool] = field(repr=False)
    thumbprint: str
    begins: datetime
    ends: datetime


def read_certificate(path: Path, password: str | None) -> Certificate:
    """Read a PEM or PFX file with the private key and the certificate.

    Raises:
        InputError: the file can't be read, lacks one of the two, the password is not the key's, or the two do not
            belong together.
    """
    content = read_bytes(path)
    passphrase = {} if password is None else {"passphrase": password}
    if path.suffix.lower() in _PFX:
        certificate = _of_pfx(path, content, password)
        return _certificate(
            path, certificate, {"private_key_pfx_path": str(path), "public_certificate": True, **passphrase}
        )
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        content = content.decode("utf-16", "replace").encode("ascii", "replace")  # as Windows PowerShell's > writes it
    pem = content.decode("ascii", "replace")
    if "PRIVATE KEY" not in pem or "BEGIN CERTIFICATE" not in pem:
        raise InputError(
            f"{path} lacks a private key or a certificate",
            "A PEM file has to contain both; the name of a PFX file has to end with .pfx or .p12.",
        )
    certificate = _of_pem(path, content, password)
    return _certificate(path, certificate, {"private_key": pem, "public_certificate": _pem(certificate), **passphrase})


def check_dates(certificate: Certificate, now: datetime, client_id: str) -> None:
    """Check that a certificate is valid now.

    Args:
        certificate: the certificate.
        now: UTC.
        client_id: the application, for the advice.

    Raises:
        SignInError: it has expired, or is not valid yet.
    """
    name = certificate.path.name
    if now > certificate.ends:
        raise SignInError(
            f"the certificate {name} expired on {certificate.ends:%Y-%m-%d}",
            f"Upload a new one to the application {client_id} and name it in the configuration. upa-analyzer doctor"
            " checks it.",
        )
    if now < certificate.begins:
        raise SignInError(
            f"the certificate {name} is not valid before {certificate.begins:%Y-%m-%d %H:%M} UTC",
            f"This machine's clock says {now:%Y-%m-%d %H:%M} UTC. Is it right? upa-analyzer doctor compares it.",
        )


def warning_of_end(certificate: Certificate, now: datetime) -> str:
    """Return a warning that a certificate expires within 30 days; empty if it doesn't, or has expired."""
    left = certificate.ends - now
    if not timedelta() <= left <= _SOON:
        return ""
    return (
        f"The certificate {certificate.path.name} expires in {count(left.days, 'day')} ({certificate.ends:%Y-%m-%d})."
        " Upload a new one to the application before then, and name it in the configuration."
    )


def _certificate(path: Path, certificate: x509.Certificate, credential: Mapping[str, str | bool]) -> Certificate:
    from cryptography.hazmat.primitives import hashes

    thumbprint = certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - the portal's way to name it
    return Certificate(path, credential, thumbprint, certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def _of_pem(path: Path, content: bytes, password: str | None) -> x509.Certificate:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.x509 import load_pem_x509_certificates

    try:
        key = load_pem_private_key(content, password.encode() if password is not None else None)
        certificates = load_pem_x509_certificates(content)
    except (ValueError, TypeError) as error:
        raise _unreadable(path, error) from error
    return _matching(path, key, certificates)


def _of_pfx(path: Path, content: bytes, password: str | None) -> x509.Certificate:
    from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates

    try:
        key, certificate, _ = load_key_and_certificates(content, password.encode() if password is not None else None)
    except (ValueError, TypeError) as error:
        raise _unreadable(path, error) from error
    if key is None or certificate is None:
        raise InputError(f"{path} lacks a private key or a certificate", "It has to contain both.")
    return _matching(path, key, [certificate])


def _matching(path: Path, key: object, certificates: list[x509.Certificate]) -> x509.Certificate:
    """Return the certificate of the key; a chain may be in any order."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    if not isinstance(key, RSAPrivateKey):
        raise InputError(
            f"the private key in {path} isn't an RSA key", "Entra accepts only certificates with RSA keys."
        )
    for certificate in certificates:
        if certificate.public_key() == key.public_key():
            return certificate
    raise InputError(
        f"the private key and the certificate in {path} don't match",
        "Add the key that the certificate was created for.",
    )


def _pem(certificate: x509.Certificate) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM).decode("ascii")


def _unreadable(path: Path, error: Exception) -> InputError:
    reason = str(error).split(".")[0].split(", ")[0]
    advice = "Is the password right? certificate_password_env names the variable with it."
    return InputError(f"the private key and certificate in {path} can't be read: {reason}", advice)


class CertificateSignIn(CachedTokens):
    """Tokens of an application, by certificate; they stay in memory."""

    def __init__(
        self,
        application: Application,
        certificate: Path,
        password: str | None = None,
        policy: ClientPolicy | None = None,
    ) -> None:
        """Prepare the sign-in; read and send nothing.

        Args:
            application: the application.
            certificate: PEM or PFX with the private key and the certificate.
            password: the key's password; None if it has none.
            policy: how to wait for the authority.
        """
        super().__init__()
        self._application = application
        self._certificate, self._password = certificate, password
        self._http = SignInTransport(application.ca_file, policy)
        self._client: Any = None

    def _ask(self, origin: str, *, fresh: bool) -> AccessToken:
        context = SignInContext(self._application, origin, self._certificate.name)
        with msal_errors(self._http, self._application.authority, context):
            self._client = self._client or self._new_client()
            if fresh:
                self._client.remove_tokens_for_client()
            answer = self._client.acquire_token_for_client(scopes=[f"{origin}/.default"])
        return token_in(answer, context)

    def _new_client(self) -> Any:  # noqa: ANN401 - msal has no types
        import msal

        certificate = read_certificate(self._certificate, self._password)
        check_dates(certificate, datetime.now(UTC), self._application.client_id)
        return msal.ConfidentialClientApplication(
            self._application.client_id,
            client_credential=dict(certificate.credential),
            authority=self._application.directory_url,
            # The public cloud doesn't know national or private authorities.
            instance_discovery=False,
            http_client=self._http,
        )


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
