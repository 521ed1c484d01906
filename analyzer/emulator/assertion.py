"""Client assertions: the signed word of an application that it is the one it says.

https://learn.microsoft.com/entra/identity-platform/certificate-credentials
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

_ALGORITHMS = ["RS256", "PS256"]


class AuthorityError(Exception):
    """An answer that is an error, in Entra's words.

    Attributes:
        error: OAuth's, as ``invalid_client``.
        description: begins with Entra's code, as ``AADSTS700027: …``.
        status: HTTP status.
    """

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error, description)
        self.error = error
        self.description = description
        self.status = status


def check_assertion(assertion: str, client_id: str, endpoint: str, now: float) -> None:
    """Passes an assertion that the application ``client_id`` made for this endpoint.

    The signature is checked where the certificate came along (``x5c``). Where only its thumbprint came there is nothing
    to check it against: the emulator has no list of certificates.

    Raises:
        AuthorityError: the assertion is none, is out of date, is another's, or is not signed by its certificate.
    """
    try:
        header = jwt.get_unverified_header(assertion)
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        raise _refused("AADSTS50027: JWT token is invalid or malformed.") from error
    if header.get("alg") not in _ALGORITHMS:
        raise _refused("AADSTS5002738: Invalid JWT token. The algorithm is not supported.")
    _check_claims(claims, client_id, endpoint, now)
    if header.get("x5c"):
        _check_signature(assertion, header["x5c"], now)


def _check_claims(claims: dict[str, Any], client_id: str, endpoint: str, now: float) -> None:
    if claims.get("aud") != endpoint:
        raise _refused(f"AADSTS700023: Client assertion audience claim does not match {endpoint}.")
    if not claims.get("iss") == claims.get("sub") == client_id:
        raise _refused("AADSTS700021: Client assertion application identifier does not match 'client_id' parameter.")
    expires = claims.get("exp")
    if isinstance(expires, bool) or not isinstance(expires, int | float) or expires <= now:
        raise _refused("AADSTS700024: Client assertion is not within its valid time range.")


def _check_signature(assertion: str, chain: object, now: float) -> None:
    certificate = _certificate(chain)
    if not certificate.not_valid_before_utc <= datetime.fromtimestamp(now, UTC) <= certificate.not_valid_after_utc:
        raise _refused("AADSTS700027: The certificate used to sign the client assertion is expired or not yet valid.")
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey):
        raise _refused("AADSTS700027: Client assertion is signed with a certificate that has no RSA key.")
    try:
        jwt.decode(
            assertion,
            key,
            algorithms=_ALGORITHMS,
            options={"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )
    except jwt.PyJWTError as error:
        raise _refused("AADSTS700027: Client assertion failed signature validation.") from error


def _certificate(chain: object) -> x509.Certificate:
    try:
        first = chain[0] if isinstance(chain, list) else chain
        return x509.load_der_x509_certificate(base64.b64decode(str(first)))
    except (binascii.Error, ValueError) as error:
        raise _refused("AADSTS50027: JWT token is invalid or malformed: x5c is no certificate.") from error


def _refused(description: str) -> AuthorityError:
    return AuthorityError("invalid_client", description, 401)
