"""Client assertions: the signed word of an application that it is the one it says.

https://learn.microsoft.com/entra/identity-platform/certificate-credentials
"""

from __future__ import annotations

import base64
import binascii
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import jwt
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from analyzer.emulator.entra.model import AuthorityError

if TYPE_CHECKING:
    from collections.abc import Collection

    from analyzer.emulator.entra.directory import Application

_ALGORITHMS = ["RS256", "PS256"]
_FAILED = "Key was found, but use of the key to verify the signature failed."
# What clients' clocks may be ahead; that Entra allows so much is inferred.
_CLOCK_SKEW = 300


@dataclass(frozen=True, slots=True)
class _Thumbprint:
    """How a header names the certificate: the digest as the header has it, by which algorithm."""

    digest: bytes
    algorithm: hashes.HashAlgorithm

    def is_of(self, certificate: x509.Certificate) -> bool:
        return certificate.fingerprint(self.algorithm) == self.digest


def check_assertion(assertion: str, application: Application, audiences: Collection[str], now: float) -> None:
    """Passes an assertion that the application made for one of the audiences.

    Its certificate is one that was uploaded to the application, or, while none was, the one that came along
    (``x5c``). Where only a thumbprint came and none was uploaded there is nothing to check the signature against.

    Args:
        assertion: a JSON web token, RS256 with ``x5t`` or PS256 with ``x5t#S256``.
        application: who says it is.
        audiences: what ``aud`` may be.
        now: seconds since 1970.

    Raises:
        AuthorityError: the assertion is none, is out of date, is another's, or is not signed by its certificate.
    """
    try:
        header = jwt.get_unverified_header(assertion)
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        raise _refused(50027, "JWT token is invalid or malformed.") from error
    if header.get("alg") not in _ALGORITHMS:
        raise _refused(5002738, "Invalid JWT token. The algorithm is not supported.")
    _check_claims(claims, application.client_id, audiences, now)
    certificate = _certificate(header, application)
    if certificate is not None:
        _check_signature(assertion, certificate, now)


def _check_claims(claims: dict[str, Any], client_id: str, audiences: Collection[str], now: float) -> None:
    if claims.get("aud") not in audiences:
        raise _refused(700023, "Client assertion audience claim does not match Realm issuer.")
    if not str(claims.get("iss")).lower() == str(claims.get("sub")).lower() == client_id:
        raise _refused(700021, "Client assertion application identifier doesn't match 'client_id' parameter.")
    expires, begins = _seconds(claims.get("exp"), 0), _seconds(claims.get("nbf", 0), math.inf)
    if expires <= now or begins > now + _CLOCK_SKEW:
        shown = f"Current time: {_shown(now)}, assertion valid from {_shown(begins)}, expiry time {_shown(expires)}."
        raise _refused(700024, f"Client assertion is not within its valid time range. {shown}")


def _seconds(value: object, otherwise: float) -> float:
    """A time in a claim, seconds since 1970; ``otherwise`` where it is none."""
    try:
        seconds = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    except OverflowError:
        seconds = math.nan
    return seconds if math.isfinite(seconds) else otherwise


def _shown(seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    except (ValueError, OverflowError, OSError):
        return "unknown"


def _certificate(header: dict[str, Any], application: Application) -> x509.Certificate | None:
    """What the signature is checked against; None where nothing is known to check it against."""
    thumbprints = _thumbprints(header)
    sent = _sent(header["x5c"]) if header.get("x5c") else None
    candidates = application.certificates or ([sent] if sent is not None else [])
    if not candidates:
        if not thumbprints:
            raise _refused(50027, "JWT token is invalid or malformed: its header names no certificate.")
        return None
    # A certificate that came along without a thumbprint is its own name.
    named = [one for one in candidates if all(thumbprint.is_of(one) for thumbprint in thumbprints)]
    if not thumbprints and sent is not None:
        named = [one for one in candidates if one == sent]
    if not named:
        text = "Client assertion contains an invalid signature"
        raise _signature_refused(text, "The key was not found.", *thumbprints, sent)
    return named[0]


def _thumbprints(header: dict[str, Any]) -> list[_Thumbprint]:
    algorithms: dict[str, hashes.HashAlgorithm] = {"x5t": hashes.SHA1(), "x5t#S256": hashes.SHA256()}  # noqa: S303 - the standard's
    return [_Thumbprint(_decoded(header[name]), kind) for name, kind in algorithms.items() if header.get(name)]


def _decoded(text: object) -> bytes:
    """Base64 as in URLs, padded or not (clients send it padded, seen)."""
    try:
        return base64.urlsafe_b64decode(f"{str(text).rstrip('=')}==")
    except (binascii.Error, ValueError) as error:
        raise _refused(50027, "JWT token is invalid or malformed: its thumbprint is none.") from error


def _check_signature(assertion: str, certificate: x509.Certificate, now: float) -> None:
    if not certificate.not_valid_before_utc <= datetime.fromtimestamp(now, UTC) <= certificate.not_valid_after_utc:
        raise _refused(700027, "The certificate used to sign the client assertion is expired or not yet valid.")
    try:
        key: object = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey):
        raise _refused(700027, "Client assertion is signed with a certificate that has no RSA key.")
    try:
        jwt.PyJWS().decode(assertion, key, algorithms=_ALGORITHMS)
    except jwt.PyJWTError as error:
        raise _signature_refused("Client assertion failed signature validation", _FAILED, certificate) from error


def _sent(chain: object) -> x509.Certificate:
    """The first certificate of a chain, whose base64 may have line ends in it (seen)."""
    try:
        first = chain[0] if isinstance(chain, list) else chain
        return x509.load_der_x509_certificate(base64.b64decode(str(first)))
    except (binascii.Error, ValueError) as error:
        raise _refused(50027, "JWT token is invalid or malformed: x5c is no certificate.") from error


def _signature_refused(text: str, reason: str, *used: _Thumbprint | x509.Certificate | None) -> AuthorityError:
    shown = ", ".join(f"'{_digest(one).hex().upper()}'" for one in used if one is not None)
    return _refused(700027, f"{text}. [Reason - {reason}, Thumbprint of key used by client: {shown}]")


def _digest(used: _Thumbprint | x509.Certificate) -> bytes:
    return used.digest if isinstance(used, _Thumbprint) else used.fingerprint(hashes.SHA1())  # noqa: S303 - the standard's


def _refused(number: int, text: str) -> AuthorityError:
    return AuthorityError("invalid_client", number, text, 401)
