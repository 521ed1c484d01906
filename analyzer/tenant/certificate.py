"""The certificate that an application signs in with: what msal wants to know of it, and whether it can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.errors import InputError
from analyzer.files import read_bytes

if TYPE_CHECKING:
    from pathlib import Path

_PFX = frozenset({".pfx", ".p12"})


def client_credential(path: Path, password: str | None) -> dict[str, str | bool]:
    """Msal's ``client_credential`` for a PEM or PFX file with the private key and the certificate.

    Raises:
        InputError: the file cannot be read, lacks one of the two, or the password is not the key's.
    """
    content = read_bytes(path)
    passphrase = {} if password is None else {"passphrase": password}
    if path.suffix.lower() in _PFX:
        _check_pfx(path, content, password)
        return {"private_key_pfx_path": str(path), "public_certificate": True, **passphrase}
    pem = content.decode("ascii", "replace")
    if "PRIVATE KEY" not in pem or "BEGIN CERTIFICATE" not in pem:
        raise InputError(
            f"{path} lacks a private key or a certificate",
            "A PEM file has to hold both; a PFX file is told by its name, .pfx or .p12.",
        )
    _check_pem(path, content, password)
    return {
        "private_key": pem,
        "public_certificate": pem[pem.index("-----BEGIN CERTIFICATE") :].partition("-----END CERTIFICATE-----")[0]
        + "-----END CERTIFICATE-----\n",
        **passphrase,
    }


def _check_pem(path: Path, content: bytes, password: str | None) -> None:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.x509 import load_pem_x509_certificate

    try:
        load_pem_private_key(content, password.encode() if password is not None else None)
        load_pem_x509_certificate(content)
    except (ValueError, TypeError) as error:
        raise _unreadable(path, error) from error


def _check_pfx(path: Path, content: bytes, password: str | None) -> None:
    from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates

    try:
        key, certificate, _ = load_key_and_certificates(content, password.encode() if password is not None else None)
    except (ValueError, TypeError) as error:
        raise _unreadable(path, error) from error
    if key is None or certificate is None:
        raise InputError(f"{path} lacks a private key or a certificate", "It has to hold both.")


def _unreadable(path: Path, error: Exception) -> InputError:
    told = str(error).split(".")[0].split(", ")[0]
    advice = "Is the password right? certificate_password_env names the variable that holds it."
    return InputError(f"the private key and certificate in {path} cannot be read: {told}", advice)
