"""Keys and certificates that an application signs in with, made once for all tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes


@cache
def key(_which: int = 1) -> rsa.RSAPrivateKey:
    """A private key, the same for the same number."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(of: CertificateIssuerPrivateKeyTypes, days: int = 60, *, length: int = 90) -> x509.Certificate:
    """A certificate that ends in so many days, and began ``length`` days before that."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "upa-analyzer")])
    end = datetime.now(UTC) + timedelta(days=days)
    return (
        x509.CertificateBuilder(
            name, name, of.public_key(), x509.random_serial_number(), end - timedelta(days=length), end
        )
    ).sign(of, hashes.SHA256())


@cache
def uploaded() -> x509.Certificate:
    """The certificate of the first key, always the same."""
    return certificate(key())


def pem(of: rsa.RSAPrivateKey, password: str = "") -> str:
    """A private key in PEM, locked where there is a password."""
    lock = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    return of.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock).decode()


def public_pem(of: x509.Certificate) -> str:
    """A certificate in PEM."""
    return of.public_bytes(serialization.Encoding.PEM).decode()


def thumbprint(of: x509.Certificate) -> str:
    """SHA-1 in hexadecimal, as the portal shows it."""
    return of.fingerprint(hashes.SHA1()).hex()


def pfx(password: str) -> bytes:
    """The first key with its certificate."""
    lock = serialization.BestAvailableEncryption(password.encode())
    return pkcs12.serialize_key_and_certificates(b"upa", key(), uploaded(), None, lock)
