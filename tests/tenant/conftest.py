from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from analyzer.emulator import start
from tests.emulator.credentials import certificate as certificate_of
from tests.emulator.credentials import key as another_key
from tests.emulator.credentials import public_pem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from analyzer.emulator import RunningEmulator

PASSWORD = b"made-up"


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """The emulator on a library without jobs."""
    library = tmp_path_factory.mktemp("tenant")
    (library / "jobs.json").write_text('{"value": []}', encoding="utf-8")
    with start(library) as running:
        yield running


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one application's key and certificate in every form that people have."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "upa-analyzer")])
    begin = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    cert_pem = certificate.public_bytes(Encoding.PEM)
    key_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    locked_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSWORD))
    elliptic = ec.generate_private_key(ec.SECP256R1())
    elliptic_pem = elliptic.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    folder = tmp_path_factory.mktemp("certificates")
    for file, content in {
        "app.pem": key_pem + cert_pem,
        "certificate-first.pem": cert_pem + key_pem,
        "locked.pem": locked_pem + cert_pem,
        "another-first.pem": key_pem + public_pem(certificate_of(another_key())).encode() + cert_pem,
        "commented.pem": "Prüfung\n".encode("latin-1") + key_pem + cert_pem,
        "key-alone.pem": key_pem,
        "certificate-alone.pem": cert_pem,
        "elliptic.pem": elliptic_pem + cert_pem,
        "broken.pem": key_pem.replace(b"M", b"?") + cert_pem,
        "broken-certificate.pem": key_pem + cert_pem.replace(b"M", b"?"),
        "app.pfx": pkcs12.serialize_key_and_certificates(b"app", key, certificate, None, NoEncryption()),
        "app.p12": pkcs12.serialize_key_and_certificates(b"app", key, certificate, None, NoEncryption()),
        "locked.PFX": pkcs12.serialize_key_and_certificates(
            b"app", key, certificate, None, BestAvailableEncryption(PASSWORD)
        ),
        "key-alone.pfx": pkcs12.serialize_key_and_certificates(b"app", key, None, None, NoEncryption()),
        "certificate-alone.pfx": pkcs12.serialize_key_and_certificates(b"app", None, certificate, None, NoEncryption()),
        "empty.pem": b"",
    }.items():
        (folder / file).write_bytes(content)
    return folder
